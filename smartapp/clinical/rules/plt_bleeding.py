"""Consider platelets below 50 where the patient bleeds.

Guideline: PLT-01, below 50 with significant or major bleeding.
Applies when: a count of the last 24 h, or its bound, proves it, with such bleeding.
Silent when: it is not proven, or no such bleeding is recorded.
Cannot tell when: there is no such count, or it is low and conditions could not be read.
"""

from smartapp.clinical.criteria.platelets import LOW_WITH_BLEEDING
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="PLT-01",
    version=2,
    title="Platelets below 50 with bleeding",
    level=EvidenceLevel.L3,
    citations=("ISTH13",),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The count and what to think of."""
    platelets = given[LOW_WITH_BLEEDING]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: consider platelet transfusion because the patient bleeds"
    return (_ROW.finds(text, Indicator.CRITICAL, evidence=(platelets.source,)),)


RULE = Rule(rows=(_ROW,), needs=(LOW_WITH_BLEEDING,), applies=applies)
