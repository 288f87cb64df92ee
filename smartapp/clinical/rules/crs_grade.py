"""Read the recorded CRS grade and choose the one that counts.

Guideline: CRS-01 and CRS-02, the newest unresolved record since the infusion; an old one stays, marked stale. No grade is converted between
scales. What is odd about the records stands among the data issues.
Applies when: never by itself; the grade is an input of other rules.
Silent when: always.
Cannot tell when: never; unknown is a band of its own.
"""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.findings import EvidenceLevel, Finding
from smartapp.clinical.rule import Given, Row, Rule

_L3 = EvidenceLevel.L3
_RECORDED = Row(id="CRS-01", version=1, title="Read the recorded CRS grade", level=_L3, citations=("ASTCT",))
_EFFECTIVE = Row(id="CRS-02", version=1, title="Choose the effective CRS grade", level=_L3, citations=("ASTCT",))


def applies(_: Given) -> tuple[Finding, ...]:
    """Nothing to add to the grade."""
    return ()


RULE = Rule(rows=(_RECORDED, _EFFECTIVE), needs=(CRS,), applies=applies)
