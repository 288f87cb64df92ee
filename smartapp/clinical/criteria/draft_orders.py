"""The orders that the clinician is writing, and the largest amounts they are compared with (guideline 7a)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from smartapp.clinical.codes import ANTICOAGULANTS, FIBRINOGEN_PRODUCTS
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.options import serious_bleeding
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.cryoprecipitate import KG_PER_UNIT_LOW
from smartapp.clinical.derived_facts import Age, Weight
from smartapp.clinical.dosing import whole
from smartapp.clinical.orders import Brand, DraftOrder, Product
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Need
from smartapp.clinical.terminology import Drug

PRODUCTS = {Drug.CRYOPRECIPITATE: Product.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE: Product.FIBRINOGEN_CONCENTRATE}
_ADULT = 18
T = TypeVar("T")


def _of(drugs: frozenset[Drug]) -> Callable[[Facts], tuple[DraftOrder, ...]]:
    return lambda facts: tuple(draft for draft in facts.picture.draft_orders if draft.drug in drugs)


def _products(facts: Facts) -> tuple[DraftOrder, ...]:
    return tuple(in_own_measure(draft, facts.policy) for draft in _of(FIBRINOGEN_PRODUCTS)(facts))


def in_own_measure(draft: DraftOrder, policy: SitePolicy) -> DraftOrder:
    """The draft with its amount in the product's own measure: concentrate in mg, cryoprecipitate in single-donor units (section 7a)."""
    if draft.drug is Drug.FIBRINOGEN_CONCENTRATE:
        by_volume, by_vial = (
            _times(draft.ml, policy.get("fc_conc_mg_per_ml")),
            _times(draft.vials, policy.get("fc_vial_mg")),
        )
        return replace(draft, dose_mg=_sum(draft.dose_mg, by_volume, by_vial), ml=None, vials=None)
    pooled, by_volume = (
        _times(draft.pools, policy.get("cryo_units_per_pool")),
        _per(draft.ml, policy.get("cryo_unit_ml")),
    )
    units = _sum(draft.units, draft.donor_units, pooled, by_volume)
    return replace(draft, units=units, pools=None, ml=None, donor_units=None)


def _times(amount: Decimal | None, each: Decimal) -> Decimal | None:
    return None if amount is None else amount * each


def _per(amount: Decimal | None, each: Decimal) -> Decimal | None:
    return None if amount is None else amount / each


def _sum(*amounts: Decimal | None) -> Decimal | None:
    told = [amount for amount in amounts if amount is not None]
    return sum(told, Decimal(0)) if told else None


DRAFT_PRODUCTS: Need[tuple[DraftOrder, ...]] = Need("draft_products", _products)
DRAFT_ANTICOAGULANTS: Need[tuple[DraftOrder, ...]] = Need("draft_anticoagulants", _of(ANTICOAGULANTS))
DRAFT_ANTIFIBRINOLYTICS: Need[tuple[DraftOrder, ...]] = Need(
    "draft_antifibrinolytics", _of(frozenset({Drug.TRANEXAMIC_ACID}))
)
DRAFT_TOCILIZUMAB: Need[tuple[DraftOrder, ...]] = Need("draft_tocilizumab", _of(frozenset({Drug.TOCILIZUMAB})))


def where_drafted(drafts: Need[tuple[DraftOrder, ...]], need: Need[T]) -> Need[T | None]:
    """A need that is asked only where there is such a draft, so that no row is open about an order nobody writes."""
    return Need(need.name, lambda facts: facts.get(need) if facts.get(drafts) else None)


def amount_of(draft: DraftOrder, weight_kg: Decimal | None, units_per_pool: Decimal) -> Decimal | None:
    """The amount in the product's own measure: concentrate mg, cryoprecipitate units; None if it cannot be read."""
    if draft.drug is Drug.CRYOPRECIPITATE:
        pooled = None if draft.pools is None else draft.pools * units_per_pool
        return draft.units if draft.units is not None else pooled
    if draft.dose_mg is not None:
        return draft.dose_mg
    return None if draft.mg_per_kg is None or weight_kg is None else draft.mg_per_kg * weight_kg


def _caps(facts: Facts) -> dict[Product, Decimal]:
    weight, policy = facts.get(WEIGHT), facts.policy
    mg, units = policy.get("fc_cap_mg"), policy.get("cryo_cap_units")
    if isinstance(weight, Weight):
        mg = mg if _is_fixed(facts) else min(mg, policy.get("fc_cap_mg_per_kg") * weight.kg)
        units = min(units, Decimal(whole(weight.kg / KG_PER_UNIT_LOW)))
    return {Product.FIBRINOGEN_CONCENTRATE: mg, Product.CRYOPRECIPITATE: units}


def _is_fixed(facts: Facts) -> bool:
    """FC-02: the labelled adult dose of Fibryga while bleeding has no limit by weight."""
    age = facts.get(AGE)
    adult = isinstance(age, Age) and age.low >= _ADULT
    return adult and serious_bleeding(facts) and facts.policy.get("fc_product") == Brand.FIBRYGA


CAPS: Need[dict[Product, Decimal]] = Need("caps", _caps)
"""The largest amount of each product in one dose: mg (FC-04), units (`cryo_cap_units`, CRY-01)."""
