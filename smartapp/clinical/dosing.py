"""What a dose is calculated from, and the steps kept for display (guideline 4.3, 4.4)."""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import fibrinogen_words, percent, plain, rounded

INCREMENT_FLOOR = "increment_floor"
ROUNDING_EXCESS = "rounding_excess"
CAPPED = "capped_below_target"
MINIMUM_DOSE = "minimum_dose"
_CHOSEN = "The clinician chose"  # how the last step of a changed amount begins


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseInput:
    """The patient's numbers: weight kg, age in completed years, current level and target in g/L, haematocrit as a fraction.

    `level` None: not known (REP-10), and then without a target. `is_bound`: the level is an upper bound (DQ-04). `serious`: bleeding
    significant or major. `low_tier`: T2, or the level is not known. `own_recovery`: the share of the computed rise that the patient's
    last judged dose brought, where it was less than the site's `recovery_low` (RCK-01).
    """

    weight_kg: Decimal
    age: int
    level: Decimal | None
    target: Decimal
    serious: bool
    low_tier: bool
    is_bound: bool = False
    haematocrit: Decimal | None = None
    own_recovery: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    """The planned rise in mg/dL, whether the floor of 4.3 set it, and the sentence that says so."""

    mg_per_dl: Decimal
    floored: bool
    step: str


def increment(given: DoseInput, policy: SitePolicy) -> Increment:
    """`max(target - F, min_planned_increment)` (4.3); only for a known level."""
    level = given.level or Decimal(0)
    deficit, floor = given.target - level, policy.get("min_planned_increment")
    planned = max(deficit, floor)
    words = f"target {fibrinogen_words(given.target)} g/L − {fibrinogen_words(level)} g/L = {rounded(deficit)} g/L"
    if deficit < floor:
        words += f", raised to the smallest planned increment of {rounded(floor)} g/L"
    return Increment(planned * 100, deficit < floor, f"Increment: {words} = {rounded(planned * 100)} mg/dL")


@dataclass(frozen=True, slots=True)
class ExpectedLevel:
    """The level in g/L that a dose should bring, its lower end, and both in words (FC-04)."""

    high: Decimal
    low: Decimal
    words: str


def expected_level(given: DoseInput, level: Decimal, rise_mg_per_dl: Decimal, policy: SitePolicy) -> ExpectedLevel:
    """`F + rise`, and below it what comes of the least recovery: the site's, or the patient's own where it was less."""
    own = given.own_recovery
    share = policy.get("recovery_low") if own is None else max(own, Decimal(0))
    high, low = level + rise_mg_per_dl / 100, level + share * rise_mg_per_dl / 100
    words = f"about {fibrinogen_words(low)} to {fibrinogen_words(high)} g/L"
    if own is not None:
        words += f"; the last dose reached {percent(own)} of what was computed"
    return ExpectedLevel(high, low, words)


def round_up(value: Decimal, step: Decimal) -> Decimal:
    """Up to a whole number of steps."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """Down to a whole number of steps."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def round_nearest(value: Decimal, step: Decimal) -> Decimal:
    """To the nearest step, half up, at least one."""
    return max((value / step).to_integral_value(ROUND_HALF_UP), Decimal(1)) * step


def amended(order: ProposedOrder, option: Option, amount: Decimal) -> ProposedOrder:
    """The order with another amount of what `option` proposed: mg, single-donor units, pools or pathogen-reduced doses, as it is counted;
    volume in proportion, as many whole vials as hold it (FC-04), and a last step that says whose amount it is."""
    before, unit = _counted_in(option)
    volume = None if option.volume_ml is None else option.volume_ml * amount / before
    steps = tuple(step for step in order.steps if not step.startswith(_CHOSEN))
    chosen = f"{_CHOSEN} {plain(amount)} {unit} in the place of the calculated {plain(before)} {unit}"
    order = replace(order, steps=steps if amount == before else (*steps, chosen))
    if option.dose_mg is not None:
        vials = None if option.vial_mg is None else whole(amount / option.vial_mg)
        return replace(order, dose_mg=amount, volume_ml=volume, vials=vials)
    if option.doses is not None:
        return replace(order, doses=int(amount))
    pools = option.pools
    if option.in_pools and option.units_per_pool:
        return replace(order, pools=int(amount), units=int(amount) * option.units_per_pool, volume_ml=volume)
    if option.pools and option.units_per_pool:
        pools = whole(amount / option.units_per_pool)
    return replace(order, units=int(amount), pools=pools, volume_ml=volume)


def _counted_in(option: Option) -> tuple[Decimal, str]:
    """The computed amount and what it counts."""
    if option.dose_mg is not None:
        return option.dose_mg, "mg"
    if option.doses is not None:
        return Decimal(option.doses), "pathogen-reduced doses"
    if option.in_pools and option.pools:
        return Decimal(option.pools), "pools"
    return Decimal(option.units or 1), "single-donor units"


def expected(option: Option, level: Decimal | None, mg: Decimal) -> Decimal | None:
    """The level in g/L that another amount of concentrate should bring from `level`: the expected rise goes with the amount (FC-04)."""
    if option.predicted_g_per_l is None or option.dose_mg is None or level is None:
        return None
    return level + (option.predicted_g_per_l - level) * mg / option.dose_mg


def whole(value: Decimal) -> int:
    """Up to the next whole number."""
    return int(value.to_integral_value(ROUND_CEILING))
