"""ORD-01 to ORD-07, ORD-11 to ORD-14: drafts of cryoprecipitate or concentrate before they are ordered."""

from collections.abc import Iterator
from decimal import Decimal

from smartapp.clinical.amount_slips import is_slip, meant_in_grams
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.draft_amounts import (
    ADULT,
    CAPS,
    DRAFT_AMOUNTS,
    Measure,
    ProductAmount,
    computed_in,
    in_measure,
)
from smartapp.clinical.criteria.draft_orders import DRAFT_PRODUCTS, PRODUCTS
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.criteria.orders_together import TOGETHER
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import DraftOrder, Product
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule import FIRST_RELEASE, REVISED_1_2, Given, Row, Rule, policy
from smartapp.clinical.words import clock, fibrinogen_words, plain, rounded

_CLOSE = Decimal("0.1")  # ORD-05: within 10 %
_THOUSAND = Decimal(1000)
_WORDS = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "fibrinogen concentrate"}


def _row(id_: str, version: int, title: str, *citations: str) -> Row:
    released = REVISED_1_2 if version == 1 else FIRST_RELEASE
    return Row(
        id=id_,
        version=version,
        title=title,
        level=EvidenceLevel.L5,
        citations=citations,
        released=released,
        revised=REVISED_1_2,
    )


_NOT_ADVISED = Row(
    id="ORD-01",
    version=2,
    revised=REVISED_1_2,
    title="Draft not advised at this level",
    level=EvidenceLevel.L5,
    citations=(),
)
_REPEATED = _row("ORD-02", 2, "Draft of what was just given or ordered")
_ABOVE_CAP = _row("ORD-03", 2, "Draft above the cap", "RIA", "FIB24", "NHSBT21")
_TOO_LITTLE = _row("ORD-04", 2, "Draft of too little")
_MIXED_UP = _row("ORD-05", 2, "Draft with a unit or per-kg mix-up")
_BLOCKED = Row(
    id="ORD-06",
    version=2,
    revised=REVISED_1_2,
    title="Draft of a blocked product",
    level=EvidenceLevel.L5,
    citations=("RIA", "FIB24", "JOH21"),
)
_UNAVAILABLE = Row(
    id="ORD-07",
    version=2,
    revised=REVISED_1_2,
    title="Draft of a product the site does not have",
    level=EvidenceLevel.L5,
    citations=(),
)
_TOGETHER = _row("ORD-11", 1, "Fibrinogen orders together")
_FAR_TOO_LITTLE = _row("ORD-12", 1, "Draft of far too little")
_NOT_READ = _row("ORD-13", 1, "Draft without a readable dose")
_NO_LEVEL = _row("ORD-14", 1, "Draft without a usable level")
CRYO_AVAILABLE, FC_AVAILABLE = policy("cryo_available"), policy("fc_available")
BLOCKS_THROMBOSIS, VIAL_MG = policy("block_thrombosis_nonbleeding"), policy("fc_vial_mg")


def product_draft(given: Given) -> tuple[Finding, ...]:
    """Look at a draft of cryoprecipitate or fibrinogen concentrate before it is ordered.

    Guideline: ORD-01 to ORD-07 and ORD-12 to ORD-14 (7a), project defaults: is it advised at this level, was one given or ordered already, is the
    amount above the cap, far too little, or mistaken for another unit, is it blocked, is it available, could its dose be read, is there a level.
    Applies when: a draft order of one of the products does not fit.
    Silent when: there is no such draft, or it fits.
    Cannot tell when: never; a row whose facts are not known is silent.
    """
    return tuple(finding for draft in given[DRAFT_PRODUCTS] for finding in _of(given, draft))


def _of(given: Given, draft: DraftOrder) -> Iterator[Finding]:
    if draft.drug is None:
        return
    product, amount = PRODUCTS[draft.drug], given[DRAFT_AMOUNTS].get(draft.source)
    if amount is not None:
        yield from _amount(given, draft, amount)
    else:
        text = "The dose could not be read: the amount was not checked"
        yield _NOT_READ.finds(text, evidence=(draft.source,))
    yield from _blocked(given, draft, product)
    yield from _repeated(given, draft)
    yield from _not_advised(given, draft, product)
    yield from _unavailable(given, draft, product)
    yield from _without_level(given, draft)


def _not_advised(given: Given, draft: DraftOrder, product: Product) -> Iterator[Finding]:
    decision = given.get(DECISION)
    if decision is not None and decision.action in (Action.NONE, Action.MONITOR):
        text = f"Consider whether {_WORDS[product]} is needed: it is not advised by the policy at this level ({decision.row})"
        yield _NOT_ADVISED.finds(text, Indicator.WARNING, evidence=(draft.source,))


def _repeated(given: Given, draft: DraftOrder) -> Iterator[Finding]:
    supply = given.get(RECENT_SUPPLY)
    if supply is not None:
        at = supply.at_words(clock)
        yield _REPEATED.finds(f"{supply.told(at)} (REP-09)", Indicator.WARNING, evidence=(draft.source,))


def _without_level(given: Given, draft: DraftOrder) -> Iterator[Finding]:
    if given.get(FIBRINOGEN) is not None:
        return
    major = given.get(BLEEDING) is BleedingLevel.MAJOR
    what = "send a fibrinogen with it" if major else "consider a fibrinogen first"
    yield _NO_LEVEL.finds(f"No usable level: {what}", evidence=(draft.source,))


def _amount(given: Given, draft: DraftOrder, amount: ProductAmount) -> Iterator[Finding]:
    """ORD-03, 05, 12, 04, in this order: of several critical rows the earlier of the guideline's table stands first."""
    choice, weight = given.get(CHOICE), given.get(WEIGHT)
    option = next((o for o in choice.options if o.product is amount.product), None) if choice else None
    computed, cap = computed_in(option, amount.measure), given[CAPS][amount.product, amount.measure]
    if amount.high > cap:
        text = f"{amount.words} is above the cap for this patient of {in_measure(_shown(cap), amount.measure)}: consider a smaller amount"
        yield _ABOVE_CAP.finds(text, Indicator.CRITICAL, evidence=(draft.source,))
    if _is_far_too_little(given, amount, computed):
        text = f"{amount.words} is far too little: {_instead(amount, computed)}"
        yield _FAR_TOO_LITTLE.finds(text, Indicator.CRITICAL, evidence=(draft.source,))
        return
    if computed is None:
        return
    kg = weight.kg if weight else None
    if any(_is_mixed_up(end, computed, kg) for end in (amount.high, amount.low)):
        text = (
            f"Unit or per-kg mix-up? {amount.words} drafted, {in_measure(computed, amount.measure)} computed: "
            "consider checking the amount"
        )
        yield _MIXED_UP.finds(text, Indicator.CRITICAL, evidence=(draft.source,))
    if amount.high * 2 < computed:
        text = f"{amount.words} is likely too little: {in_measure(computed, amount.measure)} computed; consider the computed amount"
        yield _TOO_LITTLE.finds(text, Indicator.WARNING, evidence=(draft.source,))


def _shown(cap: Decimal) -> Decimal:
    return Decimal(rounded(cap, 1))


def _is_far_too_little(given: Given, amount: ProductAmount, computed: Decimal | None) -> bool:
    """ORD-12: a tenth of what is computed, half a vial, or less than one of what is counted."""
    if computed is not None and is_slip(amount.high, computed):
        return True
    if amount.product is Product.FIBRINOGEN_CONCENTRATE:
        age, vial = given.get(AGE), given[VIAL_MG]
        whole_vials = age is not None and age.low >= ADULT if computed is None else computed >= vial
        return bool(whole_vials and amount.high * 2 < vial)
    if amount.counted is not None:
        return amount.counted < 1
    if amount.measure is Measure.MG:
        return bool(amount.high < given[DOSE_MG])
    return amount.high < 1


def _instead(amount: ProductAmount, computed: Decimal | None) -> str:
    """The amount in grams if that was meant, else the computed one."""
    if computed is None:
        return "consider checking the amount"
    meant = meant_in_grams(amount.high, computed) if amount.measure is Measure.MG else None
    if meant is not None:
        return f"did you mean {plain(meant)} mg ({plain(amount.high)} g)?"
    return f"{in_measure(computed, amount.measure)} computed"


def _is_mixed_up(amount: Decimal, computed: Decimal, weight_kg: Decimal | None) -> bool:
    if amount <= 0 or computed <= 0:
        return False
    ratio = max(amount, computed) / min(amount, computed)
    factors = [_THOUSAND, *([weight_kg] if weight_kg is not None and weight_kg > 1 + 2 * _CLOSE else [])]
    return any(abs(ratio / factor - 1) <= _CLOSE for factor in factors)


def _blocked(given: Given, draft: DraftOrder, product: Product) -> Iterator[Finding]:
    allergy = (given.get(BLOCKED_BY_ALLERGY) or {}).get(product)
    if allergy is not None:
        text = f"Allergy recorded ({allergy.label}): {_WORDS[product]} is contraindicated, consider specialist advice (SAF-02)"
        yield _BLOCKED.finds(text, Indicator.CRITICAL, evidence=(draft.source, allergy.source))
    clot, dysfibrinogenaemia = given.get(THROMBOSIS), given.get(DYSFIBRINOGENAEMIA)
    bleeds = given.get(BLEEDING) in SERIOUS
    if clot is not None and given[BLOCKS_THROMBOSIS] and not bleeds:
        text = f"Active thrombosis ({clot.label}): consider haematology review before replacement (SAF-01)"
        yield _BLOCKED.finds(text, Indicator.WARNING, evidence=(draft.source, clot.source))
    if dysfibrinogenaemia is not None:
        text = f"Dysfibrinogenaemia ({dysfibrinogenaemia.label}): consider specialist advice, products are not indicated (SAF-05)"
        yield _BLOCKED.finds(text, Indicator.WARNING, evidence=(draft.source, dysfibrinogenaemia.source))


def _unavailable(given: Given, draft: DraftOrder, product: Product) -> Iterator[Finding]:
    has = {Product.CRYOPRECIPITATE: given[CRYO_AVAILABLE], Product.FIBRINOGEN_CONCENTRATE: given[FC_AVAILABLE]}
    if has[product]:
        return
    others = [f"; consider {_WORDS[other]}" for other, held in has.items() if held]
    text = f"The site is configured without {_WORDS[product]}{others[0] if others else ''}"
    yield _UNAVAILABLE.finds(text, Indicator.WARNING, evidence=(draft.source,))


def orders_together(given: Given) -> tuple[Finding, ...]:
    """Judge what all fibrinogen orders and doses come to together.

    Guideline: ORD-11 (7a), drafts of this call, standing drafts and orders, and doses since the sample, one thing once.
    Applies when: there are two or more of them, and one is a draft of this call.
    Silent when: there are not.
    Cannot tell when: never; an amount or rise that is not known is told as such.
    """
    together = given[TOGETHER]
    if together is None:
        return ()
    parts = " and ".join(together.parts)
    least = "at least " if together.at_least else ""
    level = "" if together.expected is None else f" about {fibrinogen_words(together.expected)} g/L expected"
    text = f"Together{level}: {least}{parts}"
    indicator = Indicator.CRITICAL if together.too_much else Indicator.WARNING
    return (_TOGETHER.finds(text, indicator, evidence=together.sources),)


DOSE_MG = policy("ifc_dose_mg")
RULES = (
    Rule(
        rows=(
            _NOT_ADVISED,
            _REPEATED,
            _ABOVE_CAP,
            _TOO_LITTLE,
            _MIXED_UP,
            _BLOCKED,
            _UNAVAILABLE,
            _FAR_TOO_LITTLE,
            _NOT_READ,
            _NO_LEVEL,
        ),
        needs=(DRAFT_PRODUCTS, DRAFT_AMOUNTS, CAPS, CRYO_AVAILABLE, FC_AVAILABLE, BLOCKS_THROMBOSIS, VIAL_MG, DOSE_MG),
        wants=(
            DECISION,
            FIBRINOGEN,
            RECENT_SUPPLY,
            CHOICE,
            WEIGHT,
            AGE,
            BLOCKED_BY_ALLERGY,
            THROMBOSIS,
            DYSFIBRINOGENAEMIA,
            BLEEDING,
        ),
        applies=product_draft,
    ),
    Rule(rows=(_TOGETHER,), needs=(TOGETHER,), applies=orders_together),
)
