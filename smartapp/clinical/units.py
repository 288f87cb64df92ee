"""The closed table of units: what a value in a reported unit is in its analyte's own unit (guideline 9.6, DQ-05, DQ-06, DQ-13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.terminology import Analyte, Variant

UCUM = "http://unitsofmeasure.org"

_A = Analyte
OWN_UNIT: Mapping[Analyte, str] = {
    _A.FIBRINOGEN: "g/L",
    _A.PT: "s",
    _A.INR: "{INR}",
    _A.APTT: "s",
    _A.D_DIMER: "ug/L",
    _A.PLATELETS: "10*9/L",
    _A.FERRITIN: "ug/L",
    _A.CRP: "mg/L",
    _A.LDH: "U/L",
    _A.HAEMOGLOBIN: "g/dL",
    _A.HAEMATOCRIT: "1",
    _A.ALT: "U/L",
    _A.AST: "U/L",
    _A.BILIRUBIN: "mg/dL",
    _A.TRIGLYCERIDES: "mg/dL",
    _A.NEUTROPHILS: "10*9/L",
    _A.IL6: "pg/mL",
    _A.TEMPERATURE: "Cel",
    _A.SYSTOLIC_PRESSURE: "mm[Hg]",
    _A.DIASTOLIC_PRESSURE: "mm[Hg]",
    _A.MEAN_PRESSURE: "mm[Hg]",
    _A.SPO2: "%",
    _A.OXYGEN_FLOW: "L/min",
    _A.FIO2: "%",
    _A.HEART_RATE: "/min",
    _A.RESPIRATORY_RATE: "/min",
    _A.WEIGHT: "kg",
    _A.HEIGHT: "cm",
}

_ONE = Decimal(1)
_COUNT = {"10*9/L": _ONE, "10*3/uL": _ONE, "/uL": Decimal("0.001"), "10*6/L": Decimal("0.001")}
_MASS_UG = {"ug/L": _ONE, "ng/mL": _ONE, "mg/L": Decimal(1000), "ug/mL": Decimal(1000)}
_DIMER = {
    f"{prefix}{{{kind}}}/{per}": factor
    for kind in ("FEU", "DDU")
    for prefix, per, factor in (
        ("mg", "L", Decimal(1000)),
        ("ug", "mL", Decimal(1000)),
        ("ug", "L", _ONE),
        ("ng", "mL", _ONE),
    )
}
_PRESSURE = {"mm[Hg]": _ONE}
FACTORS: Mapping[Analyte, Mapping[str, Decimal]] = {
    _A.FIBRINOGEN: {
        "g/L": _ONE,
        "mg/dL": Decimal("0.01"),
        "mg/L": Decimal("0.001"),
        "g/dL": Decimal(10),
        "mg/mL": _ONE,
        "umol/L": Decimal("0.34"),
    },
    _A.PT: {"s": _ONE},
    _A.INR: {"{INR}": _ONE, "1": _ONE},
    _A.APTT: {"s": _ONE},
    _A.D_DIMER: {**_MASS_UG, **_DIMER},
    _A.PLATELETS: _COUNT,
    _A.FERRITIN: _MASS_UG,
    _A.CRP: {"mg/L": _ONE, "mg/dL": Decimal(10), "ug/mL": _ONE},
    _A.LDH: {"U/L": _ONE, "[IU]/L": _ONE},
    _A.HAEMOGLOBIN: {"g/dL": _ONE, "g/L": Decimal("0.1")},
    _A.HAEMATOCRIT: {"%": _ONE, "1": _ONE, "L/L": _ONE, "{fraction}": _ONE},  # DQ-13: above 1 means per cent
    _A.ALT: {"U/L": _ONE, "[IU]/L": _ONE},
    _A.AST: {"U/L": _ONE, "[IU]/L": _ONE},
    _A.BILIRUBIN: {"mg/dL": _ONE},
    _A.TRIGLYCERIDES: {"mg/dL": _ONE},
    _A.NEUTROPHILS: _COUNT,
    _A.IL6: {"pg/mL": _ONE, "ng/L": _ONE},
    _A.TEMPERATURE: {"Cel": _ONE},
    _A.SYSTOLIC_PRESSURE: _PRESSURE,
    _A.DIASTOLIC_PRESSURE: _PRESSURE,
    _A.MEAN_PRESSURE: _PRESSURE,
    _A.SPO2: {"%": _ONE},
    _A.OXYGEN_FLOW: {"L/min": _ONE},
    _A.FIO2: {"%": _ONE},
    _A.HEART_RATE: {"/min": _ONE, "{beats}/min": _ONE},
    _A.RESPIRATORY_RATE: {"/min": _ONE, "{breaths}/min": _ONE},
    _A.WEIGHT: {"kg": _ONE, "g": Decimal("0.001"), "[lb_av]": Decimal("0.45359237")},
    _A.HEIGHT: {"cm": _ONE, "m": Decimal(100)},
}

# how people write the same units as text, where no UCUM code is given: exact matches only (FHIR-24)
TEXT_SPELLINGS: Mapping[str, str] = {
    "10^9/L": "10*9/L",
    "10^3/uL": "10*3/uL",
    "K/uL": "10*3/uL",
    "x10*9/L": "10*9/L",
    "x10^9/L": "10*9/L",
    "µg/L": "ug/L",
    "μg/L": "ug/L",
    "mmHg": "mm[Hg]",
    "mm Hg": "mm[Hg]",
    "°C": "Cel",
    "C": "Cel",
    "degC": "Cel",
    "°F": "[degF]",
    "F": "[degF]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "INR": "{INR}",
    "ratio": "{INR}",
    "sec": "s",
    "seconds": "s",
    "l/min": "L/min",
    "LPM": "L/min",
    "µmol/L": "umol/L",
    "μmol/L": "umol/L",
    "IU/L": "U/L",
    "mg/L FEU": "mg{FEU}/L",
    "ug/mL FEU": "ug{FEU}/mL",
    "µg/mL FEU": "ug{FEU}/mL",
    "ng/mL FEU": "ng{FEU}/mL",
    "ng/mL DDU": "ng{DDU}/mL",
    "bpm": "/min",
    "breaths/min": "/min",
    "beats/min": "/min",
}

_ANNOTATED = {"FEU": Variant.FEU, "DDU": Variant.DDU}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a value is not used: the guideline row and a sentence."""

    rule: str
    why: str


def to_own_unit(analyte: Analyte, value: Decimal, unit: str) -> Decimal | Refused:
    """`value` in the analyte's own unit, unrounded; plausibility checked where the guideline does (DQ-06, DQ-11, DQ-13).

    `unit` is a code of the closed table (`unit_of` finds it).
    """
    if analyte is Analyte.TEMPERATURE and unit == "[degF]":
        return (value - 32) * 5 / 9
    factor = FACTORS[analyte].get(unit)
    if factor is None:
        return Refused("DQ-05", f"the unit {unit} is not one of {', '.join(FACTORS[analyte])}")
    if analyte is Analyte.FIBRINOGEN:
        return _fibrinogen(value, unit, factor)
    return _haematocrit(value) if analyte is Analyte.HAEMATOCRIT else value * factor


def unit_of(analyte: Analyte, code: str, text: str) -> str | Refused:
    """The unit meant by a UCUM `code` and a unit `text` (DQ-05): the code, else the text by exact match; conflict refuses."""
    spelled = TEXT_SPELLINGS.get(text, text)
    known = _known(analyte)
    if code and text and spelled in known and code in known and not _same(analyte, code, spelled):
        return Refused("DQ-05", f"its unit code {code} and its unit text {text} disagree")
    unit = code or spelled
    if not unit:
        return Refused("DQ-05", "it has no unit")
    if unit not in known:
        return Refused("DQ-05", f"its unit {code or text} is not one that is accepted")
    return unit


def annotated_variant(unit: str) -> Variant | None:
    """FEU or DDU, where the unit says so (FHIR-25)."""
    return next((variant for word, variant in _ANNOTATED.items() if f"{{{word}}}" in unit), None)


def _known(analyte: Analyte) -> frozenset[str]:
    return frozenset(FACTORS[analyte]) | ({"[degF]"} if analyte is Analyte.TEMPERATURE else frozenset())


def _same(analyte: Analyte, one: str, other: str) -> bool:
    factors = FACTORS[analyte]
    if analyte is Analyte.HAEMATOCRIT:
        return (one == "%") == (other == "%")
    return one == other or (one in factors and factors[one] == factors.get(other) and annotated_variant(one) == annotated_variant(other))


def _fibrinogen(value: Decimal, unit: str, factor: Decimal) -> Decimal | Refused:
    smallest = {"mg/dL": Decimal(10), "mg/L": Decimal(100)}.get(unit)
    if (smallest is not None and 0 <= value < smallest) or (unit == "g/dL" and value > 1):
        return Refused("DQ-06", "unit suspected wrong: verify the unit with the laboratory")
    converted = value * factor
    return converted if 0 <= converted <= 20 else Refused("DQ-06", "implausible value: check unit")


def _haematocrit(value: Decimal) -> Decimal | Refused:
    fraction = value / 100 if value > 1 else value
    if not Decimal("0.05") <= fraction <= Decimal("0.70"):
        return Refused("DQ-13", "implausible haematocrit")
    return fraction
