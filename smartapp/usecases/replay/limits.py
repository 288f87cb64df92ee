"""Limits in time: when the answer may change although nothing new became known (interfaces.md section 9).

Each is the next whole minute after a span that a rule counts from a record has passed, so that "within" and "not later than" are both over.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.terminology import Analyte, Drug, Variant

_NEWEST = (
    4  # results of one analyte whose age may count: the newest, and those it may stand aside for (DQ-07, DQ-08, DQ-21)
)
_DAY, _TWO_DAYS, _WEEK, _MONTH = timedelta(hours=24), timedelta(hours=48), timedelta(days=7), timedelta(days=30)
_MINUTE = timedelta(minutes=1)
_LAB_LIMITS: tuple[tuple[tuple[Analyte, ...], tuple[str, ...]], ...] = (
    ((Analyte.FIBRINOGEN,), ("fib_dose_max_age_h", "fib_tier_max_age_h")),
    ((Analyte.PLATELETS, Analyte.INR, Analyte.PT, Analyte.APTT, Analyte.D_DIMER), ("coag_max_age_h",)),
    ((Analyte.HAEMATOCRIT,), ("hct_max_age_h",)),
    (
        (
            *(Analyte.FERRITIN, Analyte.LDH, Analyte.ALT, Analyte.AST, Analyte.TRIGLYCERIDES),
            *(Analyte.PLATELETS, Analyte.NEUTROPHILS, Analyte.HAEMOGLOBIN, Analyte.FIBRINOGEN),
        ),
        ("iec_max_age_h",),
    ),
    ((Analyte.WEIGHT,), ("weight_max_age_d.child", "weight_max_age_d.adult")),
)
_WORSE: dict[
    Analyte, Callable[[Decimal, Decimal], bool]
] = {  # which of two readings a suggested grade rests on (CRS-03)
    Analyte.TEMPERATURE: Decimal.__gt__,
    Analyte.SYSTOLIC_PRESSURE: Decimal.__lt__,
    Analyte.SPO2: Decimal.__lt__,
    Analyte.OXYGEN_FLOW: Decimal.__gt__,
}


def limits_between(told: Assessment, after: datetime, before: datetime) -> Iterator[datetime]:
    """Moments later than `after` and earlier than `before` at which this answer may change by time alone, in no order."""
    for at in _all(told, after, before):
        limit = _minute_after(at)
        if after < limit < before:
            yield limit


def _all(told: Assessment, after: datetime, before: datetime) -> Iterator[datetime]:
    picture, policy = told.picture, told.policy
    yield from _monitored(told)
    yield from _labs(picture, policy)
    yield from _vitals(picture, policy, after, before)
    yield from _given(picture, policy)
    yield from _ordered(picture, policy)
    yield from _conditions(picture, policy)
    yield from _procedures(picture)
    yield from _infusions(picture, policy)
    yield from _days(told, after, before)


def _minute_after(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + _MINUTE


def _monitored(told: Assessment) -> Iterator[datetime]:
    """Due, overdue, overdue by a factor of two (MON-02), and the recheck (RCK-01)."""
    monitoring = told.monitoring
    if monitoring is None:
        return
    yield from filter(None, (monitoring.due, monitoring.recheck_due))
    interval = _hours(monitoring.interval_h)
    late = _hours(monitoring.interval_h * (1 + told.policy.get("monitor_grace")))
    for result in _newest(told.picture.series(Analyte.FIBRINOGEN)):
        yield from (result.collected.at + span for span in (late, 2 * interval))


def _hours(number: Decimal) -> timedelta:
    return timedelta(microseconds=int(number * 3_600_000_000))


def _newest(series: LabSeries) -> Iterator[LabResult]:
    """The results of one analyte whose age may count: the newest, and the newest that it may have to stand aside for (DQ-01, DQ-07)."""
    kinds = set()
    for result in reversed(series):
        kind = (result.is_final, result.comparator is None, result.variant)
        if kind not in kinds:
            kinds.add(kind)
            yield result
        if result.is_final and result.comparator is None and result.variant in (None, Variant.CLAUSS):
            return


def _labs(picture: ClinicalPicture, policy: SitePolicy) -> Iterator[datetime]:
    for analytes, names in _LAB_LIMITS:
        spans = [policy.span(name) for name in names]
        for analyte in analytes:
            for result in _newest(picture.series(analyte)):
                yield from (result.collected.at + span for span in spans)


def _vitals(picture: ClinicalPicture, policy: SitePolicy, after: datetime, before: datetime) -> Iterator[datetime]:
    """When a reading leaves the window of CRS-03 that none since was as bad as."""
    window = policy.span("vitals_window_h")
    for analyte, worse in _WORSE.items():
        worst: Decimal | None = None
        for result in reversed(picture.series(analyte).between(after - window - _DAY, before)):
            if worst is None or worse(result.value, worst):
                worst = result.value
                yield result.collected.at + window
    for support in picture.oxygen:
        yield support.at.at + window


def _given(picture: ClinicalPicture, policy: SitePolicy) -> Iterator[datetime]:
    spans = (_DAY, policy.span("recent_dose_h"), policy.span("recheck_after_dose_h"), policy.span("fib_tier_max_age_h"))
    for exposure in picture.exposures:
        yield exposure.start.at
        yield from (exposure.start.at + span for span in spans)
        if exposure.end is not None:
            yield from (exposure.end.at + span for span in (timedelta(0), *spans))
        if exposure.drug is Drug.TOCILIZUMAB:
            yield exposure.start.at + policy.span("toci_lookback_d")


def _ordered(picture: ClinicalPicture, policy: SitePolicy) -> Iterator[datetime]:
    authored = [order.authored for order in picture.orders] + [awaited.at for awaited in picture.awaited]
    for moment in authored:
        if moment is not None:
            yield from (moment.at + span for span in (policy.span("pending_order_h"), _DAY, _TWO_DAYS))


def _conditions(picture: ClinicalPicture, policy: SitePolicy) -> Iterator[datetime]:
    spans = (timedelta(0), _DAY, _TWO_DAYS, _WEEK, _MONTH)
    for record in picture.conditions:
        for moment in (record.onset, record.abated, record.recorded):
            if moment is not None:
                yield from (moment.at + span for span in spans)
    aged = policy.span("crs_grade_max_age_h")
    for grade in picture.crs_records:
        for moment in (grade.onset, grade.own_time, grade.abated):
            if moment is not None:
                yield from (moment.at, moment.at + aged, moment.at + _DAY)


def _procedures(picture: ClinicalPicture) -> Iterator[datetime]:
    for procedure in picture.procedures:
        if procedure.at is not None:
            yield from (procedure.at.at - _DAY, procedure.at.at, procedure.at.at + _DAY)


def _infusions(picture: ClinicalPicture, policy: SitePolicy) -> Iterator[datetime]:
    spans = (timedelta(0), -policy.span("pre_infusion_days"), _DAY)
    return (record.start.at + span for record in picture.infusions if record.start for span in spans)


def _days(told: Assessment, after: datetime, before: datetime) -> Iterator[datetime]:
    """Local midnights: of the days after which the window ends (APP-03), of dates without a time, and of birthdays."""
    zone = told.picture.zone
    midnight = datetime.combine(after.astimezone(zone).date() + timedelta(days=1), clock_time(), zone)
    wanted = set(_dated(told))
    while midnight < before:
        if midnight.date() in wanted:
            yield midnight.astimezone(after.tzinfo) - timedelta(microseconds=1)
        midnight = datetime.combine(midnight.date() + timedelta(days=1), clock_time(), zone)


def _dated(told: Assessment) -> Iterable[object]:
    picture, zone = told.picture, told.picture.zone
    for record in picture.infusions:
        if record.start is not None:
            day = record.start.local_date(zone)
            spans = ("window_days", "window_extended_days", "pre_infusion_days")
            days = [told.policy.span(name).days for name in spans]
            yield from (day + timedelta(days=n) for n in (0, 1, 7, *days, *(n + 1 for n in days), -days[2]))
    birth = picture.patient.birth
    if birth is not None:
        low = picture.as_of.astimezone(zone).date()
        for year in range(low.year, low.year + 2):
            yield birth.earliest().replace(year=year, day=min(birth.earliest().day, 28))
            yield _birthday(birth.earliest().month, birth.earliest().day, year)
    for moment in (*(e.start for e in picture.exposures), *(o.authored for o in picture.orders if o.authored)):
        if not moment.has_time:
            yield from (moment.local_date(zone) + timedelta(days=n) for n in (0, 1, 2))


def _birthday(month: int, day: int, year: int) -> object:
    try:
        return datetime(year, month, day).date()  # noqa: DTZ001 - a calendar day
    except ValueError:
        return datetime(year, 3, 1).date()  # noqa: DTZ001 - the 29th of February in other years
