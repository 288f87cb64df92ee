"""Recheck before another dose, and speak up when doses repeat.

Guideline: REP-09, a product started after the sample and within 6 h, or on order for at most 4 h, is to be rechecked first.
REP-11, three or more doses within 24 h.
Applies when: either holds.
Silent when: neither.
Cannot tell when: administrations or orders could not be read.
"""

from smartapp.clinical.criteria.products_given import RECENT_SUPPLY, doses_in_24h
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import Exposure
from smartapp.clinical.rule import Given, Need, Row, Rule, policy
from smartapp.clinical.wording import clock

_RECENT = Row(id="REP-09", version=1, title="Recent dose: recheck first", level=EvidenceLevel.L5, citations=())
_REPEATED = Row(id="REP-11", version=1, title="Repeated need", level=EvidenceLevel.L5, citations=())
LIMIT = policy("repeat_doses_alert_24h")
DOSES: Need[tuple[Exposure, ...]] = Need("doses_in_24h", lambda facts: tuple(doses_in_24h(facts)))


def applies(given: Given) -> tuple[Finding, ...]:
    """Recent supply and repeated need."""
    found = []
    supply, doses = given[RECENT_SUPPLY], given[DOSES]
    if supply is not None:
        what = "given" if supply.given else "ordered"
        at = clock(supply.at) if supply.at else "an unknown time"
        source = supply.given.source if supply.given else supply.ordered.source if supply.ordered else ""
        found.append(_RECENT.finds(f"Product {what} at {at}: recheck before another dose", evidence=(source,)))
    if len(doses) >= given[LIMIT]:
        text = f"{len(doses)} doses within 24 h: consider calling haematology; consider DIC, IEC-HS, ongoing bleeding"
        found.append(_REPEATED.finds(text, Indicator.CRITICAL, evidence=tuple(dose.source for dose in doses)))
    return tuple(found)


RULE = Rule(rows=(_RECENT, _REPEATED), needs=(RECENT_SUPPLY, DOSES, LIMIT), applies=applies)
