"""What a dose is calculated from, and the steps kept for display (guideline 4.3, 4.4)."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.wording import fibrinogen_words, rounded

INCREMENT_FLOOR = "increment_floor"
ROUNDING_EXCESS = "rounding_excess"
CAPPED = "capped_below_target"
MINIMUM_DOSE = "minimum_dose"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseInput:
    """The patient's numbers: weight kg, age in completed years, current level and target in g/L, haematocrit as a fraction.

    `level` None: not known (REP-10). `is_bound`: the level is an upper bound (DQ-04). `serious`: bleeding significant or major.
    `low_tier`: T2, or the level is not known.
    """

    weight_kg: Decimal
    age: int
    level: Decimal | None
    target: Decimal
    serious: bool
    low_tier: bool
    is_bound: bool = False
    haematocrit: Decimal | None = None


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


def round_up(value: Decimal, step: Decimal) -> Decimal:
    """Up to a whole number of steps."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """Down to a whole number of steps."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def round_nearest(value: Decimal, step: Decimal) -> Decimal:
    """To the nearest step, half up, at least one."""
    return max((value / step).to_integral_value(ROUND_HALF_UP), Decimal(1)) * step


def whole(value: Decimal) -> int:
    """Up to the next whole number."""
    return int(value.to_integral_value(ROUND_CEILING))
