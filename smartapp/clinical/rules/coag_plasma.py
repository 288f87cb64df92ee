"""Consider plasma and vitamin K for long clotting times with bleeding or before a procedure.

Guideline: COAG-02, PT or aPTT above 1.5 times the upper limit, or an INR above 1.5.
Applies when: one of them is proven, with significant or major bleeding or a procedure within 24 h.
Silent when: neither bleeding nor a procedure presses, or all three times are known and none is proven to be long.
Cannot tell when: none is proven and one is missing or has no upper limit, or bleeding is not known.
"""

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.clotting import PROLONGED
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="COAG-02",
    version=2,
    title="Long clotting times with bleeding or a procedure",
    level=EvidenceLevel.L3,
    citations=("ISTH13", "MUSC"),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The proposal with the results that prove it."""
    proof = given[PROLONGED]
    if not proof:
        return ()
    results = ", ".join(result.reported for result in proof)
    text = f"Consider plasma 10-15 mL/kg plus vitamin K because clotting times are prolonged ({results})"
    indicator = Indicator.CRITICAL if given.get(BLEEDING) in SERIOUS else Indicator.WARNING
    return (_ROW.finds(text, indicator, evidence=tuple(result.source for result in proof)),)


RULE = Rule(rows=(_ROW,), needs=(PROLONGED,), wants=(BLEEDING,), applies=applies)
