"""Before discharge: what is open inside the window after CAR-T cells, as one card (interfaces.md section 4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, tzinfo

from smartapp.cdshooks.cards import Addresses, card_for, cards_of
from smartapp.cdshooks.serialization import Card
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Action, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.rule_families import CardGroup, family_of
from smartapp.clinical.standing_orders import OrderState, StandingOrder
from smartapp.clinical.terminology import Drug
from smartapp.clinical.words import g_per_l

_LOW = frozenset({Tier.T1, Tier.T2})
_PRODUCTS = {Drug.CRYOPRECIPITATE: "cryoprecipitate", Drug.FIBRINOGEN_CONCENTRATE: "fibrinogen concentrate"}
_STANDING = {OrderState.DRAFT: "drafted and unsigned", OrderState.ON_HOLD: "on hold"}
Open = tuple[str, str]
"""A rule that holds, and its words."""


def discharge_cards(assessment: Assessment, addresses: Addresses, zone: tzinfo) -> tuple[Card, ...]:
    """One card, warning, of what is open; the data card where nothing can be assessed; else none. Times in the site's `zone`."""
    if not assessment.applicability.runs:
        return ()
    if assessment.action is Action.CANNOT_ASSESS:
        cards = cards_of(assessment, addresses, lambda *_: ())
        return tuple(card for card in cards if _about_data(card))
    held = list(_open(assessment, zone))
    if not held:
        return ()
    rules = tuple(dict.fromkeys(rule for rule, _ in held))
    said = [finding for finding in assessment.findings if finding.rule in rules]
    summary = f"Before discharge: {', '.join(words for _, words in held)}"
    card = card_for(assessment, summary, said, addresses)
    return (replace(card, indicator=str(Indicator.WARNING), rules=rules),)


def _about_data(card: Card) -> bool:
    return "REP-12" in card.rules or all(family_of(rule).card is CardGroup.DATA for rule in card.rules)


def _open(assessment: Assessment, zone: tzinfo) -> Iterator[Open]:
    """Low fibrinogen, an overdue draw, a product that stands unsigned; nothing if none of them holds."""
    fibrinogen, monitoring = assessment.fibrinogen, assessment.monitoring
    if assessment.tier in _LOW and fibrinogen is not None:
        yield "TIER-01", f"fibrinogen {fibrinogen.result.comparator or ''}{g_per_l(fibrinogen.g_per_l).split(' (')[0]}"
    if monitoring is not None and monitoring.overdue:
        due = monitoring.recheck_due or monitoring.due
        since = f" since {_time(due, assessment.picture.as_of, zone)}" if due else ""
        yield "MON-02", f"recheck overdue{since}"
    for order in assessment.picture.orders:
        if order.drug in _PRODUCTS and order.state in _STANDING:
            yield "REP-13", _standing(order)


def _standing(order: StandingOrder) -> str:
    name = _PRODUCTS.get(order.drug, order.label) if order.drug else order.label
    return f"{name} {_STANDING[order.state]}"


def _time(at: datetime, now: datetime, zone: tzinfo) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
