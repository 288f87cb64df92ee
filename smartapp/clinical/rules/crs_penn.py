"""Say where Penn's criteria for grade 3 are met by coagulopathy.

Guideline: CRS-04, Penn grade 3 includes coagulopathy that needs plasma, cryoprecipitate or concentrate. The recorded grade stays, and
replacement never waits for a grade 3.
Applies when: a grade up to 2 is recorded on the Penn scale, and such a product was given since the infusion.
Silent when: the grade is higher or on another scale, or none was given.
Cannot tell when: administrations or procedures could not be read and show none.
"""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.products_given import PRODUCTS_FOR_CRS
from smartapp.clinical.derived_facts import Basis
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="CRS-04", version=1, title="Penn grade 3 by coagulopathy", level=EvidenceLevel.L3, citations=("PENN", "BUE21")
)
HIGHEST_WITHOUT_PRODUCTS = 2  # Penn grade, PENN


def applies(given: Given) -> tuple[Finding, ...]:
    """The latest product beside the recorded grade."""
    crs, products = given[CRS], given[PRODUCTS_FOR_CRS]
    low = crs.basis is Basis.RECORDED and crs.grade is not None and crs.grade <= HIGHEST_WITHOUT_PRODUCTS
    if not products or not low or crs.scale != "PENN":
        return ()
    last = products[-1]
    text = f"Penn criteria are met for grade 3: {last.label or last.drug} was given; grade {crs.grade} is recorded"
    return (_ROW.finds(text, evidence=(crs.source, last.source)),)


RULE = Rule(rows=(_ROW,), needs=(CRS, PRODUCTS_FOR_CRS), applies=applies)
