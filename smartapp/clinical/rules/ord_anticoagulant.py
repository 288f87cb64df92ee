"""Look at a draft of an anticoagulant where platelets or fibrinogen are low.

Guideline: ORD-08 (7a), a draft anticoagulant to which COAG-04 applies once it is in use. Which drug to choose is out of scope (SAF-08).
Applies when: an anticoagulant is drafted and platelets are below 50 or fibrinogen below 1.0 g/L.
Silent when: none is drafted, or platelets and fibrinogen are known and not low.
Cannot tell when: one is drafted, and platelets or fibrinogen are not known.
"""

from smartapp.clinical.criteria.clotting import LOW_COUNTS
from smartapp.clinical.criteria.draft_orders import DRAFT_ANTICOAGULANTS, where_drafted
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="ORD-08", version=1, title="Draft of an anticoagulant", level=EvidenceLevel.L2, citations=("HAS20",))

LOW = where_drafted(DRAFT_ANTICOAGULANTS, LOW_COUNTS)


def applies(given: Given) -> tuple[Finding, ...]:
    """One finding a draft."""
    if not given[LOW]:
        return ()
    return tuple(
        _ROW.finds(
            f"{draft.label or 'Anticoagulant'} with low platelets or fibrinogen: consider reviewing anticoagulation (COAG-04)",
            Indicator.WARNING,
            evidence=(draft.source,),
        )
        for draft in given[DRAFT_ANTICOAGULANTS]
    )


RULE = Rule(rows=(_ROW,), needs=(DRAFT_ANTICOAGULANTS, LOW), applies=applies)
