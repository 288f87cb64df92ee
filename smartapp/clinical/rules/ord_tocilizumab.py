"""Plan fibrinogen checks with a draft of tocilizumab.

Guideline: ORD-10 (7a, TOC-01, PERL24), fibrinogen often falls after tocilizumab while fever and CRP no longer show CRS activity.
Applies when: tocilizumab is drafted from day 0 to the end of the extended window.
Silent when: it is not drafted, or the infusion lies outside.
Cannot tell when: it is drafted, and no infusion is known.
"""

from smartapp.clinical.criteria.draft_orders import DRAFT_TOCILIZUMAB, where_drafted
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule, policy

_ROW = Row(id="ORD-10", version=1, title="Draft of tocilizumab", level=EvidenceLevel.L2, citations=("PERL24",))
LAST_DAY = policy("window_extended_days")
WHEN_DRAFTED = where_drafted(DRAFT_TOCILIZUMAB, INFUSION)


def applies(given: Given) -> tuple[Finding, ...]:
    """One finding a draft."""
    infusion = given[WHEN_DRAFTED]
    day = infusion.day if infusion else None
    if day is None or not 0 <= day <= given[LAST_DAY]:
        return ()
    text = "Fibrinogen often falls after tocilizumab: consider planning checks"
    return tuple(_ROW.finds(text, evidence=(draft.source,)) for draft in given[DRAFT_TOCILIZUMAB])


RULE = Rule(rows=(_ROW,), needs=(DRAFT_TOCILIZUMAB, WHEN_DRAFTED, LAST_DAY), applies=applies, always=True)
