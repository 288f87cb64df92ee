"""The dose of fibrinogen concentrate: FC-01 to FC-06 and its licence line (guideline 4.2, 4.3)."""

from dataclasses import dataclass, replace
from decimal import Decimal

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import (
    CAPPED,
    INCREMENT_FLOOR,
    MINIMUM_DOSE,
    ROUNDING_EXCESS,
    DoseInput,
    ExpectedLevel,
    expected_level,
    increment,
    round_down,
    round_nearest,
    round_up,
    whole,
)
from smartapp.clinical.orders import Brand, Product
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import fibrinogen_words, plain, rounded

RIASTAP_K = Decimal("1.7")  # mg/dL per mg/kg, RIA
FIBRYGA_K_FROM_12 = Decimal("1.8")  # FIB22
FIBRYGA_K_UNDER_12 = Decimal("1.4")  # FIB22
UNKNOWN_LEVEL_MG_PER_KG = Decimal(70)  # RIA
BLEEDING_MG_PER_KG_12_TO_17 = Decimal(50)  # FIB24
BLEEDING_MG_PER_KG_UNDER_12 = Decimal(70)  # FIB24
BLEEDING_ADULT_MG = Decimal(4000)  # FIB24
SMALL_STEP_MG = Decimal(50)
RATE = Decimal(5)  # mL/min, RIA, FIB22
RATE_BLEEDING = Decimal(20)  # mL/min, FIB24


@dataclass(frozen=True, slots=True)
class _Raw:
    """A dose before capping and rounding: mg/kg (None: a fixed adult dose), mg, and the sentence of its origin."""

    mg: Decimal
    step: str
    floored: bool = False
    fixed: bool = False


def licence(brand: Brand, region: str, *, serious: bool) -> str:
    """PRD-02, the licence line of a concentrate."""
    if brand is Brand.FIBRYGA and region == "US":
        return "labelled indication (US)" if serious else "off-label: not bleeding"
    return "off-label" if brand is Brand.RIASTAP else "off-label here"


def concentrate(given: DoseInput | None, policy: SitePolicy, *, serious: bool, adult_without_weight: bool) -> Option:
    """The option with its dose; without a weight only FC-06's fixed amount, or no number at all."""
    brand = Brand(policy.get("fc_product"))
    bare = Option(
        product=Product.FIBRINOGEN_CONCENTRATE,
        preferred=False,
        why="",
        licence=licence(brand, policy.get("region"), serious=serious),
        brand=brand,
    )
    if given is not None:
        return _dosed(bare, given, brand, policy)
    if adult_without_weight and serious and brand is Brand.FIBRYGA:
        mg = min(BLEEDING_ADULT_MG, policy.get("fc_cap_mg"))
        step = f"No usable weight: fixed adult dose of {plain(mg)} mg while bleeding (FC-06); confirm the weight"
        return replace(_supply(bare, mg, RATE_BLEEDING, policy), steps=(step,), cap_mg=mg)
    return bare


def _dosed(bare: Option, given: DoseInput, brand: Brand, policy: SitePolicy) -> Option:
    labelled = brand is Brand.FIBRYGA and given.serious
    raw = _labelled(given) if labelled else _unknown(given) if given.level is None else _by_level(given, brand, policy)
    limit = (
        policy.get("fc_cap_mg")
        if raw.fixed
        else min(policy.get("fc_cap_mg_per_kg") * given.weight_kg, policy.get("fc_cap_mg"))
    )
    capped = min(raw.mg, limit)
    step = policy.get("fc_vial_mg") if given.weight_kg >= policy.get("fc_whole_vial_from_kg") else SMALL_STEP_MG
    nearest = policy.get("fc_vial_rounding") == "nearest"
    rounded_mg = round_nearest(capped, step) if nearest else round_up(capped, step)
    mg = rounded_mg if rounded_mg <= limit else round_down(limit, step)
    if mg == 0:
        why = f"No dose: the limit of {rounded(limit, 1)} mg is less than one step of {plain(step)} mg (FC-04)"
        return replace(bare, cap_mg=limit, steps=(*raw_steps(raw, given, policy), why))
    rise = None if given.level is None else mg / given.weight_kg * k_of(brand, given.age)
    expected = None if rise is None or given.level is None else expected_level(given, given.level, rise, policy)
    hit_cap = raw.mg > limit or rounded_mg > limit
    flags = (
        (INCREMENT_FLOOR, raw.floored),
        (ROUNDING_EXCESS, _adds_more(mg, capped, policy.get("rounding_excess_warn"))),
        (CAPPED, hit_cap and expected is not None and expected.high < given.target),
        (MINIMUM_DOSE, given.is_bound),
    )
    option = _supply(bare, mg, RATE_BLEEDING if labelled else RATE, policy)
    return replace(
        option,
        dose_mg_per_kg=mg / given.weight_kg,
        predicted_g_per_l=expected.high if expected else None,
        predicted_low_g_per_l=expected.low if expected else None,
        cap_mg=limit,
        step_mg=step,
        flags=tuple(name for name, holds in flags if holds),
        steps=(*raw_steps(raw, given, policy), *_steps(given, raw, policy, limit, mg, step, rise, brand, expected)),
    )


def _adds_more(mg: Decimal, computed: Decimal, percent: Decimal) -> bool:
    """Whether rounding adds more than so many per cent; exactly so many, but for the last digits of a quotient, is not more."""
    return round(mg - computed, 8) > round(computed * percent / 100, 8)


def raw_steps(raw: _Raw, given: DoseInput, policy: SitePolicy) -> tuple[str, ...]:
    """How the amount before capping came about."""
    if given.level is None or raw.fixed or not raw.step.startswith("Dose:"):
        return (raw.step,)
    return (increment(given, policy).step, raw.step)


def _by_level(given: DoseInput, brand: Brand, policy: SitePolicy) -> _Raw:
    """FC-01."""
    planned, k = increment(given, policy), k_of(brand, given.age)
    per_kg = planned.mg_per_dl / k
    mg = per_kg * given.weight_kg
    words = f"{rounded(planned.mg_per_dl)} mg/dL / {k} = {rounded(per_kg)} mg/kg × {plain(given.weight_kg)} kg = {rounded(mg, 1)} mg"
    return _Raw(mg, f"Dose: {words} (FC-01)", planned.floored)


def _labelled(given: DoseInput) -> _Raw:
    """FC-02, the label's doses for bleeding."""
    if given.age >= 18:
        words = f"Labelled adult dose while bleeding: {plain(BLEEDING_ADULT_MG)} mg (FC-02)"
        return _Raw(BLEEDING_ADULT_MG, words, fixed=True)
    per_kg = BLEEDING_MG_PER_KG_12_TO_17 if given.age >= 12 else BLEEDING_MG_PER_KG_UNDER_12
    mg = per_kg * given.weight_kg
    return _Raw(
        mg,
        f"Labelled dose while bleeding: {plain(per_kg)} mg/kg × {plain(given.weight_kg)} kg = {rounded(mg, 1)} mg (FC-02)",
    )


def _unknown(given: DoseInput) -> _Raw:
    """FC-03."""
    mg = UNKNOWN_LEVEL_MG_PER_KG * given.weight_kg
    return _Raw(mg, f"Level not known: 70 mg/kg × {plain(given.weight_kg)} kg = {rounded(mg, 1)} mg (FC-03)")


def k_of(brand: Brand, age: int) -> Decimal:
    """The rise in mg/dL for each mg/kg (FC-01)."""
    if brand is Brand.RIASTAP:
        return RIASTAP_K
    return FIBRYGA_K_FROM_12 if age >= 12 else FIBRYGA_K_UNDER_12


def _supply(option: Option, mg: Decimal, rate: Decimal, policy: SitePolicy) -> Option:
    """Vials, volume and the shortest time (FC-04, FC-05)."""
    volume = mg / policy.get("fc_conc_mg_per_ml")
    return replace(
        option,
        dose_mg=mg,
        vials=whole(mg / policy.get("fc_vial_mg")),
        vial_mg=policy.get("fc_vial_mg"),
        volume_ml=volume,
        max_rate_ml_per_min=rate,
        min_minutes=volume / rate,
    )


def _steps(
    given: DoseInput,
    raw: _Raw,
    policy: SitePolicy,
    limit: Decimal,
    mg: Decimal,
    step: Decimal,
    rise: Decimal | None,
    brand: Brand,
    expected: ExpectedLevel | None,
) -> tuple[str, ...]:
    per_kg = policy.get("fc_cap_mg_per_kg")
    by_weight = f"{plain(per_kg)} mg/kg × {plain(given.weight_kg)} kg = " if limit < policy.get("fc_cap_mg") else ""
    above = f", so {rounded(raw.mg, 1)} mg is capped" if raw.mg > limit else ""
    capped = min(raw.mg, limit)
    ends = (
        "" if mg == capped else f"; {rounded(capped, 1)} mg is rounded to {plain(mg)} mg in steps of {plain(step)} mg"
    )
    lines = [f"Limit for this patient: {by_weight}{rounded(limit, 1)} mg{above}{ends} (FC-04)"]
    if rise is not None and expected is not None:
        k = k_of(brand, given.age)
        lines.append(
            f"Expected rise: {plain(mg)} mg / {plain(given.weight_kg)} kg × {k} = {rounded(rise, 1)} mg/dL, "
            f"to {expected.words}"
        )
        if (raw.mg > limit or mg < capped) and expected.high < given.target:
            lines.append(f"The target of {fibrinogen_words(given.target)} g/L is not reached within the limit")
    if given.is_bound:
        lines.append("Minimum dose: the true level may be lower than the reported bound")
    lines.append("Use the potency on the vial label")
    return tuple(lines)
