"""Name the risk modifiers that hold.

Guideline: MOD-01, eight findings that raise the risk at a given level.
Applies when: at least one holds.
Silent when: none is shown to hold.
Cannot tell when: never as a whole; a modifier whose input is missing is named with its input.
"""

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.modifiers import ICANS, MODIFIERS, PROCEDURE_24H
from smartapp.clinical.criteria.recent import PLATELETS
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="MOD-01",
    version=1,
    title="Risk modifiers",
    level=EvidenceLevel.L2,
    citations=("BUE21", "ISTH13", "JOH21", "PERL24"),
)
_WORDS = {
    "age_lt_10": "age below 10 years",
    "trend_down": "fibrinogen falling",
    "platelets_lt_50": "platelets below 50",
    "icans_ge_3": "ICANS grade 3 or more",
    "invasive_procedure_24h": "invasive procedure within 24 h",
    "post_toci": "tocilizumab within 14 days",
    "bleeding_minor": "minor bleeding",
    "dic_overt": "score compatible with overt DIC",
}


def applies(given: Given) -> tuple[Finding, ...]:
    """All of them in one sentence."""
    held = given[MODIFIERS]
    return (_ROW.finds(f"Risk modifiers: {', '.join(_WORDS[modifier] for modifier in held)}"),) if held else ()


RULE = Rule(rows=(_ROW,), needs=(MODIFIERS,), wants=(AGE, PLATELETS, ICANS, PROCEDURE_24H, DIC), applies=applies)
