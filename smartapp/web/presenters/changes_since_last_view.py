"""What is new since this user looked last, in one line (screens.md, at 3 am)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.findings import Indicator
from smartapp.clinical.picture import Topic
from smartapp.clinical.words import fibrinogen_words
from smartapp.usecases.last_viewed import LastView, look_of
from smartapp.web.presenters.verdict import state_of, verdict
from smartapp.web.presenters.words import Clock, absence, clock_of

_BY_NAME = frozenset({"bleeding", "crs_grade", "weight_kg"})  # added by hand; all else is a suspect's reference
_RECENT = timedelta(hours=1)  # nothing new since then is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorVerdict:
    """How what is seen now is said: `unread` what became of the reading of results, `advice` the verdict's word."""

    unread: str = ""
    advice: str = ""


_PLAIN = PriorVerdict()


def news(looked: LastView | None, spoken_of: LastView | None, assessment: Assessment) -> str:
    """What is new since the card that led here, or since this user's last look."""
    unread = absence(assessment, Topic.LABORATORY) if Topic.LABORATORY in assessment.picture.unread else ""
    told = PriorVerdict(unread=unread, advice=verdict(assessment).word.partition(" — ")[0])
    now, clock = look_of(assessment), clock_of(assessment)
    return card_words(spoken_of, now, clock, told) or since_words(looked, now, clock, told)


def since_words(before: LastView | None, now: LastView, clock: Clock, told: PriorVerdict = _PLAIN) -> str:
    """`Since you looked 9 h ago: fibrinogen 1.31 → 0.94 g/L, CRS 2 → 3`; empty for a first look, and for nothing new within the hour."""
    news = ", ".join(_changes(before, now, told)) if before else ""
    if before is None or (not news and now.at - before.at < _RECENT):
        return ""
    return f"Since you looked {clock.age(before.at)}: {news or 'nothing new'}."


def card_words(card: LastView | None, now: LastView, clock: Clock, told: PriorVerdict = _PLAIN) -> str:
    """`The card spoke of fibrinogen 0.94 g/L, CRS 3, 35 min ago. Since then: CRS 3 → 4.`; empty if no card led here."""
    if card is None:
        return ""
    news = ", ".join(_changes(card, now, told)) or "nothing new"
    return f"The card spoke of fibrinogen {_level(card)}, CRS {_grade(card)}, {clock.age(card.at)}. Since then: {news}."


def _changes(before: LastView, now: LastView, told: PriorVerdict) -> Iterator[str]:
    if now.collected != before.collected or now.fibrinogen != before.fibrinogen:
        again = before.fibrinogen is not None and now.fibrinogen == before.fibrinogen
        level = told.unread if told.unread and now.fibrinogen is None else _level(now)
        change = f"fibrinogen again {level}" if again else f"fibrinogen {_level(before)} → {level}"
        yield f"{change}{_of_suspects(before, now)}"
    if now.crs_grade != before.crs_grade:
        yield f"CRS {_grade(before)} → {_grade(now)}{_of_hand('crs_grade', before, now)}"
    if now.bleeding != before.bleeding:
        yield f"bleeding {_plain(before.bleeding)} → {_plain(now.bleeding)}{_of_hand('bleeding', before, now)}"
    given = len(now.doses - before.doses)
    if given:
        yield f"{given} dose{'s' if given > 1 else ''} of a fibrinogen product given"
    if (now.action, now.indicator) != (before.action, before.indicator):
        yield f"advice now {told.advice or _advice(now)}"  # a calm word of before never stands beside what could not be read


def _of_hand(name: str, before: LastView, now: LastView) -> str:
    """A change that no record made: what the user adds in this launch, or had added in one that is over."""
    if name in now.by_hand:
        return " (added by you)"
    return " (what you had added has expired)" if name in before.by_hand else ""


def _of_suspects(before: LastView, now: LastView) -> str:
    """A change of the level that is none of the patient's: another result counts (DQ-10)."""
    if now.by_hand - before.by_hand - _BY_NAME:
        return " (another result counts: you marked one suspect)"
    return " (a result that you had marked suspect counts again)" if before.by_hand - now.by_hand - _BY_NAME else ""


def _level(look: LastView) -> str:
    return "none usable" if look.fibrinogen is None else f"{look.bound}{fibrinogen_words(look.fibrinogen)} g/L"


def _grade(look: LastView) -> str:
    return "unknown" if look.crs_grade is None else str(look.crs_grade)


def _advice(look: LastView) -> str:
    return state_of(Action(look.action), Indicator(look.indicator))[2]


def _plain(word: str) -> str:
    return word.replace("_", " ").lower()
