"""Say when the next fibrinogen is due, and when it is overdue.

Guideline: MON-01 gives the interval of the most demanding state; MON-02 when a check is overdue; MON-03 never measured; RCK-01 after a dose.
Applies when: a check is overdue, or fibrinogen was never measured since the infusion.
Silent when: the next check is not due yet.
Cannot tell when: never; unknown CRS has an interval of its own.
"""

from smartapp.clinical.conclusions import Band, CrsStatus
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.monitoring import MONITORING
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule
from smartapp.clinical.wording import clock, plain

_PANEL = Row(id="MON-01", version=1, title="Monitoring interval", level=EvidenceLevel.L5, citations=("BUE21", "PERL24"))
_OVERDUE = Row(id="MON-02", version=1, title="Fibrinogen overdue", level=EvidenceLevel.L5, citations=("BUE21",))
_NEVER = Row(
    id="MON-03",
    version=1,
    title="Fibrinogen never measured since infusion",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
_RECHECK = Row(id="RCK-01", version=1, title="Recheck after a dose", level=EvidenceLevel.L5, citations=("FIB24",))
_UNCERTAIN_DAY = 3  # MON-03: without CRS only from day 3


def applies(given: Given) -> tuple[Finding, ...]:
    """Due, overdue or never."""
    monitoring, crs = given[MONITORING], given[CRS]
    if monitoring.due is None:
        return _never(crs, given)
    row = _RECHECK if monitoring.reason.startswith("recheck") else _OVERDUE
    due = _PANEL.finds(f"Next fibrinogen due {clock(monitoring.due)} ({monitoring.reason})")
    if not monitoring.overdue:
        return (due,)
    pending = "; a result is pending" if monitoring.pending else ""
    return (
        due,
        row.finds(
            f"Fibrinogen is overdue since {clock(monitoring.due)}, every {plain(monitoring.interval_h)} h{pending}",
            monitoring.indicator,
        ),
    )


def _never(crs: CrsStatus, given: Given) -> tuple[Finding, ...]:
    infusion = given.get(INFUSION)
    day = infusion.day if infusion and infusion.day is not None else 0
    if crs.band is Band.NONE and day < _UNCERTAIN_DAY:
        return ()
    indicator = Indicator.WARNING if crs.band in (Band.MODERATE, Band.SEVERE) else Indicator.INFO
    return (
        _NEVER.finds(
            "Fibrinogen was not measured since the infusion: consider a check because it often falls", indicator
        ),
    )


RULE = Rule(rows=(_PANEL, _OVERDUE, _NEVER, _RECHECK), needs=(MONITORING, CRS), wants=(INFUSION,), applies=applies)
