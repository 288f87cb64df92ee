"""The upper limit that a result carries: of several ranges the normal one that is meant for this patient (DQ-27)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.units import UCUM, UnitRefused, annotated_variant, to_own_unit, unit_of
from smartapp.fhir.elements import CodeableConcept, Quantity, ReferenceRange

_NORMAL = "normal"
_AIMED_AT = re.compile(r"therap|treatment|target|anticoag", re.IGNORECASE)
_GENDERS = {
    "male": frozenset({"male", "m", "248153007", "men", "man"}),
    "female": frozenset({"female", "f", "248152002", "women", "woman"}),
}
_DAYS = {"a": Decimal("365.25"), "mo": Decimal("30.4375"), "wk": Decimal(7), "d": Decimal(1), "h": Decimal(1) / 24}
_WORDS = {
    "years": "a",
    "year": "a",
    "y": "a",
    "yr": "a",
    "months": "mo",
    "month": "mo",
    "weeks": "wk",
    "days": "d",
    "day": "d",
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a range must fit: completed years and days of age (least and most; None: not known) and the recorded gender."""

    years: tuple[int, int] | None = None
    days: tuple[int, int] | None = None
    gender: str = ""


NOBODY = Bearer()


def upper_limit_of(
    analyte: Analyte,
    ranges: tuple[ReferenceRange, ...],
    unit: str,
    variant: Variant | None = None,
    bearer: Bearer = NOBODY,
) -> Decimal | None:
    """The record's own upper limit, in the analyte's unit: of several normal ranges that fit the patient the lowest; a therapeutic or
    target range never counts. A limit in another unit is converted, an odd one ignored, and so is one of another type than the
    result's (`variant`: FEU is never compared with DDU)."""
    fitting = [range_ for range_ in ranges if _is_normal(range_) and _fits(range_, bearer)]
    limits = (_limit(analyte, range_.high, unit, variant) for range_ in fitting)
    return min((limit for limit in limits if limit is not None), default=None)


def _is_normal(range_: ReferenceRange) -> bool:
    """Of type normal, or of no type; what its words call therapeutic or a target is neither."""
    if _AIMED_AT.search(range_.text):
        return False
    kind = range_.type
    if kind is None or not (kind.coding or kind.text):
        return True
    if kind.coding:
        return any(coding.code == _NORMAL for coding in kind.coding)
    return _NORMAL in kind.text.lower() and not _AIMED_AT.search(kind.text)


def _fits(range_: ReferenceRange, bearer: Bearer) -> bool:
    return _is_of_age(range_, bearer) and all(_is_of_gender(who, bearer.gender) for who in range_.applies_to)


def _is_of_age(range_: ReferenceRange, bearer: Bearer) -> bool:
    if range_.age is None:
        return True
    low, high = range_.age.low, range_.age.high
    return _reaches(low, bearer, at_least=True) and _reaches(high, bearer, at_least=False)


def _reaches(bound: Quantity | None, bearer: Bearer, *, at_least: bool) -> bool:
    """Whether the patient surely is on the right side of one end of an age; both ends belong to it."""
    if bound is None or bound.value is None:
        return True
    unit = bound.code or _WORDS.get(bound.unit.lower(), bound.unit)
    ages = bearer.years if unit == "a" else bearer.days
    if ages is None or unit not in _DAYS:
        return False
    limit = bound.value if unit == "a" else bound.value * _DAYS[unit]
    return ages[0] >= limit if at_least else ages[1] <= limit


def _is_of_gender(who: CodeableConcept, gender: str) -> bool:
    names = _GENDERS.get(gender, frozenset())
    told: Iterable[str] = (coding.code.lower() for coding in who.coding) if who.coding else (who.text.strip().lower(),)
    return any(word in names for word in told)


def _limit(analyte: Analyte, high: Quantity | None, unit: str, variant: Variant | None) -> Decimal | None:
    if high is None or high.value is None:
        return None
    own = unit_of(analyte, high.code if high.system in ("", UCUM) else "", high.unit)
    if {variant, annotated_variant(own) if isinstance(own, str) else None} >= {Variant.FEU, Variant.DDU}:
        return None
    if isinstance(own, UnitRefused):
        own = "" if high.code or high.unit else unit
    found = to_own_unit(analyte, high.value, own)
    return found if isinstance(found, Decimal) else None
