"""Discuss a higher platelet target with intracranial bleeding.

Guideline: PLT-04, below 100 with an intracranial bleed; an unverified number.
Applies when: a count of the last 24 h, or its bound, proves it, with such a bleed.
Silent when: it is not proven, or no such bleed is recorded.
Cannot tell when: there is no such count, or it is low and conditions could not be read.
"""

from smartapp.clinical.criteria.platelets import LOW_WITH_INTRACRANIAL_BLEEDING
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="PLT-04",
    version=2,
    title="Platelets below 100 with intracranial bleeding",
    level=EvidenceLevel.L5,
    citations=(),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The count and what to think of."""
    platelets = given[LOW_WITH_INTRACRANIAL_BLEEDING]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: intracranial bleeding: consider discussing a higher platelet target (unverified number)"
    return (_ROW.finds(text, Indicator.CRITICAL, evidence=(platelets.source,)),)


RULE = Rule(rows=(_ROW,), needs=(LOW_WITH_INTRACRANIAL_BLEEDING,), applies=applies)
