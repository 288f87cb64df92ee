"""PRD, FC, CRY: which product, why, how much, and what its label covers."""

from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.derived_facts import Action, Option
from smartapp.clinical.dosing import CAPPED, ROUNDING_EXCESS
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.rule import Given, Row, Rule

_CHOICE = Row(id="PRD-01", version=1, title="Product choice", level=EvidenceLevel.L5, citations=("BUE21", "MUSC"))
_LICENCE = Row(
    id="PRD-02", version=1, title="Licence line", level=EvidenceLevel.L1, citations=("FIB24", "FIB22", "RIA")
)
_FC = Row(
    id="FC-04",
    version=1,
    title="Concentrate: cap and round",
    level=EvidenceLevel.L1,
    citations=("RIA", "FIB24", "FIB22"),
)
_CRY = Row(
    id="CRY-01",
    version=1,
    title="Cryoprecipitate by plasma volume",
    level=EvidenceLevel.L3,
    citations=("MEDS", "NHSBT21"),
)
_WEIGHT = Row(id="FC-06", version=1, title="No weight", level=EvidenceLevel.L5, citations=())


def product_and_dose(given: Given) -> tuple[Finding, ...]:
    """Say which product, why, and what its label covers.

    Guideline: PRD-01 takes the first usable product in the site's order; PRD-02 states the licence; FC and CRY give the dose.
    Applies when: replacement is advised or may be considered.
    Silent when: no dose is in question.
    Cannot tell when: laboratory results are known to be incomplete.
    """
    if given[DECISION].action not in (Action.REPLACE, Action.CONSIDER):
        return ()
    chosen = given[CHOICE].preferred
    if chosen is None:
        text = (
            "No fibrinogen source is usable; plasma 10-15 mL/kg is a weak source: consider calling transfusion medicine"
        )
        return (_CHOICE.finds(text, Indicator.WARNING),)
    return (
        _CHOICE.finds(f"Chosen: {chosen.why}"),
        _LICENCE.finds(f"Licence: {chosen.licence}"),
        *_remarks(chosen),
        *(
            (_WEIGHT.finds("No usable weight: confirm the weight before a dose", Indicator.WARNING),)
            if given.get(WEIGHT) is None
            else ()
        ),
    )


def _remarks(chosen: Option) -> tuple[Finding, ...]:
    row = _FC if chosen.product is Product.FIBRINOGEN_CONCENTRATE else _CRY
    texts = []
    if ROUNDING_EXCESS in chosen.flags:
        texts.append("Rounding to whole vials adds more than half to the computed dose")
    if CAPPED in chosen.flags:
        texts.append("The dose is capped below what the target needs: recheck and repeat")
    return tuple(row.finds(text) for text in texts)


RULES = (
    Rule(
        rows=(_CHOICE, _LICENCE, _FC, _CRY, _WEIGHT),
        needs=(DECISION, CHOICE),
        wants=(WEIGHT, HAEMATOCRIT),
        applies=product_and_dose,
    ),
)
