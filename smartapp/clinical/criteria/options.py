"""Which product with which dose (PRD-01, PRD-02, FC, CRY) and what forbids a draft (guideline section 10)."""

from dataclasses import dataclass, replace
from decimal import Decimal

from smartapp.clinical.concentrate import concentrate
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.bleeding_level import BLEEDING, SERIOUS
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.dose_responses import low_recovery
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.hazards import BLOCKED_BY_ALLERGY, FLUID_OVERLOAD
from smartapp.clinical.criteria.products_given import concentrate_mg_in_24h
from smartapp.clinical.criteria.weight import HAEMATOCRIT, WEIGHT
from smartapp.clinical.cryoprecipitate import cryoprecipitate
from smartapp.clinical.derived_facts import Action, Age, Decision, EffectiveFibrinogen, Option, Tier, Weight
from smartapp.clinical.dosing import DoseInput
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import Gap, Topic
from smartapp.clinical.rule import Facts, Missing, Need

DOSED = frozenset({Action.REPLACE, Action.CONSIDER})
_NAMES = {"cryo": Product.CRYOPRECIPITATE, "fc": Product.FIBRINOGEN_CONCENTRATE}
_AVAILABLE = {Product.CRYOPRECIPITATE: "cryo_available", Product.FIBRINOGEN_CONCENTRATE: "fc_available"}
CONCENTRATE_WITHOUT_BLEEDING = (
    "In adults with ALL, concentrate without bleeding was associated with more venous thrombosis and no fewer severe bleeds; plasma was "
    "neutral (PRD-03)"
)
_WORDS = {Product.CRYOPRECIPITATE: "cryoprecipitate", Product.FIBRINOGEN_CONCENTRATE: "fibrinogen concentrate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The options, the preferred one first. `overload` and `large_volume`: what SAF-03 found."""

    options: tuple[Option, ...]
    overload: bool = False
    large_volume: bool = False

    @property
    def preferred(self) -> Option | None:
        """The chosen product."""
        return self.options[0] if self.options else None


def dose_in_question(facts: Facts) -> Decision | None:
    """The decision, where it is REPLACE or CONSIDER."""
    decision = facts.get(DECISION)
    return decision if isinstance(decision, Decision) and decision.action in DOSED else None


DOSE_IN_QUESTION: Need[Decision | None] = Need("dose_in_question", dose_in_question)
"""What SAF-01, 02, 03, 05 and 06 ask first: None where no dose is in question."""


def serious_bleeding(facts: Facts) -> bool:
    """Bleeding significant or major."""
    return facts.get(BLEEDING) in SERIOUS


def results_incomplete(facts: Facts) -> Gap | None:
    """DQ-17: why laboratory results are known to be incomplete; not so where only older ones than those read are missing."""
    gap, fibrinogen = facts.picture.unread.get(Topic.LABORATORY), facts.picture.fibrinogen_unread
    if gap is not None and fibrinogen is not None and fibrinogen.only_older and gap.text == fibrinogen.text:
        return None
    return gap


def available(facts: Facts) -> list[Product]:
    """The products the site has, in its order."""
    ordered = [_NAMES[name] for name in facts.policy.get("product_order")]
    return [product for product in ordered if facts.policy.get(_AVAILABLE[product])]


def _read(facts: Facts) -> Choice | Missing:
    decision = dose_in_question(facts)
    if decision is None:
        return Choice(options=())
    incomplete = results_incomplete(facts)
    if incomplete is not None:
        return Missing(("laboratory_results",), f"{incomplete.text}: no dose is shown")
    blocked = facts.get(BLOCKED_BY_ALLERGY)
    usable = [p for p in available(facts) if isinstance(blocked, Missing) or p not in blocked]
    options = {product: _option(facts, product, decision) for product in usable}
    overload = not isinstance(facts.get(FLUID_OVERLOAD), Missing) and facts.get(FLUID_OVERLOAD) is not None
    large = _large_volume(facts, options.get(Product.CRYOPRECIPITATE))
    prefer_small = (overload or large) and Product.FIBRINOGEN_CONCENTRATE in usable
    order = sorted(usable, key=lambda product: prefer_small and product is Product.CRYOPRECIPITATE)
    why = _why(order, facts, overload=overload and prefer_small, large=large and prefer_small)
    chosen = tuple(
        replace(options[p], preferred=i == 0, why=why if i == 0 else "the other source of fibrinogen")
        for i, p in enumerate(order)
    )
    return Choice(
        options=tuple(_within_the_day(facts, option) for option in chosen), overload=overload, large_volume=large
    )


CHOICE: Need[Choice] = Need("options", _read)
"""Missing while laboratory results are known to be incomplete (DQ-17); without options where no source is usable."""


def over_daily_limit(facts: Facts, option: Option) -> bool:
    """SAF-06: concentrate whose dose and what was given in 24 h exceed twice the limit of one dose."""
    if option.product is not Product.FIBRINOGEN_CONCENTRATE or option.dose_mg is None or option.cap_mg is None:
        return False
    return option.dose_mg + concentrate_mg_in_24h(facts) > 2 * option.cap_mg


def _within_the_day(facts: Facts, option: Option) -> Option:
    """SAF-06: what is left of the day; beyond it the product that was not chosen is shown, and never drafted (the chosen one's row is a blocker)."""
    if option.product is Product.FIBRINOGEN_CONCENTRATE and option.cap_mg is not None:
        option = replace(option, day_left_mg=2 * option.cap_mg - concentrate_mg_in_24h(facts))
    if option.preferred or not over_daily_limit(facts, option):
        return option
    why = "No draft of it: with what was given in 24 h it would exceed twice the limit of one dose (SAF-06)"
    return replace(option, no_draft=why, no_draft_rule="SAF-06", steps=(*option.steps, why))


def _why(order: list[Product], facts: Facts, *, overload: bool, large: bool) -> str:
    if not order:
        return ""
    name = _WORDS[order[0]]
    if overload:
        return f"{name}, because fluid overload is recorded"
    if large:
        return f"{name}, because the volume of cryoprecipitate would be large for this weight"
    if len(available(facts)) == 1:
        return f"{name}, because the site has no other source"
    return (
        f"{name}, because it comes first in the site's order"
        if len(order) > 1
        else f"{name}, because the other product is ruled out"
    )


def _large_volume(facts: Facts, cryo: Option | None) -> bool:
    """SAF-03: more than the site's mL/kg in one dose."""
    weight = facts.get(WEIGHT)
    if cryo is None or cryo.volume_ml is None or isinstance(weight, Missing):
        return False
    return bool(cryo.volume_ml > facts.policy.get("fluid_volume_warn") * weight.kg)


def _option(facts: Facts, product: Product, decision: Decision) -> Option:
    """The lower of the doses at both possible ages (DQ-12)."""
    age = facts.get(AGE)
    ages = [] if isinstance(age, Missing) else sorted({max(age.low, 0), max(age.high, 0)})
    options = [_at_age(facts, product, decision, years) for years in ages] or [_at_age(facts, product, decision, None)]
    return min(options, key=lambda option: (option.dose_mg or Decimal(0), option.units or 0, option.doses or 0))


def _at_age(facts: Facts, product: Product, decision: Decision, years: int | None) -> Option:
    given = _dose_input(facts, decision, years)
    adult = years is not None and years >= 18 and isinstance(facts.get(WEIGHT), Missing)
    build = concentrate if product is Product.FIBRINOGEN_CONCENTRATE else cryoprecipitate
    option = build(given, facts.policy, serious=serious_bleeding(facts), adult_without_weight=adult)
    if product is Product.FIBRINOGEN_CONCENTRATE and not serious_bleeding(facts):
        return replace(option, notes=(CONCENTRATE_WITHOUT_BLEEDING,))
    return option


def _dose_input(facts: Facts, decision: Decision, years: int | None) -> DoseInput | None:
    weight, effective, hct = facts.get(WEIGHT), facts.get(FIBRINOGEN), facts.get(HAEMATOCRIT)
    if years is None or not isinstance(weight, Weight) or weight.kg <= 0:
        return None
    known = effective if isinstance(effective, EffectiveFibrinogen) else None
    low = low_recovery(facts)
    return DoseInput(
        weight_kg=weight.kg,
        age=years,
        level=known.g_per_l if known else None,
        target=decision.target_g_per_l or Decimal(0),
        serious=serious_bleeding(facts),
        low_tier=known is None or known.tier is Tier.T2,
        is_bound=known is not None and (known.result.comparator is not None or known.result.low is not None),
        haematocrit=None if isinstance(hct, Missing) else hct.value,
        own_recovery=low.recovery if low is not None else None,
    )


def age_known(facts: Facts) -> bool:
    """Whether there is a birth date."""
    return isinstance(facts.get(AGE), Age)
