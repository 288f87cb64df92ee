"""ORD-01 to ORD-07: a draft of cryoprecipitate or concentrate before it is ordered."""

from collections.abc import Iterator
from decimal import Decimal

from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.draft_orders import CAPS, DRAFT_PRODUCTS, PRODUCTS, amount_of
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, DYSFIBRINOGENAEMIA, THROMBOSIS
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.criteria.products_given import RECENT_SUPPLY
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.derived_facts import Action, Option
from smartapp.clinical.findings import EvidenceLevel, Finding, Indicator
from smartapp.clinical.orders import DraftOrder, Product
from smartapp.clinical.rule import Given, Row, Rule, policy
from smartapp.clinical.words import clock, plain, rounded

_CLOSE = Decimal("0.1")  # ORD-05: within 10 %
_THOUSAND = Decimal(1000)
_WORDS = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "fibrinogen concentrate"}
_MEASURE = {Product.CRYOPRECIPITATE: "units", Product.FIBRINOGEN_CONCENTRATE: "mg"}


def _row(id_: str, title: str, *citations: str) -> Row:
    return Row(id=id_, version=1, title=title, level=EvidenceLevel.L5, citations=citations)


_NOT_ADVISED = _row("ORD-01", "Draft not advised at this level")
_REPEATED = _row("ORD-02", "Draft of what was just given or ordered")
_ABOVE_CAP = _row("ORD-03", "Draft above the cap", "RIA", "FIB24", "NHSBT21")
_TOO_LITTLE = _row("ORD-04", "Draft of too little")
_MIXED_UP = _row("ORD-05", "Draft with a unit or per-kg mix-up")
_BLOCKED = _row("ORD-06", "Draft of a blocked product", "RIA", "FIB24", "JOH21")
_UNAVAILABLE = _row("ORD-07", "Draft of a product the site does not have")
CRYO_AVAILABLE, FC_AVAILABLE = policy("cryo_available"), policy("fc_available")
BLOCKS_THROMBOSIS, UNITS_PER_POOL = policy("block_thrombosis_nonbleeding"), policy("cryo_units_per_pool")


def product_draft(given: Given) -> tuple[Finding, ...]:
    """Look at a draft of cryoprecipitate or fibrinogen concentrate before it is ordered.

    Guideline: ORD-01 to ORD-07 (7a), project defaults: is it advised at this level, was one given or ordered already, is the amount above
    the cap, far too little, or mistaken for another unit, is it blocked, is it available.
    Applies when: a draft order of one of the products does not fit.
    Silent when: there is no such draft, or it fits.
    Cannot tell when: never; a row whose facts are not known is silent.
    """
    return tuple(finding for draft in given[DRAFT_PRODUCTS] for finding in _of(given, draft))


def _of(given: Given, draft: DraftOrder) -> Iterator[Finding]:
    if draft.drug is None:
        return
    product = PRODUCTS[draft.drug]
    yield from _amount(given, draft, product)
    yield from _blocked(given, draft, product)
    yield from _repeated(given, draft)
    yield from _not_advised(given, draft, product)
    yield from _unavailable(given, draft, product)


def _not_advised(given: Given, draft: DraftOrder, product: Product) -> Iterator[Finding]:
    decision = given.get(DECISION)
    if decision is not None and decision.action in (Action.NONE, Action.MONITOR):
        text = f"Consider whether {_WORDS[product]} is needed: it is not advised by the policy at this level ({decision.row})"
        yield _NOT_ADVISED.finds(text, Indicator.WARNING, evidence=(draft.source,))


def _repeated(given: Given, draft: DraftOrder) -> Iterator[Finding]:
    supply = given.get(RECENT_SUPPLY)
    if supply is not None:
        what, at = ("given" if supply.given else "ordered"), (clock(supply.at) if supply.at else "an unknown time")
        text = f"Product {what} at {at}: consider a recheck before another dose (REP-09)"
        yield _REPEATED.finds(text, Indicator.WARNING, evidence=(draft.source,))


def _amount(given: Given, draft: DraftOrder, product: Product) -> Iterator[Finding]:
    """ORD-05, 03, 04; an amount that cannot be read gets none of them."""
    weight, choice = given.get(WEIGHT), given.get(CHOICE)
    amount = amount_of(draft, weight.kg if weight else None, given[UNITS_PER_POOL])
    if amount is None:
        return
    measure, cap = _MEASURE[product], given[CAPS][product]
    computed = _computed(next((o for o in choice.options if o.product is product), None) if choice else None)
    said = f"{plain(amount)} {measure}"
    if computed is not None and _is_mixed_up(amount, computed, weight.kg if weight else None):
        text = (
            f"Unit or per-kg mix-up? {said} drafted, {plain(computed)} {measure} computed: consider checking the amount"
        )
        yield _MIXED_UP.finds(text, Indicator.CRITICAL, evidence=(draft.source,))
    if amount > cap:
        text = f"{said} is above the cap for this patient of {rounded(cap, 1)} {measure}: consider a smaller amount"
        yield _ABOVE_CAP.finds(text, Indicator.CRITICAL, evidence=(draft.source,))
    if computed is not None and amount * 2 < computed:
        text = f"{said} is likely too little: {plain(computed)} {measure} computed; consider the computed amount"
        yield _TOO_LITTLE.finds(text, Indicator.WARNING, evidence=(draft.source,))


def _computed(option: Option | None) -> Decimal | None:
    if option is None:
        return None
    return option.dose_mg if option.dose_mg is not None else None if option.units is None else Decimal(option.units)


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


RULES = (
    Rule(
        rows=(_NOT_ADVISED, _REPEATED, _ABOVE_CAP, _TOO_LITTLE, _MIXED_UP, _BLOCKED, _UNAVAILABLE),
        needs=(DRAFT_PRODUCTS, CAPS, CRYO_AVAILABLE, FC_AVAILABLE, BLOCKS_THROMBOSIS, UNITS_PER_POOL),
        wants=(DECISION, RECENT_SUPPLY, CHOICE, WEIGHT, BLOCKED_BY_ALLERGY, THROMBOSIS, DYSFIBRINOGENAEMIA, BLEEDING),
        applies=product_draft,
    ),
)
