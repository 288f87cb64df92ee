"""Every fibrinogen level at which an answer can turn: the policy's limits, and those that earlier results set (TRD-01, DQ-08)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import CONFLICT, TOGETHER, USABLE_FIBRINOGEN
from smartapp.clinical.criteria.decision import WATCH_BELOW
from smartapp.clinical.criteria.dic import FIBRINOGEN_BELOW
from smartapp.clinical.criteria.fibrinogen import hours
from smartapp.clinical.labs import LabResult
from smartapp.clinical.parameters import PARAMETERS
from smartapp.clinical.rule import Facts, Missing

_IN_G_PER_L = tuple(parameter.name for parameter in PARAMETERS if parameter.unit == "g/L")


def fibrinogen_limits(facts: Facts) -> tuple[Decimal, ...]:
    """Ascending, each once, in g/L."""
    return _limits(facts, _usable(facts))


def turning_levels(facts: Facts, measured: LabResult | None) -> tuple[Decimal, ...] | None:
    """Of these limits the ones at which the answer can turn as `measured` (None: a new result of now) moves.

    An earlier result sets limits only while it is compared with that one (TRD-01). None where another is so near or newer
    that the two may be one sample's, or change places (DQ-07, DQ-08): there nothing is left out.
    """
    at: datetime = measured.collected.at if measured else facts.picture.as_of
    others = [result for result in _usable(facts) if result is not measured]
    if any(result.collected.at >= at - TOGETHER for result in others):
        return None
    window = facts.policy.get("trend_window_h.max")
    return _limits(facts, (result for result in others if hours(at - result.collected.at) <= window))


def _usable(facts: Facts) -> tuple[LabResult, ...]:
    results = facts.get(USABLE_FIBRINOGEN)
    return () if isinstance(results, Missing) else results


def _limits(facts: Facts, others: Iterable[LabResult]) -> tuple[Decimal, ...]:
    fixed = {WATCH_BELOW, FIBRINOGEN_BELOW, *(facts.policy.get(name) for name in _IN_G_PER_L)}
    part, drop = facts.policy.get("trend_rel_drop") / 100, facts.policy.get("trend_abs_drop")
    set_by_others = {
        limit
        for value in (result.value for result in others)
        for limit in (value, value * (1 - part), value - drop, value - CONFLICT, value + CONFLICT)
    }
    return tuple(sorted(limit for limit in fixed | set_by_others if limit is not None and limit >= 0))
