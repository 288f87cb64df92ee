"""Only declared parameters are asked; the plain US Core search is the last resort (FHIR-12, FHIR-61)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.fhir.capabilities import UNKNOWN, Capabilities, Offered
from smartapp.fhir.queries import BY_NAME, QUERIES, Query
from smartapp.fhir.query_plan import Fit, QueryPlan, category_ways, planned

AS_OF = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SEARCHES = [query for query in QUERIES if not query.is_read]


def plan(query: Query, *params: str, interactions: tuple[str, ...] = ("read", "search-type")) -> QueryPlan:
    """At an EHR that declares these parameters of the query's type."""
    offered = Offered(interactions=frozenset(interactions), params=frozenset(params))
    return planned(query, Capabilities(types={query.resource: offered}), "P1", AS_OF)


def names(found: QueryPlan) -> list[list[list[str]]]:
    return [[[name for name, _ in search] for search in way] for way in found.ways]


def test_an_ehr_that_tells_nothing_is_asked_as_the_table_has_it_and_plainly_if_refused() -> None:
    found = planned(BY_NAME["vitalSigns"], UNKNOWN, "P1", AS_OF)
    assert found.fit is Fit.UNTOLD
    assert names(found)[0] == [["patient", "code", "_sort", "date", "_count"]]
    assert names(found)[1] == [["patient", "code"]]
    assert dict(found.ways[2][0])["category"] == "vital-signs"


@pytest.mark.req("FHIR-61")
@pytest.mark.parametrize(
    ("declared", "fit", "first"),
    [
        (("patient", "code", "date", "_sort"), Fit.AS_ASKED, ["patient", "code", "_sort", "date", "_count"]),
        (("patient", "code", "date", "category"), Fit.AS_ASKED, ["patient", "code", "date", "_count"]),
        (("patient", "code"), Fit.WIDER, ["patient", "code", "_count"]),
        (("subject", "code", "date"), Fit.AS_ASKED, ["subject", "code", "date", "_count"]),
        (("patient", "category", "date"), Fit.WIDER, ["patient", "category", "date", "_count"]),
        (("patient",), Fit.WIDER, ["patient", "_count"]),
        (("encounter",), Fit.LAST_RESORT, ["patient", "category"]),
    ],
)
def test_what_is_asked_of_an_ehr_that_declares(declared: tuple[str, ...], fit: Fit, first: list[str]) -> None:
    found = plan(BY_NAME["vitalSigns"], *declared)
    assert (found.fit, names(found)[0][0]) == (fit, first)


def test_an_answer_that_cannot_be_sorted_is_bounded_by_date() -> None:
    found = plan(BY_NAME["reports"], "patient", "category", "date")
    assert found.ways[0][0][-1] == ("date", "ge2026-02-27")
    assert [name for name, _ in plan(BY_NAME["reports"], "patient", "date", "_sort").ways[0][0]][-1] == "_count"


def test_what_an_ehr_need_not_offer_is_not_asked_where_it_does_not_declare_it() -> None:
    found = planned(BY_NAME["specimens"], Capabilities(types={"Patient": Offered()}), "P1", AS_OF)
    assert found == QueryPlan(fit=Fit.NOT_OFFERED)


@pytest.mark.req("FHIR-12", "FHIR-61")
def test_by_category_only_with_what_is_declared() -> None:
    offered = Capabilities(types={"Observation": Offered(params=frozenset({"patient", "category", "date"}))})
    found = category_ways(BY_NAME["fibrinogen"], offered, "P1", AS_OF)
    assert [[name for name, _ in search] for search in found] == [
        ["patient", "category", "date", "_count"],
        ["patient", "category"],
    ]


def test_subject_carries_the_type() -> None:
    assert plan(BY_NAME["vitalSigns"], "subject", "code").ways[0][0][0] == ("subject", "Patient/P1")


def test_a_type_that_is_not_searched_is_not_asked() -> None:
    assert plan(BY_NAME["procedures"], "patient", interactions=("read",)) == QueryPlan(fit=Fit.NOT_OFFERED)


def test_a_type_that_is_not_declared_is_asked_plainly() -> None:
    found = planned(BY_NAME["procedures"], Capabilities(types={"Patient": Offered()}), "P1", AS_OF)
    assert (found.fit, names(found)) == (Fit.LAST_RESORT, [[["patient"]]])


@pytest.mark.req("FHIR-61")
@given(
    st.sampled_from(SEARCHES),
    st.frozensets(st.sampled_from(["patient", "subject", "code", "category", "date", "status", "intent", "_sort"])),
)
def test_nothing_undeclared_is_asked_but_the_last_resort(query: Query, declared: frozenset[str]) -> None:
    found = plan(query, *declared)
    asked = {name for way in found.ways for search in way for name, _ in search} - {"_count"}
    assert asked or found.fit is Fit.NOT_OFFERED, "every query that may be searched is asked"
    whose = {name for way in found.ways for search in way for name, _ in search} & {"patient", "subject"}
    assert whose, "no search without a patient"
    if declared and found.fit is not Fit.LAST_RESORT:
        assert asked <= declared
