"""The CAR-T infusion that counts, its day number, and a planned one (APP-01, APP-02, APP-05)."""

from collections.abc import Sequence
from datetime import date, datetime

from smartapp.clinical.derived_facts import Infusion
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import ClinicalPicture, ClinicalStatus, Gap, GapKind, InfusionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import CarTProduct, ConditionKind

_WEAK = frozenset({ConditionKind.CAR_T_HISTORY, ConditionKind.CAR_T_COMPLICATION})
_TELLING = (Topic.PROCEDURES, Topic.ADMINISTRATIONS)


def _read(facts: Facts) -> Infusion | Missing:
    picture = facts.picture
    records = [record for record in picture.infusions if not record.planned]
    given = [record for record in records if _is_dated(record) and not _is_future(facts, record)]
    if given:
        return _dated(facts, given)
    hints = [record for record in records if not (record.strong and _is_future(facts, record))]
    if hints:
        best = min(hints, key=lambda record: (not record.strong, record.source))
        return Infusion(product=best.product, strong=best.strong, source=best.source)
    conditions = [condition.source for condition in picture.conditions if condition.kinds & _WEAK]
    if conditions:
        return Infusion(product=CarTProduct.UNKNOWN, strong=False, source=min(conditions))
    failed = [topic for topic in _TELLING if topic in picture.unread]
    if failed:
        why = f"{' and '.join(failed)} could not be read completely, so a CAR-T infusion may be recorded there"
        return Missing(("infusion",), why)
    return Missing((), "no CAR-T infusion is recorded")


INFUSION: Need[Infusion] = Need("infusion", _read)
"""The latest infusion up to now; `day` None if only weak or undated evidence exists. Missing without inputs: none."""


def hidden_records(picture: ClinicalPicture) -> tuple[Gap, ...]:
    """Single records that could not be read, or were another patient's, and might have told of an infusion (DQ-17, DQ-19)."""
    unreadable = (gap for gap in picture.gaps if gap.kind is GapKind.UNREADABLE)
    return tuple(gap for gap in unreadable if gap.topic in _TELLING or gap.rule == "DQ-19")


def _is_dated(record: InfusionRecord) -> bool:
    """Strong evidence with at least the day: a month or a year gives no day number."""
    return record.strong and record.start is not None and record.start.precision >= Precision.DAY


def _is_future(facts: Facts, record: InfusionRecord) -> bool:
    return record.start is not None and record.start.at > facts.picture.as_of


def _dated(facts: Facts, given: Sequence[InfusionRecord]) -> Infusion:
    zone = facts.picture.zone
    times = {record.source: record.start for record in given if record.start is not None}
    record = max(given, key=lambda each: (times[each.source].at, each.source))
    start = times[record.source]
    on = start.local_date(zone)
    same_day = {each.product for each in given if times[each.source].local_date(zone) == on} - {CarTProduct.UNKNOWN}
    return Infusion(
        product=same_day.pop() if len(same_day) == 1 else record.product,
        strong=True,
        source=record.source,
        local_date=on,
        day=(facts.picture.as_of.astimezone(zone).date() - on).days,
        start=start.at,
    )


def _planned(facts: Facts) -> date | Missing:
    zone = facts.picture.zone
    dates = [record.start.local_date(zone) for record in facts.picture.infusions if record.planned and record.start]
    today = facts.picture.as_of.astimezone(zone).date()
    ahead = [on for on in dates if on > today]
    return min(ahead or dates) if dates else Missing((), "no CAR-T infusion is planned")


PLANNED_INFUSION: Need[date] = Need("planned_infusion", _planned)
"""The local date of the next planned infusion after today, else of one planned for later today (APP-05)."""
_INDICATIONS = (
    (ConditionKind.B_ALL, "B-ALL"),
    (ConditionKind.DLBCL, "diffuse large B-cell lymphoma"),
    (ConditionKind.FOLLICULAR_LYMPHOMA, "follicular lymphoma"),
    (ConditionKind.MANTLE_CELL_LYMPHOMA, "mantle cell lymphoma"),
)


def _indication(facts: Facts) -> str | Missing:
    """A disease in remission is still what the therapy was given for."""
    kinds = frozenset(kind for condition in facts.picture.conditions for kind in condition.kinds)
    found = next((words for kind, words in _INDICATIONS if kind in kinds), None)
    if found is None and Topic.CONDITIONS in facts.picture.unread:
        return Missing(("indication",), "conditions could not be read completely, so the indication is unknown")
    return found or "not recorded"


INDICATION: Need[str] = Need("indication", _indication)
"""What the therapy was given for, in words (APP-04): displayed, it gates nothing."""


def since_infusion(facts: Facts, moment: Moment) -> bool:
    """Whether `moment` is at or after the infusion, by date if either has no time; an undated one bounds nothing."""
    infusion = facts.get(INFUSION)
    if isinstance(infusion, Missing) or infusion.start is None or infusion.local_date is None:
        return True
    if moment.has_time:
        return moment.at >= infusion.start
    return moment.local_date(facts.picture.zone) >= infusion.local_date


def _issues(facts: Facts) -> tuple[Gap, ...]:
    """Records of an infusion that has taken place but cannot be dated to a day that has come."""
    odd = [record for record in facts.picture.infusions if record.strong and not record.planned]
    return tuple(
        Gap(kind=GapKind.NOTED, rule="APP-01", text=text, source=record.source, at=record.start)
        for record in sorted(odd, key=lambda record: record.source)
        if (text := _oddity(facts, record))
    )


INFUSION_ISSUES: Need[tuple[Gap, ...]] = Need("infusion_issues", _issues)


def _oddity(facts: Facts, record: InfusionRecord) -> str:
    if _is_future(facts, record):
        return "A CAR-T infusion is recorded as given at a time that has not come: not used, check the record"
    return "" if _is_dated(record) else "A CAR-T infusion is recorded without its day: confirm the date"


def toxicity_without_infusion(facts: Facts) -> str:
    """DQ-24: the toxicity of CAR-T cells that is recorded, unresolved and begun within `window_days`; empty where there is none."""
    since = facts.picture.as_of - facts.policy.span("window_days")
    if any(
        _counts(facts, record.over, record.abated, record.onset or record.own_time, since)
        for record in facts.picture.crs_records
    ):
        return "cytokine release syndrome"
    for condition in facts.picture.conditions:
        is_over = condition.status is ClinicalStatus.OVER or (condition.has_abatement and condition.abated is None)
        if ConditionKind.ICANS in condition.kinds and _counts(facts, is_over, condition.abated, condition.onset, since):
            return "ICANS"
    return ""


def _counts(facts: Facts, is_over: bool, abated: Moment | None, onset: Moment | None, since: datetime) -> bool:
    if is_over or (abated is not None and abated.at <= facts.picture.as_of):
        return False
    return onset is None or onset.local_date(facts.picture.zone) >= since.astimezone(facts.picture.zone).date()
