"""Numbers with their units as records write them: quantities, integers, strings with comma or comparator (DQ-04, 05, 14)."""

import re
from decimal import Decimal, InvalidOperation

from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.labs import Comparator
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.units import UCUM, UnitRefused, annotated_variant, to_own_unit, unit_of
from smartapp.fhir.elements import Quantity, ReferenceRange
from smartapp.fhir.observation_values import Unusable, Value, ValueReading

UNIT_IN_WORDS = "the unit has no UCUM code; it is read from its text"

_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([0-9]+(?:[.,][0-9]+)?)\s*(.*)", re.DOTALL)


def quantity_of(value: Value) -> Quantity:
    """The quantity of a value, of whichever type; `Unusable` for words, nothing, or a comparator we do not know."""
    if value.quantity is not None:
        return _checked(value.quantity)
    if value.integer is not None:
        return Quantity(value=Decimal(value.integer))
    if value.string is not None:
        return _from_string(value.string)
    if value.concept is not None:
        raise Unusable(
            "DQ-14", f"its value is words, not a number: “{value.concept.label[:60]}”", UnusableReason.NUMBER
        )
    why = value.absent.label if value.absent else ""
    if why:
        raise Unusable("DQ-14", f"it has no value ({why})", UnusableReason.NO_VALUE_FOR_A_REASON)
    raise Unusable("DQ-14", "it has no value", UnusableReason.NO_VALUE)


def _checked(quantity: Quantity) -> Quantity:
    if quantity.value is None or not quantity.value.is_finite():
        raise Unusable("DQ-14", "its value has no number", UnusableReason.NO_VALUE)
    if quantity.comparator and quantity.comparator not in {comparator.value for comparator in Comparator}:
        raise Unusable("DQ-04", f"its comparator {quantity.comparator} is not known", UnusableReason.NUMBER)
    return quantity


def _from_string(text: str) -> Quantity:
    """DQ-14: comma decimals, a leading comparator, a unit after the number; anything else is unusable, shown verbatim."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise Unusable("DQ-14", f"its value is words, not a number: “{text.strip()[:60]}”", UnusableReason.NUMBER)
    comparator, number, unit = match.groups()
    try:
        return Quantity(value=Decimal(number.replace(",", ".")), comparator=comparator or "", unit=unit.strip())
    except InvalidOperation:
        raise Unusable("DQ-14", f"its value is not a number: “{text.strip()[:60]}”", UnusableReason.NUMBER) from None


def unit_meant(analyte: Analyte, quantity: Quantity, reading: ValueReading) -> str:
    """The unit by code, else by exact text (DQ-05); none at all is assumed only where the site says so."""
    code = quantity.code if quantity.system in ("", UCUM) else ""
    if not code and not quantity.unit and analyte is Analyte.FIBRINOGEN and reading.assumed_fibrinogen_unit:
        return reading.assumed_fibrinogen_unit
    if not code and not quantity.unit and analyte in (Analyte.INR, Analyte.HAEMATOCRIT):
        return "1"
    unit = unit_of(analyte, code, quantity.unit)
    if isinstance(unit, UnitRefused):
        raise Unusable(unit.rule, unit.why, unit.reason)
    return unit


def is_unit_in_words(quantity: Quantity | None) -> bool:
    """Whether only the unit's text tells the unit: it counts by exact match, and is remarked on (FHIR-24)."""
    return quantity is not None and bool(quantity.unit) and not (quantity.code and quantity.system in ("", UCUM))


def words(quantity: Quantity) -> str:
    """A quantity as the record has it: `<60 mg/dL`."""
    return f"{quantity.comparator}{quantity.value} {quantity.unit or quantity.code}".strip()


def upper_limit_of(
    analyte: Analyte, ranges: tuple[ReferenceRange, ...], unit: str, variant: Variant | None = None
) -> Decimal | None:
    """The record's own upper limit, in the analyte's unit; a limit in another unit is converted, an odd one ignored, and so is
    one of another type than the result's (`variant`: FEU is never compared with DDU)."""
    for range_ in ranges:
        high = range_.high
        if high is None or high.value is None:
            continue
        own = unit_of(analyte, high.code if high.system in ("", UCUM) else "", high.unit)
        types = {variant, annotated_variant(own) if isinstance(own, str) else None}
        if types >= {Variant.FEU, Variant.DDU}:
            continue
        found = to_own_unit(
            analyte,
            high.value,
            unit
            if isinstance(own, UnitRefused) and not (high.code or high.unit)
            else own
            if isinstance(own, str)
            else "",
        )
        if isinstance(found, Decimal):
            return found
    return None
