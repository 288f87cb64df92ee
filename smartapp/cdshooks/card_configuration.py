"""What a caller may configure of our answers, and how a request's choice is honoured (Da Vinci CRD's extension, CDS-99)."""

from collections.abc import Mapping, Sequence
from typing import Any

from smartapp.cdshooks.serialization import Card
from smartapp.clinical.findings import Indicator
from smartapp.clinical.rule_families import CardGroup, family_of

OPTIONS = "davinci-crd.configuration-options"
MAX_CARDS = "max-cards"
_KINDS: Mapping[CardGroup, str] = {
    CardGroup.REPLACEMENT: "Whether fibrinogen replacement may be needed",
    CardGroup.COAGULATION: "Clotting times, platelets, DIC and IEC-HS",
    CardGroup.MONITORING: "When fibrinogen is due",
    CardGroup.DATA: "What could not be read or assessed",
    CardGroup.ORDERS: "What touches a draft order",
}


def options() -> list[dict[str, Any]]:
    """The extension of each service in discovery."""
    most = {
        "code": MAX_CARDS,
        "type": "integer",
        "name": "Maximum cards",
        "description": "How many cards are shown at most, the most urgent first; without it all.",
    }
    kinds = [
        {"code": str(kind), "type": "boolean", "name": f"{kind} cards", "description": words, "default": True}
        for kind, words in _KINDS.items()
    ]
    return [most, *kinds]


def configured(cards: Sequence[Card], chosen: Mapping[str, Any]) -> tuple[Card, ...]:
    """The cards that a request's configuration leaves, the most urgent first; unknown codes and wrong types count for nothing."""
    kept = [card for card in cards if chosen.get(kind_of_card(card)) is not False]
    kept.sort(key=lambda card: -Indicator(card.indicator).rank)
    most = chosen.get(MAX_CARDS)
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        return tuple(kept)
    return tuple(kept[:most])


def kind_of_card(card: Card) -> str:
    """The code that switches a card; one that speaks for no rule is about data."""
    if card.about:
        return str(CardGroup.ORDERS)
    known = [rule for rule in card.rules if not rule.startswith("TX")]
    return str(family_of(known[0]).card if known else CardGroup.DATA)
