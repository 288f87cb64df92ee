"""A downward trend of fibrinogen (TRD-01)."""

from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, hours
from smartapp.clinical.criteria.products_given import product_starts
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.words import in_words, rounded


@dataclass(frozen=True, slots=True)
class Trend:
    """The fall in g/L from `previous` to the effective result; `by_bound`: one of them is a bound (DQ-04)."""

    down: bool
    previous: LabResult | None = None
    drop: Decimal = Decimal(0)
    by_bound: bool = False


def _read(facts: Facts) -> Trend | Missing:
    effective = facts.get(FIBRINOGEN)
    results = facts.get(USABLE_FIBRINOGEN)
    if isinstance(effective, Missing) or isinstance(results, Missing):
        return Missing(("fibrinogen",), "no usable fibrinogen to compare")
    now = effective.result
    earlier = [result for result in results if _comparable(facts, now, result)]
    falls = [result for result in earlier if _is_fall(facts, result.value, now.value)]
    previous = falls[0] if falls else None
    if previous is None:
        return Trend(down=False)
    bound = now.comparator is not None or previous.comparator is not None
    return Trend(down=True, previous=previous, drop=previous.value - now.value, by_bound=bound)


@in_words.register
def _(trend: Trend) -> tuple[str, str]:
    if trend.previous is None:
        return "no fall that counts", ""
    told, source = in_words(trend.previous)
    least = "at least " if trend.by_bound else ""
    return f"a fall by {least}{rounded(trend.drop)} g/L from {told}", source


TREND: Need[Trend] = Need("trend", _read)


def _comparable(facts: Facts, now: LabResult, other: LabResult) -> bool:
    spacing = hours(now.collected.at - other.collected.at)
    low, high = facts.policy.get("trend_window_h.min"), facts.policy.get("trend_window_h.max")
    if now.low is not None or other.low is not None:  # a range shows no fall (DQ-25)
        return False
    return other.variant == now.variant and low <= spacing <= high and not _dose_between(facts, other, now)


def _dose_between(facts: Facts, earlier: LabResult, later: LabResult) -> bool:
    return any(earlier.collected.at <= dose.start.at <= later.collected.at for dose in product_starts(facts))


def _is_fall(facts: Facts, before: Decimal, after: Decimal) -> bool:
    drop = before - after
    relative = facts.policy.get("trend_rel_drop") * before / 100
    return drop > 0 and (drop >= relative or drop >= facts.policy.get("trend_abs_drop"))
