"""Drafts and orders of fibrinogen products that stand in the chart, whoever wrote them (REP-13)."""

from datetime import UTC, datetime

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.criteria.products_given import (
    latest_meaning,
    pending_orders,
    product_starts,
    unadministered_orders,
)
from smartapp.clinical.picture import OrderKind, OrderState, StandingOrder, Topic
from smartapp.clinical.rule import Facts, Missing, Need

_UNSIGNED = frozenset({OrderState.DRAFT, OrderState.ON_HOLD})
_KINDS = frozenset({OrderKind.MEDICATION_REQUEST, OrderKind.SERVICE_REQUEST})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _standing(facts: Facts) -> tuple[StandingOrder, ...] | Missing:
    written = {draft.source for draft in facts.picture.draft_orders}
    found = [o for o in facts.picture.orders if o.source not in written and _stands(facts, o)]
    if not found and any(
        topic in facts.picture.unread for topic in (Topic.MEDICATION_REQUESTS, Topic.SERVICE_REQUESTS)
    ):
        return Missing(("orders",), "orders could not be read completely")
    return tuple(sorted(found, key=_by_time))


STANDING: Need[tuple[StandingOrder, ...]] = Need("standing_drafts", _standing)
"""REP-13: drafts and orders on hold, and active orders that are old and not recorded as given; of unknown time first, then oldest first."""


def _by_time(order: StandingOrder) -> tuple[datetime, str]:
    return (order.authored.at if order.authored else _LONG_AGO, order.source)


def _stands(facts: Facts, order: StandingOrder) -> bool:
    if order.drug not in FIBRINOGEN_PRODUCTS or order.kind not in _KINDS or not _is_recent(facts, order):
        return False
    return order.state in _UNSIGNED or (order.is_active and _is_left(facts, order))


def _is_recent(facts: Facts, order: StandingOrder) -> bool:
    limit = facts.policy.span("standing_draft_h")
    return order.authored is None or facts.picture.as_of - latest_meaning(facts, order.authored) <= limit


def _is_left(facts: Facts, order: StandingOrder) -> bool:
    """Whether an active order is older than REP-09 asks about, and no dose is recorded since."""
    if order.authored is None or order in pending_orders(facts):
        return False
    doses = product_starts(facts)
    return not any(order.authored.at <= dose.start.at <= facts.picture.as_of for dose in doses)


def is_warning(facts: Facts, standing: tuple[StandingOrder, ...]) -> bool:
    """Whether the oldest is older than `unsigned_warn_min`, or its time is not known."""
    oldest = standing[0]
    limit = facts.policy.span("unsigned_warn_min")
    return oldest.authored is None or facts.picture.as_of - oldest.authored.at > limit


STANDING_LONG: Need[bool] = Need(
    "standing_long",
    lambda facts: bool(standing := standing_orders(facts)) and is_warning(facts, standing),
)


def standing_orders(facts: Facts) -> tuple[StandingOrder, ...]:
    """REP-13's, none where orders could not be read."""
    found = facts.get(STANDING)
    return () if isinstance(found, Missing) else found


def all_that_stands(facts: Facts) -> tuple[StandingOrder, ...]:
    """REP-13's and REP-09's: drafts, orders and dispenses of fibrinogen products (`standing[]`)."""
    recent = [o for o in (*pending_orders(facts), *unadministered_orders(facts)) if o.drug in FIBRINOGEN_PRODUCTS]
    found = {order.source: order for order in (*standing_orders(facts), *recent)}
    return tuple(sorted(found.values(), key=_by_time))
