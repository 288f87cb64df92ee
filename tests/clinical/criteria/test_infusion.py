"""The infusion that counts (APP-01), its day (APP-02), and a planned one (APP-05)."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from smartapp.clinical.criteria.infusion import INFUSION, INFUSION_ISSUES, PLANNED_INFUSION, since_infusion
from smartapp.clinical.derived_facts import Infusion
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import InfusionRecord, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import CarTProduct, ConditionKind
from tests.builders import NOW, a_condition, a_picture, an_infusion, before, facts_of, on_day, unread


def found(*records: InfusionRecord) -> Infusion:
    infusion = facts_of(a_picture(infusions=records)).get(INFUSION)
    assert not isinstance(infusion, Missing)
    return infusion


def issues(*records: InfusionRecord) -> list[str]:
    gaps = facts_of(a_picture(infusions=records)).get(INFUSION_ISSUES)
    assert not isinstance(gaps, Missing)
    return [gap.rule for gap in gaps]


@pytest.mark.req("APP-01")
def test_of_several_the_latest_up_to_now_counts_whatever_the_order() -> None:
    records = [
        an_infusion(40, source="Procedure/a"),
        an_infusion(6, source="Procedure/b"),
        an_infusion(-2, source="Procedure/c"),
        an_infusion(3, source="MedicationRequest/d", strong=False),
    ]
    for order in permutations(records):
        assert (found(*order).source, found(*order).day, found(*order).strong) == ("Procedure/b", 6, True)


@pytest.mark.req("APP-02")
@pytest.mark.parametrize(
    ("start", "now", "zone", "day"),
    [
        (datetime(2026, 2, 23, 23, 59, tzinfo=UTC), NOW, "UTC", 6),
        (datetime(2026, 2, 23, 23, 30, tzinfo=UTC), NOW, "Europe/Oslo", 5),
        (datetime(2026, 2, 24, 2, 0, tzinfo=UTC), NOW, "America/New_York", 6),
        (NOW, NOW, "UTC", 0),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "Europe/Oslo", 2),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "Europe/Oslo", 1),
    ],
)
def test_days_are_local_calendar_days(start: datetime, now: datetime, zone: str, day: int) -> None:
    record = an_infusion(start=Moment(start))
    infusion = facts_of(a_picture(infusions=[record], as_of=now, zone=ZoneInfo(zone))).get(INFUSION)
    assert not isinstance(infusion, Missing)
    assert infusion.day == day


@pytest.mark.req("APP-01")
@pytest.mark.parametrize(
    ("record", "strong"),
    [
        (an_infusion(start=None), True),
        (an_infusion(start=Moment(datetime(2026, 2, 1, tzinfo=UTC), Precision.MONTH)), True),
        (an_infusion(start=Moment(datetime(2026, 1, 1, tzinfo=UTC), Precision.YEAR)), True),
        (an_infusion(6, strong=False), False),
    ],
)
def test_weak_or_undated_evidence_gives_no_day(record: InfusionRecord, strong: bool) -> None:
    infusion = found(record)
    assert (infusion.day, infusion.local_date, infusion.strong) == (None, None, strong)
    assert issues(record) == (["APP-01"] if strong else [])


@pytest.mark.req("APP-01")
def test_an_undated_infusion_goes_before_a_weak_hint() -> None:
    undated = an_infusion(start=None, source="Procedure/z")
    assert found(an_infusion(3, strong=False, source="MedicationRequest/a"), undated).source == "Procedure/z"


@pytest.mark.req("APP-01")
@pytest.mark.parametrize("kind", [ConditionKind.CAR_T_HISTORY, ConditionKind.CAR_T_COMPLICATION])
def test_a_condition_alone_is_weak_evidence(kind: ConditionKind) -> None:
    infusion = facts_of(a_picture(infusions=[], conditions=[a_condition(kind)])).get(INFUSION)
    assert not isinstance(infusion, Missing)
    assert (infusion.strong, infusion.day, infusion.source) == (False, None, f"Condition/{kind}")


@pytest.mark.req("APP-01")
def test_no_record_is_no_infusion() -> None:
    assert facts_of(a_picture(infusions=[])).get(INFUSION) == Missing((), "no CAR-T infusion is recorded")


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize("topic", [Topic.PROCEDURES, Topic.ADMINISTRATIONS])
def test_unread_records_leave_the_infusion_unknown(topic: Topic) -> None:
    infusion = facts_of(a_picture(infusions=[], unread=unread(topic))).get(INFUSION)
    assert isinstance(infusion, Missing)
    assert infusion.inputs == ("infusion",)


@pytest.mark.req("APP-01")
def test_a_record_of_an_infusion_still_to_come_does_not_count_and_is_named() -> None:
    future = an_infusion(start=Moment(NOW + timedelta(seconds=1)))
    assert facts_of(a_picture(infusions=[future])).get(INFUSION) == Missing((), "no CAR-T infusion is recorded")
    assert issues(future) == ["APP-01"]


@pytest.mark.req("APP-04")
def test_a_code_that_names_no_product_takes_the_product_of_the_same_day() -> None:
    shared = an_infusion(6, source="Procedure/shared", product=CarTProduct.UNKNOWN)
    named = an_infusion(source="MedicationAdministration/a", start=on_day(2026, 2, 23))
    assert found(shared, named).product is CarTProduct.TISAGENLECLEUCEL
    assert found(shared, an_infusion(7)).product is CarTProduct.UNKNOWN


@pytest.mark.req("APP-05")
def test_the_next_planned_infusion_is_a_date_and_no_infusion() -> None:
    plans = [an_infusion(-9, strong=False, planned=True), an_infusion(-3, strong=False, planned=True)]
    facts = facts_of(a_picture(infusions=plans))
    assert facts.get(PLANNED_INFUSION) == date(2026, 3, 4)
    assert facts.get(INFUSION) == Missing((), "no CAR-T infusion is recorded")
    assert isinstance(facts_of(a_picture()).get(PLANNED_INFUSION), Missing)


@pytest.mark.req("CRS-01", "MON-02")
@pytest.mark.parametrize(
    ("infusion", "moment", "since"),
    [
        (Moment(datetime(2026, 2, 23, 10, tzinfo=UTC)), Moment(datetime(2026, 2, 23, 10, tzinfo=UTC)), True),
        (Moment(datetime(2026, 2, 23, 10, tzinfo=UTC)), Moment(datetime(2026, 2, 23, 9, 59, 59, tzinfo=UTC)), False),
        (Moment(datetime(2026, 2, 23, 10, tzinfo=UTC)), on_day(2026, 2, 23), True),
        (Moment(datetime(2026, 2, 23, 10, tzinfo=UTC)), on_day(2026, 2, 22), False),
        (on_day(2026, 2, 23), Moment(datetime(2026, 2, 23, 0, 1, tzinfo=UTC)), True),
        (on_day(2026, 2, 23), Moment(datetime(2026, 2, 22, 23, 59, tzinfo=UTC)), False),
    ],
)
def test_since_the_infusion_is_by_time_or_by_date_if_either_has_no_time(
    infusion: Moment, moment: Moment, since: bool
) -> None:
    assert since_infusion(facts_of(a_picture(infusions=[an_infusion(start=infusion)])), moment) is since


def test_an_undated_infusion_bounds_nothing() -> None:
    assert since_infusion(facts_of(a_picture(infusions=[an_infusion(start=None)])), before(days=400))


@pytest.mark.req("APP-05", "APP-02")
def test_what_is_planned_for_tomorrow_by_the_site_s_clock_is_ahead() -> None:
    """23:00 on 28 February in Los Angeles: 12:00 UTC is tomorrow there, 07:30 UTC is still today."""
    now, zone = datetime(2026, 3, 1, 7, tzinfo=UTC), ZoneInfo("America/Los_Angeles")
    starts = [Moment(now.replace(minute=30)), Moment(now.replace(hour=12))]
    plans = [an_infusion(strong=False, planned=True, start=start) for start in starts]
    assert facts_of(a_picture(infusions=plans, as_of=now, zone=zone)).get(PLANNED_INFUSION) == date(2026, 3, 1)
    assert facts_of(a_picture(infusions=plans[:1], as_of=now, zone=zone)).get(PLANNED_INFUSION) == date(2026, 2, 28)
