"""Say when the next fibrinogen is due and what belongs to it, and when it is overdue.

Guideline: MON-01 gives the panel, and the interval of the most demanding state; MON-02 when a check is overdue: after a quarter more than the
interval, or with RCK-01 as soon as the recheck after a dose is late.
Applies when: fibrinogen was measured since the infusion, or a recheck is due.
Silent when: it was never measured since (MON-03).
Cannot tell when: never; unknown CRS has an interval of its own.
"""

from smartapp.clinical.criteria.monitoring_interval import MONITORING
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.words import clock

_PANEL = Row(id="MON-01", version=2, title="Monitoring interval", level=EvidenceLevel.L5, citations=("BUE21", "PERL24"))
_OVERDUE = Row(id="MON-02", version=2, title="Fibrinogen overdue", level=EvidenceLevel.L5, citations=("BUE21",))
STRONG_CRS = frozenset({"moderate", "severe"})
WITH_D_DIMER = STRONG_CRS | {"t1", "t2"}


def applies(given: Given) -> tuple[Finding, ...]:
    """What is due, and that it is late."""
    monitoring = given[MONITORING]
    if monitoring.due is None:
        return ()
    due = f"{clock(monitoring.due)} ({monitoring.reason})"
    found = [_PANEL.finds(f"Next fibrinogen due {due}, with {panel(monitoring.states)}")]
    if monitoring.overdue:
        pending = "; a result is pending" if monitoring.pending else ""
        found.append(_OVERDUE.finds(f"Fibrinogen is overdue: it was due {due}{pending}", monitoring.indicator))
    return tuple(found)


def panel(states: tuple[str, ...]) -> str:
    """What is measured with a fibrinogen in these states (MON-01)."""
    words = "PT/INR, aPTT and platelets"
    if WITH_D_DIMER & set(states):
        words += ", and D-dimer"
    return f"{words}; ferritin, LDH and CRP daily" if STRONG_CRS & set(states) else words


RULE = Rule(rows=(_PANEL, _OVERDUE), needs=(MONITORING,), applies=applies)
