"""SAF: what stands against replacement, and which drugs call for caution."""

from smartapp.clinical.criteria.active_drugs import TRANEXAMIC_ACID
from smartapp.clinical.criteria.antifibrinolytic import CAUTION
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.draft import DAILY_CONCENTRATE
from smartapp.clinical.criteria.fluid_load import FLUID_LOAD
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.options import DOSE_IN_QUESTION
from smartapp.clinical.derived_facts import Decision
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import Product
from smartapp.clinical.rule import REVISED_1_2, Facts, Given, Missing, Need, Row, Rule, policy

_SAF_01 = Row(
    id="SAF-01",
    version=3,
    revised=REVISED_1_2,
    title="Active thrombosis",
    level=EvidenceLevel.L2,
    citations=("JOH21", "RIA", "FIB24"),
)
BLOCKS = policy("block_thrombosis_nonbleeding")


def thrombosis(given: Given) -> tuple[Finding, ...]:
    """Weigh an active thrombosis before replacing fibrinogen.

    Guideline: SAF-01, labels of both concentrates warn of thrombosis, and CAR-T has a rate of its own; without bleeding nothing is drafted.
    Applies when: a dose is in question and a thrombosis is active with onset within 30 days, or without a date.
    Silent when: no dose is in question, or no such thrombosis is recorded.
    Cannot tell when: conditions could not be read and show none.
    """
    decision: Decision | None = given[DOSE_IN_QUESTION]
    clot = given[THROMBOSIS]
    if decision is None or clot is None:
        return ()
    bleeds = given.get(BLEEDING) in SERIOUS
    advice = "weigh against bleeding" if bleeds else "consider haematology review before replacement"
    text = f"Active thrombosis within 30 days ({clot.label}): {advice}"
    return (_SAF_01.finds(text, Indicator.WARNING, evidence=(clot.source,)),)


_SAF_02 = Row(
    id="SAF-02",
    version=3,
    revised=REVISED_1_2,
    title="Allergy to plasma-derived products",
    level=EvidenceLevel.L1,
    citations=("RIA",),
)
_PRODUCT_NAMES = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "concentrate"}


def allergy(given: Given) -> tuple[Finding, ...]:
    """Name the products that a severe allergy rules out.

    Guideline: SAF-02, concentrate is contraindicated after anaphylaxis to it; cryoprecipitate is plasma too, unless the allergen is a named
    concentrate.
    Applies when: a dose is in question and a severe allergy to a fibrinogen or plasma-derived product is active.
    Silent when: no dose is in question, or no such allergy is recorded.
    Cannot tell when: allergies could not be read and show none.
    """
    blocked = given[BLOCKED_BY_ALLERGY]
    if given[DOSE_IN_QUESTION] is None or not blocked:
        return ()
    names = " and ".join(words for product, words in _PRODUCT_NAMES.items() if product in blocked)
    text = f"Severe allergy recorded: {names} contraindicated; consider specialist advice"
    indicator = Indicator.CRITICAL if len(blocked) == len(_PRODUCT_NAMES) else Indicator.WARNING
    return (_SAF_02.finds(text, indicator, evidence=tuple(sorted({allergy.source for allergy in blocked.values()}))),)


_SAF_03 = Row(
    id="SAF-03",
    version=3,
    revised=REVISED_1_2,
    title="Fluid overload or large volume",
    level=EvidenceLevel.L5,
    citations=(),
)
FLUID_LIMIT = policy("fluid_volume_warn")


def fluid_load(given: Given) -> tuple[Finding, ...]:
    """Prefer the small volume where fluid is a hazard.

    Guideline: SAF-03, recorded fluid overload, or a planned volume of cryoprecipitate above the site's limit for the weight.
    Applies when: a dose is in question and either holds.
    Silent when: no dose is in question, or neither holds.
    Cannot tell when: neither is known to hold, and conditions or laboratory results could not be read.
    """
    load = given[FLUID_LOAD]
    if given[DOSE_IN_QUESTION] is None or not load.reasons:
        return ()
    what = "concentrate" if load.concentrate_usable else "the volume of the product"
    text = f"Consider {what} because {' and '.join(load.reasons)}"
    return (_SAF_03.finds(text, Indicator.WARNING, evidence=(load.source,)),)


_SAF_04 = Row(
    id="SAF-04",
    version=3,
    revised=REVISED_1_2,
    uses_birth_date=False,
    title="Antifibrinolytic caution",
    level=EvidenceLevel.L5,
    citations=(),
)


def _caution_in_use(facts: Facts) -> tuple[str, ...] | Missing:
    """Why it calls for caution, where it is in use."""
    drug = facts.get(TRANEXAMIC_ACID)
    return drug if isinstance(drug, Missing) else () if drug is None else facts.get(CAUTION)


CAUTION_IN_USE: Need[tuple[str, ...]] = Need("antifibrinolytic_caution", _caution_in_use)


def antifibrinolytic(given: Given) -> tuple[Finding, ...]:
    """Be careful with antifibrinolytics.

    Guideline: SAF-04, tranexamic acid is never proposed; with active thrombosis, a DIC score of 5 or more, or haematuria it calls for caution.
    Applies when: tranexamic acid is in use and one of them is known to hold.
    Silent when: it is not in use, or none holds.
    Cannot tell when: medications could not be read; or it is in use, none is known to hold, and conditions or the DIC score are not known.
    """
    drug, held = given.get(TRANEXAMIC_ACID), given[CAUTION_IN_USE]
    if drug is None or not held:
        return ()
    text = f"Antifibrinolytic caution: {drug.label} is in use with {' and '.join(held)}"
    return (_SAF_04.finds(text, Indicator.WARNING, evidence=(drug.source,)),)


_SAF_05 = Row(
    id="SAF-05",
    version=3,
    revised=REVISED_1_2,
    title="Dysfibrinogenaemia",
    level=EvidenceLevel.L1,
    citations=("RIA", "FIB24"),
)


def dysfibrinogenaemia(given: Given) -> tuple[Finding, ...]:
    """Say that concentrates are not indicated in dysfibrinogenaemia.

    Guideline: SAF-05, a known dysfibrinogenaemia forbids a draft of any product.
    Applies when: a dose is in question and dysfibrinogenaemia is recorded as active.
    Silent when: no dose is in question, or it is not recorded.
    Cannot tell when: conditions could not be read and show none.
    """
    condition = given[DYSFIBRINOGENAEMIA]
    if given[DOSE_IN_QUESTION] is None or condition is None:
        return ()
    text = "Dysfibrinogenaemia recorded: fibrinogen products are not indicated without specialist advice"
    return (_SAF_05.finds(text, Indicator.WARNING, evidence=(condition.source,)),)


_SAF_06 = Row(
    id="SAF-06", version=3, revised=REVISED_1_2, title="Concentrate within 24 h", level=EvidenceLevel.L5, citations=()
)
EXCEEDED = "The planned dose and what was given in 24 h exceed twice the limit of one dose"


def daily_concentrate(given: Given) -> tuple[Finding, ...]:
    """Stop at twice the limit of one dose of concentrate within 24 h.

    Guideline: SAF-06, the planned dose of concentrate and what was given in 24 h together.
    Applies when: concentrate is the product chosen and both together exceed twice the limit of FC-04.
    Silent when: they do not, another product is chosen, or no dose is in question.
    Cannot tell when: medication administrations could not be read and what is known does not exceed it.
    """
    return (_SAF_06.finds(EXCEEDED, Indicator.WARNING),) if given[DAILY_CONCENTRATE] else ()


RULES = (
    Rule(rows=(_SAF_01,), needs=(DOSE_IN_QUESTION, THROMBOSIS), wants=(BLEEDING, BLOCKS), applies=thrombosis),
    Rule(rows=(_SAF_02,), needs=(DOSE_IN_QUESTION, BLOCKED_BY_ALLERGY), applies=allergy),
    Rule(rows=(_SAF_03,), needs=(DOSE_IN_QUESTION, FLUID_LOAD), wants=(FLUID_LIMIT,), applies=fluid_load),
    Rule(rows=(_SAF_04,), needs=(CAUTION_IN_USE,), wants=(TRANEXAMIC_ACID,), applies=antifibrinolytic),
    Rule(rows=(_SAF_05,), needs=(DOSE_IN_QUESTION, DYSFIBRINOGENAEMIA), applies=dysfibrinogenaemia),
    Rule(rows=(_SAF_06,), needs=(DAILY_CONCENTRATE,), applies=daily_concentrate),
)
