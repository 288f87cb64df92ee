"""Be careful with antifibrinolytics.

Guideline: SAF-04, tranexamic acid is never proposed; with active thrombosis, a DIC score of 5 or more, or haematuria it calls for caution.
Applies when: tranexamic acid is in use and one of them is known to hold.
Silent when: it is not in use, or none holds.
Cannot tell when: medications could not be read; or it is in use, none is known to hold, and conditions or the DIC score are not known.
"""

from smartapp.clinical.criteria.active_drugs import TRANEXAMIC_ACID
from smartapp.clinical.criteria.antifibrinolytic import CAUTION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Facts, Given, Missing, Need, Row, Rule

_ROW = Row(id="SAF-04", version=2, title="Antifibrinolytic caution", level=EvidenceLevel.L5, citations=())


def _reasons(facts: Facts) -> tuple[str, ...] | Missing:
    """Why it calls for caution, where it is in use."""
    drug = facts.get(TRANEXAMIC_ACID)
    return drug if isinstance(drug, Missing) else () if drug is None else facts.get(CAUTION)


REASONS: Need[tuple[str, ...]] = Need("antifibrinolytic_caution", _reasons)


def applies(given: Given) -> tuple[Finding, ...]:
    """The caution with its reasons."""
    drug, held = given.get(TRANEXAMIC_ACID), given[REASONS]
    if drug is None or not held:
        return ()
    text = f"Antifibrinolytic caution: {drug.label} is in use with {' and '.join(held)}"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


RULE = Rule(rows=(_ROW,), needs=(REASONS,), wants=(TRANEXAMIC_ACID,), applies=applies)
