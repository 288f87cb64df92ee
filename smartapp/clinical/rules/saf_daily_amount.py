"""Stop at twice the limit of one dose of concentrate within 24 h.

Guideline: SAF-06, the planned dose of concentrate and what was given in 24 h together.
Applies when: concentrate is the product chosen and both together exceed twice the limit of FC-04.
Silent when: they do not, another product is chosen, or no dose is in question.
Cannot tell when: medication administrations could not be read and what is known does not exceed it.
"""

from smartapp.clinical.criteria.draft import DAILY_CONCENTRATE
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="SAF-06", version=2, title="Concentrate within 24 h", level=EvidenceLevel.L5, citations=())
EXCEEDED = "The planned dose and what was given in 24 h exceed twice the limit of one dose"


def applies(given: Given) -> tuple[Finding, ...]:
    """Too much in a day."""
    return (_ROW.finds(EXCEEDED, Indicator.WARNING),) if given[DAILY_CONCENTRATE] else ()


RULE = Rule(rows=(_ROW,), needs=(DAILY_CONCENTRATE,), applies=applies)
