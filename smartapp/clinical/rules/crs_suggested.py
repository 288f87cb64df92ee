"""Tell where vital signs suggest another CRS grade than is recorded.

Guideline: CRS-03 suggests an ASTCT grade from the vital signs of 24 h and never overwrites a recorded one.
Applies when: the suggested grade exceeds the recorded one or none is recorded, hypotension or hypoxia stands without fever, or saturation
is low without a recorded device.
Silent when: record and vital signs agree, or the suggested grade is lower.
Cannot tell when: nothing suggests a grade, and no temperature is recorded or part of the vital signs or drugs could not be read.
"""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.suggested_crs import JUDGED_SIGNS, VitalSigns
from smartapp.clinical.derived_facts import Basis, CrsStatus
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="CRS-03",
    version=3,
    title="Suggest an ASTCT grade from vital signs",
    level=EvidenceLevel.L3,
    citations=("ASTCT",),
)


def applies(given: Given) -> tuple[Finding, ...]:
    """What is worth a look about the grade."""
    signs = given[JUDGED_SIGNS]
    found = (*_suggestion(given[CRS], signs), *_unclear(signs))
    if len(found) < 2:
        return found
    loudest = max((finding.indicator for finding in found), key=lambda indicator: indicator.rank)
    return (_ROW.finds(". ".join(finding.text for finding in found), loudest, evidence=signs.evidence),)


def _suggestion(crs: CrsStatus, signs: VitalSigns) -> tuple[Finding, ...]:
    if signs.grade is None:
        return ()
    if crs.basis is Basis.UNKNOWN:
        text = f"The vital signs that could be read suggest CRS grade {signs.grade} or more (ASTCT); suggested, not recorded"
        return (_ROW.finds(text, evidence=signs.evidence),)
    if crs.basis is Basis.SUGGESTED:
        text = f"Vital signs suggest CRS grade {signs.grade} (ASTCT); suggested, not recorded: consider grading at the bedside"
        return (_ROW.finds(text, evidence=signs.evidence),)
    if crs.grade is not None and signs.grade > crs.grade:
        text = f"Possible under-grading: vital signs suggest CRS grade {signs.grade} (ASTCT), {crs.grade} is recorded"
        return (_ROW.finds(text, Indicator.WARNING, evidence=signs.evidence),)
    return ()


def _unclear(signs: VitalSigns) -> tuple[Finding, ...]:
    found = []
    if signs.ungradable:
        text = "Hypotension or hypoxia without fever is not gradable as CRS by ASTCT: look for another cause"
        found.append(_ROW.finds(text, evidence=signs.evidence))
    if signs.low_spo2_without_device:
        found.append(_ROW.finds("Saturation below 90 %: oxygen need not recorded", evidence=signs.evidence))
    return tuple(found)


RULE = Rule(rows=(_ROW,), needs=(CRS, JUDGED_SIGNS), applies=applies)
