"""CRS: the recorded grade, the grade that vital signs suggest, and where they disagree."""

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.products_given import PRODUCTS_FOR_CRS
from smartapp.clinical.criteria.suggested_crs import JUDGED_SIGNS, VitalSigns
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.derived_facts import Age, Basis, CrsStatus
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import REVISED_1_2, Given, Row, Rule

_L3 = EvidenceLevel.L3
_RECORDED = Row(
    id="CRS-01", version=2, revised=REVISED_1_2, title="Read the recorded CRS grade", level=_L3, citations=("ASTCT",)
)
_EFFECTIVE = Row(
    id="CRS-02", version=2, revised=REVISED_1_2, title="Choose the effective CRS grade", level=_L3, citations=("ASTCT",)
)


def recorded_grade(_: Given) -> tuple[Finding, ...]:
    """Read the recorded CRS grade and choose the one that counts.

    Guideline: CRS-01 and CRS-02, the newest unresolved record since the infusion; an old one stays, marked stale. No grade is converted between
    scales. What is odd about the records stands among the data issues.
    Applies when: never by itself; the grade is an input of other rules.
    Silent when: always.
    Cannot tell when: never; unknown is a band of its own.
    """
    return ()


_CRS_03 = Row(
    id="CRS-03",
    version=4,
    revised=REVISED_1_2,
    title="Suggest an ASTCT grade from vital signs",
    level=EvidenceLevel.L3,
    citations=("ASTCT",),
)


def suggested_grade(given: Given) -> tuple[Finding, ...]:
    """Tell where vital signs suggest another CRS grade than is recorded.

    Guideline: CRS-03 suggests an ASTCT grade from the vital signs of 24 h and never overwrites a recorded one.
    Applies when: the suggested grade exceeds the recorded one or none is recorded, hypotension or hypoxia stands without fever, or saturation
    is low without a recorded device.
    Silent when: record and vital signs agree, or the suggested grade is lower.
    Cannot tell when: nothing suggests a grade, and no temperature is recorded or part of the vital signs or drugs could not be read.
    """
    signs = given[JUDGED_SIGNS]
    suggestion = _suggestion(given[CRS], signs)
    found = (*suggestion, *_pressure_limit(given.get(AGE), signs, suggestion), *_unclear(signs))
    if len(found) < 2:
        return found
    loudest = max((finding.indicator for finding in found), key=lambda indicator: indicator.rank)
    return (_CRS_03.finds(". ".join(finding.text for finding in found), loudest, evidence=signs.evidence),)


def _suggestion(crs: CrsStatus, signs: VitalSigns) -> tuple[Finding, ...]:
    if signs.grade is None:
        return ()
    if crs.basis is Basis.UNKNOWN:
        text = f"The vital signs that could be read suggest CRS grade {signs.grade} or more (ASTCT); suggested, not recorded"
        return (_CRS_03.finds(text, evidence=signs.evidence),)
    if crs.basis is Basis.SUGGESTED:
        text = f"Vital signs suggest CRS grade {signs.grade} (ASTCT); suggested, not recorded: consider grading at the bedside"
        return (_CRS_03.finds(text, evidence=signs.evidence),)
    if crs.grade is not None and signs.grade > crs.grade:
        text = f"Possible under-grading: vital signs suggest CRS grade {signs.grade} (ASTCT), {crs.grade} is recorded"
        return (_CRS_03.finds(text, Indicator.WARNING, evidence=signs.evidence),)
    return ()


def _pressure_limit(age: Age | None, signs: VitalSigns, suggestion: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """From 12 to 17 years the usual limit is low against centiles (guideline 0.2)."""
    if not suggestion or signs.hypotension or age is None or not 12 <= age.low <= 17:
        return ()
    return (_CRS_03.finds("The pressure limit may be too low at this age", evidence=signs.evidence),)


def _unclear(signs: VitalSigns) -> tuple[Finding, ...]:
    found = []
    if signs.ungradable:
        text = "Hypotension or hypoxia without fever is not gradable as CRS by ASTCT: look for another cause"
        found.append(_CRS_03.finds(text, evidence=signs.evidence))
    if signs.low_spo2_without_device:
        found.append(_CRS_03.finds("Saturation below 90 %: oxygen need not recorded", evidence=signs.evidence))
    return tuple(found)


_CRS_04 = Row(
    id="CRS-04",
    version=2,
    revised=REVISED_1_2,
    title="Penn grade 3 by coagulopathy",
    level=EvidenceLevel.L3,
    citations=("PENN", "BUE21"),
)
HIGHEST_WITHOUT_PRODUCTS = 2  # Penn grade, PENN


def penn_grade(given: Given) -> tuple[Finding, ...]:
    """Say where Penn's criteria for grade 3 are met by coagulopathy.

    Guideline: CRS-04, Penn grade 3 includes coagulopathy that needs plasma, cryoprecipitate or concentrate. The recorded grade stays, and
    replacement never waits for a grade 3.
    Applies when: a grade up to 2 is recorded on the Penn scale, and such a product was given since the infusion.
    Silent when: the grade is higher or on another scale, or none was given.
    Cannot tell when: administrations or procedures could not be read and show none.
    """
    crs, products = given[CRS], given[PRODUCTS_FOR_CRS]
    low = crs.basis is Basis.RECORDED and crs.grade is not None and crs.grade <= HIGHEST_WITHOUT_PRODUCTS
    if not products or not low or crs.scale != "PENN":
        return ()
    last = products[-1]
    text = f"Penn criteria are met for grade 3: {last.label or last.drug} was given; grade {crs.grade} is recorded"
    return (_CRS_04.finds(text, evidence=(crs.source, last.source)),)


_CRS_05 = Row(
    id="CRS-05",
    version=3,
    revised=REVISED_1_2,
    title="Tocilizumab given, CRS grade not recorded",
    level=EvidenceLevel.L3,
    citations=("ASTCT", "PERL24"),
)


def treated_without_grade(given: Given) -> tuple[Finding, ...]:
    """Ask for the CRS grade where CRS was treated.

    Guideline: CRS-05, tocilizumab within the lookback (28 days by default) and no record of a CRS grade.
    Applies when: it was given and no grade is recorded.
    Silent when: it was not given, or a grade is recorded or resolved.
    Cannot tell when: medication administrations could not be read and show none.
    """
    dose = given[POST_TOCI]
    if dose is None or given[CRS].basis not in (Basis.UNKNOWN, Basis.SUGGESTED):
        return ()
    return (_CRS_05.finds("Tocilizumab given, CRS grade not recorded", Indicator.WARNING, evidence=(dose.source,)),)


RULES = (
    Rule(rows=(_RECORDED, _EFFECTIVE), needs=(CRS,), applies=recorded_grade),
    Rule(rows=(_CRS_03,), needs=(CRS, JUDGED_SIGNS), wants=(AGE,), applies=suggested_grade),
    Rule(rows=(_CRS_04,), needs=(CRS, PRODUCTS_FOR_CRS), applies=penn_grade),
    Rule(rows=(_CRS_05,), needs=(CRS, POST_TOCI), applies=treated_without_grade),
)
