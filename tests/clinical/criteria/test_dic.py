"""The ISTH overt DIC score (DIC-01)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.derived_facts import Dic
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte
from tests.builders import a_lab, a_picture, facts_of

NORMAL = {"platelets": "150", "d_dimer": "400", "pt": "12", "fibrinogen": "2.0"}


def labs(limits: bool = True, hours: float = 1, **values: str | None) -> tuple[LabResult, ...]:
    wanted = {**NORMAL, **values}
    upper = {"d_dimer": Decimal(500), "pt": Decimal(14)} if limits else {}
    return tuple(
        a_lab(Analyte(name), value, hours, upper_limit=upper.get(name))
        for name, value in wanted.items()
        if value is not None
    )


def dic(*results: LabResult, **policy: object) -> Dic:
    found = facts_of(a_picture(*results), **policy).get(DIC)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("DIC-01")
@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("platelets", "100", 0),
        ("platelets", "99.9", 1),
        ("platelets", "50", 1),
        ("platelets", "49.9", 2),
        ("d_dimer", "999", 0),
        ("d_dimer", "1000", 2),
        ("d_dimer", "2000", 2),
        ("d_dimer", "2001", 3),
        ("pt", "16.9", 0),
        ("pt", "17", 1),
        ("pt", "19.9", 1),
        ("pt", "20", 2),
        ("pt", "10", 0),
        ("fibrinogen", "1.0", 0),
        ("fibrinogen", "0.99", 1),
    ],
)
def test_points_at_their_boundaries(name: str, value: str, points: int) -> None:
    found = dic(*labs(**{name: value}))
    assert dict(found.items)[name] == points
    assert found.score == points


@pytest.mark.req("DIC-01", "V17")
def test_v17_overt() -> None:
    found = dic(*labs(platelets="42", d_dimer="2500", pt="18", fibrinogen="0.9"))
    assert (found.result, found.score, found.items) == (
        "overt",
        7,
        (("platelets", 2), ("d_dimer", 3), ("pt", 1), ("fibrinogen", 1)),
    )


@pytest.mark.req("DIC-01", "V18")
def test_v18_not_overt() -> None:
    found = dic(*labs(platelets="50", d_dimer="1000", pt="17.0", fibrinogen="1.0"))
    assert (found.result, found.score) == ("not_overt", 4)


@pytest.mark.req("DIC-01")
@pytest.mark.parametrize(
    ("values", "result", "lowest", "highest", "missing"),
    [
        ({"pt": None, "platelets": "42", "d_dimer": "2500"}, "overt", 5, 7, ("pt",)),
        ({"d_dimer": None}, "not_overt", 0, 3, ("d_dimer",)),
        ({"d_dimer": None, "platelets": "42"}, "incomplete", 2, 5, ("d_dimer",)),
        ({"platelets": None, "d_dimer": None, "pt": None, "fibrinogen": None}, "incomplete", 0, 8, tuple(NORMAL)),
    ],
)
def test_missing_items_leave_a_range(
    values: dict[str, str | None], result: str, lowest: int, highest: int, missing: tuple[str, ...]
) -> None:
    found = dic(*labs(**values))
    assert (found.result, found.lowest, found.highest) == (result, lowest, highest)
    assert (found.score, found.missing) == (None, missing)


@pytest.mark.req("DIC-01")
def test_without_a_limit_d_dimer_and_pt_score_as_missing_and_inr_is_no_substitute() -> None:
    found = dic(*labs(limits=False), a_lab(Analyte.INR, "3.0"))
    assert found.missing == ("d_dimer", "pt")


@pytest.mark.req("DIC-01")
def test_the_sites_limit_serves_where_the_result_has_none() -> None:
    assert dic(*labs(limits=False, pt="20"), pt_uln_s=14).items[1] == ("pt", 2)
    assert dict(dic(*labs(pt="20"), pt_uln_s=20).items)["pt"] == 2


@pytest.mark.req("DIC-01")
@pytest.mark.parametrize(("hours", "missing"), [(24, ()), (24.01, tuple(NORMAL))])
def test_every_item_is_at_most_24_hours_old(hours: float, missing: tuple[str, ...]) -> None:
    assert dic(*labs(hours=hours)).missing == missing


@pytest.mark.req("DIC-01", "FHIR-26")
@pytest.mark.parametrize(
    ("values", "lowest", "highest"),
    [
        ({"platelets": "<50"}, 2, 2),
        ({"platelets": "<=50"}, 1, 2),
        ({"platelets": "<100"}, 1, 2),
        ({"platelets": ">100"}, 0, 0),
        ({"platelets": ">=50"}, 0, 1),
        ({"d_dimer": ">2000"}, 3, 3),
        ({"d_dimer": ">=2000"}, 2, 3),
        ({"d_dimer": "<1000"}, 0, 0),
        ({"pt": ">120"}, 2, 2),
    ],
)
def test_a_bound_gives_the_points_it_leaves_open(values: dict[str, str], lowest: int, highest: int) -> None:
    found = dic(*labs(**values))
    assert (found.lowest, found.highest) == (lowest, highest)
    assert found.score == (lowest if lowest == highest else None)


@pytest.mark.req("DQ-04", "DIC-01")
@pytest.mark.parametrize(("value", "points"), [("<0.9", 1), ("<1.0", 0)])
def test_a_bound_of_fibrinogen_counts_as_its_value(value: str, points: int) -> None:
    assert dict(dic(*labs(fibrinogen=value)).items)["fibrinogen"] == points


@pytest.mark.req("DIC-01")
def test_the_site_may_set_the_d_dimer_bands() -> None:
    wide: dict[str, Any] = {"ddimer_moderate_x": 4, "ddimer_strong_x": 8}
    assert dict(dic(*labs(d_dimer="1900"), **wide).items)["d_dimer"] == 0
