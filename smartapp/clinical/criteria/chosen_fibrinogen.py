"""Which fibrinogen result counts: methods, conflicts within one sample, suspects (DQ-07, DQ-08, DQ-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant

TIERED = (Variant.CLAUSS, Variant.DERIVED)
CONFLICT = Decimal("0.3")  # g/L, DQ-08
TOGETHER = timedelta(minutes=15)  # DQ-08
CLAUSS_PREFERRED = timedelta(hours=12)  # DQ-07
_BOUNDS = {
    Comparator.BELOW: 2,
    Comparator.AT_MOST: 2,
    Comparator.ABOVE: 0,
    Comparator.AT_LEAST: 0,
}  # of equal numbers, what is lower first
_BY_CLAUSS = "the Clauss result is used"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The result that counts, those set aside for it, and the issues that names."""

    result: LabResult
    aside: tuple[LabResult, ...]
    issues: tuple[Gap, ...]


def _usable(facts: Facts) -> tuple[LabResult, ...]:
    suspects = facts.picture.bedside.suspects
    series = facts.picture.series(Analyte.FIBRINOGEN)
    tiered = [r for r in series.results if r.variant in TIERED and r.source not in suspects]
    return tuple(sorted(tiered, key=_newness, reverse=True))


def _newness(result: LabResult) -> tuple[datetime, datetime, Decimal, int, bool, str]:
    """DQ-08: of results as new as each other the lower comes first, then the final one."""
    bound = _BOUNDS[result.comparator] if result.comparator else 1
    issued = result.issued or result.collected.at
    return result.collected.at, issued, -result.value, bound, result.is_final, result.source


USABLE_FIBRINOGEN: Need[tuple[LabResult, ...]] = Need("fibrinogen_results", _usable)
"""Every result of a method that may be tiered, newest first; stale ones and bounds included."""


def _chosen(facts: Facts) -> Chosen | Missing:
    """The newest result after DQ-07 (Clauss first) and DQ-08 (conflicts)."""
    results = facts.get(USABLE_FIBRINOGEN)
    if isinstance(results, Missing) or not results:
        return Missing(("fibrinogen",), "no usable fibrinogen result")
    newest = next(result for result in results if not _gives_way(result, results))
    rivals = [other for other in results if _conflicts(newest, other)]
    lowest = min((newest, *rivals), key=lambda result: result.value)
    aside = tuple(result for result in (newest, *rivals) if result is not lowest)
    derived = tuple(other for other in results if newest.variant is Variant.CLAUSS and _outranked(newest, other))
    issues = _issues_of(lowest, aside, "the lower is used") + _issues_of(lowest, derived, _BY_CLAUSS)
    return Chosen(lowest, aside + derived, issues)


CHOSEN_FIBRINOGEN: Need[Chosen] = Need("chosen_fibrinogen", _chosen)


def _gives_way(result: LabResult, results: Sequence[LabResult]) -> bool:
    """DQ-07: a derived result counts only without a Clauss within 12 h of it."""
    return result.variant is Variant.DERIVED and any(
        other.variant is Variant.CLAUSS and abs(result.collected.at - other.collected.at) <= CLAUSS_PREFERRED
        for other in results
    )


def _conflicts(newest: LabResult, other: LabResult) -> bool:
    """DQ-08: another result of the same sample and method that differs by more than 0.3 g/L."""
    apart = newest.collected.at - other.collected.at
    same = other is not newest and other.variant is newest.variant and timedelta(0) <= apart <= TOGETHER
    return same and abs(other.value - newest.value) > CONFLICT


def _outranked(clauss: LabResult, other: LabResult) -> bool:
    """DQ-08: a derived result of the same sample, or a newer one that gives way, that differs by more than 0.3 g/L."""
    near = clauss.collected.at - other.collected.at <= TOGETHER
    return other.variant is Variant.DERIVED and near and abs(other.value - clauss.value) > CONFLICT


def _issues_of(used: LabResult, aside: Sequence[LabResult], verdict: str) -> tuple[Gap, ...]:
    return tuple(
        about_fibrinogen(other, "DQ-08", f"Fibrinogen {used.reported} and {other.reported} disagree: {verdict}")
        for other in aside
    )


def about_fibrinogen(result: LabResult, rule: str, text: str) -> Gap:
    """A remark on one fibrinogen result, placed on the chart."""
    return Gap(
        kind=GapKind.NOTED,
        rule=rule,
        text=text,
        source=result.source,
        topic=Topic.LABORATORY,
        analyte=Analyte.FIBRINOGEN,
        at=result.collected,
    )
