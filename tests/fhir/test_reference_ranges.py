"""Of several reference ranges the normal one that fits the patient gives the upper limit (DQ-27)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.clinical.terminology import Analyte
from tests import charts as c
from tests.fhir.reading import picture_of

MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"


def a_range(high: str | None, kind: str | None = None, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"high": {"value": Decimal(high), "unit": "s", "code": "s"}} if high else {}
    if kind:
        body["type"] = {"coding": [{"system": MEANING, "code": kind}]}
    return {**body, **more}


def ages(low: int | None, high: int | None, unit: str = "a") -> dict[str, Any]:
    return {"age": {end: {"value": at, "code": unit} for end, at in (("low", low), ("high", high)) if at is not None}}


def gender(*codes: str) -> dict[str, Any]:
    return {"appliesTo": [{"coding": [{"code": code}]} for code in codes]}


def limit(*ranges: Any, birth: str | None = "1996-01-01", sex: str = "female") -> Decimal | None:
    aptt = c.result("aptt", "14979-9", "90", "s", referenceRange=list(ranges))
    (result,) = picture_of(c.patient(birth, gender=sex), aptt).series(Analyte.APTT)
    return result.upper_limit


THERAPEUTIC, NORMAL = a_range("85", "therapeutic"), a_range("36", "normal")
CASES: dict[str, tuple[list[Any], str | None]] = {
    "therapeutic first": ([THERAPEUTIC, NORMAL], "36"),
    "normal first": ([NORMAL, THERAPEUTIC], "36"),
    "therapeutic alone": ([THERAPEUTIC], None),
    "treatment": ([a_range("85", "treatment")], None),
    "target by words": ([a_range("85", text="Therapeutic range 60 to 85"), a_range("37")], "37"),
    "a type in words": ([a_range("85", type={"text": "Normal Range"})], "85"),
    "another type in words": ([a_range("85", type={"text": "heparin target"})], None),
    "an odd type": ([a_range("85", "recommended")], None),
    "two normal": ([a_range("38"), a_range("35"), a_range("40")], "35"),
    "without a type beside normal": ([a_range("33"), NORMAL], "33"),
    "adults": ([a_range("36", **ages(18, None)), a_range("30", **ages(None, 17))], "36"),
    "children alone": ([a_range("30", **ages(None, 17))], None),
    "in months": ([a_range("44", **ages(0, 6, "mo")), a_range("36", **ages(216, None, "mo"))], "36"),
    "the patient's gender": ([a_range("36", **gender("female")), a_range("33", **gender("male"))], "36"),
    "the other gender alone": ([a_range("33", **gender("male"))], None),
    "gender by SNOMED": ([a_range("36", **gender("248152002"))], "36"),
    "a group it does not know": ([a_range("36", **gender("pregnant"))], None),
    "gender and a group": ([a_range("36", **gender("female", "pregnant"))], None),
    "no high": ([a_range(None, "normal")], None),
    "none": ([], None),
}


@pytest.mark.req("DQ-27")
@pytest.mark.parametrize("name", CASES)
def test_the_limit_is_that_of_the_normal_range_that_fits(name: str) -> None:
    ranges, expected = CASES[name]
    assert limit(*ranges) == (Decimal(expected) if expected else None)


@pytest.mark.req("DQ-27")
def test_without_a_birth_date_a_range_with_an_age_does_not_fit() -> None:
    assert limit(a_range("36", **ages(18, None)), birth=None) is None
    assert limit(a_range("36", **ages(18, None)), birth="2008") is None
    assert limit(a_range("36", **ages(18, None)), birth="2007") == 36


kinds = st.sampled_from(["normal", None, "therapeutic", "treatment", "recommended"])


@pytest.mark.req("DQ-27")
@given(st.lists(st.tuples(st.integers(20, 99), kinds), max_size=5))
def test_the_lowest_of_normal_and_untyped_ranges_whatever_their_order(drawn: list[tuple[int, str | None]]) -> None:
    expected = min((high for high, kind in drawn if kind in ("normal", None)), default=None)
    assert limit(*(a_range(str(high), kind) for high, kind in drawn)) == expected
