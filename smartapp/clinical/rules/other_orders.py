"""ORD-08 to ORD-10: a draft of an anticoagulant, an antifibrinolytic or tocilizumab."""

from smartapp.clinical.criteria.antifibrinolytic import CAUTION
from smartapp.clinical.criteria.clotting import LOW_COUNTS
from smartapp.clinical.criteria.draft_orders import (
    DRAFT_ANTICOAGULANTS,
    DRAFT_ANTIFIBRINOLYTICS,
    DRAFT_TOCILIZUMAB,
    where_drafted,
)
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule, policy

_ORD_08 = Row(
    id="ORD-08",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Draft of an anticoagulant",
    level=EvidenceLevel.L2,
    citations=("HAS20",),
)
LOW_COUNTS_WHEN_DRAFTED = where_drafted(DRAFT_ANTICOAGULANTS, LOW_COUNTS)


def anticoagulant_draft(given: Given) -> tuple[Finding, ...]:
    """Look at a draft of an anticoagulant where platelets or fibrinogen are low.

    Guideline: ORD-08 (7a), a draft anticoagulant to which COAG-04 applies once it is in use. Which drug to choose is out of scope (SAF-08).
    Applies when: an anticoagulant is drafted and platelets are below 50 or fibrinogen below 1.0 g/L.
    Silent when: none is drafted, or platelets and fibrinogen are known and not low.
    Cannot tell when: one is drafted, and platelets or fibrinogen are not known.
    """
    if not given[LOW_COUNTS_WHEN_DRAFTED]:
        return ()
    return tuple(
        _ORD_08.finds(
            f"{draft.label or 'Anticoagulant'} with low platelets or fibrinogen: consider reviewing anticoagulation (COAG-04)",
            Indicator.WARNING,
            evidence=(draft.source,),
        )
        for draft in given[DRAFT_ANTICOAGULANTS]
    )


_ORD_09 = Row(
    id="ORD-09",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Draft of an antifibrinolytic",
    level=EvidenceLevel.L5,
    citations=(),
)
DRAFT_CAUTION = where_drafted(DRAFT_ANTIFIBRINOLYTICS, CAUTION)


def antifibrinolytic_draft(given: Given) -> tuple[Finding, ...]:
    """Look at a draft of an antifibrinolytic.

    Guideline: ORD-09 (7a), a draft to which SAF-04 applies once it is in use: active thrombosis, a DIC score of 5 or more, or haematuria.
    Applies when: tranexamic acid is drafted and one of them is known to hold.
    Silent when: none is drafted, or none of them holds.
    Cannot tell when: one is drafted, none is known to hold, and conditions or the DIC score are not known.
    """
    held = given[DRAFT_CAUTION]
    text = f"Antifibrinolytic with {' and '.join(held or ())}: consider whether it is safe (SAF-04)"
    drafts = given[DRAFT_ANTIFIBRINOLYTICS] if held else ()
    return tuple(_ORD_09.finds(text, Indicator.WARNING, evidence=(draft.source,)) for draft in drafts)


_ORD_10 = Row(
    id="ORD-10",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Draft of tocilizumab",
    level=EvidenceLevel.L2,
    citations=("PERL24",),
)
LAST_DAY = policy("window_extended_days")
WHEN_DRAFTED = where_drafted(DRAFT_TOCILIZUMAB, INFUSION)


def tocilizumab_draft(given: Given) -> tuple[Finding, ...]:
    """Plan fibrinogen checks with a draft of tocilizumab.

    Guideline: ORD-10 (7a, TOC-01, PERL24), fibrinogen often falls after tocilizumab while fever and CRP no longer show CRS activity.
    Applies when: tocilizumab is drafted from day 0 to the end of the extended window.
    Silent when: it is not drafted, or the infusion lies outside.
    Cannot tell when: it is drafted, and no infusion is known.
    """
    infusion = given[WHEN_DRAFTED]
    day = infusion.day if infusion else None
    if day is None or not 0 <= day <= given[LAST_DAY]:
        return ()
    text = "Fibrinogen often falls after tocilizumab: consider planning checks"
    return tuple(_ORD_10.finds(text, evidence=(draft.source,)) for draft in given[DRAFT_TOCILIZUMAB])


RULES = (
    Rule(rows=(_ORD_08,), needs=(DRAFT_ANTICOAGULANTS, LOW_COUNTS_WHEN_DRAFTED), applies=anticoagulant_draft),
    Rule(rows=(_ORD_09,), needs=(DRAFT_ANTIFIBRINOLYTICS, DRAFT_CAUTION), applies=antifibrinolytic_draft),
    Rule(rows=(_ORD_10,), needs=(DRAFT_TOCILIZUMAB, WHEN_DRAFTED, LAST_DAY), applies=tocilizumab_draft, always=True),
)
