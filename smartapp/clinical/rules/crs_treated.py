"""Ask for the CRS grade where CRS was treated.

Guideline: CRS-05, tocilizumab within 14 days and no record of a CRS grade.
Applies when: it was given and no grade is recorded.
Silent when: it was not given, or a grade is recorded or resolved.
Cannot tell when: medication administrations could not be read and show none.
"""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Basis
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="CRS-05",
    version=2,
    title="Tocilizumab given, CRS grade not recorded",
    level=EvidenceLevel.L3,
    citations=("ASTCT", "PERL24"),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """The dose without a grade."""
    dose = given[POST_TOCI]
    if dose is None or given[CRS].basis not in (Basis.UNKNOWN, Basis.SUGGESTED):
        return ()
    return (_ROW.finds("Tocilizumab given, CRS grade not recorded", Indicator.WARNING, evidence=(dose.source,)),)


RULE = Rule(rows=(_ROW,), needs=(CRS, POST_TOCI), applies=applies)
