"""The dose of cryoprecipitate: CRY-01 to CRY-06, in units, pools, millilitres or pathogen-reduced doses (guideline 4.4, PRD-05)."""

from dataclasses import dataclass, replace
from decimal import Decimal

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import (
    CAPPED,
    INCREMENT_FLOOR,
    MINIMUM_DOSE,
    ROUNDING_EXCESS,
    DoseInput,
    expected_level,
    increment,
    whole,
)
from smartapp.clinical.orders import Product
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import fibrinogen_words, plain, rounded

LICENCE = "component use per transfusion policy"
KG_PER_UNIT_LOW = Decimal(5)  # T2 or bleeding, NHSBT21
KG_PER_UNIT_T1 = Decimal(10)
POOLS_FROM_KG = Decimal(25)
ADULT_MAX_POOLS = 2
ADULT_UNITS = 10  # FC-06
PART_OF_A_DOSE = Decimal("1.5")  # CRY-06: one dose is so much more than what is needed
HANDLING = "Give thawed cryoprecipitate within 4 h through a standard 170-200 µm set; infusion time by the site's protocol (CRY-05)"
HANDLING_PATHOGEN_REDUCED = (
    "Give the thawed complex within 5 days, kept at room temperature, through a standard 170-200 µm set; infusion time by the site's "
    "protocol (CRY-05)"
)
RISE_PER_UNIT_10_KG = (Decimal(60), Decimal(100))  # mg/dL, MUSC
RISE_PER_UNIT_5_KG = (Decimal(100), Decimal(100))  # mg/dL, MEDS


@dataclass(frozen=True, slots=True)
class _Need:
    """What is needed before any cap: mg of fibrinogen and single-donor units, how that came about, and the plasma volume where it is known."""

    mg: Decimal
    units: int
    cap: int
    steps: tuple[str, ...]
    plasma_dl: Decimal | None = None
    floored: bool = False


def is_pathogen_reduced(policy: SitePolicy) -> bool:
    """Whether the blood bank issues the pathogen-reduced complex (`cryo_product`)."""
    return bool(policy.get("cryo_product") == "pathogen_reduced")


def licence(policy: SitePolicy, *, serious: bool) -> str:
    """PRD-02, the licence line of cryoprecipitate."""
    if is_pathogen_reduced(policy) and policy.get("region") == "US":
        return "labelled indication (US)" if serious else "off-label: not bleeding"
    return LICENCE


def cryoprecipitate(
    given: DoseInput | None, policy: SitePolicy, *, serious: bool, adult_without_weight: bool
) -> Option:
    """The option with its dose; without a weight only FC-06's fixed amount, or no number at all."""
    line = licence(policy, serious=serious)
    bare = Option(product=Product.CRYOPRECIPITATE, preferred=False, why="", licence=line)
    if given is None:
        return _fixed(bare, policy) if adult_without_weight and serious else bare
    if policy.get("cryo_method") == "ml_per_kg" and not is_pathogen_reduced(policy):
        return _by_volume(bare, given, policy)
    by_weight = policy.get("cryo_method") != "plasma_volume" or given.haematocrit is None or given.level is None
    need = _by_weight(given, policy) if by_weight else _by_plasma_volume(given, policy)
    return _in_doses(bare, given, need, policy) if is_pathogen_reduced(policy) else _in_units(bare, given, need, policy)


def _fixed(bare: Option, policy: SitePolicy) -> Option:
    """FC-06."""
    if is_pathogen_reduced(policy):
        doses = int(policy.get("ifc_cap_doses"))
        words = (
            f"No usable weight: {doses} pathogen-reduced doses for an adult while bleeding (FC-06); confirm the weight"
        )
        dosed = replace(bare, doses=doses, mg_per_dose=policy.get("ifc_dose_mg"), cap_doses=doses)
        return replace(dosed, steps=(words, HANDLING_PATHOGEN_REDUCED))
    units = min(ADULT_UNITS, int(policy.get("cryo_cap_units")))
    option = _supply(bare, units, units, None, adult=True, policy=policy)
    words = f"No usable weight: {units} units for an adult while bleeding (FC-06); confirm the weight"
    return replace(option, cap_units=units, steps=(words, HANDLING))


def _by_plasma_volume(given: DoseInput, policy: SitePolicy) -> _Need:
    """CRY-01."""
    weight, hct = given.weight_kg, given.haematocrit or Decimal(0)
    planned, tbv = increment(given, policy), blood_volume(given.age, policy)
    recovery, per_unit = policy.get("cryo_recovery"), policy.get("cryo_mg_per_unit")
    plasma = weight * tbv * (1 - hct) / 100
    mg = planned.mg_per_dl * plasma / recovery
    steps = (
        planned.step,
        f"Plasma volume: {plain(weight)} kg × {plain(tbv)} mL/kg × (1 − {plain(hct)}) = {rounded(plasma, 2)} dL (CRY-01)",
        f"Dose: {rounded(planned.mg_per_dl)} mg/dL × {rounded(plasma, 2)} dL / {plain(recovery)} = {rounded(mg, 1)} mg",
    )
    cap = min(int(policy.get("cryo_cap_units")), whole(weight / KG_PER_UNIT_LOW))
    return _Need(mg, max(whole(mg / per_unit), 1), cap, steps, plasma, planned.floored)


def _by_weight(given: DoseInput, policy: SitePolicy) -> _Need:
    """CRY-02: no prediction, since the sources differ about two-fold."""
    per_unit = KG_PER_UNIT_LOW if _is_low(given) else KG_PER_UNIT_T1
    wanted = whole(given.weight_kg / per_unit)
    why = (
        "no usable haematocrit"
        if given.haematocrit is None
        else "the site doses by weight"
        if given.level is not None
        else "level not known"
    )
    step = (
        f"Dose by weight ({why}): {plain(given.weight_kg)} kg / {plain(per_unit)} kg per unit = {wanted} units (CRY-02)"
    )
    return _Need(wanted * policy.get("cryo_mg_per_unit"), wanted, int(policy.get("cryo_cap_units")), (step,))


def _is_low(given: DoseInput) -> bool:
    return given.low_tier or given.serious


def _in_units(bare: Option, given: DoseInput, need: _Need, policy: SitePolicy) -> Option:
    """Single-donor units, or whole pools of them where the blood bank issues pools (PRD-05)."""
    option = _supply(bare, need.units, need.cap, given.weight_kg, adult=given.age >= 18, policy=policy)
    units, per_unit = option.units or 0, policy.get("cryo_mg_per_unit")
    option = _expecting(option, given, need, units * per_unit, need.units > units, policy)
    count = (
        f"{need.units} units needed at {plain(per_unit)} mg each; at most {need.cap} for this patient → {units} units"
    )
    if option.in_pools:
        count += f" in {option.pools} pools of {option.units_per_pool} (PRD-05)"
    return replace(option, cap_units=need.cap, steps=(*need.steps, count, *option.steps, *_after(given, HANDLING)))


def _in_doses(bare: Option, given: DoseInput, need: _Need, policy: SitePolicy) -> Option:
    """CRY-06: whole doses of the pathogen-reduced complex."""
    each = policy.get("ifc_dose_mg")
    small = given.weight_kg < POOLS_FROM_KG
    cap, wanted = 1 if small else int(policy.get("ifc_cap_doses")), max(whole(need.mg / each), 1)
    doses = min(wanted, cap)
    option = replace(bare, doses=doses, mg_per_dose=each, cap_doses=cap)
    option = _expecting(option, given, need, doses * each, wanted > cap, policy)
    part = small and each > PART_OF_A_DOSE * need.mg
    excess = not small and doses * each - need.mg > need.mg * policy.get("rounding_excess_warn") / 100
    count = f"{rounded(need.mg, 1)} mg / {plain(each)} mg per dose = {wanted}; at most {cap} for this patient → {doses} doses (CRY-06)"
    option = replace(option, steps=(*need.steps, count, *option.steps, *_after(given, HANDLING_PATHOGEN_REDUCED)))
    if part or (excess and wanted <= cap):
        option = replace(option, flags=(*option.flags, ROUNDING_EXCESS))
    if part:
        why = f"Less than one dose is needed, about {rounded(need.mg, 0)} mg: ask the blood bank for a part"
        option = replace(option, no_draft=why, no_draft_rule="CRY-06")
    return option


def _expecting(
    option: Option, given: DoseInput, need: _Need, mg: Decimal, is_capped: bool, policy: SitePolicy
) -> Option:
    """With the level to expect: of the plasma volume, or as a range of rises where only the weight is known (CRY-02)."""
    flags = [(INCREMENT_FLOOR, need.floored), (MINIMUM_DOSE, given.is_bound)]
    if need.plasma_dl is None or given.level is None:
        rise = RISE_PER_UNIT_5_KG if _is_low(given) else RISE_PER_UNIT_10_KG
        low, high = RISE_PER_UNIT_10_KG
        step = f"Expected rise: the sources differ, about {plain(low)} to {plain(high)} mg/dL"
        return replace(option, expected_rise_mg_per_dl=(low, rise[1]), flags=_held(flags), steps=(step,))
    recovery = policy.get("cryo_recovery")
    rise_mg_per_dl = mg * recovery / need.plasma_dl
    expected = expected_level(given, given.level, rise_mg_per_dl, policy)
    flags.insert(1, (CAPPED, is_capped and expected.high < given.target))
    step = (
        f"Expected rise: {plain(mg)} mg × {plain(recovery)} / {rounded(need.plasma_dl, 2)} dL = {rounded(rise_mg_per_dl, 1)} mg/dL, "
        f"to {expected.words}"
    )
    short = (f"The target of {fibrinogen_words(given.target)} g/L is not reached within the limit",)
    steps = (step, *(short if is_capped and expected.high < given.target else ()))
    option = replace(option, predicted_g_per_l=expected.high, predicted_low_g_per_l=expected.low)
    return replace(option, flags=_held(flags), steps=steps)


def _held(flags: list[tuple[str, bool]]) -> tuple[str, ...]:
    return tuple(name for name, holds in flags if holds)


def _by_volume(bare: Option, given: DoseInput, policy: SitePolicy) -> Option:
    """CRY-03: a volume only."""
    per_kg = policy.get("cryo_ml_per_kg.t2" if _is_low(given) else "cryo_ml_per_kg.t1")
    cap = policy.get("cryo_cap_ml")
    volume = min(per_kg * given.weight_kg, cap)
    step = f"Dose: {plain(per_kg)} mL/kg × {plain(given.weight_kg)} kg, at most {plain(cap)} mL = {rounded(volume, 1)} mL (CRY-03)"
    flags = (MINIMUM_DOSE,) if given.is_bound else ()
    return replace(bare, volume_ml=volume, steps=(step, *_after(given, HANDLING)), flags=flags)


def _after(given: DoseInput, handling: str) -> tuple[str, ...]:
    """What is said after the arithmetic of every method."""
    bound = ("Minimum dose: the true level may be lower than the reported bound",) if given.is_bound else ()
    return (*bound, handling)


def blood_volume(age: int, policy: SitePolicy) -> Decimal:
    """mL/kg by age in years (guideline 0.2)."""
    name = "from_12y" if age >= 12 else "from_1y" if age >= 1 else "under_1y"
    value: Decimal = policy.get(f"tbv_ml_per_kg.{name}")
    return value


def _supply(bare: Option, needed: int, cap: int, weight: Decimal | None, *, adult: bool, policy: SitePolicy) -> Option:
    """Units within the cap with their pools (CRY-04) and volume (CRY-05), or whole pools (PRD-05)."""
    size = int(policy.get("cryo_units_per_pool"))
    pooled = weight is None or weight >= POOLS_FROM_KG
    if policy.get("cryo_order_unit") == "pool":
        most = cap // size
        if pooled and most:
            pools = min(whole(Decimal(needed) / size), most)
            return _issued(bare, pools * size, pools, size, policy, in_pools=True)
        why = "A part of a pool: ask the blood bank how to order it"
        return replace(_issued(bare, min(needed, cap), None, None, policy), no_draft=why, no_draft_rule="PRD-05")
    units = min(needed, cap)
    if not pooled:
        return _issued(bare, units, None, None, policy)
    pools = whole(Decimal(units) / size)
    return _issued(bare, units, min(pools, ADULT_MAX_POOLS) if adult else pools, size, policy)


def _issued(
    bare: Option, units: int, pools: int | None, size: int | None, policy: SitePolicy, *, in_pools: bool = False
) -> Option:
    volume = units * policy.get("cryo_unit_ml")
    return replace(bare, units=units, pools=pools, units_per_pool=size, in_pools=in_pools, volume_ml=volume)
