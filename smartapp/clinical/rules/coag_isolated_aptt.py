"""Exclude heparin where only the aPTT is long.

Guideline: COAG-03, an aPTT above 1.5 times its limit with a PT not above its own (without a PT the INR likewise).
Applies when: both are proven by results of the last 24 h.
Silent when: the aPTT is not proven to be long, or the PT is not proven to be normal.
Cannot tell when: there is no aPTT, or for a long one no PT and INR, or no upper limit to compare with.
"""

from smartapp.clinical.criteria.clotting import ISOLATED_APTT
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="COAG-03", version=2, title="Isolated long aPTT", level=EvidenceLevel.L5, citations=())


def applies(given: Given) -> tuple[Finding, ...]:
    """What to exclude first."""
    aptt = given[ISOLATED_APTT]
    if aptt is None:
        return ()
    text = f"Isolated long aPTT ({aptt.reported}): exclude heparin contamination or therapy first"
    return (_ROW.finds(text, evidence=(aptt.source,)),)


RULE = Rule(rows=(_ROW,), needs=(ISOLATED_APTT,), applies=applies)
