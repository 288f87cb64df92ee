"""When the next fibrinogen is due (MON-01, MON-02, RCK-01)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.chosen_fibrinogen import USABLE_FIBRINOGEN
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.early_draw import EARLY_DRAW
from smartapp.clinical.criteria.fibrinogen import TIER, hours
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.newest_unusable import NEWEST_UNUSABLE, NewestUnusable
from smartapp.clinical.criteria.products_given import last_dose_end
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Band, CrsStatus, EarlyDraw, Monitoring, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.picture import Exposure, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_REASONS = {
    "RCK-01": "recheck after the last dose",
    "MON-06": "earlier because it falls",
    "DQ-21": "the newest result could not be used",
}
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
    early = facts.get(EARLY_DRAW)
    due, due_rule = _earliest(facts, by_interval, timing.recheck_due, early)
    indicator = _indicator(facts, timing) if overdue and not pending else Indicator.INFO
    return Monitoring(
        interval_h=timing.interval_h,
        indicator=indicator,
        overdue=overdue,
        pending=pending,
        due=due,
        reason=_REASONS.get(due_rule, f"every {timing.interval_h:f} h"),
        recheck_due=timing.recheck_due,
        states=states(facts),
        due_rule=due_rule,
        early=early if isinstance(early, EarlyDraw) else None,
    )


def _earliest(
    facts: Facts, by_interval: datetime | None, recheck: datetime | None, early: EarlyDraw | Missing | None
) -> tuple[datetime | None, str]:
    """The earliest due time and its row; now where the newest result could not be used, unless it is past already (DQ-21)."""
    times = [
        (time, rule)
        for time, rule in (
            (recheck, "RCK-01"),
            (by_interval, "MON-01"),
            (early.by if isinstance(early, EarlyDraw) else None, "MON-06"),
            (facts.picture.as_of if isinstance(facts.get(NEWEST_UNUSABLE), NewestUnusable) else None, "DQ-21"),
        )
        if time is not None
    ]
    return min(times, key=lambda pair: pair[0]) if times else (None, "")


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
