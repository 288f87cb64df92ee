"""MON-01 to MON-05 and RCK-01 from a chart: interval, due, overdue, never measured, baseline, and when it may stop."""

from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.derived_facts import Monitoring
from smartapp.clinical.picture import Topic
from tests import charts as c
from tests.builders import a_fibrinogen, a_picture, facts_of, unread
from tests.clinical.rules.asked import assessed

PATIENT = c.patient("1990-01-10")
BASE = (PATIENT, c.infusion(), c.weight("70"))
BLEED = c.condition("bleed", "K92.1", 3)
NO_CRS = c.crs(2, 100, abatementDateTime=c.ago(hours=50))
ATC_FC = "B02BB01"


def monitoring(*resources: c.Resource, **site: Any) -> Monitoring:
    found = assessed(*BASE, *resources, **site).monitoring
    assert found is not None
    return found


def said(found: Assessment, rule: str) -> list[str]:
    return [str(f.indicator) for f in found.findings if f.rule == rule]


def toci(hours_ago: float) -> c.Resource:
    return c.given("toci", "L04AC07", hours_ago=hours_ago)


def product(hours_ago: float, end_hours_ago: float | None = None, status: str = "completed") -> c.Resource:
    end = {} if end_hours_ago is None else {"end": c.ago(hours=end_hours_ago)}
    body = c.given("fc", ATC_FC, status=status)
    body.pop("effectiveDateTime", None)
    return {**body, "effectivePeriod": {"start": c.ago(hours=hours_ago), **end}}


@pytest.mark.req("MON-01", "V03", "V04")
@pytest.mark.parametrize(
    ("level", "extra", "hours"),
    [
        ("2.4", (NO_CRS,), 72),
        ("2.4", (c.crs(1),), 24),
        ("2.4", (), 24),
        ("2.4", (c.crs(2),), 12),
        ("2.4", (c.crs(3),), 8),
        ("2.4", (c.crs(4),), 8),
        ("1.5", (NO_CRS,), 72),
        ("1.49", (NO_CRS,), 12),
        ("1.0", (c.crs(2),), 12),
        ("0.99", (NO_CRS,), 6),
        ("2.4", (NO_CRS, BLEED), 6),
        ("2.4", (NO_CRS, c.condition("nose", "R04.0", 3)), 72),
        ("2.4", (NO_CRS, toci(24)), 24),
    ],
)
def test_the_interval_of_the_most_demanding_state(level: str, extra: tuple[c.Resource, ...], hours: int) -> None:
    assert monitoring(c.fibrinogen(level), *extra).interval_h == hours


@pytest.mark.req("MON-01", "TOC-01")
@pytest.mark.parametrize(("days", "hours"), [(28, 24), (28.01, 72)])
def test_tocilizumab_counts_to_day_twenty_eight(days: float, hours: int) -> None:
    found = assessed(PATIENT, c.infusion(30), c.fibrinogen("2.4"), NO_CRS, toci(days * 24)).monitoring
    assert found is not None
    assert found.interval_h == hours


@pytest.mark.req("MON-01")
@pytest.mark.parametrize(
    ("level", "extra", "d_dimer", "daily"),
    [
        ("2.4", (c.crs(1),), False, False),
        ("2.4", (c.crs(2),), True, True),
        ("2.4", (c.crs(3),), True, True),
        ("1.4", (c.crs(1),), True, False),
        ("0.9", (NO_CRS,), True, False),
    ],
)
def test_the_panel(level: str, extra: tuple[c.Resource, ...], d_dimer: bool, daily: bool) -> None:
    text = next(f.text for f in assessed(*BASE, c.fibrinogen(level), *extra).findings if f.rule == "MON-01")
    assert "PT/INR, aPTT and platelets" in text
    assert ("D-dimer" in text, "ferritin, LDH and CRP daily" in text) == (d_dimer, daily)


@pytest.mark.req("MON-02", "V19", "V12")
@pytest.mark.parametrize(
    ("hours", "overdue"), [(9, False), (10, False), (10.001, True), (11, True), (24, True), (24.001, True)]
)
def test_overdue_after_a_quarter_more_than_the_interval(hours: float, overdue: bool) -> None:
    found = monitoring(c.fibrinogen("2.4", hours_ago=hours), c.crs(3))
    assert (found.overdue, found.interval_h) == (overdue, 8)
    assert str(found.indicator) == ("warning" if overdue else "info")


@pytest.mark.req("MON-02")
@pytest.mark.parametrize(
    ("level", "hours", "extra", "indicator"),
    [
        ("2.4", 31, (c.crs(1),), "info"),
        ("2.4", 16, (c.crs(2),), "warning"),
        ("1.4", 16, (NO_CRS,), "warning"),
        ("0.9", 12, (NO_CRS,), "warning"),
        ("0.9", 12.001, (NO_CRS,), "critical"),
        ("2.4", 12, (NO_CRS, BLEED), "warning"),
        ("2.4", 12.001, (NO_CRS, BLEED), "critical"),
        ("1.4", 23, (c.crs(3),), "warning"),
    ],
)
def test_how_loudly_overdue_speaks(level: str, hours: float, extra: tuple[c.Resource, ...], indicator: str) -> None:
    found = assessed(*BASE, c.fibrinogen(level, hours_ago=hours), *extra)
    assert found.monitoring is not None
    assert found.monitoring.overdue
    assert said(found, "MON-02") == [indicator]


def order(hours_ago: float) -> c.Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": c.SUBJECT,
        "code": {"coding": [{"system": c.LOINC, "code": "3255-7"}]},
        "authoredOn": c.ago(hours=hours_ago),
    }


@pytest.mark.req("MON-02")
@pytest.mark.parametrize(
    ("awaited", "pending"),
    [
        (order(4), True),
        (order(4.001), False),
        (c.result("new", "3255-7", None, "g/L", 4, status="registered"), True),
        (c.result("new", "3255-7", None, "g/L", 4.001, status="registered"), False),
    ],
)
def test_a_pending_result_makes_overdue_quiet_but_keeps_it(awaited: c.Resource, pending: bool) -> None:
    found = monitoring(c.fibrinogen("2.4", hours_ago=11), c.crs(3), awaited)
    assert (found.overdue, found.pending) == (True, pending)
    assert str(found.indicator) == ("info" if pending else "warning")


@pytest.mark.req("MON-02", "DQ-03", "DQ-04", "DQ-07")
@pytest.mark.parametrize(
    "last",
    [
        c.fibrinogen("2.4", hours_ago=30),
        c.fibrinogen("<1.8", hours_ago=3),
        c.result("d", "48664-7", "2.4", "g/L", 3),
    ],
    ids=["stale", "a bound", "derived"],
)
def test_stale_results_and_bounds_count_as_measured(last: c.Resource) -> None:
    assert monitoring(last, c.crs(3)).due is not None


@pytest.mark.req("MON-02", "MON-03")
def test_a_result_before_the_infusion_does_not_count() -> None:
    found = assessed(*BASE, c.fibrinogen("2.4", hours_ago=24 * 7), c.crs(3))
    assert found.monitoring is not None
    assert (found.monitoring.due, found.monitoring.overdue) == (None, False)
    assert said(found, "MON-03") == ["warning"]


@pytest.mark.req("MON-03", "DQ-16")
@pytest.mark.parametrize(
    ("day", "extra", "found"),
    [
        (6, (c.crs(3),), ["warning"]),
        (6, (c.crs(2),), ["warning"]),
        (6, (c.crs(1),), ["info"]),
        (6, (), ["info"]),
        (3, (c.crs(2, 30, abatementDateTime=c.ago(hours=5)),), ["info"]),
        (2, (c.crs(2, 30, abatementDateTime=c.ago(hours=5)),), []),
        (2, (c.crs(1),), ["info"]),
    ],
)
def test_never_measured(day: int, extra: tuple[c.Resource, ...], found: list[str]) -> None:
    answer = assessed(PATIENT, c.infusion(day), *extra)
    assert said(answer, "MON-03") == found
    assert answer.monitoring is not None
    assert not answer.monitoring.overdue


@pytest.mark.req("MON-03", "MON-04", "DQ-17")
def test_unread_results_are_not_unmeasured() -> None:
    picture = a_picture(unread=unread(Topic.LABORATORY))
    found = assess(picture, facts_of(picture).policy)
    kinds = {outcome.rule: str(outcome.kind) for outcome in found.outcomes}
    assert (kinds["MON-03"], kinds["MON-04"]) == ("cannot_tell", "cannot_tell")


@pytest.mark.req("RCK-01")
@pytest.mark.parametrize(
    ("dose", "due"),
    [
        (product(3, 2), 1),
        (product(3), 2),
        (product(3, None, "in-progress"), None),
        (product(24 * 7, 24 * 7), None),
    ],
    ids=["by its end", "by its start", "still running", "before the infusion"],
)
def test_the_recheck_is_due_an_hour_after_the_end(dose: c.Resource, due: float | None) -> None:
    found = monitoring(c.fibrinogen("1.2", hours_ago=5), c.crs(3), dose)
    expected = None if due is None else c.ago(hours=due)
    assert (found.recheck_due.strftime("%Y-%m-%dT%H:%M:%SZ") if found.recheck_due else None) == expected


@pytest.mark.req("RCK-01", "MON-02")
@pytest.mark.parametrize(
    ("ended", "sampled", "overdue"),
    [(1, 5, False), (1.001, 5, True), (3, 2, False), (3, 3, True), (0.5, 5, False)],
    ids=["due now", "late", "sampled since", "sampled at its end", "not due yet"],
)
def test_a_late_recheck_has_no_grace(ended: float, sampled: float, overdue: bool) -> None:
    found = assessed(*BASE, c.fibrinogen("2.4", hours_ago=sampled), c.crs(1), product(ended + 1, ended))
    assert found.monitoring is not None
    assert found.monitoring.overdue is overdue
    assert said(found, "MON-02") == (["warning"] if overdue else [])


@pytest.mark.req("RCK-01")
def test_due_is_the_earlier_of_recheck_and_interval() -> None:
    early = monitoring(c.fibrinogen("2.4", hours_ago=1), c.crs(1), product(0.8, 0.5))
    late = monitoring(c.fibrinogen("0.9", hours_ago=5.8), c.crs(1), product(0.8, 0.1))
    assert early.due == early.recheck_due
    assert late.due is not None
    assert late.recheck_due is not None
    assert late.due < late.recheck_due


@pytest.mark.req("RCK-01", "MON-03")
def test_a_dose_without_any_result_is_both_never_measured_and_to_be_rechecked() -> None:
    found = assessed(*BASE, c.crs(3), product(3, 2))
    assert (said(found, "MON-03"), said(found, "RCK-01"), said(found, "MON-02")) == (["warning"], ["info"], [])


@pytest.mark.req("MON-04")
@pytest.mark.parametrize(
    ("days_ago", "missing"), [(5, True), (6, False), (20, False), (20.3, False), (21, True), (30, True)]
)
def test_a_baseline_from_day_minus_fourteen_to_day_zero(days_ago: float, missing: bool) -> None:
    """Infused on 23 February; now is 1 March 08:00, so day -14 is 20 days and 8 h ago at its start."""
    found = assessed(*BASE, c.fibrinogen("2.8", hours_ago=days_ago * 24, id_="base"), c.fibrinogen("2.4"))
    assert said(found, "MON-04") == (["info"] if missing else [])


@pytest.mark.req("MON-04")
def test_an_unusable_baseline_is_none() -> None:
    unusable = c.fibrinogen("2.8", hours_ago=24 * 8, id_="base", status="entered-in-error")
    assert said(assessed(*BASE, unusable, c.fibrinogen("2.4")), "MON-04") == ["info"]


def steady(newest: str = "1.5", hours: float = 1, apart: float = 24, previous: str = "1.5") -> tuple[c.Resource, ...]:
    return (
        c.fibrinogen(newest, hours_ago=hours, id_="b"),
        c.fibrinogen(previous, hours_ago=hours + apart, id_="a"),
    )


@pytest.mark.req("MON-05")
@pytest.mark.parametrize(
    ("results", "extra", "speaks"),
    [
        (steady(), (NO_CRS,), True),
        (steady("1.49"), (NO_CRS,), False),
        (steady(previous="1.49"), (NO_CRS,), False),
        (steady(apart=23.99), (NO_CRS,), False),
        (steady(), (c.crs(1),), False),
        (steady(), (), False),
        (steady(), (NO_CRS, toci(24 * 13)), False),
        (steady(), (NO_CRS, product(50, 49)), True),
        (steady(), (NO_CRS, product(50, 48.99)), False),
        (steady(), (NO_CRS, product(10)), False),
        (steady(">1.6"), (NO_CRS,), True),
        (steady(hours=24.01), (NO_CRS,), False),
        (steady()[:1], (NO_CRS,), False),
    ],
)
def test_when_intensified_monitoring_may_stop(
    results: tuple[c.Resource, ...], extra: tuple[c.Resource, ...], speaks: bool
) -> None:
    found = assessed(PATIENT, c.infusion(20), *results, *extra)
    assert said(found, "MON-05") == (["info"] if speaks else [])


@pytest.mark.req("MON-05", "DQ-17")
def test_monitoring_never_stops_on_what_was_not_read() -> None:
    results = (a_fibrinogen("2.4", 1), a_fibrinogen("2.4", 30))
    picture = a_picture(*results, unread=unread(Topic.ADMINISTRATIONS))
    found = assess(picture, facts_of(picture).policy)
    assert next(str(o.kind) for o in found.outcomes if o.rule == "MON-05") == "cannot_tell"
