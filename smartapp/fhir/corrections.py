"""Results that replace one another: the same identity twice, and corrections under a new id (DQ-29)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from smartapp.clinical.gaps import Gap, GapKind, UnusableResult
from smartapp.clinical.labs import LabResult, ResultStatus
from smartapp.clinical.terminology import Analyte
from smartapp.fhir.observation_values import topic_of

_CORRECTING = frozenset({"corrected", "amended"})
_HIGHER_IS_WORSE = frozenset(
    {
        Analyte.INR,
        Analyte.PT,
        Analyte.APTT,
        Analyte.D_DIMER,
        Analyte.FERRITIN,
        Analyte.LDH,
        Analyte.ALT,
        Analyte.AST,
        Analyte.TRIGLYCERIDES,
    }
)
Recorded = LabResult | UnusableResult


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts after DQ-29, what was replaced, and what is said of it."""

    results: tuple[LabResult, ...]
    replaced: frozenset[str]
    gaps: tuple[Gap, ...]


def needs_settling(results: Iterable[Recorded]) -> bool:
    """Whether one of them may replace another: a correction, a preliminary result, or an identity that stands twice."""
    seen: set[str] = set()
    for result in results:
        if result.source in seen or str(result.status) in _CORRECTING or result.status == ResultStatus.PRELIMINARY:
            return True
        seen.add(result.source)
    return False


def settle(analyte: Analyte, results: Sequence[LabResult], unusable: Sequence[UnusableResult] = ()) -> Settled:
    """Of an identity that stands twice the worse value, of a result and its correction the later."""
    gaps: list[Gap] = []
    kept = list(_once_each(analyte, results, gaps))
    everything: list[Recorded] = [*kept, *unusable]
    replaced: dict[str, Recorded] = {}
    for older in everything:
        newer = next((other for other in everything if other is not older and _replaces(other, older)), None)
        if newer is not None:
            replaced[older.source] = newer
            gaps.append(_replaced(analyte, older, newer))
    return Settled(tuple(r for r in kept if r.source not in replaced), frozenset(replaced), tuple(gaps))


def _once_each(analyte: Analyte, results: Iterable[LabResult], gaps: list[Gap]) -> Iterable[LabResult]:
    """Nothing tells which of two of one identity is newer: the lower counts, of what is worse when high the higher."""
    by_source: dict[str, list[LabResult]] = {}
    for result in results:
        by_source.setdefault(result.source, []).append(result)
    for same in by_source.values():
        choose = max if analyte in _HIGHER_IS_WORSE else min
        chosen = choose(same, key=lambda result: (result.value, result.collected.at, result.reported))
        if len({result.value for result in same}) > 1:
            told = " and ".join(sorted(result.reported for result in same))
            which = "higher" if analyte in _HIGHER_IS_WORSE else "lower"
            text = f"{_name(analyte)} is there twice under one id ({told}), and nothing tells which is newer: the {which} is used"
            gaps.append(_noted(analyte, text, chosen))
        yield chosen


def _replaces(newer: Recorded, older: Recorded) -> bool:
    """A correction, or a final after a preliminary, of the same code and the same sample or identifier, and surely later."""
    if newer.variant is not older.variant or not _is_same_sample(newer, older):
        return False
    corrects = str(newer.status) in _CORRECTING
    completes = newer.status == ResultStatus.FINAL and older.status == ResultStatus.PRELIMINARY
    return (corrects or completes) and _is_later(newer, older)


def _is_same_sample(newer: Recorded, older: Recorded) -> bool:
    if set(newer.identifiers) & set(older.identifiers):
        return True
    if newer.collected is None or older.collected is None:
        return False
    return _to_the_minute(newer.collected.at) == _to_the_minute(older.collected.at)


def _to_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _is_later(newer: Recorded, older: Recorded) -> bool:
    """By the time of issue; `lastUpdated` counts only where both have it, and issue does not tell."""
    if newer.issued is not None and older.issued is not None and newer.issued != older.issued:
        return newer.issued > older.issued
    return newer.updated is not None and older.updated is not None and newer.updated > older.updated


def _replaced(analyte: Analyte, older: Recorded, newer: Recorded) -> Gap:
    text = f"{_name(analyte)} {older.reported} was replaced by {newer.reported or 'a record without a value'} ({newer.status})"
    return _noted(analyte, text, older)


def _noted(analyte: Analyte, text: str, about: Recorded) -> Gap:
    return Gap(
        kind=GapKind.NOTED,
        rule="DQ-29",
        text=text,
        source=about.source,
        topic=topic_of(analyte),
        analyte=analyte,
        at=about.collected,
    )


def _name(analyte: Analyte) -> str:
    return str(analyte).replace("_", " ").capitalize()
