"""Ask for a fibrinogen where there is none since the infusion.

Guideline: MON-03, with moderate or severe CRS a warning; with mild or unknown CRS, and without CRS from day 3, information.
Applies when: no usable fibrinogen was collected since the infusion.
Silent when: there is one, or there is no CRS and day 3 has not come.
Cannot tell when: laboratory results could not be read completely and show none.
"""

from smartapp.clinical.criteria.crs import CRS
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.monitoring_interval import UNMEASURED
from smartapp.clinical.derived_facts import Band
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="MON-03",
    version=2,
    title="Fibrinogen never measured since infusion",
    level=EvidenceLevel.L5,
    citations=("BUE21",),
)
FROM_DAY = 3  # without CRS


def applies(given: Given) -> tuple[Finding, ...]:
    """The request for a check."""
    band, day = given[CRS].band, given[INFUSION].day or 0
    if not given[UNMEASURED] or (band is Band.NONE and day < FROM_DAY):
        return ()
    indicator = Indicator.WARNING if band in (Band.MODERATE, Band.SEVERE) else Indicator.INFO
    text = "No usable fibrinogen since the infusion: consider a check because it often falls"
    return (_ROW.finds(text, indicator),)


RULE = Rule(rows=(_ROW,), needs=(UNMEASURED, CRS, INFUSION), applies=applies)
