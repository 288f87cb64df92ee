"""Numbers in text, ranges and ratios: what can be read in two ways is not guessed (DQ-14, DQ-25)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.clinical.assessment import assess
from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.labs import Comparator
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.written_numbers import read_number
from tests import charts as c
from tests.fhir.reading import picture_of


def of_text(code: str, text: str) -> c.Resource:
    return {**c.result("x", code, None, ""), "valueString": text}


PLATELETS = {
    "150,000 /uL": None,
    "150.000 /uL": None,
    "12,500 /uL": None,
    "150'000 /uL": "150",
    "150’000 /uL": "150",
    "150 000 /uL": "150",
    "150\u2009000 /uL": "150",
    "150\u202f000 /uL": "150",
    "1 150 000 /uL": "1150",
    "42 10*9/L": "42",
    "0,042 10*12/L": None,
    "42,5 10*9/L": "42.5",
    "1234,567 /uL": "1.234567",
    "150,0000 /uL": "0.15",
    "1,500,000 /uL": None,
    "15 00 /uL": None,
}


@pytest.mark.req("DQ-25", "DQ-14", "V30")
@pytest.mark.parametrize("text", PLATELETS)
def test_thousands_in_the_text_of_a_count(text: str) -> None:
    picture = picture_of(of_text("777-3", text))
    values = [str(result.value.normalize()) for result in picture.series(Analyte.PLATELETS)]
    expected = PLATELETS[text]
    assert [Decimal(value) for value in values] == ([Decimal(expected)] if expected else [])
    assert expected is not None or any(gap.source == "Observation/x" for gap in picture.gaps)


FIBRINOGEN = {
    "0,900 g/L": "0.9",
    "0.900": None,
    "1,250 g/L": "1.25",
    "1.250 mg/L": "1.25",
    "1,250 mg/dL": "12.5",
    "250,000 mg/dL": "2.5",
    "1'250 mg/L": "1.25",
    "≤0,6 g/L": "0.6",
    "2,5 g/L": "2.5",
}


@pytest.mark.req("DQ-25", "DQ-14")
@pytest.mark.parametrize("text", FIBRINOGEN)
def test_fibrinogen_takes_the_one_reading_that_is_plausible(text: str) -> None:
    found = [result.value for result in picture_of(of_text("3255-7", text)).series(Analyte.FIBRINOGEN)]
    expected = FIBRINOGEN[text]
    assert found == ([Decimal(expected)] if expected else [])


@pytest.mark.req("DQ-25", "DQ-21")
def test_a_two_way_fibrinogen_carries_that_reason() -> None:
    (unusable,) = picture_of(of_text("3255-7", "1,250 ug/L")).unusable_fibrinogen
    assert unusable.reason is UnusableReason.TWO_WAY_NUMBER


@pytest.mark.req("DQ-25")
@given(whole=st.integers(0, 99999), fraction=st.from_regex("[0-9]{1,5}", fullmatch=True), mark=st.sampled_from(",."))
def test_only_three_digits_after_one_to_three_can_be_read_in_two_ways(whole: int, fraction: str, mark: str) -> None:
    found = read_number(f"{whole}{mark}{fraction} g/L")
    assert found is not None
    two_way = whole != 0 and len(str(whole)) <= 3 and len(fraction) == 3
    assert found.readings[0] == Decimal(f"{whole}.{fraction}")
    assert len(found.readings) == (2 if two_way else 1)
    assert found.unit == "g/L"


@pytest.mark.req("DQ-25")
@given(number=st.integers(1000, 999_999_999), mark=st.sampled_from("'’ \u2009\u202f\u00a0"))
def test_groups_of_three_between_apostrophes_or_spaces_are_thousands(number: int, mark: str) -> None:
    found = read_number(f"{number:,}".replace(",", mark))
    assert found is not None
    assert found.readings == (Decimal(number),)


@pytest.mark.req("DQ-14")
@given(st.text(max_size=12))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = read_number(text)
    assert found is None or re.match(r"[<>=≤≥\s]*[0-9]", text.strip())


def of_range(low: str | None, high: str | None, unit: str = "g/L") -> c.Resource:
    ends = {"low": low, "high": high}
    body: dict[str, Any] = {
        end: {"value": Decimal(value), "unit": unit, "code": unit} for end, value in ends.items() if value is not None
    }
    return {**c.result("fib", "3255-7", None, ""), "valueRange": body}


def answer_of(fibrinogen: c.Resource) -> Any:
    return assess(
        picture_of(c.patient("1996-01-01"), c.infusion(), c.crs(3), c.weight("70"), fibrinogen), build_policy()
    )


@pytest.mark.req("DQ-25", "DQ-04")
@pytest.mark.parametrize(
    ("low", "high", "tier"),
    [
        ("0.6", "0.9", "T2"),
        ("1.0", "1.4", "T1"),
        ("1.6", "2.4", "T0"),
        ("0.9", "1.1", "TX"),
        ("1.4", "1.6", "TX"),
        (None, "0.8", "T2"),
        ("1.8", None, "T0"),
        ("0.8", None, "TX"),
        (None, "1.8", "TX"),
        (None, None, "TX"),
        ("2", "1", "TX"),
    ],
)
def test_a_range_tells_the_tier_where_both_ends_do(low: str | None, high: str | None, tier: str) -> None:
    assert str(answer_of(of_range(low, high)).tier) == tier


@pytest.mark.req("DQ-25")
def test_the_dose_of_a_range_goes_by_its_high_end_as_a_minimum() -> None:
    told = answer_of(of_range("0.6", "0.9"))
    assert told.fibrinogen.g_per_l == Decimal("0.9")
    assert told.fibrinogen.result.reported == "0.6 to 0.9 g/L"
    assert all("minimum_dose" in option.flags for option in told.options)


@pytest.mark.req("DQ-25")
def test_a_range_with_one_end_is_a_bound() -> None:
    (result,) = picture_of(of_range(None, "0.8")).series(Analyte.FIBRINOGEN)
    assert (result.comparator, result.value, result.low) == (Comparator.AT_MOST, Decimal("0.8"), None)


@pytest.mark.req("DQ-25")
def test_a_range_of_anything_else_is_not_used() -> None:
    body = {**of_range("100", "200", "10*9/L"), "code": {"coding": [{"system": c.LOINC, "code": "777-3"}]}}
    picture = picture_of(body)
    assert len(picture.series(Analyte.PLATELETS)) == 0
    assert "its value is a range" in picture.gaps[0].text


RATIOS: list[tuple[Any, Any, str | None]] = [
    ({"value": 80, "code": "mg"}, {"value": 1, "code": "dL"}, "0.80"),
    ({"value": 80, "unit": "mg"}, {"value": 100, "unit": "mL"}, "0.8"),
    ({"value": 4, "code": "g"}, {"value": 5, "code": "L"}, "0.8"),
    ({"value": 1}, {"value": 128}, None),
    ({"value": 80, "code": "mg"}, {"value": 0, "code": "dL"}, None),
    ({"value": 80, "code": "mg", "comparator": "<"}, {"value": 1, "code": "dL"}, None),
    ({"value": 80, "code": "mg"}, None, None),
    ({"value": 80, "code": "mg"}, {"value": 1, "code": "kg"}, None),
]


@pytest.mark.req("DQ-25")
@pytest.mark.parametrize(("above", "below", "g_per_l"), RATIOS)
def test_a_ratio_counts_where_it_gives_an_accepted_unit(above: Any, below: Any, g_per_l: str | None) -> None:
    ratio = {name: part for name, part in (("numerator", above), ("denominator", below)) if part}
    picture = picture_of({**c.result("fib", "3255-7", None, ""), "valueRatio": ratio})
    found = [result.value for result in picture.series(Analyte.FIBRINOGEN)]
    assert found == ([Decimal(g_per_l)] if g_per_l else [])
    assert len(picture.unusable_fibrinogen) == (0 if g_per_l else 1)
