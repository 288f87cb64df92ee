"""What would change the advice, as a clinician would ask it: one line an answer, the risk modifiers together."""

from collections.abc import Iterator
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Action, Modifier
from smartapp.clinical.words import MODIFIER_WORDS
from smartapp.clinical.would_change import UNKNOWN, Change, would_change
from smartapp.web.presenters.verdict import state_of
from smartapp.web.presenters.words import both_units, input_words

_MODIFIERS = frozenset(str(modifier) for modifier in Modifier)
_DOSED = (Action.REPLACE, Action.CONSIDER)


def change_lines(assessment: Assessment) -> tuple[str, ...]:
    """Sentences; the age is left out, since it will not change."""
    changes = would_change(assessment)
    single = (_sentence(assessment, change) for change in changes if change.input not in _MODIFIERS)
    return (*single, *_modifiers(assessment, changes))


def _sentence(assessment: Assessment, change: Change) -> str:
    """`Fibrinogen 1.5 g/L (150 mg/dL) instead of 0.8: RECHECK`."""
    name, to, before = input_words(change.input), change.to.replace("_", " "), change.before.replace("_", " ")
    if change.input == "fibrinogen":
        here, other = both_units(Decimal(change.to))
        to, before = f"{here} ({other})", f"{_bound(assessment)}{before}"
    known = f" instead of {before}" if change.before != UNKNOWN else ""
    return f"{name[0].upper()}{name[1:]} {to}{known}: {_answer(assessment, change)}"


def _bound(assessment: Assessment) -> str:
    """A result known only as a bound is told as one (DQ-04)."""
    return str(assessment.fibrinogen.result.comparator or "") if assessment.fibrinogen else ""


def _answer(assessment: Assessment, change: Change) -> str:
    """The page's word for the answer; where it alone misleads, beside what holds now.

    `less urgent, REPLACE (warning) instead of ACT NOW (critical)`: both speak of a dose, or both say the same word."""
    word = state_of(change.action, change.indicator)[2]
    now = state_of(assessment.action, assessment.indicator)[2]
    if word != now and not (change.action in _DOSED and assessment.action in _DOSED):
        return word
    if change.indicator is assessment.indicator:
        return f"{word}, {str(change.action).lower()} instead of {str(assessment.action).lower()}"
    urgency = "less" if change.indicator.rank < assessment.indicator.rank else "more"
    return f"{urgency} urgent, {word} ({change.indicator}) instead of {now} ({assessment.indicator})"


def _modifiers(assessment: Assessment, changes: tuple[Change, ...]) -> Iterator[str]:
    by_answer: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.input in _MODIFIERS and change.input != Modifier.AGE_LT_10:
            key = (change.to, _answer(assessment, change))
            by_answer.setdefault(key, []).append(MODIFIER_WORDS[Modifier(change.input)])
    for (to, answer), names in by_answer.items():
        yield f"{_any_of(names, 'With ' if to == 'present' else 'Without ')}: {answer}"


def _any_of(names: list[str], lead: str) -> str:
    """`With falling fibrinogen, minor bleeding or overt DIC`: each one alone is enough."""
    *others, last = names
    return f"{lead}{', '.join(others)} or {last}" if others else f"{lead}{last}"
