"""Weigh an active thrombosis before replacing fibrinogen.

Guideline: SAF-01, labels of both concentrates warn of thrombosis, and CAR-T has a rate of its own; without bleeding nothing is drafted.
Applies when: a dose is in question and a thrombosis is active with onset within 30 days, or without a date.
Silent when: no dose is in question, or no such thrombosis is recorded.
Cannot tell when: conditions could not be read and show none.
"""

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.hazards import THROMBOSIS
from smartapp.clinical.criteria.options import DOSE_IN_QUESTION
from smartapp.clinical.derived_facts import Decision
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule, policy

_ROW = Row(
    id="SAF-01",
    version=2,
    title="Active thrombosis",
    level=EvidenceLevel.L2,
    citations=("JOH21", "RIA", "FIB24"),
)
BLOCKS = policy("block_thrombosis_nonbleeding")


def applies(given: Given) -> tuple[Finding, ...]:
    """The thrombosis, weighed against bleeding where there is any."""
    decision: Decision | None = given[DOSE_IN_QUESTION]
    clot = given[THROMBOSIS]
    if decision is None or clot is None:
        return ()
    bleeds = given.get(BLEEDING) in SERIOUS
    advice = "weigh against bleeding" if bleeds else "consider haematology review before replacement"
    text = f"Active thrombosis within 30 days ({clot.label}): {advice}"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(clot.source,)),)


RULE = Rule(rows=(_ROW,), needs=(DOSE_IN_QUESTION, THROMBOSIS), wants=(BLEEDING, BLOCKS), applies=applies)
