"""Ask for a ferritin where fibrinogen is low.

Guideline: IEC-02, T1 or T2 and no ferritin result in 48 h.
Applies when: fibrinogen is low and there is no usable ferritin of the last 48 h.
Silent when: fibrinogen is not low, or ferritin was measured.
Cannot tell when: there is no usable fibrinogen.
"""

from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.iec_hs import FERRITIN
from smartapp.clinical.derived_facts import Tier
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="IEC-02", version=2, title="No recent ferritin", level=EvidenceLevel.L5, citations=())


def applies(given: Given) -> tuple[Finding, ...]:
    """That it is missing, and why."""
    missing = given.why_not(FERRITIN)
    if missing is None or given[FIBRINOGEN].tier is Tier.T0:
        return ()
    return (_ROW.finds(f"No recent ferritin ({missing.why}): consider sending it because fibrinogen is low"),)


RULE = Rule(rows=(_ROW,), needs=(FIBRINOGEN,), wants=(FERRITIN,), applies=applies)
