"""What the clinician added by hand in this launch, marked as theirs wherever it is shown."""

from collections.abc import Iterator

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.wording import plain
from smartapp.web.presenters.results import value_words
from smartapp.web.presenters.words import clock_of


def added(assessment: Assessment) -> tuple[str, ...]:
    """Each in words; empty if nothing was added."""
    return tuple(_added(assessment))


def _added(assessment: Assessment) -> Iterator[str]:
    bedside = assessment.picture.bedside
    if bedside.bleeding:
        yield f"bleeding {bedside.bleeding}"
    if bedside.crs_grade is not None:
        yield f"CRS grade {bedside.crs_grade}"
    if bedside.weight_kg is not None:
        yield f"weight {plain(bedside.weight_kg)} kg"
    for source, reason in bedside.suspects.items():
        yield f"{_named(assessment, source)} is suspect ({reason or 'no reason given'}) and is not used"


def _named(assessment: Assessment, source: str) -> str:
    """`fibrinogen 0.94 g/L of 02:38`, or the record's own id where it is not among the results."""
    results = (result for result in assessment.picture.series(Analyte.FIBRINOGEN) if result.source == source)
    return next(
        (f"fibrinogen {value_words(one)} of {clock_of(assessment).time(one.collected.at)}" for one in results), source
    )
