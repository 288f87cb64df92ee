"""The bleeding level (BLD-01)."""

from datetime import timedelta
from typing import Any

import pytest

from smartapp.clinical.criteria.bleeding_level import BLEEDING, BLEEDING_ISSUES, haematuria, intracranial
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalStatus, ConditionRecord, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import ConditionKind
from tests.builders import NOW, a_condition, a_picture, before, facts_of, unread

MAJOR, SIGNIFICANT = ConditionKind.BLEEDING_MAJOR, ConditionKind.BLEEDING_SIGNIFICANT
MINOR, OTHER = ConditionKind.BLEEDING_MINOR, ConditionKind.BLEEDING_OTHER


def level(*conditions: ConditionRecord, **more: Any) -> BleedingLevel | Missing:
    return facts_of(a_picture(conditions=conditions, **more)).get(BLEEDING)


def issues(*conditions: ConditionRecord, **more: Any) -> list[str]:
    gaps = facts_of(a_picture(conditions=conditions, **more)).get(BLEEDING_ISSUES)
    assert not isinstance(gaps, Missing)
    return [gap.rule for gap in gaps]


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        (MAJOR, {}, "major"),
        (SIGNIFICANT, {}, "significant"),
        (MINOR, {}, "minor"),
        (MINOR, {"severe": True, "severity_stated": True}, "major"),
        (OTHER, {"severe": True, "severity_stated": True}, "major"),
        (SIGNIFICANT, {"severity_stated": True}, "significant"),
        (MINOR, {"grade": 2}, "significant"),
        (MINOR, {"grade": 3}, "major"),
        (MINOR, {"grade": 4}, "major"),
        (SIGNIFICANT, {"grade": 1}, "significant"),
        (OTHER, {"grade": 1}, "minor"),
        (OTHER, {"grade": 2}, "significant"),
        (OTHER, {"grade": 0}, "none_recorded"),
        (OTHER, {}, "none_recorded"),
        (ConditionKind.THROMBOSIS, {"severe": True}, "none_recorded"),
    ],
)
def test_the_level_follows_code_severity_and_grade(kind: ConditionKind, more: dict[str, Any], expected: str) -> None:
    assert level(a_condition(kind, **more)) == expected


@pytest.mark.req("BLD-01")
def test_the_highest_active_bleed_counts() -> None:
    assert level(a_condition(MINOR), a_condition(MAJOR), a_condition(SIGNIFICANT)) is BleedingLevel.MAJOR


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("age", "status", "abated", "counts"),
    [
        (timedelta(0), ClinicalStatus.OVER, True, True),
        (timedelta(seconds=1), ClinicalStatus.OVER, True, True),
        (timedelta(hours=48), ClinicalStatus.OVER, True, True),
        (timedelta(hours=48, seconds=1), ClinicalStatus.OVER, True, False),
        (timedelta(hours=48), ClinicalStatus.NOT_STATED, False, True),
        (timedelta(hours=48, seconds=1), ClinicalStatus.NOT_STATED, False, False),
        (timedelta(days=300), ClinicalStatus.ACTIVE, False, True),
        (timedelta(days=300), ClinicalStatus.ACTIVE, True, False),
        (timedelta(hours=-2), ClinicalStatus.ACTIVE, False, True),
        (timedelta(hours=-2), ClinicalStatus.NOT_STATED, False, False),
    ],
)
def test_recent_bleeds_count_even_if_over_and_active_ones_however_old(
    age: timedelta, status: ClinicalStatus, abated: bool, counts: bool
) -> None:
    bleed = a_condition(
        SIGNIFICANT,
        onset=Moment(NOW - age),
        status=status,
        has_abatement=abated,
        abated=before(hours=1) if abated else None,
    )
    assert level(bleed) == ("significant" if counts else "none_recorded")


@pytest.mark.req("BLD-01")
def test_an_end_still_to_come_does_not_end_a_bleed() -> None:
    bleed = a_condition(SIGNIFICANT, hours_ago=500, has_abatement=True, abated=before(hours=-5))
    assert level(bleed) is BleedingLevel.SIGNIFICANT


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize("by_hand", list(BleedingLevel))
def test_what_the_clinician_sets_by_hand_counts(by_hand: BleedingLevel) -> None:
    assert level(a_condition(MAJOR), bedside=Bedside(bleeding=by_hand)) is by_hand


@pytest.mark.req("BLD-01", "DQ-17")
def test_unread_conditions_leave_bleeding_unknown_but_hide_none_that_was_read() -> None:
    assert isinstance(level(unread=unread(Topic.CONDITIONS)), Missing)
    assert level(a_condition(MINOR), unread=unread(Topic.CONDITIONS)) is BleedingLevel.MINOR


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("bleed", "named"),
    [
        (a_condition(SIGNIFICANT), False),
        (a_condition(OTHER), True),
        (a_condition(SIGNIFICANT, onset=None, status=ClinicalStatus.NOT_STATED), True),
        (a_condition(SIGNIFICANT, hours_ago=-3, status=ClinicalStatus.NOT_STATED), True),
        (a_condition(SIGNIFICANT, hours_ago=0, status=ClinicalStatus.NOT_STATED), False),
        (a_condition(SIGNIFICANT, hours_ago=50, status=ClinicalStatus.NOT_STATED), False),
        (a_condition(SIGNIFICANT, onset=None, status=ClinicalStatus.OVER), False),
    ],
)
def test_a_bleed_that_gives_no_level_is_named(bleed: ConditionRecord, named: bool) -> None:
    assert issues(bleed) == (["BLD-01"] if named else [])
    assert issues(bleed, bedside=Bedside(bleeding=BleedingLevel.NONE)) == []


@pytest.mark.req("PLT-04", "SAF-04")
def test_intracranial_bleeds_and_haematuria_are_told_apart_while_active() -> None:
    head = a_condition(MAJOR, ConditionKind.INTRACRANIAL_BLEED)
    urine = a_condition(SIGNIFICANT, ConditionKind.HAEMATURIA)
    old = a_condition(MAJOR, ConditionKind.INTRACRANIAL_BLEED, hours_ago=900, status=ClinicalStatus.OVER)
    facts = facts_of(a_picture(conditions=[head]))
    assert (intracranial(facts), haematuria(facts)) == (True, False)
    facts = facts_of(a_picture(conditions=[urine]))
    assert (intracranial(facts), haematuria(facts)) == (False, True)
    facts = facts_of(a_picture(conditions=[old]))
    assert (intracranial(facts), haematuria(facts)) == (False, False)
