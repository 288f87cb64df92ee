"""Recheck before another dose.

Guideline: REP-09, a product started after the sample and within 6 h, or on order for at most 4 h, is to be rechecked first.
Applies when: it holds for the latest product.
Silent when: nothing was given or ordered so recently.
Cannot tell when: administrations or orders could not be read.
"""

from smartapp.clinical.criteria.products_given import RECENT_SUPPLY
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.words import clock

_RECENT = Row(id="REP-09", version=2, title="Recent dose: recheck first", level=EvidenceLevel.L5, citations=())


def applies(given: Given) -> tuple[Finding, ...]:
    """What was given or ordered, and when."""
    supply = given[RECENT_SUPPLY]
    if supply is None:
        return ()
    what = "given" if supply.given else "ordered"
    at = clock(supply.at) if supply.at else "an unknown time"
    source = supply.given.source if supply.given else supply.ordered.source if supply.ordered else ""
    return (_RECENT.finds(f"Product {what} at {at}: recheck before another dose", evidence=(source,)),)


RULE = Rule(rows=(_RECENT,), needs=(RECENT_SUPPLY,), applies=applies)
