"""The delta check: a jump between two results that disease rarely makes so fast (DQ-22)."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import CONFLICT, TOGETHER, USABLE_FIBRINOGEN
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.products_given import product_starts
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import in_words, rounded, span_words

_NEAR = timedelta(hours=2)
_UNCHANGED = Decimal("0.1")  # of the earlier value
_COMPARED = (Analyte.PLATELETS, Analyte.INR, Analyte.APTT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A jump from `before` to `after`; `unchanged`: platelets, INR and aPTT stayed as they were (falls)."""

    before: LabResult
    after: LabResult
    unchanged: bool = False

    @property
    def text(self) -> str:
        """What jumped how far in which time, and what to do first."""
        change, span = self.after.value - self.before.value, self.after.collected.at - self.before.collected.at
        still = " while platelets, INR and aPTT are unchanged" if self.unchanged else ""
        lead = f"{'fell' if change < 0 else 'rose'} by {rounded(abs(change))} g/L in {span_words(span)}{still}"
        cause = "" if change < 0 else " with no product recorded"
        return f"{lead}{cause}: repeat, or check tube and patient, before a dose"


@in_words.register
def _(delta: Delta) -> tuple[str, str]:
    return delta.text, delta.after.source


def _read(facts: Facts) -> Delta | Missing | None:
    effective = facts.get(FIBRINOGEN)
    if isinstance(effective, Missing):
        return effective
    now = effective.result
    before = _before(facts, now) if now.low is None else None  # a range shows no jump (DQ-25)
    if before is None or now.collected.at - before.collected.at > facts.policy.span("delta_h"):
        return None
    if _exceeds(facts, before.value - now.value, before.value, "fall"):
        return Delta(before=before, after=now, unchanged=_unchanged(facts, before, now))
    if _exceeds(facts, now.value - before.value, before.value, "rise") and not _product_between(facts, before, now):
        return Delta(before=before, after=now)
    return None


DELTA: Need[Delta | None] = Need("delta", _read)


def _before(facts: Facts, now: LabResult) -> LabResult | None:
    """The result of the sample before this one: of that sample's results the one that DQ-08 lets count."""
    results = facts.get(USABLE_FIBRINOGEN)
    same = () if isinstance(results, Missing) else [r for r in results if r.variant is now.variant and r.low is None]
    earlier = [r for r in same if now.collected.at - r.collected.at > TOGETHER]
    if not earlier:
        return None
    newest = earlier[0]
    rivals = [r for r in earlier if newest.collected.at - r.collected.at <= TOGETHER]
    return min((newest, *(r for r in rivals if abs(r.value - newest.value) > CONFLICT)), key=lambda r: r.value)


def _exceeds(facts: Facts, change: Decimal, before: Decimal, way: str) -> bool:
    part = facts.policy.get(f"delta_{way}_pct") * before / 100
    return bool(change > facts.policy.get(f"delta_{way}_g") and change > part)


def _product_between(facts: Facts, before: LabResult, after: LabResult) -> bool:
    """A product started, running or ended between the two."""
    first, last = before.collected.at, after.collected.at
    doses = [(d.start.at, d.end.at if d.end else last if d.running else d.start.at) for d in product_starts(facts)]
    return any(start <= last and end >= first for start, end in doses)


def _unchanged(facts: Facts, before: LabResult, after: LabResult) -> bool:
    """Whether all three were measured within two hours of both samples and stayed within ten per cent."""
    return all(_is_steady(facts, analyte, before, after) for analyte in _COMPARED)


def _is_steady(facts: Facts, analyte: Analyte, before: LabResult, after: LabResult) -> bool:
    pair = [_nearest(facts, analyte, result) for result in (before, after)]
    first, second = pair
    if first is None or second is None or first is second or first.comparator or second.comparator:
        return False
    return abs(second.value - first.value) <= _UNCHANGED * first.value


def _nearest(facts: Facts, analyte: Analyte, result: LabResult) -> LabResult | None:
    at, suspects = result.collected.at, facts.picture.bedside.suspects
    near = [r for r in facts.picture.series(analyte).between(at - _NEAR, at + _NEAR) if r.source not in suspects]
    return min(near, key=lambda r: (abs(r.collected.at - at), r.source), default=None)
