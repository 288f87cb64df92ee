"""Every fibrinogen level at which an answer can turn: the policy's limits, and those that earlier results set (TRD-01, DQ-08)."""

from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import CONFLICT, USABLE_FIBRINOGEN
from smartapp.clinical.criteria.decision import WATCH_BELOW
from smartapp.clinical.criteria.dic import FIBRINOGEN_BELOW
from smartapp.clinical.parameters import PARAMETERS
from smartapp.clinical.rule import Facts, Missing

_IN_G_PER_L = tuple(parameter.name for parameter in PARAMETERS if parameter.unit == "g/L")


def fibrinogen_limits(facts: Facts) -> tuple[Decimal, ...]:
    """Ascending, each once, in g/L."""
    fixed = {WATCH_BELOW, FIBRINOGEN_BELOW, *(facts.policy.get(name) for name in _IN_G_PER_L)}
    results = facts.get(USABLE_FIBRINOGEN)
    others = () if isinstance(results, Missing) else tuple(result.value for result in results)
    part, drop = facts.policy.get("trend_rel_drop") / 100, facts.policy.get("trend_abs_drop")
    set_by_others = {
        limit
        for value in others
        for limit in (value, value * (1 - part), value - drop, value - CONFLICT, value + CONFLICT)
    }
    return tuple(sorted(limit for limit in fixed | set_by_others if limit is not None and limit >= 0))
