"""The amount that a draft order asks for, from every form that clients send (guideline 7a)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from smartapp.fhir.elements import Quantity

_BARE = "units"
"""A number of which the draft does not say what it counts."""
_MEASURES: Mapping[str, tuple[str, Decimal]] = {
    **dict.fromkeys(("mg", "milligram", "milligrams"), ("dose_mg", Decimal(1))),
    **dict.fromkeys(("g", "gm", "gram", "grams"), ("dose_mg", Decimal(1000))),
    **dict.fromkeys(("ug", "mcg", "µg", "μg"), ("dose_mg", Decimal("0.001"))),
    "mg/kg": ("mg_per_kg", Decimal(1)),
    "g/kg": ("mg_per_kg", Decimal(1000)),
    **dict.fromkeys(("ml", "cc"), ("ml", Decimal(1))),
    "l": ("ml", Decimal(1000)),
    **dict.fromkeys(("vial", "vials"), ("vials", Decimal(1))),
    **dict.fromkeys(("pool", "pools", "pooled unit", "pooled units"), ("pools", Decimal(1))),
    **dict.fromkeys(("dose", "doses"), ("doses", Decimal(1))),
    **dict.fromkeys(
        ("single-donor unit", "single-donor units", "single donor unit", "single donor units"),
        ("donor_units", Decimal(1)),
    ),
    **dict.fromkeys(("", "1", "u", "unit", "units"), (_BARE, Decimal(1))),
}
_BEST_FIRST = ("dose_mg", "mg_per_kg", "donor_units", _BARE, "pools", "doses", "vials", "ml")
"""Of several ways in which one sentence tells an amount, the one that counts."""
_MOST_DIGITS = 12
_WRITTEN = "|".join(
    re.escape(word)
    for word in sorted((w for w in _MEASURES if w not in ("", "1", "l", "cc", "u")), key=len, reverse=True)
)
_AMOUNT = re.compile(rf"(?<![\w.,])(\d+(?:[.,]\d+)?)\s*({_WRITTEN})(?![\w/])", re.IGNORECASE)
_GROUPED = re.compile(r"(?<=\d)[, \u202f](?=\d{3}\b)")


@dataclass(frozen=True, slots=True)
class Measured:
    """An amount in one measure (a name of `DraftOrder`'s amounts): the high end, and the low end of a range, else the same."""

    measure: str
    high: Decimal
    low: Decimal


def amounts_in(body: Mapping[str, Any]) -> dict[str, Decimal]:
    """The amounts of a draft by the name of their measure, with `low_share`; empty if there is none or one cannot be read.

    Several dosages are added up; a dispense quantity counts only where no dosage holds an amount.
    """
    told = [_of_dosage(dosage) for dosage in listed(body.get("dosageInstruction"))]
    found = [each for each in told if each is not None]
    if not found:
        found = [each for each in (_of_quantities(body), _of_dispense(body)) if each is not None][:1]
    readable = [one for one in found if isinstance(one, Measured)]
    return _summed(readable) if readable and len(readable) == len(found) else {}


class _Unreadable:
    """A dose is told, and cannot be read."""


_UNREADABLE = _Unreadable()
_Told = Measured | _Unreadable | None


def listed(value: Any) -> list[Mapping[str, Any]]:
    """An array, or the one object that some clients send in its place."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]


def _summed(amounts: list[Measured]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for one in amounts:
        total[one.measure] = total.get(one.measure, Decimal(0)) + one.high
    high, low = sum(one.high for one in amounts), sum(one.low for one in amounts)
    return {**total, "low_share": low / high} if high and low != high and len(total) == 1 else total


def _of_dosage(dosage: Mapping[str, Any]) -> _Told:
    """What one dosage tells: of several structured doses the one of type ordered, else the first; else its words (guideline 7a)."""
    ways = [(each, told) for each in listed(dosage.get("doseAndRate")) if (told := _of_way(each)) is not None]
    ordered = next((told for each, told in ways if _is_ordered(each)), None)
    old = _measured(dosage["doseQuantity"]) if isinstance(dosage.get("doseQuantity"), dict) else None  # DSTU2, STU3
    return ordered or (ways[0][1] if ways else None) or old or _in_words(dosage.get("text"))


def _is_ordered(way: Mapping[str, Any]) -> bool:
    kind = way.get("type")
    codings = listed(kind.get("coding")) if isinstance(kind, dict) else []
    return any(coding.get("code") == "ordered" for coding in codings)


def _of_way(way: Mapping[str, Any]) -> _Told:
    if isinstance(way.get("doseQuantity"), dict):
        return _measured(way["doseQuantity"])
    if isinstance(way.get("doseRange"), dict):
        return _of_range(way["doseRange"])
    ratio = way.get("doseRatio") or way.get("rateRatio")
    return _of_ratio(ratio) if isinstance(ratio, dict) else None


def _of_quantities(body: Mapping[str, Any]) -> _Told:
    """What a ServiceRequest orders."""
    if isinstance(body.get("quantityQuantity"), dict):
        return _measured(body["quantityQuantity"])
    if isinstance(body.get("quantityRange"), dict):
        return _of_range(body["quantityRange"])
    return _of_ratio(body["quantityRatio"]) if isinstance(body.get("quantityRatio"), dict) else None


def _of_dispense(body: Mapping[str, Any]) -> _Told:
    dispense = body.get("dispenseRequest")
    quantity = dispense.get("quantity") if isinstance(dispense, dict) else None
    return _measured(quantity) if isinstance(quantity, dict) else None


def _of_range(ends: Mapping[str, Any]) -> _Told:
    """Both ends in one measure; the one end that is told."""
    told = [_measured(ends[name]) for name in ("low", "high") if isinstance(ends.get(name), dict)]
    amounts = [one for one in told if isinstance(one, Measured)]
    if not amounts or len(amounts) < len(told) or len({one.measure for one in amounts}) > 1:
        return _UNREADABLE if told else None
    return Measured(amounts[0].measure, max(one.high for one in amounts), min(one.low for one in amounts))


def _of_ratio(ratio: Mapping[str, Any]) -> _Told:
    """The numerator: what is given in all, over a time; per kg of body weight where the denominator is one kilogram."""
    top, bottom = ratio.get("numerator"), ratio.get("denominator")
    amount = _measured(top) if isinstance(top, dict) else None
    if not isinstance(amount, Measured) or not isinstance(bottom, dict) or _unit_words(bottom)[0] != "kg":
        return amount
    per = bottom.get("value")
    if amount.measure != "dose_mg" or not isinstance(per, Decimal) or per <= 0:
        return _UNREADABLE
    return Measured("mg_per_kg", amount.high / per, amount.low / per)


def _measured(quantity: Mapping[str, Any]) -> _Told:
    """One quantity; a comparator, an unknown unit, or a code and a unit that disagree cannot be read."""
    value = quantity.get("value")
    if value is None:
        return None
    known = [_MEASURES[words] for words in _unit_words(quantity) if words in _MEASURES]
    telling = [each for each in known if each[0] != _BARE] or known
    if not isinstance(value, Decimal) or quantity.get("comparator") or len(set(telling)) != 1 or not _is_number(value):
        return _UNREADABLE
    measure, factor = telling[0]
    return Measured(measure, value * factor, value * factor)


def _unit_words(quantity: Mapping[str, Any]) -> list[str]:
    """Code and unit as written, without braces; one empty word where neither is there."""
    written = [each for each in (quantity.get("code"), quantity.get("unit")) if isinstance(each, str) and each.strip()]
    return [each.strip().strip("{}").lower() for each in written] or [""]


def _is_number(value: Decimal) -> bool:
    try:
        Quantity(value=value)
    except ValueError:
        return False
    return True


def _in_words(text: Any) -> _Told:
    """An amount in the words of a dosage, if it is the only one of its measure; of several measures the most exact one."""
    if not isinstance(text, str):
        return None
    found = [each for each in _amounts_in_words(text) if isinstance(each, Measured)]
    for measure in _BEST_FIRST:
        values = {one.high for one in found if one.measure == measure}
        if values:
            return Measured(measure, max(values), max(values)) if len(values) == 1 else _UNREADABLE
    return None


def _amounts_in_words(text: str) -> Iterator[_Told]:
    for number, unit in _AMOUNT.findall(_GROUPED.sub("", text)):
        if len(number) <= _MOST_DIGITS:
            measure, factor = _MEASURES[unit.lower()]
            value = Decimal(number.replace(",", ".")) * factor
            yield Measured(measure, value, value)
