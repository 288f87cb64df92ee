"""The dose of cryoprecipitate: CRY-01 to CRY-05 (guideline 4.4)."""

from dataclasses import replace
from decimal import Decimal

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import CAPPED, INCREMENT_FLOOR, MINIMUM_DOSE, DoseInput, increment, whole
from smartapp.clinical.orders import Product
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import fibrinogen_words, plain, rounded

LICENCE = "component use per transfusion policy"
KG_PER_UNIT_LOW = Decimal(5)  # T2 or bleeding, NHSBT21
KG_PER_UNIT_T1 = Decimal(10)
POOLS_FROM_KG = Decimal(25)
ADULT_MAX_POOLS = 2
ADULT_UNITS = 10  # FC-06
HANDLING = "Give thawed cryoprecipitate within 4 h through a standard 170-200 µm set; infusion time by the site's protocol (CRY-05)"
RISE_PER_UNIT_10_KG = (Decimal(60), Decimal(100))  # mg/dL, MUSC
RISE_PER_UNIT_5_KG = (Decimal(100), Decimal(100))  # mg/dL, MEDS


def cryoprecipitate(
    given: DoseInput | None, policy: SitePolicy, *, serious: bool, adult_without_weight: bool
) -> Option:
    """The option with its dose; without a weight only FC-06's fixed amount, or no number at all."""
    bare = Option(product=Product.CRYOPRECIPITATE, preferred=False, why="", licence=LICENCE)
    if given is None:
        return _fixed(bare, policy) if adult_without_weight and serious else bare
    method = policy.get("cryo_method")
    if method == "ml_per_kg":
        return _by_volume(bare, given, policy)
    if method == "weight" or given.haematocrit is None or given.level is None:
        return _by_weight(bare, given, policy)
    return _by_plasma_volume(bare, given, policy)


def _fixed(bare: Option, policy: SitePolicy) -> Option:
    units = min(ADULT_UNITS, int(policy.get("cryo_cap_units")))
    option = _supply(bare, units, None, adult=True, policy=policy)
    return replace(
        option,
        cap_units=units,
        steps=(f"No usable weight: {units} units for an adult while bleeding (FC-06); confirm the weight", HANDLING),
    )


def _by_plasma_volume(bare: Option, given: DoseInput, policy: SitePolicy) -> Option:
    """CRY-01."""
    weight, level, hct = given.weight_kg, given.level or Decimal(0), given.haematocrit or Decimal(0)
    planned, tbv = increment(given, policy), blood_volume(given.age, policy)
    recovery, per_unit = policy.get("cryo_recovery"), policy.get("cryo_mg_per_unit")
    plasma = weight * tbv * (1 - hct) / 100
    mg = planned.mg_per_dl * plasma / recovery
    wanted = max(whole(mg / per_unit), 1)
    cap = min(int(policy.get("cryo_cap_units")), whole(weight / KG_PER_UNIT_LOW))
    units = min(wanted, cap)
    rise = units * per_unit * recovery / plasma
    predicted = level + rise / 100
    flags = (
        (INCREMENT_FLOOR, planned.floored),
        (CAPPED, wanted > cap and predicted < given.target),
        (MINIMUM_DOSE, given.is_bound),
    )
    steps = (
        planned.step,
        f"Plasma volume: {plain(weight)} kg × {plain(tbv)} mL/kg × (1 − {plain(hct)}) = {rounded(plasma, 2)} dL (CRY-01)",
        (
            f"Dose: {rounded(planned.mg_per_dl)} mg/dL × {rounded(plasma, 2)} dL / {plain(recovery)} = {rounded(mg, 1)} mg; "
            f"/ {plain(per_unit)} mg per unit = {wanted} units; at most {cap} for this patient → {units} units"
        ),
        (
            f"Expected rise: {units} × {plain(per_unit)} mg × {plain(recovery)} / {rounded(plasma, 2)} dL = {rounded(rise, 1)} mg/dL, "
            f"to about {fibrinogen_words(predicted)} g/L"
        ),
        *_after(given),
    )
    option = _supply(bare, units, weight, adult=given.age >= 18, policy=policy)
    return replace(
        option,
        predicted_g_per_l=predicted,
        cap_units=cap,
        flags=tuple(name for name, holds in flags if holds),
        steps=steps,
    )


def _by_weight(bare: Option, given: DoseInput, policy: SitePolicy) -> Option:
    """CRY-02: no prediction, since the sources differ about two-fold."""
    low = given.low_tier or given.serious
    per_unit = KG_PER_UNIT_LOW if low else KG_PER_UNIT_T1
    cap = int(policy.get("cryo_cap_units"))
    wanted = whole(given.weight_kg / per_unit)
    units = min(wanted, cap)
    rise = RISE_PER_UNIT_5_KG if low else RISE_PER_UNIT_10_KG
    why = (
        "no usable haematocrit"
        if given.haematocrit is None
        else "the site doses by weight"
        if given.level is not None
        else "level not known"
    )
    steps = (
        f"Dose by weight ({why}): {plain(given.weight_kg)} kg / {plain(per_unit)} kg per unit = {wanted}; at most {cap} → {units} units (CRY-02)",
        f"Expected rise: the sources differ, about {plain(RISE_PER_UNIT_10_KG[0])} to {plain(RISE_PER_UNIT_10_KG[1])} mg/dL",
        *_after(given),
    )
    flags = (MINIMUM_DOSE,) if given.is_bound else ()
    option = _supply(bare, units, given.weight_kg, adult=given.age >= 18, policy=policy)
    return replace(
        option, expected_rise_mg_per_dl=(RISE_PER_UNIT_10_KG[0], rise[1]), cap_units=cap, flags=flags, steps=steps
    )


def _by_volume(bare: Option, given: DoseInput, policy: SitePolicy) -> Option:
    """CRY-03: a volume only."""
    per_kg = policy.get("cryo_ml_per_kg.t2" if given.low_tier or given.serious else "cryo_ml_per_kg.t1")
    cap = policy.get("cryo_cap_ml")
    volume = min(per_kg * given.weight_kg, cap)
    step = f"Dose: {plain(per_kg)} mL/kg × {plain(given.weight_kg)} kg, at most {plain(cap)} mL = {rounded(volume, 1)} mL (CRY-03)"
    return replace(
        bare, volume_ml=volume, steps=(step, *_after(given)), flags=(MINIMUM_DOSE,) if given.is_bound else ()
    )


def _after(given: DoseInput) -> tuple[str, ...]:
    """What is said after the arithmetic of every method."""
    bound = ("Minimum dose: the true level may be lower than the reported bound",) if given.is_bound else ()
    return (*bound, HANDLING)


def blood_volume(age: int, policy: SitePolicy) -> Decimal:
    """mL/kg by age in years (guideline 0.2)."""
    name = "from_12y" if age >= 12 else "from_1y" if age >= 1 else "under_1y"
    value: Decimal = policy.get(f"tbv_ml_per_kg.{name}")
    return value


def _supply(option: Option, units: int, weight: Decimal | None, *, adult: bool, policy: SitePolicy) -> Option:
    """Pools (CRY-04) and volume (CRY-05)."""
    pools = whole(units / policy.get("cryo_units_per_pool"))
    if adult:
        pools = min(pools, ADULT_MAX_POOLS)
    given_as_pools = weight is None or weight >= POOLS_FROM_KG
    return replace(
        option,
        units=units,
        pools=pools if given_as_pools else None,
        units_per_pool=int(policy.get("cryo_units_per_pool")) if given_as_pools else None,
        volume_ml=units * policy.get("cryo_unit_ml"),
    )
