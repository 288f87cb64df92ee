"""Name the products that a severe allergy rules out.

Guideline: SAF-02, concentrate is contraindicated after anaphylaxis to it; cryoprecipitate is plasma too, unless the allergen is a named
concentrate.
Applies when: a dose is in question and a severe allergy to a fibrinogen or plasma-derived product is active.
Silent when: no dose is in question, or no such allergy is recorded.
Cannot tell when: allergies could not be read and show none.
"""

from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY
from smartapp.clinical.criteria.options import DOSE_IN_QUESTION
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.rule import Given, Row, Rule

_ROW = Row(
    id="SAF-02",
    version=2,
    title="Allergy to plasma-derived products",
    level=EvidenceLevel.L1,
    citations=("RIA",),
)
_NAMES = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "concentrate"}


def applies(given: Given) -> tuple[Finding, ...]:
    """What is ruled out; critical if that is everything."""
    blocked = given[BLOCKED_BY_ALLERGY]
    if given[DOSE_IN_QUESTION] is None or not blocked:
        return ()
    names = " and ".join(words for product, words in _NAMES.items() if product in blocked)
    text = f"Severe allergy recorded: {names} contraindicated; consider specialist advice"
    indicator = Indicator.CRITICAL if len(blocked) == len(_NAMES) else Indicator.WARNING
    return (_ROW.finds(text, indicator, evidence=tuple(sorted({allergy.source for allergy in blocked.values()}))),)


RULE = Rule(rows=(_ROW,), needs=(DOSE_IN_QUESTION, BLOCKED_BY_ALLERGY), applies=applies)
