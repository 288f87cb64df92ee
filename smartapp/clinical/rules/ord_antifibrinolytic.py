"""Look at a draft of an antifibrinolytic.

Guideline: ORD-09 (7a), a draft to which SAF-04 applies once it is in use: active thrombosis, a DIC score of 5 or more, or haematuria.
Applies when: tranexamic acid is drafted and one of them is known to hold.
Silent when: none is drafted, or none of them holds.
Cannot tell when: one is drafted, none is known to hold, and conditions or the DIC score are not known.
"""

from smartapp.clinical.criteria.antifibrinolytic import CAUTION
from smartapp.clinical.criteria.draft_orders import DRAFT_ANTIFIBRINOLYTICS, where_drafted
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="ORD-09", version=1, title="Draft of an antifibrinolytic", level=EvidenceLevel.L5, citations=())
REASONS = where_drafted(DRAFT_ANTIFIBRINOLYTICS, CAUTION)


def applies(given: Given) -> tuple[Finding, ...]:
    """One finding a draft, with its reasons."""
    held = given[REASONS]
    text = f"Antifibrinolytic with {' and '.join(held or ())}: consider whether it is safe (SAF-04)"
    drafts = given[DRAFT_ANTIFIBRINOLYTICS] if held else ()
    return tuple(_ROW.finds(text, Indicator.WARNING, evidence=(draft.source,)) for draft in drafts)


RULE = Rule(rows=(_ROW,), needs=(DRAFT_ANTIFIBRINOLYTICS, REASONS), applies=applies)
