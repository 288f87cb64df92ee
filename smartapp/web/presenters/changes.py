"""What would change the advice, as a clinician would ask it: one line an answer, the risk modifiers together."""

from collections.abc import Iterator

from smartapp.clinical.conclusions import Modifier
from smartapp.clinical.would_change import Change, change_words

_MODIFIERS = frozenset(str(modifier) for modifier in Modifier)
_NAMES = {
    Modifier.AGE_LT_10: "age below 10 years",
    Modifier.TREND_DOWN: "falling fibrinogen",
    Modifier.PLATELETS_LT_50: "platelets below 50",
    Modifier.ICANS_GE_3: "ICANS 3 or more",
    Modifier.INVASIVE_PROCEDURE_24H: "invasive procedure within 24 h",
    Modifier.POST_TOCI: "tocilizumab within 14 days",
    Modifier.BLEEDING_MINOR: "minor bleeding",
    Modifier.DIC_OVERT: "overt DIC",
}


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
            by_answer.setdefault(key, []).append(_NAMES[Modifier(change.input)])
    for (to, action, indicator), names in by_answer.items():
        lead = "With any of" if to == "present" else "Without"
        yield f"{lead} {', '.join(names)}: {action} ({indicator})"
