"""Amounts of ordered products in the product's own measure, and what they are compared with (guideline 7a, PRD-05)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.draft_orders import DRAFT_PRODUCTS, PRODUCTS
from smartapp.clinical.criteria.options import serious_bleeding
from smartapp.clinical.criteria.weight import WEIGHT
from smartapp.clinical.cryoprecipitate import KG_PER_UNIT_LOW, POOLS_FROM_KG, is_pathogen_reduced
from smartapp.clinical.derived_facts import Age, Option, Weight
from smartapp.clinical.dosing import whole
from smartapp.clinical.orders import Brand, DraftOrder, Product
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.words import plain

ADULT = 18  # years


class Measure(StrEnum):
    """What an amount of a product is counted in; the values are the words of the screens."""

    MG = "mg"
    UNITS = "single-donor units"
    POOLS = "pools"
    DOSES = "pathogen-reduced doses"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAmount:
    """An amount of a product in `measure`: its high end, and the low end of a range (else the same).

    `counted` is the high end in what the draft counts (`counted_in`: pools stay pools); `counted_in` None: by weight or volume.
    """

    product: Product
    high: Decimal
    low: Decimal
    measure: Measure
    counted: Decimal | None = None
    counted_in: Measure | None = None

    @property
    def words(self) -> str:
        """`10 single-donor units`, `3000 mg`."""
        if self.counted is not None and self.counted_in is not None:
            return in_measure(self.counted, self.counted_in)
        return in_measure(self.high, self.measure)


def in_measure(amount: Decimal, measure: Measure) -> str:
    """`1 pool`, `2 pools`, `2500 mg`."""
    word = str(measure)
    return f"{plain(amount)} {word.removesuffix('s') if amount == 1 and measure is not Measure.MG else word}"


def amount_in(draft: DraftOrder, policy: SitePolicy, weight_kg: Decimal | None) -> ProductAmount | None:
    """What a draft of a product orders; None where its amount cannot be read (ORD-13)."""
    if draft.drug is None or draft.drug not in PRODUCTS:
        return None
    if PRODUCTS[draft.drug] is Product.FIBRINOGEN_CONCENTRATE:
        return _of_concentrate(draft, policy, weight_kg)
    return _of_complex(draft, policy) if is_pathogen_reduced(policy) else _of_cryoprecipitate(draft, policy)


def _of_concentrate(draft: DraftOrder, policy: SitePolicy, weight_kg: Decimal | None) -> ProductAmount | None:
    unread = any(amount is not None for amount in (draft.units, draft.pools, draft.doses, draft.donor_units))
    if unread or (draft.mg_per_kg is not None and weight_kg is None):
        return None
    mg = _sum(
        draft.dose_mg,
        _times(draft.mg_per_kg, weight_kg),
        _times(draft.ml, policy.get("fc_conc_mg_per_ml")),
        _times(draft.vials, policy.get("fc_vial_mg")),
    )
    return _amount(draft, Product.FIBRINOGEN_CONCENTRATE, mg, Measure.MG)


def _of_cryoprecipitate(draft: DraftOrder, policy: SitePolicy) -> ProductAmount | None:
    """Single-donor units; a bare number counts what the blood bank calls a unit (`cryo_order_unit`)."""
    if any(amount is not None for amount in (draft.dose_mg, draft.mg_per_kg, draft.vials, draft.doses)):
        return None
    size, in_pools = policy.get("cryo_units_per_pool"), policy.get("cryo_order_unit") == "pool"
    pools = _sum(draft.pools, draft.units if in_pools else None)
    single = _sum(draft.donor_units, None if in_pools else draft.units)
    by_volume = None if draft.ml is None else draft.ml / policy.get("cryo_unit_ml")
    units = _sum(_times(pools, size), single, by_volume)
    only_pools = pools is not None and single is None and by_volume is None
    return _amount(draft, Product.CRYOPRECIPITATE, units, Measure.UNITS, (pools, Measure.POOLS) if only_pools else None)


def _of_complex(draft: DraftOrder, policy: SitePolicy) -> ProductAmount | None:
    """CRY-06: doses where the draft counts doses, else mg; millilitres cannot be read."""
    if any(amount is not None for amount in (draft.ml, draft.mg_per_kg, draft.vials)):
        return None
    each, doses = policy.get("ifc_dose_mg"), _sum(draft.doses, draft.units)
    units = _sum(draft.donor_units, _times(draft.pools, policy.get("cryo_units_per_pool")))
    mg = _sum(draft.dose_mg, _times(units, policy.get("cryo_mg_per_unit")), _times(doses, each))
    counted = (doses, Measure.DOSES) if doses is not None and draft.dose_mg is None and units is None else None
    if counted is not None:
        return _amount(draft, Product.CRYOPRECIPITATE, doses, Measure.DOSES)
    return _amount(draft, Product.CRYOPRECIPITATE, mg, Measure.MG)


def _amount(
    draft: DraftOrder,
    product: Product,
    amount: Decimal | None,
    measure: Measure,
    counted: tuple[Decimal | None, Measure] | None = None,
) -> ProductAmount | None:
    if amount is None:
        return None
    number, unit = counted or (None, None)
    low = amount * draft.low_share
    return ProductAmount(
        product=product, high=amount, low=low, measure=measure, counted=number, counted_in=unit if number else None
    )


def _times(amount: Decimal | None, each: Decimal | None) -> Decimal | None:
    return None if amount is None or each is None else amount * each


def _sum(*amounts: Decimal | None) -> Decimal | None:
    told = [amount for amount in amounts if amount is not None]
    return sum(told, Decimal(0)) if told else None


def computed_in(option: Option | None, measure: Measure) -> Decimal | None:
    """What the guideline computes of this product, in the same measure; None without a number."""
    if option is None:
        return None
    match measure:
        case Measure.DOSES:
            return None if option.doses is None else Decimal(option.doses)
        case Measure.UNITS:
            return None if option.units is None else Decimal(option.units)
        case _ if option.doses is not None and option.mg_per_dose is not None:
            return option.doses * option.mg_per_dose
        case _:
            return option.dose_mg


Caps = Mapping[tuple[Product, Measure], Decimal]


def _caps(facts: Facts) -> Caps:
    weight, policy = facts.get(WEIGHT), facts.policy
    kg = weight.kg if isinstance(weight, Weight) else None
    mg, units, doses = policy.get("fc_cap_mg"), policy.get("cryo_cap_units"), policy.get("ifc_cap_doses")
    if kg is not None:
        mg = mg if _is_fixed(facts) else min(mg, policy.get("fc_cap_mg_per_kg") * kg)
        units = min(units, Decimal(whole(kg / KG_PER_UNIT_LOW)))
        doses = Decimal(1) if kg < POOLS_FROM_KG else doses
    return {
        (Product.FIBRINOGEN_CONCENTRATE, Measure.MG): mg,
        (Product.CRYOPRECIPITATE, Measure.UNITS): units,
        (Product.CRYOPRECIPITATE, Measure.DOSES): doses,
        (Product.CRYOPRECIPITATE, Measure.MG): doses * policy.get("ifc_dose_mg"),
    }


def _is_fixed(facts: Facts) -> bool:
    """FC-02: the labelled adult dose of Fibryga while bleeding has no limit by weight."""
    age = facts.get(AGE)
    adult = isinstance(age, Age) and age.low >= ADULT
    return adult and serious_bleeding(facts) and facts.policy.get("fc_product") == Brand.FIBRYGA


CAPS: Need[Caps] = Need("caps", _caps)
"""The largest amount of each product in one dose: mg (FC-04), units (`cryo_cap_units`, CRY-01), doses and their mg (CRY-06)."""


def _amounts(facts: Facts) -> dict[str, ProductAmount]:
    weight, drafts = facts.get(WEIGHT), facts.get(DRAFT_PRODUCTS)
    kg = weight.kg if isinstance(weight, Weight) else None
    written = () if isinstance(drafts, Missing) else drafts
    read = ((draft.source, amount_in(draft, facts.policy, kg)) for draft in written)
    return {source: amount for source, amount in read if amount is not None}


DRAFT_AMOUNTS: Need[dict[str, ProductAmount]] = Need("draft_amounts", _amounts)
"""By the draft's reference, where it could be read."""
