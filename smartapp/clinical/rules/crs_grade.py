"""Tell where the CRS grade is missing or may be too low.

Guideline: CRS-03 suggests an ASTCT grade from vital signs and never overwrites a recorded one; CRS-04 names grade 3 by Penn where a
product was given for coagulopathy; CRS-05 tocilizumab without a record. No grade is converted between scales.
Applies when: the suggested grade exceeds the recorded one, hypotension or hypoxia stands without fever, saturation is low without
a recorded device, a grade up to 2 on the Penn scale stands although a product was given, or tocilizumab was and no grade is recorded.
Silent when: record and vital signs agree.
Cannot tell when: vital signs could not be read.
"""

from smartapp.clinical.conclusions import Basis, CrsStatus
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.products_given import PRODUCTS_FOR_CRS
from smartapp.clinical.criteria.suggested_crs import VITAL_SIGNS, VitalSigns
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_RECORDED = Row(
    id="CRS-01", version=1, title="Read the recorded CRS grade", level=EvidenceLevel.L3, citations=("ASTCT",)
)
_EFFECTIVE = Row(
    id="CRS-02", version=1, title="Choose the effective CRS grade", level=EvidenceLevel.L3, citations=("ASTCT",)
)
_SUGGESTED = Row(
    id="CRS-03",
    version=2,
    title="Suggest an ASTCT grade from vital signs",
    level=EvidenceLevel.L3,
    citations=("ASTCT",),
)
_PENN = Row(
    id="CRS-04", version=1, title="Penn grade 3 by coagulopathy", level=EvidenceLevel.L3, citations=("PENN", "BUE21")
)
_TREATED = Row(
    id="CRS-05",
    version=1,
    title="Tocilizumab given, CRS grade not recorded",
    level=EvidenceLevel.L3,
    citations=("ASTCT", "PERL24"),
)

PENN_BELOW_COAGULOPATHY = 2  # the highest Penn grade without coagulopathy that needs products, PENN


def applies(given: Given) -> tuple[Finding, ...]:
    """What is worth a look about the grade."""
    crs, signs = given[CRS], given[VITAL_SIGNS]
    return (*_under_graded(crs, signs), *_unclear(signs), *_by_penn(given, crs), *_treated(given, crs))


def _under_graded(crs: CrsStatus, signs: VitalSigns) -> tuple[Finding, ...]:
    if signs.grade is None:
        return ()
    if crs.basis is Basis.UNKNOWN:
        text = f"The vital signs that could be read suggest CRS grade {signs.grade} or more (ASTCT); suggested, not recorded"
        return (_SUGGESTED.finds(text, evidence=signs.evidence),)
    if crs.basis is Basis.SUGGESTED:
        text = f"Vital signs suggest CRS grade {signs.grade} (ASTCT); suggested, not recorded: consider grading at the bedside"
        return (_SUGGESTED.finds(text, evidence=signs.evidence),)
    if crs.grade is not None and signs.grade > crs.grade:
        text = f"Possible under-grading: vital signs suggest CRS grade {signs.grade} (ASTCT), {crs.grade} is recorded"
        return (_SUGGESTED.finds(text, Indicator.WARNING, evidence=signs.evidence),)
    return ()


def _unclear(signs: VitalSigns) -> tuple[Finding, ...]:
    found = []
    if signs.ungradable:
        text = "Hypotension or hypoxia without fever is not gradable as CRS by ASTCT: look for another cause"
        found.append(_SUGGESTED.finds(text, evidence=signs.evidence))
    if signs.low_spo2_without_device:
        found.append(_SUGGESTED.finds("Saturation below 90 %: oxygen need not recorded", evidence=signs.evidence))
    return tuple(found)


def _by_penn(given: Given, crs: CrsStatus) -> tuple[Finding, ...]:
    """Penn grade 3 includes coagulopathy that needs plasma, cryoprecipitate or concentrate; the recorded grade stays."""
    products = given.get(PRODUCTS_FOR_CRS)
    low = crs.basis is Basis.RECORDED and crs.grade is not None and crs.grade <= PENN_BELOW_COAGULOPATHY
    if not products or not low or crs.scale != "PENN":
        return ()
    text = f"Penn criteria are met for grade 3: {products[-1].label or products[-1].drug} was given; grade {crs.grade} is recorded"
    return (_PENN.finds(text, evidence=(crs.source, products[-1].source)),)


def _treated(given: Given, crs: CrsStatus) -> tuple[Finding, ...]:
    dose = given.get(POST_TOCI)
    unrecorded = crs.basis in (Basis.UNKNOWN, Basis.SUGGESTED)
    return (
        (_TREATED.finds("Tocilizumab given, CRS grade not recorded", Indicator.WARNING, evidence=(dose.source,)),)
        if dose and unrecorded
        else ()
    )


RULE = Rule(
    rows=(_RECORDED, _EFFECTIVE, _SUGGESTED, _PENN, _TREATED),
    needs=(CRS, VITAL_SIGNS),
    wants=(POST_TOCI, PRODUCTS_FOR_CRS),
    applies=applies,
)
