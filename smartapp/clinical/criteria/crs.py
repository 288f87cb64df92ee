"""The effective CRS grade: what is recorded, how old it is, and what vital signs suggest (CRS-01, CRS-02)."""

from datetime import UTC, datetime, timedelta

from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.suggested_crs import VITAL_SIGNS
from smartapp.clinical.derived_facts import Band, Basis, CrsStatus
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import CrsRecord, Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_BANDS = {0: Band.NONE, 1: Band.MILD, 2: Band.MODERATE, 3: Band.SEVERE, 4: Band.SEVERE, 5: Band.FATAL}


def band_of(grade: int) -> Band:
    """The band of a grade 0 to 5."""
    return _BANDS[grade]


def _read(facts: Facts) -> CrsStatus:
    signs = facts.get(VITAL_SIGNS)
    suggested = None if isinstance(signs, Missing) else signs.grade
    by_hand = facts.picture.bedside.crs_grade
    scale = facts.policy.get("crs_scale_default")
    if by_hand is not None:
        return CrsStatus(
            band=band_of(by_hand),
            basis=Basis.RECORDED,
            grade=by_hand,
            scale=scale,
            suggested_grade=suggested,
            peak_grade=max([by_hand, *_grades(episode(facts))]),
            by_hand=True,
        )
    settled = not isinstance(signs, Missing) and signs.settles_band
    return _from_records(facts, suggested, settled=settled)


CRS: Need[CrsStatus] = Need("crs", _read)


def episode(facts: Facts) -> tuple[CrsRecord, ...]:
    """Records whose onset is at or after the infusion, by date if either has no time, and not in the future."""
    return tuple(record for record in facts.picture.crs_records if _in_episode(facts, record))


def _from_records(facts: Facts, suggested: int | None, *, settled: bool) -> CrsStatus:
    records = episode(facts)
    open_records = [record for record in records if not _is_over(facts, record)]
    graded = [record for record in open_records if record.grade is not None]
    peak = max(_grades(records), default=None)
    unspecified = any(record.grade is None for record in open_records)
    if graded:
        return _recorded(facts, max(graded, key=_newest), suggested, peak)
    if records and not open_records and not _may_be_unread(facts):
        return CrsStatus(band=Band.NONE, basis=Basis.RESOLVED, grade=0, suggested_grade=suggested, peak_grade=peak)
    if suggested is not None and settled:
        return CrsStatus(
            band=band_of(suggested),
            basis=Basis.SUGGESTED,
            grade=suggested,
            scale="ASTCT",
            suggested_grade=suggested,
            peak_grade=peak,
            unresolved_unspecified=unspecified,
        )
    return CrsStatus(
        band=Band.UNKNOWN,
        basis=Basis.UNKNOWN,
        suggested_grade=suggested,
        peak_grade=peak,
        unresolved_unspecified=unspecified,
    )


def _may_be_unread(facts: Facts) -> bool:
    """Whether a record of CRS may stand in a part of the chart that was not read (DQ-17)."""
    by_code = {Topic.LABORATORY, Topic.VITAL_SIGNS} if facts.policy.get("crs_grade_codes") else set()
    return not facts.picture.unread.keys().isdisjoint({Topic.CONDITIONS, *by_code})


def _recorded(facts: Facts, record: CrsRecord, suggested: int | None, peak: int | None) -> CrsStatus:
    grade = record.grade or 0
    limit = facts.policy.span("crs_grade_max_age_h")
    own = record.own_time
    return CrsStatus(
        band=band_of(grade),
        basis=Basis.RECORDED,
        grade=grade,
        scale=record.scale or facts.policy.get("crs_scale_default"),
        scale_assumed=record.scale is None,
        stale=own is None or own.age(facts.picture.as_of) > limit,
        in_words=record.in_words,
        suggested_grade=suggested,
        peak_grade=peak,
        source=record.source,
    )


def _newest(record: CrsRecord) -> tuple[datetime, int, str]:
    """Newest first; of two at the same time the higher grade (CRS-02)."""
    return (record.own_time.at if record.own_time else _NEVER, record.grade or 0, record.source)


def _grades(records: tuple[CrsRecord, ...]) -> list[int]:
    return [record.grade for record in records if record.grade is not None]


def _in_episode(facts: Facts, record: CrsRecord) -> bool:
    onset = record.onset or record.own_time
    if onset is None:
        return True
    if onset.at > facts.picture.as_of:
        return False
    return since_infusion(facts, _latest(facts, onset))


def _latest(facts: Facts, onset: Moment) -> Moment:
    """The last day that a month or a year can mean: one that may hold the infusion counts."""
    if onset.precision >= Precision.DAY:
        return onset
    zone = facts.picture.zone
    first = onset.at.astimezone(zone)
    months = 1 if onset.precision is Precision.MONTH else 13 - first.month
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return Moment(first.replace(year=year, month=month + 1, day=1).astimezone(UTC) - _DAY, Precision.DAY)


def _is_over(facts: Facts, record: CrsRecord) -> bool:
    return record.over or (record.abated is not None and record.abated.at <= facts.picture.as_of)


def _issues(facts: Facts) -> tuple[Gap, ...]:
    status = facts.get(CRS)
    if isinstance(status, Missing) or status.by_hand:
        return ()
    found = []
    if status.stale:
        limit = facts.policy.get("crs_grade_max_age_h")
        text = f"CRS grade {status.grade} was recorded more than {limit:f} h ago: confirm it"
        found.append(_gap("CRS-02", text, status.source))
    if status.basis is Basis.RECORDED and _disagree(facts, status.source):
        found.append(_gap("DQ-20", "Two CRS grades are recorded for the same time: the higher is used", status.source))
    if status.scale_assumed:
        found.append(_gap("CRS-01", f"The record names no CRS scale: {status.scale} is assumed", status.source))
    future = [r for r in facts.picture.crs_records if r.onset is not None and r.onset.at > facts.picture.as_of]
    text = "A CRS record begins at a time that has not come: not used, check the record"
    found += [_gap("CRS-01", text, record.source) for record in sorted(future, key=lambda record: record.source)]
    return tuple(found)


CRS_ISSUES: Need[tuple[Gap, ...]] = Need("crs_issues", _issues)


def _disagree(facts: Facts, source: str) -> bool:
    records = [r for r in episode(facts) if r.grade is not None and not _is_over(facts, r)]
    chosen = next((r for r in records if r.source == source), None)
    return chosen is not None and any(r.own_time == chosen.own_time and r.grade != chosen.grade for r in records)


def _gap(rule: str, text: str, source: str) -> Gap:
    return Gap(kind=GapKind.NOTED, rule=rule, text=text, source=source, topic=Topic.CONDITIONS)
