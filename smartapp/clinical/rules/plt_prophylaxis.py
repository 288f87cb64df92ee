"""Point out platelets below 10.

Guideline: PLT-03, the usual threshold of prophylactic transfusion; an unverified number.
Applies when: a count of the last 24 h, or its bound, proves it.
Silent when: it is not proven.
Cannot tell when: there is no platelet count of the last 24 h.
"""

from smartapp.clinical.criteria.platelets import VERY_LOW
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="PLT-03",
    version=2,
    title="Platelets below 10",
    level=EvidenceLevel.L3,
    citations=("ISTH13",),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The count and what to think of."""
    platelets = given[VERY_LOW]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: the usual threshold of prophylactic transfusion is reached (unverified number)"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(platelets.source,)),)


RULE = Rule(rows=(_ROW,), needs=(VERY_LOW,), applies=applies)
