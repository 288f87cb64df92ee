"""What was added by hand for the patient, marked with whose it is wherever it is shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.words import added_words
from smartapp.web.presenters.results import value_words
from smartapp.web.presenters.words import clock_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLine:
    """One input in words, with the time it was added, and the name by which it is taken back."""

    words: str
    at: str
    name: str
    user: str = ""


def added(assessment: Assessment) -> tuple[str, ...]:
    """Each in words; empty if nothing was added."""
    return tuple(words for _, words in _added(assessment))


def added_lines(assessment: Assessment) -> tuple[AddedLine, ...]:
    """Each with what takes it back."""
    users, times, clock = assessment.picture.bedside.users, assessment.picture.bedside.times, clock_of(assessment)
    told = ((name, words, clock.time(times[name]) if name in times else "") for name, words in _added(assessment))
    return tuple(AddedLine(words=words, at=at, name=name, user=users.get(name, "")) for name, words, at in told)


def _added(assessment: Assessment) -> Iterator[tuple[str, str]]:
    bedside = assessment.picture.bedside
    yield from added_words(bedside).items()
    for source, reason in bedside.suspects.items():
        yield source, f"{_named(assessment, source)} is suspect ({reason or 'no reason given'}) and is not used"


def _named(assessment: Assessment, source: str) -> str:
    """`fibrinogen 0.94 g/L of 02:38`, or the record's own id where it is not among the results."""
    results = (result for result in assessment.picture.series(Analyte.FIBRINOGEN) if result.source == source)
    return next(
        (f"fibrinogen {value_words(one)} of {clock_of(assessment).time(one.collected.at)}" for one in results), source
    )
