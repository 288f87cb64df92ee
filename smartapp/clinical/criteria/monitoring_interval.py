"""When the next fibrinogen is due (MON-01, MON-02, RCK-01)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import TIER, hours
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.products_given import last_dose_end
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Band, CrsStatus, Monitoring, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.picture import Exposure, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_STATES = {Tier.T1: "t1", Tier.T2: "t2"}
_LOW = frozenset({Tier.T1, Tier.T2})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the due time is made from: interval, last collection since infusion, end of the last dose not yet rechecked."""

    interval_h: Decimal
    last: datetime | None
    recheck_due: datetime | None


def states(facts: Facts) -> tuple[str, ...]:
    """The names of the monitoring states that hold (MON-01)."""
    tier, toci = facts.get(TIER), facts.get(POST_TOCI)
    found = [str(_band(facts))]
    found += [_STATES[tier]] if isinstance(tier, Tier) and tier in _STATES else []
    found += ["bleeding"] if facts.get(BLEEDING) in SERIOUS else []
    found += ["post_toci"] if isinstance(toci, Exposure) else []
    return tuple(found)


def last_collection(facts: Facts) -> datetime | None:
    """The newest usable result since infusion, of either method, stale or a bound included."""
    results = facts.get(USABLE_FIBRINOGEN)
    usable = () if isinstance(results, Missing) else results
    since = [r.collected.at for r in usable if since_infusion(facts, r.collected)]
    return max(since, default=None)


def _timing(facts: Facts) -> Timing:
    interval = min(facts.policy.get(f"monitor_interval_h.{state}") for state in states(facts))
    last, end = last_collection(facts), last_dose_end(facts)
    wait = facts.policy.span("recheck_after_dose_h")
    open_recheck = end is not None and (last is None or last <= end)
    return Timing(interval_h=interval, last=last, recheck_due=end + wait if end and open_recheck else None)


def _read(facts: Facts) -> Monitoring:
    timing = _timing(facts)
    now, last = facts.picture.as_of, timing.last
    by_interval = None if last is None else last + _span(timing.interval_h)
    late_recheck = timing.recheck_due is not None and now > timing.recheck_due
    late = last is not None and hours(now - last) > timing.interval_h * (1 + facts.policy.get("monitor_grace"))
    overdue = last is not None and (late or late_recheck)
    pending = _pending(facts)
    due = min((time for time in (by_interval, timing.recheck_due) if time is not None), default=None)
    indicator = _indicator(facts, timing) if overdue and not pending else Indicator.INFO
    reason = (
        "recheck after the last dose"
        if due is not None and due == timing.recheck_due
        else f"every {timing.interval_h:f} h"
    )
    return Monitoring(
        interval_h=timing.interval_h,
        indicator=indicator,
        overdue=overdue,
        pending=pending,
        due=due,
        reason=reason,
        recheck_due=timing.recheck_due,
        states=states(facts),
    )


MONITORING: Need[Monitoring] = Need("monitoring", _read)


def _indicator(facts: Facts, timing: Timing) -> Indicator:
    tier, serious = facts.get(TIER), facts.get(BLEEDING) in SERIOUS
    elapsed = hours(facts.picture.as_of - timing.last) if timing.last else Decimal(0)
    if (tier is Tier.T2 or serious) and elapsed > 2 * timing.interval_h:
        return Indicator.CRITICAL
    alert = _band(facts) in (Band.MODERATE, Band.SEVERE) or tier in _LOW or serious or timing.recheck_due is not None
    return Indicator.WARNING if alert else Indicator.INFO


def _pending(facts: Facts) -> bool:
    """A fibrinogen on order, or registered or preliminary, for at most 4 h."""
    limit = facts.policy.span("pending_order_h")
    now = facts.picture.as_of
    ordered = [o.authored for o in facts.picture.orders if o.fibrinogen_test and o.authored]
    awaited = [a.at for a in facts.picture.awaited if a.at]
    return any(timedelta(0) <= moment.age(now) <= limit for moment in (*ordered, *awaited))


def _span(hours_: Decimal) -> timedelta:
    """Hours as a span, exact to the microsecond."""
    return timedelta(microseconds=int(hours_ * 3_600_000_000))


def _unmeasured(facts: Facts) -> bool | Missing:
    if last_collection(facts) is not None:
        return False
    gap = facts.picture.unread.get(Topic.LABORATORY)
    return Missing(("fibrinogen",), gap.text) if gap is not None else True


UNMEASURED: Need[bool] = Need("fibrinogen_unmeasured", _unmeasured)
"""MON-03: no usable fibrinogen since the infusion, and every result was read."""


def _band(facts: Facts) -> Band:
    crs = facts.get(CRS)
    return crs.band if isinstance(crs, CrsStatus) else Band.UNKNOWN
