"""The weight for dosing (DQ-11) and the haematocrit (DQ-13)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT, WEIGHT_ISSUES
from smartapp.clinical.derived_facts import Weight
from smartapp.clinical.labs import LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Bedside, BirthDate, Gap, GapKind, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, Variant
from tests.builders import NOW, a_lab, a_picture, a_weight, facts_of, unread

CHILD, ADULT = BirthDate(2008, 3, 2), BirthDate(2008, 3, 1)


def weight(*labs: LabResult, **more: Any) -> Weight:
    found = facts_of(a_picture(*labs, **more)).get(WEIGHT)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize(
    ("birth", "age", "valid"),
    [
        (CHILD, timedelta(days=7), True),
        (CHILD, timedelta(days=7, seconds=1), False),
        (ADULT, timedelta(days=30), True),
        (ADULT, timedelta(days=30, seconds=1), False),
        (None, timedelta(days=8), False),
        (BirthDate(2008, 3), timedelta(days=8), False),
    ],
)
def test_a_weight_is_valid_for_7_days_in_children_and_30_in_adults(
    birth: BirthDate | None, age: timedelta, valid: bool
) -> None:
    found = weight(a_weight("50", collected=Moment(NOW - age)), birth=birth)
    assert (found.kg, found.valid) == (Decimal(50), valid)
    assert found.why_not == "" or "confirm weight" in found.why_not


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize(("kg", "valid"), [("1.49", False), ("1.5", True), ("300", True), ("300.1", False)])
def test_a_weight_lies_from_1_5_to_300_kg(kg: str, valid: bool) -> None:
    assert weight(a_weight(kg)).valid is valid
    assert weight(bedside=Bedside(weight_kg=Decimal(kg))).valid is valid


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize(
    ("variants", "chosen"),
    [
        ((Variant.WEIGHT_STATED, Variant.WEIGHT_ESTIMATED, Variant.WEIGHT_BODY, Variant.WEIGHT_MEASURED), 3),
        ((Variant.WEIGHT_STATED, Variant.WEIGHT_ESTIMATED, Variant.WEIGHT_BODY), 2),
        ((Variant.WEIGHT_STATED, Variant.WEIGHT_ESTIMATED), 1),
        ((Variant.WEIGHT_STATED,), 0),
    ],
)
def test_a_better_code_goes_before_a_newer_weight(variants: tuple[Variant, ...], chosen: int) -> None:
    labs = [a_weight(str(60 + n), days_ago=n + 1, variant=variant) for n, variant in enumerate(variants)]
    found = weight(*labs)
    assert found.kg == 60 + chosen
    assert found.valid is (variants[chosen] is not Variant.WEIGHT_STATED)


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize(
    ("older", "days_before", "valid"),
    [
        ("100", 7, True),
        ("100.1", 7, False),
        ("73.92", 7, True),
        ("73.91", 7, False),
        ("40", 7.01, True),
        ("40", 0, False),
    ],
)
def test_two_weights_that_contradict_each_other_within_a_week(older: str, days_before: float, valid: bool) -> None:
    found = weight(a_weight("85", 1), a_weight(older, 1 + days_before, source="Observation/0"))
    assert (found.kg, found.valid) == (Decimal(85), valid)


@pytest.mark.req("DQ-11")
def test_a_weight_of_another_code_does_not_contradict() -> None:
    assert weight(a_weight("85", 1), a_weight("40", 2, variant=Variant.WEIGHT_STATED)).valid


@pytest.mark.req("DQ-11")
def test_preliminary_bounded_and_suspect_weights_are_skipped() -> None:
    labs = (
        a_weight("80", 1, status=ResultStatus.PRELIMINARY),
        a_weight("<81", 1),
        a_weight("82", 1, source="Observation/odd"),
        a_weight("83", 2),
    )
    assert weight(*labs, bedside=Bedside(suspects={"Observation/odd": "bed scale"})).kg == 83


@pytest.mark.req("DQ-11")
def test_a_weight_entered_by_hand_counts_now() -> None:
    found = weight(a_weight("85"), bedside=Bedside(weight_kg=Decimal("71.5")))
    assert (found.kg, found.valid, found.by_hand, found.measured) == (Decimal("71.5"), True, True, NOW)


@pytest.mark.req("DQ-11", "FHIR-29")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Weight is not recorded"),
        ({"unread": unread(Topic.VITAL_SIGNS)}, "could not be read"),
        (
            {"gaps": (Gap(kind=GapKind.UNREADABLE, rule="DQ-05", text="no unit", analyte=Analyte.WEIGHT),)},
            "Weights are recorded, but none could be used",
        ),
    ],
)
def test_no_weight_is_named_with_the_reason(more: dict[str, Any], words: str) -> None:
    facts = facts_of(a_picture(**more))
    assert isinstance(facts.get(WEIGHT), Missing)
    gaps = facts.get(WEIGHT_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [gap.rule for gap in gaps] == ["DQ-11"]
    assert words in gaps[0].text


@pytest.mark.req("DQ-11")
def test_a_weight_to_confirm_is_named_and_a_valid_one_is_not() -> None:
    bad, good = (facts_of(a_picture(a_weight("85", days))).get(WEIGHT_ISSUES) for days in (31, 1))
    assert not isinstance(bad, Missing)
    assert [gap.rule for gap in bad] == ["DQ-11"]
    assert good == ()


@pytest.mark.req("DQ-11")
def test_the_site_may_set_how_long_a_weight_is_valid() -> None:
    policy: dict[str, object] = {"weight_max_age_d": {"adult": 14}}
    found = facts_of(a_picture(a_weight("85", 15)), **policy).get(WEIGHT)
    assert not isinstance(found, Missing)
    assert not found.valid


@pytest.mark.req("DQ-13", "CRY-01")
@pytest.mark.parametrize(("hours", "usable"), [(48, True), (48.01, False), (-0.05, True)])
def test_a_haematocrit_counts_for_48_hours(hours: float, usable: bool) -> None:
    lab = a_lab(Analyte.HAEMATOCRIT, "0.28", hours)
    assert facts_of(a_picture(lab)).get(HAEMATOCRIT) == (
        lab if usable else Missing(("haematocrit",), "no haematocrit of the last 48 h")
    )


@pytest.mark.req("DQ-13", "FHIR-26")
def test_a_bounded_haematocrit_is_no_number() -> None:
    older = a_lab(Analyte.HAEMATOCRIT, "0.30", 9)
    assert facts_of(a_picture(a_lab(Analyte.HAEMATOCRIT, "<0.15"), older)).get(HAEMATOCRIT) == older
