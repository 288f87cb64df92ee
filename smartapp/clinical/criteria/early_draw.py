"""When to draw earlier because fibrinogen falls (MON-06)."""

from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, hours
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.products_given import product_starts
from smartapp.clinical.derived_facts import EarlyDraw
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Facts, Missing, Need

LEAST_DROP = Decimal("0.2")  # g/L
_SECONDS = Decimal(3600)


def _read(facts: Facts) -> EarlyDraw | Missing | None:
    effective = facts.get(FIBRINOGEN)
    if isinstance(effective, Missing):
        return effective
    now, level, low = effective.result, effective.g_per_l, facts.policy.get("t2_below")
    if not facts.policy.get("draw_early") or now.comparator or now.low is not None or level < low:
        return None
    earlier = _earliest(facts, now)
    drop = earlier.value - level if earlier is not None else Decimal(0)
    if earlier is None or drop < LEAST_DROP:
        return None
    limit = facts.policy.get("t1_below") if level >= facts.policy.get("t1_below") else low
    span = hours(now.collected.at - earlier.collected.at)
    left = (level - limit) * span / drop
    wait = max(facts.policy.get("draw_early_min_h"), facts.policy.get("draw_early_fraction") * left)
    return EarlyDraw(
        rate=drop / span,
        limit=limit,
        reached=_after(now, left),
        by=_after(now, wait),
        sources=(earlier.source, now.source),
    )


EARLY_DRAW: Need[EarlyDraw | None] = Need("early_draw", _read)


def _after(result: LabResult, hours_: Decimal) -> datetime:
    """So many hours after its collection, cut to the second."""
    return (result.collected.at + timedelta(seconds=int(hours_ * _SECONDS))).replace(microsecond=0)


def _earliest(facts: Facts, now: LabResult) -> LabResult | None:
    """The earliest result that it can be compared with, both from after the infusion and no product started since."""
    results = facts.get(USABLE_FIBRINOGEN)
    usable = () if isinstance(results, Missing) else results
    if not since_infusion(facts, now.collected):
        return None
    return min(
        (r for r in usable if _comparable(facts, r, now)), key=lambda r: (r.collected.at, r.source), default=None
    )


def _comparable(facts: Facts, other: LabResult, now: LabResult) -> bool:
    low, high = facts.policy.get("trend_window_h.min"), facts.policy.get("trend_window_h.max")
    same = other.variant is now.variant and other.comparator is None and other.low is None
    near = low <= hours(now.collected.at - other.collected.at) <= high
    return same and near and since_infusion(facts, other.collected) and not _product_since(facts, other)


def _product_since(facts: Facts, other: LabResult) -> bool:
    return any(other.collected.at <= dose.start.at <= facts.picture.as_of for dose in product_starts(facts))
