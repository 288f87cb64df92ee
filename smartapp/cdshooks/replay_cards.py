"""The cards of a patient-view call on a replayed course: only for which rules and how loudly; nobody sees them."""

from smartapp.cdshooks.cards import Addresses, cards_of
from smartapp.clinical.assessment import Assessment
from smartapp.usecases.replay.cards import CardMade

_NOWHERE = Addresses(launch_url="https://replay.invalid", rules_url="https://replay.invalid")


def cards_made(told: Assessment) -> tuple[CardMade, ...]:
    """The cards that the call would make, before those that were acknowledged are left out."""
    made = cards_of(told, _NOWHERE, lambda _assessment, _option: ())
    return tuple(CardMade(card.rules, card.indicator) for card in made)
