"""Prefer the small volume where fluid is a hazard.

Guideline: SAF-03, recorded fluid overload, or a planned volume of cryoprecipitate above the site's limit for the weight.
Applies when: a dose is in question and either holds.
Silent when: no dose is in question, or neither holds.
Cannot tell when: neither is known to hold, and conditions or laboratory results could not be read.
"""

from smartapp.clinical.criteria.fluid_load import FLUID_LOAD
from smartapp.clinical.criteria.options import DOSE_IN_QUESTION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.rule import Given, Row, Rule, policy

_ROW = Row(id="SAF-03", version=2, title="Fluid overload or large volume", level=EvidenceLevel.L5, citations=())
LIMIT = policy("fluid_volume_warn")


def applies(given: Given) -> tuple[Finding, ...]:
    """Why the volume matters; concentrate is proposed only where the site has it for this patient."""
    load = given[FLUID_LOAD]
    if given[DOSE_IN_QUESTION] is None or not load.reasons:
        return ()
    what = "concentrate" if load.concentrate_usable else "the volume of the product"
    text = f"Consider {what} because {' and '.join(load.reasons)}"
    return (_ROW.finds(text, Indicator.WARNING, evidence=(load.source,)),)


RULE = Rule(rows=(_ROW,), needs=(DOSE_IN_QUESTION, FLUID_LOAD), wants=(LIMIT,), applies=applies)
