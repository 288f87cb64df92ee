"""The amount that an order, a dispense or an administration tells, from every form that can be read (guideline 7a)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from smartapp.fhir.elements import DosageInstruction, DoseAndRate, Quantity

_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "mg": ("mg", Decimal(1)),
    "g": ("mg", Decimal(1000)),
    "gram": ("mg", Decimal(1000)),
    "grams": ("mg", Decimal(1000)),
    **dict.fromkeys(("ug", "mcg", "µg", "μg"), ("mg", Decimal("0.001"))),
    "mg/kg": ("mg/kg", Decimal(1)),
    "ml": ("mL", Decimal(1)),
    "l": ("mL", Decimal(1000)),
    **dict.fromkeys(("", "1", "u", "unit", "units"), ("unit", Decimal(1))),
    **dict.fromkeys(("single-donor unit", "single-donor units"), ("single-donor unit", Decimal(1))),
    **dict.fromkeys(("pool", "pools"), ("pool", Decimal(1))),
    **dict.fromkeys(("dose", "doses"), ("dose", Decimal(1))),
    **dict.fromkeys(("vial", "vials"), ("vial", Decimal(1))),
}


class DoseAmount(NamedTuple):
    """A number of `mg`, `mg/kg`, `mL`, `vial`, `pool`, `dose`, `single-donor unit` or `unit` (of which is not said)."""

    value: Decimal
    unit: str


def amount_of(quantity: Quantity | None) -> DoseAmount | None:
    """One quantity; None without a number, with a comparator, or in a unit that is no amount of a product."""
    if quantity is None or quantity.value is None or quantity.comparator:
        return None
    for written in (quantity.code, quantity.unit):
        unit = _UNITS.get(written.strip().strip("{}").lower())
        if unit is not None and (written or not (quantity.code or quantity.unit)):
            return DoseAmount(quantity.value * unit[1], unit[0])
    return None


def ordered_amount(dosages: Iterable[DosageInstruction], *quantities: Quantity | None) -> DoseAmount | None:
    """The sum of all dosages; where none holds an amount, the first of `quantities` that is one. None if one cannot be read."""
    doses = [dose for dosage in dosages if (dose := _chosen(dosage.dose_and_rate)) is not None]
    if not doses:
        return next((amount for quantity in quantities if (amount := amount_of(quantity)) is not None), None)
    amounts = [amount_of(dose.dose_quantity or (dose.dose_range.high if dose.dose_range else None)) for dose in doses]
    readable = [amount for amount in amounts if amount is not None]
    if len(readable) < len(amounts) or len({amount.unit for amount in readable}) > 1:
        return None
    return DoseAmount(sum((amount.value for amount in readable), Decimal(0)), readable[0].unit)


def _chosen(doses: tuple[DoseAndRate, ...]) -> DoseAndRate | None:
    """Of several doses in one dosage the one of type ordered, else the first (guideline 7a)."""
    told = [dose for dose in doses if dose.dose_quantity is not None or dose.dose_range is not None]
    return next((dose for dose in told if dose.is_ordered), told[0] if told else None)
