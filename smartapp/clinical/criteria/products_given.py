"""Fibrinogen products given or on order (REP-09, REP-11, SAF-06, RCK-01); plasma does not count."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.derived_facts import EffectiveFibrinogen
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Exposure, Gap, GapKind, OrderKind, StandingOrder, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Drug

_DAY = timedelta(hours=24)
_NEVER = datetime.min.replace(tzinfo=UTC)
_TELLING = (Topic.ADMINISTRATIONS, Topic.PROCEDURES, Topic.MEDICATION_REQUESTS, Topic.SERVICE_REQUESTS)
_ORDERS = frozenset({OrderKind.MEDICATION_REQUEST, OrderKind.SERVICE_REQUEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSupply:
    """REP-09: the latest product started after the sample and within 6 h, or on order for at most 4 h."""

    given: Exposure | None = None
    ordered: StandingOrder | None = None

    @property
    def at(self) -> datetime | None:
        """When it was given or ordered."""
        if self.given is not None:
            return self.given.start.at
        return self.ordered.authored.at if self.ordered is not None and self.ordered.authored else None


def given_products(facts: Facts) -> list[Exposure]:
    """Fibrinogen-containing products started up to now, oldest first; of two started together the one that ended later is last."""
    given = [e for e in facts.picture.exposures if e.drug in FIBRINOGEN_PRODUCTS and e.start.at <= facts.picture.as_of]
    return sorted(given, key=lambda exposure: (exposure.start.at, (exposure.end or exposure.start).at, exposure.source))


def _since_infusion(facts: Facts) -> tuple[Exposure, ...] | Missing:
    drugs = FIBRINOGEN_PRODUCTS | {Drug.PLASMA}
    now = facts.picture.as_of
    given = [e for e in facts.picture.exposures if e.drug in drugs and e.start.at <= now]
    since = sorted((e for e in given if since_infusion(facts, e.start)), key=lambda e: (e.start.at, e.source))
    if not since and any(topic in facts.picture.unread for topic in (Topic.ADMINISTRATIONS, Topic.PROCEDURES)):
        return Missing(("products_given",), "doses could not be read completely")
    return tuple(since)


PRODUCTS_FOR_CRS: Need[tuple[Exposure, ...]] = Need("products_since_infusion", _since_infusion)
"""CRS-04: plasma, cryoprecipitate and concentrate given since the infusion, oldest first."""


def _recent(facts: Facts) -> RecentSupply | Missing | None:
    given = [exposure for exposure in given_products(facts) if _counts(facts, exposure)]
    ordered = [order for order in facts.picture.orders if _is_pending(facts, order)]
    if given or ordered:
        newest = max(ordered, key=_by_age, default=None)
        return RecentSupply(given=given[-1] if given else None, ordered=newest)
    if any(topic in facts.picture.unread for topic in _TELLING):
        return Missing(("products_given",), "doses or orders could not be read completely")
    return None


RECENT_SUPPLY: Need[RecentSupply | None] = Need("products_given", _recent)


def _counts(facts: Facts, exposure: Exposure) -> bool:
    started = _latest(facts, exposure.start)
    sample = _sample(facts)
    within = facts.picture.as_of - started <= facts.policy.span("recent_dose_h")
    return within and (sample is None or started > sample)


def _sample(facts: Facts) -> datetime | None:
    """When the sample was taken that the tier rests on; at TX there is none, and any dose counts."""
    state = facts.get(FIBRINOGEN_STATE)
    return state.result.collected.at if isinstance(state, EffectiveFibrinogen) else None


def _latest(facts: Facts, moment: Moment) -> datetime:
    """The latest time up to now that it can mean: a date without a time may be any hour of that day."""
    now = facts.picture.as_of
    if moment.has_time:
        return moment.at
    return now if now - moment.at < _DAY else moment.at + _DAY


def _by_age(order: StandingOrder) -> tuple[bool, datetime, str]:
    authored = order.authored
    return (authored is not None, authored.at if authored is not None else _NEVER, order.source)


def _is_pending(facts: Facts, order: StandingOrder) -> bool:
    """An active order at most 4 h old; one whose age is not recorded may be."""
    if not order.is_active or order.kind not in _ORDERS or order.drug not in FIBRINOGEN_PRODUCTS:
        return False
    limit = facts.policy.span("pending_order_h")
    return order.authored is None or facts.picture.as_of - _latest(facts, order.authored) <= limit


def doses_in_24h(facts: Facts) -> list[Exposure]:
    """Products started within the last 24 h."""
    return [exposure for exposure in given_products(facts) if exposure.start.age(facts.picture.as_of) <= _DAY]


def _repeated(facts: Facts) -> tuple[Exposure, ...] | Missing:
    doses = tuple(doses_in_24h(facts))
    unread = [topic for topic in (Topic.ADMINISTRATIONS, Topic.PROCEDURES) if topic in facts.picture.unread]
    if len(doses) < facts.policy.get("repeat_doses_alert_24h") and unread:
        return Missing(("products_given",), f"{' and '.join(unread)} could not be read completely")
    return doses


REPEATED_DOSES: Need[tuple[Exposure, ...]] = Need("doses_in_24h", _repeated)
"""REP-11: the doses started within 24 h."""


def concentrate_mg_in_24h(facts: Facts) -> Decimal:
    """Milligrams of concentrate recorded as given in the last 24 h (SAF-06)."""
    doses = [e.dose_mg for e in doses_in_24h(facts) if e.drug is Drug.FIBRINOGEN_CONCENTRATE and e.dose_mg is not None]
    return sum(doses, Decimal(0))


def last_dose_end(facts: Facts) -> datetime | None:
    """The end of the last dose since infusion: period end, else its time; None if none, or still running (RCK-01)."""
    since = [e for e in given_products(facts) if since_infusion(facts, e.start)]
    if not since:
        return None
    last = since[-1]
    if last.running:
        return None
    return last.end.at if last.end else last.start.at


def _issues(facts: Facts) -> tuple[Gap, ...]:
    """Doses of concentrate in 24 h without a recorded amount: the daily limit cannot be judged (SAF-06)."""
    text = "A dose of fibrinogen concentrate in the last 24 h has no recorded amount: the daily limit cannot be checked"
    unmeasured = [e for e in doses_in_24h(facts) if e.drug is Drug.FIBRINOGEN_CONCENTRATE and e.dose_mg is None]
    return tuple(
        Gap(
            kind=GapKind.NOTED, rule="SAF-06", text=text, source=dose.source, topic=Topic.ADMINISTRATIONS, at=dose.start
        )
        for dose in unmeasured
    )


PRODUCT_ISSUES: Need[tuple[Gap, ...]] = Need("product_issues", _issues)
