"""Numbers with their units as records write them: quantities, integers, strings with comma or comparator (DQ-04, 05, 14)."""

from decimal import Decimal

from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.labs import Comparator
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.units import UCUM, UnitRefused, to_own_unit, unit_of
from smartapp.fhir.elements import Quantity, Range, Ratio
from smartapp.fhir.observation_values import Unusable, Value, ValueReading
from smartapp.fhir.written_numbers import read_number

UNIT_IN_WORDS = "the unit has no UCUM code; it is read from its text"


def quantity_of(value: Value, analyte: Analyte, reading: ValueReading) -> Quantity:
    """The quantity of a value, of whichever type; of a range its upper end, or its one end as a bound (DQ-25). `Unusable` for words,
    nothing, a number that can be read in two ways, or a comparator we do not know."""
    if value.quantity is not None:
        return _checked(value.quantity)
    if value.integer is not None:
        return Quantity(value=Decimal(value.integer))
    if value.string is not None:
        return _from_string(value.string, analyte, reading)
    if value.range is not None:
        return _from_range(value.range, analyte)
    if value.ratio is not None:
        return _from_ratio(value.ratio)
    if value.concept is not None:
        raise Unusable(
            "DQ-14", f"its value is words, not a number: “{value.concept.label[:60]}”", UnusableReason.NUMBER
        )
    why = value.absent.label if value.absent else ""
    if why:
        raise Unusable("DQ-14", f"it has no value ({why})", UnusableReason.NO_VALUE_FOR_A_REASON)
    raise Unusable("DQ-14", "it has no value", UnusableReason.NO_VALUE)


def lower_end(value: Value) -> Quantity | None:
    """The lower end of a range with both ends (DQ-25); None for any other value."""
    if value.quantity is not None or value.range is None or not _both_ends(value.range):
        return None
    return value.range.low


def _checked(quantity: Quantity) -> Quantity:
    if quantity.value is None or not quantity.value.is_finite():
        raise Unusable("DQ-14", "its value has no number", UnusableReason.NO_VALUE)
    if quantity.comparator and quantity.comparator not in {comparator.value for comparator in Comparator}:
        raise Unusable("DQ-04", f"its comparator {quantity.comparator} is not known", UnusableReason.NUMBER)
    return quantity


def _from_string(text: str, analyte: Analyte, reading: ValueReading) -> Quantity:
    """DQ-14, DQ-25: comma decimals, thousands, a leading comparator, a unit after the number; anything else is unusable, shown verbatim."""
    found = read_number(text)
    if found is None:
        raise Unusable("DQ-14", f"its value is words, not a number: “{text.strip()[:60]}”", UnusableReason.NUMBER)
    try:
        meant = [Quantity(value=number, comparator=found.comparator, unit=found.unit) for number in found.readings]
    except ValueError:
        raise Unusable("DQ-14", f"its value is not a number: “{text.strip()[:60]}”", UnusableReason.NUMBER) from None
    if len(meant) > 1 and analyte is Analyte.FIBRINOGEN:
        meant = [quantity for quantity in meant if _is_plausible(quantity, analyte, reading)] or meant
    if len(meant) > 1:
        why = f"its number can be read in two ways: “{text.strip()[:60]}”"
        raise Unusable("DQ-25", why, UnusableReason.TWO_WAY_NUMBER)
    return meant[0]


def _is_plausible(quantity: Quantity, analyte: Analyte, reading: ValueReading) -> bool:
    """Whether a reading of a number is within DQ-06."""
    try:
        unit = unit_meant(analyte, quantity, reading)
    except Unusable:
        return False
    return quantity.value is not None and isinstance(to_own_unit(analyte, quantity.value, unit), Decimal)


def _from_range(range_: Range, analyte: Analyte) -> Quantity:
    """One end is a bound; both ends are kept for fibrinogen alone, whose tier they may tell."""
    low, high = range_.low, range_.high
    if _both_ends(range_):
        if analyte is not Analyte.FIBRINOGEN:
            raise Unusable("DQ-25", "its value is a range", UnusableReason.NUMBER)
        return _end(high, "")
    if high is not None and high.value is not None:
        return _end(high, "<=")
    return _end(low, ">=")


def _both_ends(range_: Range) -> bool:
    return all(end is not None and end.value is not None for end in (range_.low, range_.high))


def _end(end: Quantity | None, comparator: str) -> Quantity:
    if end is None or end.value is None or end.comparator:
        raise Unusable("DQ-25", "its value is a range without a number", UnusableReason.NUMBER)
    return Quantity(value=end.value, comparator=comparator, unit=end.unit, system=end.system, code=end.code)


def _from_ratio(ratio: Ratio) -> Quantity:
    """Numerator over denominator, where both have units; `unit_meant` refuses what is none of the analyte's."""
    above, below = ratio.numerator, ratio.denominator
    if above is None or below is None or not above.value or not below.value or above.comparator or below.comparator:
        raise Unusable("DQ-25", "its value is a ratio that cannot be read as a number", UnusableReason.NUMBER)
    units = [each.code if each.code and each.system in ("", UCUM) else each.unit for each in (above, below)]
    if not all(units):
        raise Unusable("DQ-25", "its value is a ratio without units", UnusableReason.NUMBER)
    return Quantity(value=above.value / below.value, unit="/".join(units))


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
