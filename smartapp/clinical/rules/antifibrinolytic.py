"""Be careful with antifibrinolytics.

Guideline: SAF-04, tranexamic acid is never proposed; with active thrombosis, a DIC score of 5 or more, or haematuria it calls for caution.
Applies when: tranexamic acid is in use and one of them holds.
Silent when: it is not in use, or none holds.
Cannot tell when: medications could not be read.
"""

from smartapp.clinical.criteria.active_drugs import TRANEXAMIC_ACID
from smartapp.clinical.criteria.bleeding import haematuria
from smartapp.clinical.criteria.dic import DIC, OVERT
from smartapp.clinical.criteria.hazards import ACTIVE_THROMBOSIS
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Need, Row, Rule

_ROW = Row(id="SAF-04", version=2, title="Antifibrinolytic caution", level=EvidenceLevel.L5, citations=())
HAEMATURIA: Need[bool] = Need("haematuria", haematuria)


def applies(given: Given) -> tuple[Finding, ...]:
    """The caution with its reasons."""
    drug, dic = given[TRANEXAMIC_ACID], given.get(DIC)
    reasons = (
        ("active thrombosis", given.get(ACTIVE_THROMBOSIS) is not None),
        ("a DIC score of 5 or more", dic is not None and dic.lowest >= OVERT),
        ("haematuria", bool(given.get(HAEMATURIA))),
    )
    held = [words for words, holds in reasons if holds]
    if drug is None or not held:
        return ()
    text = f"Antifibrinolytic caution: {drug.label} is in use with {' and '.join(held)}"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


RULE = Rule(rows=(_ROW,), needs=(TRANEXAMIC_ACID,), wants=(ACTIVE_THROMBOSIS, DIC, HAEMATURIA), applies=applies)
