"""Recheck fibrinogen after a dose, before another.

Guideline: RCK-01, one hour after the end of the last dose (label studies sample then), without grace; a dose is repeated only if the recheck
again meets a replacement row.
Applies when: a fibrinogen-containing product was given since the infusion and nothing was collected after its end.
Silent when: a sample was taken since, or no product was given, or it is still running.
Cannot tell when: never; what was not read shows no dose.
"""

from smartapp.clinical.criteria.monitoring import MONITORING
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule, policy
from smartapp.clinical.wording import clock, plain

_ROW = Row(id="RCK-01", version=2, title="Recheck after a dose", level=EvidenceLevel.L5, citations=("FIB24",))
WAIT = policy("recheck_after_dose_h")


def applies(given: Given) -> tuple[Finding, ...]:
    """When it is due; that it is late is MON-02's to say."""
    due = given[MONITORING].recheck_due
    if due is None:
        return ()
    text = (
        f"Recheck of fibrinogen due {clock(due)}, {plain(given[WAIT])} h after the end of the last dose; "
        "consider another dose only if the recheck again calls for one"
    )
    return (_ROW.finds(text),)


RULE = Rule(rows=(_ROW,), needs=(MONITORING, WAIT), applies=applies)
