"""What happened beside the results: CRS grades, doses, results that could not be read."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Basis
from smartapp.clinical.picture import ConditionRecord, Exposure, Gap, GapKind
from smartapp.clinical.terminology import Analyte, ConditionKind, Drug
from smartapp.clinical.words import plain
from smartapp.web.axes import BOTTOM, CRS_ROW, ICANS_ROW, AxisMark, Scale
from smartapp.web.presenters.words import Clock

_DOSES = {
    Drug.CRYOPRECIPITATE: ("cryo", "cryoprecipitate"),
    Drug.FIBRINOGEN_CONCENTRATE: ("fc", "concentrate"),
    Drug.TOCILIZUMAB: ("toci", "tocilizumab"),
}
_BLEEDS = {
    ConditionKind.BLEEDING_MAJOR,
    ConditionKind.BLEEDING_SIGNIFICANT,
    ConditionKind.BLEEDING_MINOR,
    ConditionKind.BLEEDING_OTHER,
}


def crosses(gaps: Iterable[Gap], scale: Scale, clock: Clock) -> Iterator[AxisMark]:
    """Results that could not be read stand as crosses at their time, below the axis of values."""
    for gap in gaps:
        at = gap.at
        if (
            gap.analyte is Analyte.FIBRINOGEN
            and at is not None
            and gap.kind is not GapKind.NOTED
            and scale.holds(at.at)
        ):
            told = f"{gap.reported or 'result'}: {gap.text}, {clock.time(at.at)}"
            yield AxisMark(kind="unread", x=scale.x(at.at), y=BOTTOM - 10, label=told)


def doses(exposures: Iterable[Exposure], scale: Scale, clock: Clock) -> Iterator[AxisMark]:
    """Fibrinogen products and tocilizumab, at the time each was started."""
    for exposure in sorted(exposures, key=lambda exposure: exposure.start.at):
        found, at = _DOSES.get(exposure.drug), exposure.start.at
        if found and scale.holds(at):
            amount = _amount(exposure)
            told = (f"{found[1]} {amount or 'amount not recorded'}", clock.time(at), clock.age(at))
            yield AxisMark(kind=found[0], x=scale.x(at), y=BOTTOM, label=", ".join(told), text=amount)


def _amount(exposure: Exposure) -> str:
    if exposure.dose_mg is not None:
        return f"{plain(exposure.dose_mg)} mg"
    return f"{plain(exposure.units)} u" if exposure.units is not None else ""


def crs_band(assessment: Assessment, scale: Scale) -> Iterator[AxisMark]:
    """Recorded grades filled, each until the next one or its end; a suggested grade is outlined at the right end."""
    records = sorted(
        (r for r in assessment.picture.crs_records if r.own_time),
        key=lambda r: r.own_time.at if r.own_time else scale.end,
    )
    starts = [record.own_time.at for record in records if record.own_time]
    for number, record in enumerate(records):
        end = min([*starts[number + 1 : number + 2], *([record.abated.at] if record.abated else []), scale.end])
        start = max(starts[number], scale.start)
        if start < end:
            yield _segment(
                f"grade-{min(record.grade or 0, 4)}",
                scale,
                start,
                end,
                "?" if record.grade is None else str(record.grade),
            )
    crs = assessment.crs
    if crs and crs.basis is Basis.SUGGESTED and crs.grade is not None and assessment.applicability.runs:
        yield _segment("suggested", scale, scale.end - (scale.end - scale.start) / 12, scale.end, str(crs.grade))


def icans_band(conditions: Iterable[ConditionRecord], scale: Scale) -> Iterator[AxisMark]:
    """Graded ICANS records, each from its onset to its end."""
    for record in conditions:
        if ConditionKind.ICANS not in record.kinds or record.onset is None:
            continue
        start = max(record.onset.at, scale.start)
        end = min(record.abated.at if record.abated else scale.end, scale.end)
        if start < end:
            grade = "?" if record.grade is None else str(record.grade)
            yield _segment(f"grade-{min(record.grade or 0, 4)}", scale, start, end, grade, name="ICANS")


def bleeds(conditions: Iterable[ConditionRecord], scale: Scale, clock: Clock) -> Iterator[AxisMark]:
    """Recorded bleeding, at its onset."""
    for record in conditions:
        if record.kinds & _BLEEDS and record.onset is not None and scale.holds(record.onset.at):
            at = record.onset.at
            told = f"bleeding: {record.label}, {clock.time(at)}, {clock.age(at)}"
            yield AxisMark(kind="bleed", x=scale.x(at), y=BOTTOM, label=told)


def overdue(assessment: Assessment, scale: Scale, clock: Clock) -> Iterator[AxisMark]:
    """A line where a fibrinogen was due that has not come (MON-02)."""
    monitoring = assessment.monitoring
    if monitoring and monitoring.overdue and monitoring.due and scale.holds(monitoring.due):
        told = f"fibrinogen was due {clock.time(monitoring.due)}"
        yield AxisMark(kind="overdue", x=scale.x(monitoring.due), y=BOTTOM, label=told, text="due")


def _segment(kind: str, scale: Scale, start: datetime, end: datetime, grade: str, name: str = "CRS") -> AxisMark:
    how = "suggested" if kind == "suggested" else "recorded"
    return AxisMark(
        kind=kind,
        x=scale.x(start),
        y=CRS_ROW if name == "CRS" else ICANS_ROW,
        width=max(scale.x(end) - scale.x(start), 14),
        text=grade,
        label=f"{name} grade {grade}, {how}",
    )
