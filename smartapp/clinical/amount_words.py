"""An amount of a product in the words of orders, pages and cards, units spelled out (PRD-05)."""

from decimal import ROUND_DOWN, Decimal
from typing import Protocol

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.words import fibrinogen_words, plain


class Amounts(Protocol):
    """What an option or an order has an amount in; each member is None where the product is not counted in it.

    `units` are single-donor units of cryoprecipitate, `pools` how many pools of `units_per_pool` hold them, `in_pools` whether the
    blood bank is asked for pools; `doses` are pathogen-reduced doses.
    """

    @property
    def dose_mg(self) -> Decimal | None: ...
    @property
    def units(self) -> int | None: ...
    @property
    def pools(self) -> int | None: ...
    @property
    def units_per_pool(self) -> int | None: ...
    @property
    def in_pools(self) -> bool: ...
    @property
    def doses(self) -> int | None: ...
    @property
    def volume_ml(self) -> Decimal | None: ...


def amount_words(given: Amounts) -> str:
    """`3000 mg`, `10 single-donor units (= 2 pools of 5)`, `2 pools (of 5 units each)`, `2 pathogen-reduced doses`, `300 mL`; empty where
    no number may be given."""
    if given.dose_mg is not None:
        return f"{plain(given.dose_mg)} mg"
    if given.doses is not None:
        return counted(given.doses, "pathogen-reduced dose")
    if given.units is not None:
        return _pooled(given) if given.in_pools and given.pools else _single(given, given.units)
    return f"{plain(given.volume_ml)} mL" if given.volume_ml is not None else ""


def full_amount_words(given: Amounts) -> str:
    """The same with the volume of what is counted: `10 single-donor units (= 2 pools of 5), about 150 mL`."""
    counts = given.units is not None or given.dose_mg is not None
    volume = f", about {plain(given.volume_ml)} mL" if counts and given.volume_ml is not None else ""
    return f"{amount_words(given)}{volume}"


def counted(number: int, what: str) -> str:
    """`1 vial`, `3 vials`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _pooled(given: Amounts) -> str:
    each = f" (of {given.units_per_pool} units each)" if given.units_per_pool else ""
    return f"{counted(given.pools or 0, 'pool')}{each}"


def _single(given: Amounts, units: int) -> str:
    """The pools only where they hold exactly as many: units are not rounded up to whole pools (CRY-04)."""
    words = counted(units, "single-donor unit")
    if not given.pools or not given.units_per_pool or given.pools * given.units_per_pool != units:
        return words
    return f"{words} (= {counted(given.pools, 'pool')} of {given.units_per_pool})"


def _cut(level: Decimal) -> Decimal:
    """To two decimals, never up: a level below the target is not shown as the target."""
    return level.quantize(Decimal("0.01"), ROUND_DOWN)


def capped_words(option: Option, target: Decimal | None) -> str:
    """`capped at 10 units: about 1.48, target 1.5` (section 10)."""
    if option.doses is not None:
        limit = counted(option.doses, "dose")
    elif option.in_pools and option.pools is not None:
        limit = counted(option.pools, "pool")
    else:
        limit = f"{plain(option.dose_mg)} mg" if option.dose_mg is not None else counted(option.units or 0, "unit")
    reached = "" if option.predicted_g_per_l is None else f": about {fibrinogen_words(_cut(option.predicted_g_per_l))}"
    return f"capped at {limit}{reached}{'' if target is None else f', target {fibrinogen_words(target)}'}"
