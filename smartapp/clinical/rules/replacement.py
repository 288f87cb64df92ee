"""Replace fibrinogen, consider it, watch, or say that it cannot be told.

Guideline: the table of section 4.1, in which the first match wins, with the site's thresholds and profile. BUE21's trial replaced
below 1.5 g/L in severe CRS; practice elsewhere replaces below 1.0 g/L; labels and transfusion guidance back the bleeding rows.
Applies when: exactly one row always matches.
Silent when: never for the table; each other row is silent.
Cannot tell when: never; no usable level is a row of its own (REP-10, REP-12).
"""

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.decision import DECISION, VERSION
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN, TIER
from smartapp.clinical.criteria.modifiers import MODIFIERS
from smartapp.clinical.derived_facts import Action, Decision
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule, policy

TRIAL_NOTE = (
    "Prophylactic replacement without bleeding is not supported by trials; general guidance (NHSBT, Australia) reserves it for "
    "bleeding or procedures."
)
_L = EvidenceLevel


def _row(id_: str, title: str, level: EvidenceLevel, *citations: str) -> Row:
    return Row(id=id_, version=VERSION, title=title, level=level, citations=citations)


_ROWS = (
    _row("REP-01", "Low with significant or major bleeding", _L.L1, "NHSBT21", "ISTH13", "FIB24"),
    _row("REP-02", "At most 2.0 g/L while major bleeding goes on", _L.L1, "FIB24"),
    _row("REP-03", "Below 1.0 g/L with CRS, unknown CRS or after tocilizumab", _L.L2, "BUE21", "HAS20"),
    _row("REP-04", "Below 1.0 g/L without CRS", _L.L5),
    _row("REP-05", "Below 1.5 g/L with severe CRS", _L.L2, "BUE21"),
    _row("REP-06", "Below 1.5 g/L with a risk modifier", _L.L5),
    _row("REP-07", "Below 1.5 g/L otherwise", _L.L5),
    _row("REP-08", "1.5 g/L or above", _L.L5),
    _row("REP-10", "No usable level and major bleeding", _L.L1, "RIA"),
    _row("REP-12", "No usable level", _L.L5),
)
_TIER_ROW = Row(id="TIER-01", version=1, title="Fibrinogen tier", level=_L.L2, citations=("BUE21",))
_BY_ID = {row.id: row for row in _ROWS}


def applies(given: Given) -> tuple[Finding, ...]:
    """The row that matched, in one sentence, with the note on trials where the patient does not bleed."""
    decision, fibrinogen = given[DECISION], given.get(FIBRINOGEN)
    evidence = (fibrinogen.result.source,) if fibrinogen else ()
    return (_BY_ID[decision.row].finds(_text(given, decision), decision.indicator, evidence=evidence),)


def _text(given: Given, decision: Decision) -> str:
    dosed = decision.action in (Action.REPLACE, Action.CONSIDER)
    return f"{decision.text}. {TRIAL_NOTE}" if dosed and given.get(BLEEDING) not in SERIOUS else decision.text


RULE = Rule(
    rows=(*_ROWS, _TIER_ROW),
    needs=(DECISION,),
    wants=(FIBRINOGEN, TIER, CRS, BLEEDING, MODIFIERS, policy("t1_below"), policy("t2_below")),
    applies=applies,
)
