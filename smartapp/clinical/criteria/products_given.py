"""Fibrinogen products given or on order (REP-09, REP-11, SAF-06, RCK-01); plasma does not count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.conclusions import EffectiveFibrinogen
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN_STATE
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.picture import Exposure, OrderKind, StandingOrder, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Drug

_DAY = timedelta(hours=24)
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
    """Fibrinogen-containing products started up to now, oldest first."""
    given = [e for e in facts.picture.exposures if e.drug in FIBRINOGEN_PRODUCTS and e.start.at <= facts.picture.as_of]
    return sorted(given, key=lambda exposure: (exposure.start.at, exposure.source))


def _recent(facts: Facts) -> RecentSupply | Missing | None:
    given = [exposure for exposure in given_products(facts) if _counts(facts, exposure)]
    ordered = [order for order in facts.picture.orders if _is_pending(facts, order)]
    if given or ordered:
        return RecentSupply(given=given[-1] if given else None, ordered=ordered[0] if ordered else None)
    unread = facts.picture.unread
    if Topic.ADMINISTRATIONS in unread or Topic.MEDICATION_REQUESTS in unread:
        return Missing(("products_given",), "doses or orders could not be read completely")
    return None


RECENT_SUPPLY: Need[RecentSupply | None] = Need("products_given", _recent)


def _counts(facts: Facts, exposure: Exposure) -> bool:
    within = timedelta(hours=float(facts.policy.get("recent_dose_h")))
    if exposure.start.age(facts.picture.as_of) > within:
        return False
    state = facts.get(FIBRINOGEN_STATE)
    return not isinstance(state, EffectiveFibrinogen) or exposure.start.at > state.result.collected.at


def _is_pending(facts: Facts, order: StandingOrder) -> bool:
    limit = timedelta(hours=float(facts.policy.get("pending_order_h")))
    return (
        order.kind in _ORDERS
        and order.drug in FIBRINOGEN_PRODUCTS
        and order.authored is not None
        and timedelta(0) <= order.authored.age(facts.picture.as_of) <= limit
    )


def doses_in_24h(facts: Facts) -> list[Exposure]:
    """Products started within the last 24 h."""
    return [exposure for exposure in given_products(facts) if exposure.start.age(facts.picture.as_of) <= _DAY]


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
