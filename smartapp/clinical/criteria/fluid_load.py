"""Why the volume of a product may be too much for this patient (SAF-03)."""

from dataclasses import dataclass

from smartapp.clinical.criteria.hazards import FLUID_OVERLOAD
from smartapp.clinical.criteria.options import CHOICE
from smartapp.clinical.orders import Product
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.words import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class FluidLoad:
    """Why a volume may be too much (SAF-03), in words; `source` the record of overload."""

    reasons: tuple[str, ...]
    concentrate_usable: bool
    source: str = ""


def _fluid_load(facts: Facts) -> FluidLoad | Missing:
    choice, overload = facts.get(CHOICE), facts.get(FLUID_OVERLOAD)
    recorded = None if isinstance(overload, Missing) else overload
    large = not isinstance(choice, Missing) and choice.large_volume
    limit = plain(facts.policy.get("fluid_volume_warn"))
    reasons = (
        ("fluid overload is recorded", recorded is not None),
        (f"the planned cryoprecipitate exceeds {limit} mL/kg", large),
    )
    held = tuple(words for words, holds in reasons if holds)
    unknown = next((each for each in (overload, choice) if isinstance(each, Missing)), None)
    if not held and unknown is not None:
        return unknown
    products = [option.product for option in choice.options] if not isinstance(choice, Missing) else []
    usable = Product.FIBRINOGEN_CONCENTRATE in products
    return FluidLoad(reasons=held, concentrate_usable=usable, source=recorded.source if recorded else "")


FLUID_LOAD: Need[FluidLoad] = Need("fluid_load", _fluid_load)
