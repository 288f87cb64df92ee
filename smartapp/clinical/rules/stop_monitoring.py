"""Say when intensified monitoring may end.

Guideline: MON-05, CRS resolved, no tocilizumab in 14 days, and the last two usable results normal, a day apart and a day after the last product.
Applies when: all of it is known to hold, and the newest result still tiers.
Silent when: one of it does not hold.
Cannot tell when: CRS, tocilizumab or the products given are not known.
"""

from smartapp.clinical.criteria.course import STEADY
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.fibrinogen import TIER
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Band, Basis, CrsStatus, Tier
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="MON-05", version=1, title="Intensified monitoring may stop", level=EvidenceLevel.L5, citations=())


def applies(given: Given) -> tuple[Finding, ...]:
    """The two results that it rests on."""
    steady = given[STEADY]
    if not steady or given[POST_TOCI] is not None or given[TIER] is not Tier.T0 or not _resolved(given[CRS]):
        return ()
    text = "Intensified monitoring may stop: CRS is resolved, and the last two fibrinogens are normal without a product"
    return (_ROW.finds(text, evidence=tuple(result.source for result in steady)),)


def _resolved(crs: CrsStatus) -> bool:
    """Resolved, or recorded as grade 0 after a higher grade, not longer ago than a grade counts."""
    if crs.basis is Basis.RECORDED:
        return crs.band is Band.NONE and bool(crs.peak_grade) and not crs.stale
    return crs.basis is Basis.RESOLVED


RULE = Rule(rows=(_ROW,), needs=(CRS, POST_TOCI, TIER, STEADY), applies=applies)
