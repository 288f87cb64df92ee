"""Which cards a patient-view would show along a course, each acknowledged at once with *any other reason* (CDS-54, interfaces.md section 9)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smartapp.clinical.assessment import Assessment
from smartapp.usecases.card_suppression import QUIET_SECONDS, is_worse, likeness, severity
from smartapp.usecases.ports import Subject

_QUIET = timedelta(seconds=QUIET_SECONDS)
_SOMEBODY = Subject(ehr="replay", patient="", user="replay")


@dataclass(frozen=True, slots=True)
class CardMade:
    """A card that a call would make: the rules it speaks for, and how loudly."""

    rules: tuple[str, ...]
    indicator: str


MakeCards = Callable[[Assessment], Sequence[CardMade]]
"""The cards of one patient-view call, before those that were acknowledged are left out."""


@dataclass(slots=True)
class Acknowledged:
    """What the one user of a course has acknowledged so far: when, and how severe it was then."""

    _last: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)

    def shown(self, told: Assessment, made: Sequence[CardMade]) -> tuple[CardMade, ...]:
        """Those that are shown at this look; they count as acknowledged from now on."""
        now, bad = told.picture.as_of, severity(told)
        kept = []
        for card in made:
            alike = likeness(_SOMEBODY, told, card.rules, card.indicator)
            then = [seen for seen in self._last.get(alike, ()) if now - seen[0] < _QUIET]
            if not any(not is_worse(bad, earlier) for _, earlier in then):
                kept.append(card)
                then.append((now, bad))
            self._last[alike] = then
        return tuple(kept)
