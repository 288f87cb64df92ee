"""Speak up when doses repeat.

Guideline: REP-11, three or more doses of fibrinogen-containing products within 24 h point to another cause.
Applies when: at least that many were started within 24 h.
Silent when: fewer were, and everything was read.
Cannot tell when: fewer are known, and administrations or procedures could not be read.
"""

from smartapp.clinical.criteria.products_given import REPEATED_DOSES
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule, policy

_ROW = Row(id="REP-11", version=2, title="Repeated need", level=EvidenceLevel.L5, citations=())
LIMIT = policy("repeat_doses_alert_24h")


def applies(given: Given) -> tuple[Finding, ...]:
    """The number of doses, and whom to call."""
    doses = given[REPEATED_DOSES]
    if len(doses) < given[LIMIT]:
        return ()
    text = f"{len(doses)} doses within 24 h: consider calling haematology; consider DIC, IEC-HS, ongoing bleeding"
    return (_ROW.finds(text, Indicator.CRITICAL, evidence=tuple(dose.source for dose in doses)),)


RULE = Rule(rows=(_ROW,), needs=(REPEATED_DOSES, LIMIT), applies=applies)
