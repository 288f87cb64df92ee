"""MON: when fibrinogen is due, late, never measured, without baseline, or may be checked less often."""

from smartapp.clinical.criteria.course import BASELINE, STEADY
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import TIER
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.monitoring_interval import MONITORING, UNMEASURED
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Band, Basis, CrsStatus, EarlyDraw, Tier
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule
from smartapp.clinical.words import clock, fibrinogen_words, rounded

_PANEL = Row(
    id="MON-01",
    version=3,
    revised=REVISED_1_2,
    title="Monitoring interval",
    level=EvidenceLevel.L5,
    citations=("BUE21", "PERL24", "ASCO21"),
)
_OVERDUE = Row(
    id="MON-02",
    version=3,
    revised=REVISED_1_2,
    title="Fibrinogen overdue",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
_EARLIER = Row(
    id="MON-06",
    version=1,
    released=REVISED_1_2,
    revised=REVISED_1_2,
    title="Draw earlier because it falls",
    level=EvidenceLevel.L5,
    citations=(),
)
STRONG_CRS = frozenset({"moderate", "severe"})
WITH_D_DIMER = STRONG_CRS | {"t1", "t2"}


def monitoring_due(given: Given) -> tuple[Finding, ...]:
    """Say when the next fibrinogen is due and what belongs to it, and when it is overdue.

    Guideline: MON-01 gives the panel (fibrinogen, PT/PTT and ferritin belong to the work-up of every CRS grade, ASCO21, L3; the hours are project
    defaults), and the interval of the most demanding state; MON-02 when a check is overdue: after a quarter more than the
    interval, or with RCK-01 as soon as the recheck after a dose is late; MON-06 asks for an earlier draw where a fall would reach a limit before.
    Applies when: fibrinogen was measured since the infusion, or a recheck is due.
    Silent when: it was never measured since (MON-03).
    Cannot tell when: never; unknown CRS has an interval of its own.
    """
    monitoring = given[MONITORING]
    if monitoring.due is None:
        return ()
    due = f"{clock(monitoring.due)} ({monitoring.reason})"
    found = [_PANEL.finds(f"Next fibrinogen due {due}, with {panel(monitoring.states)}")]
    if monitoring.early is not None and monitoring.due_rule == "MON-06":
        found.append(_earlier(monitoring.early, given.get(CRS)))
    if monitoring.overdue:
        pending = "; a result is pending" if monitoring.pending else ""
        found.append(_OVERDUE.finds(f"Fibrinogen is overdue: it was due {due}{pending}", monitoring.indicator))
    return tuple(found)


def _earlier(early: EarlyDraw, crs: CrsStatus | None) -> Finding:
    text = (
        f"Fibrinogen is falling {rounded(early.rate)} g/L an hour: at this rate below {fibrinogen_words(early.limit)} g/L about "
        f"{clock(early.reached)}; consider drawing by {clock(early.by)}"
    )
    severe = crs is not None and crs.band is Band.SEVERE
    return _EARLIER.finds(text, Indicator.WARNING if severe else Indicator.INFO, evidence=early.sources)


def panel(states: tuple[str, ...]) -> str:
    """What is measured with a fibrinogen in these states (MON-01)."""
    words = "PT/INR, aPTT and platelets"
    if WITH_D_DIMER & set(states):
        words += ", and D-dimer"
    return f"{words}; ferritin, LDH and CRP daily" if STRONG_CRS & set(states) else words


_MON_03 = Row(
    id="MON-03",
    version=3,
    revised=REVISED_1_2,
    title="Fibrinogen never measured since infusion",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
FROM_DAY = 3  # without CRS


def never_measured(given: Given) -> tuple[Finding, ...]:
    """Ask for a fibrinogen where there is none since the infusion.

    Guideline: MON-03, with moderate or severe CRS a warning; with mild or unknown CRS, and without CRS from day 3, information.
    Applies when: no usable fibrinogen was collected since the infusion.
    Silent when: there is one, or there is no CRS and day 3 has not come.
    Cannot tell when: laboratory results could not be read completely and show none.
    """
    band, day = given[CRS].band, given[INFUSION].day or 0
    if not given[UNMEASURED] or (band is Band.NONE and day < FROM_DAY):
        return ()
    indicator = Indicator.WARNING if band in (Band.MODERATE, Band.SEVERE) else Indicator.INFO
    text = "No usable fibrinogen since the infusion: consider a check because it often falls"
    return (_MON_03.finds(text, indicator),)


_MON_04 = Row(
    id="MON-04",
    version=2,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Baseline fibrinogen missing",
    level=EvidenceLevel.L5,
    citations=(),
)


def baseline(given: Given) -> tuple[Finding, ...]:
    """Note that the course has no baseline to be compared with.

    Guideline: MON-04, a fibrinogen from 14 days before the infusion to its day.
    Applies when: none of those days has a usable fibrinogen.
    Silent when: one has.
    Cannot tell when: laboratory results could not be read completely and show none.
    """
    if given[BASELINE] is not None:
        return ()
    text = (
        "No baseline fibrinogen from the 14 days before the infusion or its day: the course cannot be compared with it"
    )
    return (_MON_04.finds(text),)


_MON_05 = Row(
    id="MON-05",
    version=2,
    revised=REVISED_1_2,
    title="Intensified monitoring may stop",
    level=EvidenceLevel.L5,
    citations=(),
)


def stop_monitoring(given: Given) -> tuple[Finding, ...]:
    """Say when intensified monitoring may end.

    Guideline: MON-05, CRS resolved, no tocilizumab within the lookback, and the last two usable results normal, a day apart and a day after
    the last product.
    Applies when: all of it is known to hold, and the newest result still tiers.
    Silent when: one of it does not hold.
    Cannot tell when: CRS, tocilizumab or the products given are not known.
    """
    steady = given[STEADY]
    if not steady or given[POST_TOCI] is not None or given[TIER] is not Tier.T0 or not _resolved(given[CRS]):
        return ()
    text = "Intensified monitoring may stop: CRS is resolved, and the last two fibrinogens are normal without a product"
    return (_MON_05.finds(text, evidence=tuple(result.source for result in steady)),)


def _resolved(crs: CrsStatus) -> bool:
    """Resolved, or recorded as grade 0 after a higher grade, not longer ago than a grade counts."""
    if crs.basis is Basis.RECORDED:
        return crs.band is Band.NONE and bool(crs.peak_grade) and not crs.stale
    return crs.basis is Basis.RESOLVED


RULES = (
    Rule(rows=(_PANEL, _OVERDUE, _EARLIER), needs=(MONITORING,), wants=(CRS,), applies=monitoring_due),
    Rule(rows=(_MON_03,), needs=(UNMEASURED, CRS, INFUSION), applies=never_measured),
    Rule(rows=(_MON_04,), needs=(BASELINE,), applies=baseline),
    Rule(rows=(_MON_05,), needs=(CRS, POST_TOCI, TIER, STEADY), applies=stop_monitoring),
)
