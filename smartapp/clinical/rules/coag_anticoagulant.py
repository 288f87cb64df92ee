"""Review anticoagulation where platelets or fibrinogen are low.

Guideline: COAG-04, an anticoagulant in use with platelets below 50 or fibrinogen below 1.0 g/L. Which drug to choose is out of scope (SAF-08).
Applies when: both are known to hold.
Silent when: no anticoagulant is in use, or platelets and fibrinogen are known and not low.
Cannot tell when: medications could not be read, or one is in use and platelets or fibrinogen are not known.
"""

from smartapp.clinical.criteria.clotting import ANTICOAGULATED
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="COAG-04",
    version=2,
    title="Anticoagulant with low platelets or fibrinogen",
    level=EvidenceLevel.L2,
    citations=("HAS20",),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The drug to look at."""
    drug = given[ANTICOAGULATED]
    if drug is None:
        return ()
    text = f"Anticoagulant in use ({drug.label}) with low platelets or fibrinogen: consider reviewing anticoagulation"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


RULE = Rule(rows=(_ROW,), needs=(ANTICOAGULATED,), applies=applies)
