"""Say that no bleeding record is not evidence of no bleeding.

Guideline: BLD-01, the highest active level decides; none recorded is to be confirmed at the bedside.
Applies when: a bleeding level is active, or none is recorded.
Silent when: the clinician has set "none" by hand.
Cannot tell when: conditions could not be read.
"""

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(id="BLD-01", version=1, title="Bleeding level", level=EvidenceLevel.L5, citations=("BUE21",))


def applies(given: Given) -> tuple[Finding, ...]:
    """The level, or the reminder to look."""
    level = given[BLEEDING]
    if level is BleedingLevel.NONE_RECORDED:
        return (_ROW.finds("Bleeding not recorded: confirm at the bedside"),)
    if level is BleedingLevel.NONE:
        return ()
    return (_ROW.finds(f"Bleeding recorded: {level}", Indicator.WARNING if level in SERIOUS else Indicator.INFO),)


RULE = Rule(rows=(_ROW,), needs=(BLEEDING,), applies=applies)
