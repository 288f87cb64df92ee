"""What a value is in its analyte's own unit, or why it is not used (DQ-05, DQ-06, DQ-13, FHIR-24)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.unit_tables import FACTORS, GIGA_PER_LITRE, TEXT_SPELLINGS

UCUM = "http://unitsofmeasure.org"
FAHRENHEIT = "[degF]"

_COUNTED = frozenset({Analyte.PLATELETS, Analyte.NEUTROPHILS})
_SMALL_LITRE = re.compile(r"(/[mdun]?|^)l(?=$|\{|/)")
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "^": "*", "³": "3"})
_NOTE = re.compile(r"([a-z]+)/([a-z]+)\s*\(?(feu|ddu)\)?", re.IGNORECASE)
_MASS_PER_VOLUME = re.compile(r"(?:[mun]?g|pg)(?:\{[A-Z]{3}\})?/[md]?L(?:\{[A-Z]{3}\})?")
_ANNOTATED = {"{FEU}": Variant.FEU, "{DDU}": Variant.DDU}
_ANY_UNIT = frozenset(unit for factors in FACTORS.values() for unit in factors) | {FAHRENHEIT}
_LEAST = {"mg/dL": Decimal(10), "mg/L": Decimal(100)}  # fibrinogen below this: unit suspected wrong (DQ-06)
_MOST = {"g/dL": Decimal(1)}  # fibrinogen above this: unit suspected wrong (DQ-06)
_HIGHEST_FIBRINOGEN = Decimal(20)  # g/L, DQ-06
_FAHRENHEIT_LIKE = (Decimal(86), Decimal(113))  # DQ-26
PLAUSIBLE: Mapping[
    Analyte, tuple[tuple[Decimal, Decimal], ...]
] = {  # DQ-26, in the analyte's own unit, both ends included
    Analyte.TEMPERATURE: ((Decimal(30), Decimal(43)),),
    Analyte.SYSTOLIC_PRESSURE: ((Decimal(30), Decimal(300)),),
    Analyte.SPO2: ((Decimal(40), Decimal(100)),),
    Analyte.OXYGEN_FLOW: ((Decimal(0), Decimal(80)),),
    Analyte.FIO2: ((Decimal("0.21"), Decimal(1)), (Decimal(21), Decimal(100))),
}
_LOWEST_HAEMATOCRIT, _HIGHEST_HAEMATOCRIT = Decimal("0.05"), Decimal("0.70")  # DQ-13


@dataclass(frozen=True, slots=True)
class UnitRefused:
    """Why a value is not used: the guideline row, a sentence, and the kind of reason (DQ-21)."""

    rule: str
    why: str
    reason: UnusableReason


def unit_of(analyte: Analyte, code: str, text: str) -> str | UnitRefused:
    """The unit meant by a UCUM `code` and a unit `text`: the code, else the text by exact match; a conflict refuses.

    UCUM's `l` and `L` are the same litre, and the text of a mass per volume is read without regard to case (DQ-32). Another text with
    an error of case is no unit, but it may contradict the code.
    """
    code, text = code.strip(), text.strip()
    if code in FACTORS[analyte] and text in ("", code):
        return code
    code = _litres(analyte, code)
    spelled, known = _spelled(analyte, text), _known(analyte)
    said = {spelled} & _ANY_UNIT or {unit for unit in known if unit.casefold() == spelled.casefold()}
    if code in known and said and not any(_same(analyte, code, unit) for unit in said):
        why = f"its unit code {code} and its unit text {text} disagree"
        return UnitRefused("DQ-05", why, UnusableReason.UNIT_CONTRADICTORY)
    unit = spelled if code in known and spelled in known and annotated_variant(spelled) else code or spelled
    if not unit:
        return UnitRefused("DQ-05", "it has no unit", UnusableReason.UNIT_MISSING)
    if unit in known:
        return unit
    return UnitRefused(
        "DQ-05", f"its unit {code or text} is not one that is accepted", UnusableReason.UNIT_NOT_ACCEPTED
    )


def _litres(analyte: Analyte, code: str) -> str:
    """A code with the litre written as the table writes it: `mg/dl` is `mg/dL`, `10*9/l` is `10*9/L`; giga per litre in counts."""
    if code in _known(analyte):
        return code
    if code == GIGA_PER_LITRE and analyte in _COUNTED:
        return "10*9/L"
    written = _SMALL_LITRE.sub(r"\1L", code)
    return written if written in _ANY_UNIT else code


def _spelled(analyte: Analyte, text: str) -> str:
    """A text as the code it spells; of a mass per volume in any case."""
    written = text.translate(_SIGNS)
    spelled = TEXT_SPELLINGS.get(text) or TEXT_SPELLINGS.get(written) or _litres(analyte, written)
    if spelled in _known(analyte):
        return spelled
    folded = _annotated(written).lower()
    return next((unit for unit in FACTORS[analyte] if unit.lower() == folded and _is_mass_per_volume(unit)), spelled)


def _annotated(text: str) -> str:
    """`mg/L FEU` as `mg{FEU}/L`."""
    return _NOTE.sub(r"\1{\3}/\2", text)


def _is_mass_per_volume(unit: str) -> bool:
    return _MASS_PER_VOLUME.fullmatch(unit) is not None


def to_own_unit(analyte: Analyte, value: Decimal, unit: str) -> Decimal | UnitRefused:
    """`value` in the analyte's own unit, unrounded, checked for plausibility where the guideline says so.

    `unit` is a code of the closed table (`unit_of` finds it).
    """
    if analyte is Analyte.TEMPERATURE and unit == FAHRENHEIT:
        return _plausible(analyte, (value - 32) * 5 / 9)
    factor = FACTORS[analyte].get(unit)
    if factor is None:
        known = ", ".join(FACTORS[analyte])
        return UnitRefused("DQ-05", f"the unit {unit} is not one of {known}", UnusableReason.UNIT_NOT_ACCEPTED)
    if value < 0 and analyte is not Analyte.TEMPERATURE:
        return UnitRefused("DQ-06", "its value is below zero: check it with the laboratory", UnusableReason.IMPLAUSIBLE)
    if analyte is Analyte.FIBRINOGEN:
        return _fibrinogen(value, unit, factor)
    if analyte is Analyte.HAEMATOCRIT:
        return _haematocrit(value)
    return _plausible(analyte, value * factor) if analyte in PLAUSIBLE else value * factor


def _plausible(analyte: Analyte, value: Decimal) -> Decimal | UnitRefused:
    """DQ-26: a vital sign outside the limits of the living is not used, and neither is a Fahrenheit under the code Cel."""
    if any(low <= value <= high for low, high in PLAUSIBLE[analyte]):
        return value
    if analyte is Analyte.TEMPERATURE and _FAHRENHEIT_LIKE[0] <= value <= _FAHRENHEIT_LIKE[1]:
        return UnitRefused("DQ-26", "unit suspected wrong: it may be degrees Fahrenheit", UnusableReason.UNIT_SUSPECT)
    return UnitRefused("DQ-26", "implausible value: check it and its unit", UnusableReason.IMPLAUSIBLE)


def annotated_variant(unit: str) -> Variant | None:
    """FEU or DDU, where the unit says so (FHIR-25)."""
    return next((variant for word, variant in _ANNOTATED.items() if word in unit), None)


def _known(analyte: Analyte) -> frozenset[str]:
    return frozenset(FACTORS[analyte]) | ({FAHRENHEIT} if analyte is Analyte.TEMPERATURE else frozenset())


def _same(analyte: Analyte, one: str, other: str) -> bool:
    """Whether two units mean the same; an annotation that only one of them has is no contradiction."""
    factors, variants = FACTORS[analyte], {annotated_variant(one), annotated_variant(other)} - {None}
    if analyte is Analyte.HAEMATOCRIT:
        return other in factors and (one == "%") == (other == "%")
    same = one == other or (one in factors and factors[one] == factors.get(other))
    return same and len(variants) < 2


def _fibrinogen(value: Decimal, unit: str, factor: Decimal) -> Decimal | UnitRefused:
    if value < _LEAST.get(unit, value) or value > _MOST.get(unit, value):
        why = "unit suspected wrong: verify the unit with the laboratory"
        return UnitRefused("DQ-06", why, UnusableReason.UNIT_SUSPECT)
    converted = value * factor
    if converted <= _HIGHEST_FIBRINOGEN:
        return converted
    return UnitRefused("DQ-06", "implausible value: check unit", UnusableReason.IMPLAUSIBLE)


def _haematocrit(value: Decimal) -> Decimal | UnitRefused:
    fraction = value / 100 if value > 1 else value
    plausible = _LOWEST_HAEMATOCRIT <= fraction <= _HIGHEST_HAEMATOCRIT
    return fraction if plausible else UnitRefused("DQ-13", "implausible haematocrit", UnusableReason.IMPLAUSIBLE)
