"""What would change the advice, as a clinician would ask it: one line an answer, the risk modifiers together."""

from collections.abc import Iterator
from decimal import Decimal

from smartapp.clinical.conclusions import Modifier
from smartapp.clinical.would_change import MODIFIER_WORDS, UNKNOWN, Change
from smartapp.web.presenters.verdict import state_of
from smartapp.web.presenters.words import both_units, input_words

_MODIFIERS = frozenset(str(modifier) for modifier in Modifier)


def change_lines(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Sentences; the age is left out, since it will not change."""
    return (*(_sentence(change) for change in changes if change.input not in _MODIFIERS), *_modifiers(changes))


def _sentence(change: Change) -> str:
    """`Fibrinogen 1.5 g/L (150 mg/dL) instead of 0.8: RECHECK`."""
    name, to, before = input_words(change.input), change.to.replace("_", " "), change.before.replace("_", " ")
    if change.input == "fibrinogen":
        here, other = both_units(Decimal(change.to))
        to = f"{here} ({other})"
    known = f" instead of {before}" if change.before != UNKNOWN else ""
    return f"{name[0].upper()}{name[1:]} {to}{known}: {_answer(change)}"


def _answer(change: Change) -> str:
    return state_of(change.action, change.indicator)[2]


def _modifiers(changes: tuple[Change, ...]) -> Iterator[str]:
    by_answer: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.input in _MODIFIERS and change.input != Modifier.AGE_LT_10:
            key = (change.to, _answer(change))
            by_answer.setdefault(key, []).append(MODIFIER_WORDS[Modifier(change.input)])
    for (to, answer), names in by_answer.items():
        lead = "With any of" if to == "present" else "Without"
        yield f"{lead} {', '.join(names)}: {answer}"
