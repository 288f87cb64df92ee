"""Fibrinogen products given or on order (REP-09, REP-11, SAF-06, RCK-01); plasma does not count."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.derived_facts import EffectiveFibrinogen
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Exposure, Gap, GapKind, OrderKind, OrderState, StandingOrder, Topic, WordedDose
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Drug

_DAY = timedelta(hours=24)
_NEVER = datetime.min.replace(tzinfo=UTC)
_TELLING = (
    Topic.ADMINISTRATIONS,
    Topic.PROCEDURES,
    Topic.MEDICATION_REQUESTS,
    Topic.SERVICE_REQUESTS,
    Topic.DISPENSES,
)
_ORDERS = frozenset({OrderKind.MEDICATION_REQUEST, OrderKind.SERVICE_REQUEST})
_OVER = frozenset({OrderState.COMPLETED, OrderState.DISPENSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSupply:
    """REP-09: the latest product started after the sample and within 6 h, on order for at most 4 h, or ordered or handed out within 6 h
    and not recorded as given; `worded`: a record that by its words is or may be a dose (DQ-24)."""

    given: Exposure | None = None
    ordered: StandingOrder | None = None
    worded: WordedDose | None = None

    @property
    def at(self) -> datetime | None:
        """When it was given, ordered or handed out."""
        if self.given is not None:
            return self.given.start.at
        if self.ordered is not None:
            return self.ordered.authored.at if self.ordered.authored else None
        return self.worded.start.at if self.worded is not None else None

    def at_words(self, clock: Callable[[datetime], str]) -> str:
        """When, by this clock; of a time known to the day alone never a time of day."""
        if self.given is not None:
            moment: Moment | None = self.given.start
        elif self.ordered is not None:
            moment = self.ordered.authored
        else:
            moment = self.worded.start if self.worded is not None else None
        if moment is None:
            return "an unknown time"
        return clock(moment.at) if moment.has_time else "a time not recorded"

    @property
    def source(self) -> str:
        """The record that says so."""
        record = self.given or self.ordered or self.worded
        return record.source if record is not None else ""

    def told(self, at: str) -> str:
        """What is known of it and what to do, with its time in words."""
        if self.given is not None:
            return f"Product given at {at}: recheck before another dose"
        if self.ordered is not None:
            return _told_of_order(self.ordered, at)
        known = self.worded is not None and self.worded.drug is not None
        return f"Product {'' if known else 'may have been '}given at {at}: {'recheck' if known else 'look'} before another dose"


def _told_of_order(order: StandingOrder, at: str) -> str:
    match order.state:
        case OrderState.COMPLETED:
            return f"Product ordered at {at} and completed, administration not recorded: recheck before another dose"
        case OrderState.DISPENSED:
            return f"Product handed out at {at}, administration not recorded: recheck before another dose"
        case _ if order.drug is None:
            return f"Product may have been ordered at {at}: look before another dose"
        case _:
            return f"Product ordered at {at}: recheck before another dose"


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
    given = recent_doses(facts)
    ordered = pending_orders(facts) or unadministered_orders(facts)
    worded = [dose for dose in _by_words(facts) if _counts(facts, dose.start)]
    known = [dose for dose in worded if dose.drug is not None]
    if given or ordered or worded:
        newest = max(ordered, key=_by_age, default=None)
        told = (known or worded)[-1] if worded and not given else None
        return RecentSupply(given=given[-1] if given else None, ordered=None if known else newest, worded=told)
    if any(topic in facts.picture.unread for topic in _TELLING):
        return Missing(("products_given",), "doses or orders could not be read completely")
    return None


RECENT_SUPPLY: Need[RecentSupply | None] = Need("products_given", _recent)


def _by_words(facts: Facts) -> list[WordedDose]:
    """What was started up to now under no known code, oldest first."""
    given = [dose for dose in facts.picture.worded_doses if dose.start.at <= facts.picture.as_of]
    return sorted(given, key=lambda dose: (dose.start.at, dose.source))


def product_starts(facts: Facts) -> list[Exposure | WordedDose]:
    """Every product between two samples for TRD-01, DQ-22 and MON-06: given, and what by its words is or may be one (DQ-24)."""
    return [*(e for e in facts.picture.exposures if e.drug in FIBRINOGEN_PRODUCTS), *facts.picture.worded_doses]


def pending_orders(facts: Facts) -> list[StandingOrder]:
    """Active orders at most 4 h old (REP-09)."""
    return [order for order in facts.picture.orders if _is_pending(facts, order)]


def unadministered_orders(facts: Facts) -> list[StandingOrder]:
    """Completed orders and dispenses within 6 h and after the sample, after which no dose is recorded (REP-09)."""
    over = [o for o in facts.picture.orders if o.state in _OVER and (o.drug in FIBRINOGEN_PRODUCTS or o.may_be_product)]
    starts = [exposure.start.at for exposure in given_products(facts)]
    starts += [dose.start.at for dose in _by_words(facts) if dose.drug is not None]
    return [
        order
        for order in over
        if order.authored is not None
        and _counts(facts, order.authored)
        and not any(start >= order.authored.at for start in starts)
    ]


def recent_doses(facts: Facts) -> list[Exposure]:
    """Products started after the sample and within 6 h (REP-09), oldest first."""
    return [exposure for exposure in given_products(facts) if _counts(facts, exposure.start)]


def _counts(facts: Facts, start: Moment) -> bool:
    started = latest_meaning(facts, start)
    sample = _sample(facts)
    within = facts.picture.as_of - started <= facts.policy.span("recent_dose_h")
    return within and (sample is None or started > sample)


def _sample(facts: Facts) -> datetime | None:
    """When the sample was taken that the tier rests on; at TX there is none, and any dose counts."""
    state = facts.get(FIBRINOGEN_STATE)
    return state.result.collected.at if isinstance(state, EffectiveFibrinogen) else None


def latest_meaning(facts: Facts, moment: Moment) -> datetime:
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
    is_product = order.drug in FIBRINOGEN_PRODUCTS or order.may_be_product
    if not order.is_active or order.kind not in _ORDERS or not is_product:
        return False
    limit = facts.policy.span("pending_order_h")
    return order.authored is None or facts.picture.as_of - latest_meaning(facts, order.authored) <= limit


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
