"""What all fibrinogen orders and doses come to together (ORD-11)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.concentrate import k_of
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.draft_amounts import CAPS, Measure, ProductAmount, amount_in
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.products_given import recent_doses
from smartapp.clinical.criteria.standing import all_that_stands
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.cryoprecipitate import blood_volume
from smartapp.clinical.derived_facts import Age, EffectiveFibrinogen, Weight
from smartapp.clinical.orders import Brand, DraftOrder, Product
from smartapp.clinical.picture import Exposure, StandingOrder
from smartapp.clinical.rule import Facts, Missing, Need

_SAME_WRITING = timedelta(minutes=5)
_ABOVE_TARGET = Decimal("0.5")  # g/L
_NAMES = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "concentrate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thing:
    """One order or dose; the amount None where it cannot be read."""

    source: str
    draft: DraftOrder
    amount: ProductAmount | None
    authored: datetime | None = None
    identifiers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Two or more in all: in words, the level they would bring in g/L (None where one cannot be predicted), and whether that is too much.

    `at_least`: an amount could not be read. `sources` begin with a draft of this call.
    """

    parts: tuple[str, ...]
    sources: tuple[str, ...]
    expected: Decimal | None
    at_least: bool
    above_cap: bool
    above_target: bool

    @property
    def too_much(self) -> bool:
        """One product above its cap, or the level above the target by more than 0.5 g/L."""
        return self.above_cap or self.above_target


def _read(facts: Facts) -> Together | None:
    drafts = [_of_draft(facts, draft) for draft in facts.picture.draft_orders if draft.drug in FIBRINOGEN_PRODUCTS]
    if not drafts:
        return None
    doses = [_of_dose(facts, dose) for dose in recent_doses(facts)]
    orders = [_of_order(facts, order) for order in all_that_stands(facts)]
    things = list(_once((*doses, *drafts, *orders)))
    if len(things) < 2:
        return None
    known = [thing.amount for thing in things if thing.amount is not None]
    expected = _expected(facts, things)
    return Together(
        parts=tuple(_words(thing) for thing in things),
        sources=tuple(dict.fromkeys((*(d.source for d in drafts), *(thing.source for thing in things)))),
        expected=expected,
        at_least=len(known) < len(things),
        above_cap=_above_cap(facts, known),
        above_target=expected is not None and expected > _target(facts) + _ABOVE_TARGET,
    )


TOGETHER: Need[Together | None] = Need("orders_together", _read)
"""None where there are not two, or none is a draft of this call."""


def _once(things: Iterable[_Thing]) -> Iterator[_Thing]:
    """One thing once: a dose stands for its order, the first for those that are the same."""
    kept: list[_Thing] = []
    for thing in things:
        if not any(_is_same(thing, other) for other in kept):
            kept.append(thing)
            yield thing


def _is_same(one: _Thing, other: _Thing) -> bool:
    if one.source == other.source or set(one.identifiers) & set(other.identifiers):
        return True
    if _names(one.links, other.source) or _names(other.links, one.source):
        return True
    near = one.authored and other.authored and abs(one.authored - other.authored) <= _SAME_WRITING
    alike = one.amount is not None and one.amount == other.amount and one.draft.drug is other.draft.drug
    return bool(near) and alike


def _names(links: tuple[str, ...], source: str) -> bool:
    return any(link == source or link.endswith(f"/{source}") for link in links)


def _of_draft(facts: Facts, draft: DraftOrder) -> _Thing:
    return _Thing(
        source=draft.source,
        draft=draft,
        amount=_amount(facts, draft),
        authored=draft.authored,
        identifiers=draft.identifiers,
        links=draft.links,
    )


def _of_order(facts: Facts, order: StandingOrder) -> _Thing:
    draft = _as_draft(order)
    return _Thing(
        source=order.source,
        draft=draft,
        amount=_amount(facts, draft),
        authored=order.authored.at if order.authored and order.authored.has_time else None,
        identifiers=order.identifiers,
        links=order.links,
    )


def _as_draft(order: StandingOrder) -> DraftOrder:
    """The amount of an order as that of a draft."""
    told = {order.unit: order.amount}
    return DraftOrder(
        source=order.source,
        drug=order.drug,
        label=order.label,
        dose_mg=told.get("mg"),
        mg_per_kg=told.get("mg/kg"),
        ml=told.get("mL"),
        vials=told.get("vial"),
        pools=told.get("pool"),
        doses=told.get("dose"),
        donor_units=told.get("single-donor unit"),
        units=told.get("unit"),
    )


def _of_dose(facts: Facts, dose: Exposure) -> _Thing:
    """What was given: units of a record are single-donor units."""
    draft = DraftOrder(
        source=dose.source,
        drug=dose.drug,
        dose_mg=dose.dose_mg,
        donor_units=dose.units if dose.dose_mg is None else None,
        pools=dose.pools if dose.dose_mg is None and dose.units is None else None,
        doses=dose.doses if dose.dose_mg is None else None,
        label=dose.label,
    )
    return _Thing(source=dose.source, draft=draft, amount=_amount(facts, draft), links=dose.links)


def _amount(facts: Facts, draft: DraftOrder) -> ProductAmount | None:
    weight = facts.get(WEIGHT)
    return amount_in(draft, facts.policy, weight.kg if isinstance(weight, Weight) else None)


def _words(thing: _Thing) -> str:
    name = _NAMES[Product.CRYOPRECIPITATE if thing.draft.drug == "cryoprecipitate" else Product.FIBRINOGEN_CONCENTRATE]
    return f"{name} {thing.amount.words}" if thing.amount is not None else f"{name} (amount not read)"


def _above_cap(facts: Facts, amounts: list[ProductAmount]) -> bool:
    caps = facts.get(CAPS)
    sums: dict[tuple[Product, Measure], Decimal] = {}
    for amount in amounts:
        key = (amount.product, amount.measure)
        sums[key] = sums.get(key, Decimal(0)) + amount.high
    return not isinstance(caps, Missing) and any(total > caps[key] for key, total in sums.items())


def _target(facts: Facts) -> Decimal:
    decision = facts.get(DECISION)
    target = None if isinstance(decision, Missing) else decision.target_g_per_l
    fallback: Decimal = facts.policy.get("target_nonbleeding")
    return fallback if target is None else target


def _expected(facts: Facts, things: list[_Thing]) -> Decimal | None:
    """The level with all rises, where each of them can be predicted (FC-04, CRY-01, CRY-06)."""
    level = facts.get(FIBRINOGEN)
    rises = [_rise(facts, thing) for thing in things]
    known = [rise for rise in rises if rise is not None]
    if not isinstance(level, EffectiveFibrinogen) or len(known) < len(rises):
        return None
    return level.g_per_l + sum(known, Decimal(0))


def _rise(facts: Facts, thing: _Thing) -> Decimal | None:
    weight, age, amount = facts.get(WEIGHT), facts.get(AGE), thing.amount
    if amount is None or not isinstance(weight, Weight) or weight.kg <= 0 or not isinstance(age, Age):
        return None
    if amount.product is Product.FIBRINOGEN_CONCENTRATE:
        return amount.high / weight.kg * k_of(_brand(facts, thing), age.low) / 100
    haematocrit = facts.get(HAEMATOCRIT)
    if isinstance(haematocrit, Missing):
        return None
    each = {Measure.UNITS: "cryo_mg_per_unit", Measure.DOSES: "ifc_dose_mg"}.get(amount.measure)
    mg = amount.high * (facts.policy.get(each) if each else Decimal(1))
    plasma = weight.kg * blood_volume(age.low, facts.policy) * (1 - haematocrit.value) / 100
    return Decimal(mg * facts.policy.get("cryo_recovery") / plasma / 100)


def _brand(facts: Facts, thing: _Thing) -> Brand:
    named = next((brand for brand in Brand if str(brand) in thing.draft.label.lower()), None)
    return named or Brand(facts.policy.get("fc_product"))
