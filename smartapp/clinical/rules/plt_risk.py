"""Consider platelets below 20 where the risk of bleeding is raised.

Guideline: PLT-02, below 20 with moderate or severe CRS, T1 or T2, ICANS of grade 2 or more, or a DIC score of 5 or more.
Applies when: a count of the last 24 h, or its bound, proves it, and one of these is known to hold.
Silent when: it is not proven, or all of these are known and none holds.
Cannot tell when: there is no such count, or it is low, none is known to hold, and one of them is not known.
"""

from smartapp.clinical.criteria.platelets import LOW_AT_RISK
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="PLT-02",
    version=2,
    title="Platelets below 20 with a raised risk",
    level=EvidenceLevel.L3,
    citations=("ISTH13",),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The count and what to think of."""
    platelets = given[LOW_AT_RISK]
    if platelets is None:
        return ()
    text = f"Platelets {platelets.reported}: high bleeding risk: consider platelets"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(platelets.source,)),)


RULE = Rule(rows=(_ROW,), needs=(LOW_AT_RISK,), applies=applies)
