"""The closed table of units that the guideline accepts: code, analyte and factor to its own unit (9.6, DQ-05)."""

from collections.abc import Mapping
from decimal import Decimal

from smartapp.clinical.terminology import Analyte

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
_COUNT = {
    "10*9/L": _ONE,
    "10*3/uL": _ONE,
    "/uL": Decimal("0.001"),
    "{cells}/uL": Decimal("0.001"),
    "10*6/L": Decimal("0.001"),
    "10*6/mL": _ONE,
    "/nL": _ONE,
    "/mm3": Decimal("0.001"),
    "10*4/uL": Decimal(10),
}
_MASS_UG = {"ug/L": _ONE, "ng/mL": _ONE, "mg/L": Decimal(1000), "ug/mL": Decimal(1000)}
_DIMER = {  # the annotation may stand after either part
    unit: factor
    for kind in ("{FEU}", "{DDU}")
    for mass, volume, factor in (
        ("mg", "L", Decimal(1000)),
        ("ug", "mL", Decimal(1000)),
        ("ug", "L", _ONE),
        ("ng", "mL", _ONE),
    )
    for unit in (f"{mass}{kind}/{volume}", f"{mass}/{volume}{kind}")
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
    _A.LDH: {"U/L": _ONE},
    _A.HAEMOGLOBIN: {"g/dL": _ONE, "g/L": Decimal("0.1")},
    _A.HAEMATOCRIT: {"%": _ONE, "1": _ONE, "L/L": _ONE, "{fraction}": _ONE},  # DQ-13: above 1 means per cent
    _A.ALT: {"U/L": _ONE},
    _A.AST: {"U/L": _ONE},
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

GIGA_PER_LITRE = "G/L"  # in counts a thousand million per litre; in fibrinogen's text grams (DQ-32)

TEXT_SPELLINGS: Mapping[str, str] = {  # exact matches (FHIR-24)
    "10^9/L": "10*9/L",
    "10^3/uL": "10*3/uL",
    "K/uL": "10*3/uL",
    "x10*9/L": "10*9/L",
    "x10^9/L": "10*9/L",
    "x10E9/L": "10*9/L",
    "10E9/L": "10*9/L",
    "10^9/l": "10*9/L",
    "x10^3/uL": "10*3/uL",
    "x10*3/uL": "10*3/uL",
    "10^3/µL": "10*3/uL",
    "10^3/μL": "10*3/uL",
    "K/µL": "10*3/uL",
    "K/μL": "10*3/uL",
    "10^6/mL": "10*6/mL",
    "10^4/uL": "10*4/uL",
    "10^4/µL": "10*4/uL",
    "10^4/μL": "10*4/uL",
    "/µL": "/uL",
    "/μL": "/uL",
    "/mm^3": "/mm3",
    "/mm³": "/mm3",
    "/cmm": "/mm3",
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
    "mg/L FEU": "mg{FEU}/L",
    "ug/mL FEU": "ug{FEU}/mL",
    "µg/mL FEU": "ug{FEU}/mL",
    "ng/mL FEU": "ng{FEU}/mL",
    "ng/mL DDU": "ng{DDU}/mL",
    "ug/L FEU": "ug{FEU}/L",
    "ug/L DDU": "ug{DDU}/L",
    "mg/L DDU": "mg{DDU}/L",
    "ug/mL DDU": "ug{DDU}/mL",
    "bpm": "/min",
    "breaths/min": "/min",
    "beats/min": "/min",
}
