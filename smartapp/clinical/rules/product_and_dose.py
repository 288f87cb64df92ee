"""PRD, FC, CRY: which product, why, how much, and what its label covers."""

from collections.abc import Iterator

from smartapp.clinical.amount_words import capped_words
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.options import CHOICE, CONCENTRATE_WITHOUT_BLEEDING
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.derived_facts import Action, Decision, Option
from smartapp.clinical.dosing import CAPPED, ROUNDING_EXCESS
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import FIRST_RELEASE, REVISED_1_2, Given, Row, Rule, policy

_L = EvidenceLevel


def _row(id_: str, version: int, title: str, level: EvidenceLevel, *citations: str) -> Row:
    """A row that guideline 1.2 changed, or brought (version 1)."""
    released = REVISED_1_2 if version == 1 else FIRST_RELEASE
    return Row(
        id=id_,
        version=version,
        title=title,
        level=level,
        citations=citations,
        released=released,
        revised=REVISED_1_2,
    )


_CHOICE = Row(
    id="PRD-01", version=2, revised=REVISED_1_2, title="Product choice", level=_L.L5, citations=("BUE21", "MUSC")
)
_LICENCE = _row("PRD-02", 2, "Licence line", _L.L1, "FIB24", "FIB22", "RIA", "IFC")
_EVIDENCE = _row("PRD-03", 1, "Evidence on concentrate without bleeding", _L.L2, "GRA20", "IWK09")
_TIME = _row("PRD-04", 1, "Time to the bedside", _L.L2, "IFC")
_UNITS = _row("PRD-05", 1, "Pools that the blood bank issues", _L.L5)
_FC = _row("FC-04", 2, "Concentrate: cap and round", _L.L1, "RIA", "FIB24", "FIB22")
_CRY = _row("CRY-01", 2, "Cryoprecipitate by plasma volume", _L.L3, "MEDS", "NHSBT21")
_DOSES = _row("CRY-06", 1, "Pathogen-reduced complex in whole doses", _L.L5, "IFC")
_WEIGHT = Row(id="FC-06", version=2, revised=REVISED_1_2, title="No weight", level=_L.L5, citations=())
_PART = {"CRY-06": _DOSES, "PRD-05": _UNITS}


def product_and_dose(given: Given) -> tuple[Finding, ...]:
    """Say which product, why, and what its label covers.

    Guideline: PRD-01 takes the first usable product in the site's order; PRD-02 states the licence, PRD-03 what is known of concentrate
    without bleeding, PRD-04 what is sooner at the bedside; FC and CRY give the dose, PRD-05 in the units that the blood bank issues.
    Applies when: replacement is advised or may be considered.
    Silent when: no dose is in question.
    Cannot tell when: laboratory results are known to be incomplete.
    """
    if given[DECISION].action not in (Action.REPLACE, Action.CONSIDER):
        return ()
    options = given[CHOICE].options
    if not options:
        text = (
            "No fibrinogen source is usable; plasma 10-15 mL/kg is a weak source: consider calling transfusion medicine"
        )
        return (_CHOICE.finds(text, Indicator.WARNING),)
    chosen = options[0]
    return (
        _CHOICE.finds(f"Chosen: {chosen.why}"),
        _LICENCE.finds(f"Licence: {chosen.licence}"),
        *_of_products(given, options),
        *_of_the_dose(chosen, given[DECISION]),
        *(
            (_WEIGHT.finds("No usable weight: confirm the weight before a dose", Indicator.WARNING),)
            if given.get(WEIGHT) is None
            else ()
        ),
    )


def _of_products(given: Given, options: tuple[Option, ...]) -> Iterator[Finding]:
    if any(CONCENTRATE_WITHOUT_BLEEDING in option.notes for option in options):
        yield _EVIDENCE.finds(CONCENTRATE_WITHOUT_BLEEDING.removesuffix(" (PRD-03)"))
    first = options[0]
    conventional = first.product is Product.CRYOPRECIPITATE and given[CRYO_PRODUCT] == "conventional"
    if given.get(BLEEDING) is BleedingLevel.MAJOR and conventional:
        text = "Thawed cryoprecipitate takes about 45 min; concentrate or pathogen-reduced complex is ready sooner"
        yield _TIME.finds(text)


def _of_the_dose(chosen: Option, decision: Decision) -> Iterator[Finding]:
    row = _FC if chosen.product is Product.FIBRINOGEN_CONCENTRATE else _DOSES if chosen.doses is not None else _CRY
    if chosen.no_draft_rule in _PART:
        yield _PART[chosen.no_draft_rule].finds(chosen.no_draft, Indicator.WARNING)
    elif ROUNDING_EXCESS in chosen.flags:
        whole = "vials" if chosen.product is Product.FIBRINOGEN_CONCENTRATE else "doses"
        yield row.finds(f"Rounding to whole {whole} adds more than the site's limit to the computed dose")
    if CAPPED in chosen.flags:
        words = capped_words(chosen, decision.target_g_per_l)
        yield row.finds(f"The dose is {words}: recheck and repeat")


CRYO_PRODUCT = policy("cryo_product")
RULES = (
    Rule(
        rows=(_CHOICE, _LICENCE, _EVIDENCE, _TIME, _UNITS, _FC, _CRY, _DOSES, _WEIGHT),
        needs=(DECISION, CHOICE, CRYO_PRODUCT),
        wants=(WEIGHT, HAEMATOCRIT, BLEEDING),
        applies=product_and_dose,
    ),
)
