"""Note that the course has no baseline to be compared with.

Guideline: MON-04, a fibrinogen from 14 days before the infusion to its day.
Applies when: none of those days has a usable fibrinogen.
Silent when: one has.
Cannot tell when: laboratory results could not be read completely and show none.
"""

from smartapp.clinical.criteria.course import BASELINE
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="MON-04", version=1, title="Baseline fibrinogen missing", level=EvidenceLevel.L5, citations=())


def applies(given: Given) -> tuple[Finding, ...]:
    """Said once, as information."""
    if given[BASELINE] is not None:
        return ()
    text = (
        "No baseline fibrinogen from the 14 days before the infusion or its day: the course cannot be compared with it"
    )
    return (_ROW.finds(text),)


RULE = Rule(rows=(_ROW,), needs=(BASELINE,), applies=applies)
