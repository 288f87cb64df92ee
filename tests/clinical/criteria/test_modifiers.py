"""The risk modifiers (MOD-01), ICANS and invasive procedures (9.7)."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smartapp.clinical.criteria.modifiers import ICANS, MODIFIERS, PROCEDURE_24H
from smartapp.clinical.derived_facts import Modifier
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import Bedside, BirthDate, BleedingLevel, ClinicalStatus, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte, ConditionKind, Drug
from tests.builders import (
    NOW,
    a_condition,
    a_fibrinogen,
    a_lab,
    a_picture,
    a_procedure,
    an_exposure,
    before,
    facts_of,
    unread,
)

PLT = Analyte.PLATELETS
OVERT_DIC = (
    a_lab(PLT, "60"),
    a_lab(Analyte.D_DIMER, "2500", upper_limit=a_fibrinogen("500").value),
    a_lab(Analyte.PT, "18", upper_limit=a_fibrinogen("14").value),
)


def modifiers(*labs: Any, policy: dict[str, object] | None = None, **more: Any) -> tuple[Modifier, ...]:
    found = facts_of(a_picture(*labs, **more), **(policy or {})).get(MODIFIERS)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("MOD-01")
@pytest.mark.parametrize(
    ("birth", "holds"),
    [(BirthDate(2016, 3, 2), True), (BirthDate(2016, 3, 1), False), (BirthDate(2016, 3), True), (None, False)],
)
def test_age_below_10(birth: BirthDate | None, holds: bool) -> None:
    assert (Modifier.AGE_LT_10 in modifiers(birth=birth)) is holds


@pytest.mark.req("MOD-01", "FHIR-26")
@pytest.mark.parametrize(
    ("platelets", "hours", "holds"),
    [
        ("49.9", 1, True),
        ("50", 1, False),
        ("49", 24, True),
        ("49", 24.01, False),
        ("<50", 1, True),
        ("<51", 1, False),
        ("<=49", 1, True),
        ("<=50", 1, False),
        (">10", 1, False),
    ],
)
def test_platelets_below_50_within_24_hours(platelets: str, hours: float, holds: bool) -> None:
    assert (Modifier.PLATELETS_LT_50 in modifiers(a_lab(PLT, platelets, hours))) is holds


@pytest.mark.req("MOD-01")
def test_the_newest_platelets_count() -> None:
    assert modifiers(a_lab(PLT, "60", 1), a_lab(PLT, "20", 5)) == ()


@pytest.mark.req("MOD-01")
@pytest.mark.parametrize(
    ("grade", "status", "holds"),
    [
        (2, ClinicalStatus.ACTIVE, False),
        (3, ClinicalStatus.ACTIVE, True),
        (5, ClinicalStatus.NOT_STATED, True),
        (4, ClinicalStatus.OVER, False),
        (None, ClinicalStatus.ACTIVE, False),
    ],
)
def test_icans_of_grade_3_or_more(grade: int | None, status: ClinicalStatus, holds: bool) -> None:
    icans = a_condition(ConditionKind.ICANS, grade=grade, status=status)
    assert (Modifier.ICANS_GE_3 in modifiers(conditions=[icans])) is holds


@pytest.mark.req("MOD-01")
def test_the_highest_active_icans_grade_counts() -> None:
    grades = [a_condition(ConditionKind.ICANS, grade=grade, source=f"Condition/{grade}") for grade in (2, 4, 1)]
    assert facts_of(a_picture(conditions=grades)).get(ICANS) == 4
    assert facts_of(a_picture()).get(ICANS) == 0
    assert isinstance(facts_of(a_picture(unread=unread(Topic.CONDITIONS))).get(ICANS), Missing)


@pytest.mark.req("MOD-01")
@pytest.mark.parametrize(
    ("at", "in_progress", "holds"),
    [
        (Moment(NOW), False, True),
        (before(hours=-24), False, True),
        (before(hours=-24.01), False, False),
        (before(hours=0.01), False, False),
        (before(hours=9), True, True),
        (None, False, False),
        (None, True, True),
        (Moment(datetime(2026, 3, 1, tzinfo=UTC), Precision.DAY), False, True),
        (Moment(datetime(2026, 3, 2, tzinfo=UTC), Precision.DAY), False, True),
        (Moment(datetime(2026, 2, 28, tzinfo=UTC), Precision.DAY), False, False),
        (Moment(datetime(2026, 3, 3, tzinfo=UTC), Precision.DAY), False, False),
    ],
)
def test_a_procedure_within_24_hours_or_in_progress(at: Moment | None, in_progress: bool, holds: bool) -> None:
    procedure = a_procedure(at=at, in_progress=in_progress)
    assert (Modifier.INVASIVE_PROCEDURE_24H in modifiers(procedures=[procedure])) is holds


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize("topic", [Topic.PROCEDURES, Topic.SERVICE_REQUESTS])
def test_unread_procedures_leave_it_unknown(topic: Topic) -> None:
    assert isinstance(facts_of(a_picture(unread=unread(topic))).get(PROCEDURE_24H), Missing)


@pytest.mark.req("MOD-01", "TRD-01", "TOC-01", "BLD-01", "DIC-01")
@pytest.mark.parametrize(
    ("labs", "more", "modifier"),
    [
        ((a_fibrinogen("1.2"), a_fibrinogen("2.0", 9)), {}, Modifier.TREND_DOWN),
        ((), {"exposures": [an_exposure(Drug.TOCILIZUMAB, 5)]}, Modifier.POST_TOCI),
        ((), {"conditions": [a_condition(ConditionKind.BLEEDING_MINOR)]}, Modifier.BLEEDING_MINOR),
        ((), {"bedside": Bedside(bleeding=BleedingLevel.MINOR)}, Modifier.BLEEDING_MINOR),
        ((a_fibrinogen("0.9"), *OVERT_DIC), {}, Modifier.DIC_OVERT),
    ],
)
def test_each_of_the_others(labs: tuple[Any, ...], more: dict[str, Any], modifier: Modifier) -> None:
    assert modifiers(*labs, **more) == (modifier,)


@pytest.mark.req("MOD-01")
def test_bleeding_that_is_more_than_minor_is_no_modifier() -> None:
    assert modifiers(conditions=[a_condition(ConditionKind.BLEEDING_MAJOR)]) == ()


@pytest.mark.req("MOD-01")
def test_the_site_may_set_the_limits() -> None:
    assert modifiers(a_lab(PLT, "70"), policy={"platelet_risk_lt": 100}) == (Modifier.PLATELETS_LT_50,)
    assert modifiers(birth=BirthDate(2014, 3, 2), policy={"age_risk_lt": 12}) == (Modifier.AGE_LT_10,)
    icans = a_condition(ConditionKind.ICANS, grade=2)
    assert modifiers(conditions=[icans], policy={"icans_risk_ge": 2}) == (Modifier.ICANS_GE_3,)


@pytest.mark.req("MOD-01", "DQ-17")
def test_nothing_read_gives_no_modifier() -> None:
    assert modifiers(birth=None, unread=unread(*Topic)) == ()


@pytest.mark.req("MOD-01")
@pytest.mark.parametrize(
    ("zone", "midnight", "now"),
    [
        ("America/Los_Angeles", datetime(2026, 2, 28, 8, tzinfo=UTC), datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 3, 1, 11, tzinfo=UTC), datetime(2026, 3, 1, 20, tzinfo=UTC)),
    ],
)
def test_today_is_the_site_s(zone: str, midnight: datetime, now: datetime) -> None:
    """The date of the procedure and the clock of the site agree, those of UTC do not."""
    procedure = a_procedure(at=Moment(midnight, Precision.DAY))
    held = modifiers(procedures=[procedure], as_of=now, zone=ZoneInfo(zone))
    assert Modifier.INVASIVE_PROCEDURE_24H in held
