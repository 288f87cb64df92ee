"""What is new since this user looked last, in one line (screens.md, at 3 am)."""

from collections.abc import Iterator
from datetime import timedelta

from smartapp.clinical.conclusions import Action
from smartapp.clinical.findings import Indicator
from smartapp.clinical.wording import fibrinogen_words
from smartapp.usecases.looking import Look
from smartapp.web.presenters.verdict import state_of
from smartapp.web.presenters.words import Clock

_RECENT = timedelta(hours=1)  # nothing new since then is no news


def since_words(before: Look | None, now: Look, clock: Clock, *, unread: str = "") -> str:
    """`Since you looked 9 h ago: fibrinogen 1.31 → 0.94 g/L, CRS 2 → 3`; empty for a first look, and for nothing new within the hour.

    `unread`: what became of the reading, where results were not read.
    """
    news = ", ".join(_changes(before, now, unread)) if before else ""
    if before is None or (not news and now.at - before.at < _RECENT):
        return ""
    return f"Since you looked {clock.age(before.at)}: {news or 'nothing new'}."


def card_words(card: Look | None, now: Look, clock: Clock) -> str:
    """`The card spoke of fibrinogen 0.94 g/L, CRS 3, 35 min ago. Since then: CRS 3 → 4.`; empty if no card led here."""
    if card is None:
        return ""
    news = ", ".join(_changes(card, now)) or "nothing new"
    return f"The card spoke of fibrinogen {_level(card)}, CRS {_grade(card)}, {clock.age(card.at)}. Since then: {news}."


def _changes(before: Look, now: Look, unread: str = "") -> Iterator[str]:
    if now.collected != before.collected or now.fibrinogen != before.fibrinogen:
        again = before.fibrinogen is not None and now.fibrinogen == before.fibrinogen
        level = unread if unread and now.fibrinogen is None else _level(now)
        yield f"fibrinogen again {level}" if again else f"fibrinogen {_level(before)} → {level}"
    if now.crs_grade != before.crs_grade:
        yield f"CRS {_grade(before)} → {_grade(now)}"
    if now.bleeding != before.bleeding:
        yield f"bleeding {_plain(before.bleeding)} → {_plain(now.bleeding)}"
    given = len(now.doses - before.doses)
    if given:
        yield f"{given} dose{'s' if given > 1 else ''} of a fibrinogen product given"
    if (now.action, now.indicator) != (before.action, before.indicator):
        yield f"advice now {_advice(now)}"  # a calm word of before never stands beside what could not be read


def _level(look: Look) -> str:
    return "none usable" if look.fibrinogen is None else f"{look.bound}{fibrinogen_words(look.fibrinogen)} g/L"


def _grade(look: Look) -> str:
    return "unknown" if look.crs_grade is None else str(look.crs_grade)


def _advice(look: Look) -> str:
    return state_of(Action(look.action), Indicator(look.indicator))[2]


def _plain(word: str) -> str:
    return word.replace("_", " ").lower()
