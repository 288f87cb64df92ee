"""What would change the advice, as a clinician would ask it: one line an answer, the risk modifiers together."""

from collections.abc import Iterator

from smartapp.clinical.conclusions import Modifier
from smartapp.clinical.would_change import MODIFIER_WORDS, Change, change_words

_MODIFIERS = frozenset(str(modifier) for modifier in Modifier)


def change_lines(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Sentences; the age is left out, since it will not change."""
    return (*(_sentence(change) for change in changes if change.input not in _MODIFIERS), *_modifiers(changes))


def _sentence(change: Change) -> str:
    words = change_words(change)
    return f"{words[0].upper()}{words[1:]}"


def _modifiers(changes: tuple[Change, ...]) -> Iterator[str]:
    by_answer: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        if change.input in _MODIFIERS and change.input != Modifier.AGE_LT_10:
            key = (change.to, str(change.action), str(change.indicator))
            by_answer.setdefault(key, []).append(MODIFIER_WORDS[Modifier(change.input)])
    for (to, action, indicator), names in by_answer.items():
        lead = "With any of" if to == "present" else "Without"
        yield f"{lead} {', '.join(names)}: {action} ({indicator})"
