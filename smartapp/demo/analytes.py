"""What the demo hospital measures: code, unit, reference range, usual value and the panel it is drawn with."""

from dataclasses import dataclass
from decimal import Decimal

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Measured:
    """One laboratory test or vital sign; `step` is the resolution it is reported with, e.g. 0.01."""

    code: str
    display: str
    unit: str
    step: Decimal
    usual: Decimal
    low: Decimal | None
    high: Decimal | None
    panel: str
    shown_unit: str = ""

    @property
    def is_vital(self) -> bool:
        """Taken at the bedside."""
        return self.panel == "vitals"

    @property
    def label(self) -> str:
        """What people call it: the display without method and specimen."""
        return self.display.partition(" [")[0].partition(" in ")[0]


def _row(text: str) -> tuple[str, Measured]:
    name, code, display, unit, step, usual, low, high, panel = (part.strip() for part in text.split("|"))
    bounds = [Decimal(bound) if bound else None for bound in (low, high)]
    return name, Measured(
        code=code,
        display=display,
        unit=unit,
        step=Decimal(step),
        usual=Decimal(usual),
        low=bounds[0],
        high=bounds[1],
        panel=panel,
        shown_unit=unit.replace("10*", "×10^").replace("{INR}", "INR"),
    )


# name | LOINC | display | UCUM | resolution | usual | low | high | panel
_ROWS = """
fibrinogen | 3255-7 | Fibrinogen [Mass/volume] in PPP by Coag assay | g/L | 0.01 | 3.10 | 2.00 | 4.00 | coagulation
pt | 5902-2 | Prothrombin time (PT) | s | 0.1 | 12.4 | 10.5 | 13.5 | coagulation
inr | 6301-6 | INR in Platelet poor plasma by Coagulation assay | {INR} | 0.1 | 1.1 | 0.9 | 1.2 | coagulation
aptt | 14979-9 | aPTT in Platelet poor plasma by Coagulation assay | s | 0.1 | 29.5 | 25.0 | 36.0 | coagulation
d_dimer | 48065-7 | Fibrin D-dimer FEU [Mass/volume] in PPP | mg{FEU}/L | 0.01 | 0.38 |  | 0.50 | coagulation
haemoglobin | 718-7 | Hemoglobin [Mass/volume] in Blood | g/dL | 0.1 | 8.9 | 12.0 | 16.0 | count
haematocrit | 20570-8 | Hematocrit [Volume Fraction] of Blood | % | 0.1 | 27.2 | 36.0 | 46.0 | count
platelets | 777-3 | Platelets [#/volume] in Blood by Automated count | 10*9/L | 1 | 62 | 150 | 400 | count
neutrophils | 751-8 | Neutrophils [#/volume] in Blood by Automated count | 10*9/L | 0.1 | 0.6 | 1.8 | 7.5 | count
ferritin | 2276-4 | Ferritin [Mass/volume] in Serum or Plasma | ug/L | 1 | 640 | 15 | 300 | chemistry
crp | 1988-5 | C reactive protein [Mass/volume] in Serum or Plasma | mg/L | 1 | 12 |  | 5 | chemistry
ldh | 2532-0 | Lactate dehydrogenase in Serum or Plasma | U/L | 1 | 232 | 125 | 243 | chemistry
alt | 1742-6 | Alanine aminotransferase in Serum or Plasma | U/L | 1 | 34 |  | 45 | chemistry
ast | 1920-8 | Aspartate aminotransferase in Serum or Plasma | U/L | 1 | 31 |  | 40 | chemistry
bilirubin | 1975-2 | Bilirubin.total [Mass/volume] in Serum or Plasma | mg/dL | 0.1 | 0.7 |  | 1.2 | chemistry
temperature | 8310-5 | Body temperature | Cel | 0.1 | 36.9 |  |  | vitals
heart_rate | 8867-4 | Heart rate | /min | 1 | 84 |  |  | vitals
breathing | 9279-1 | Respiratory rate | /min | 1 | 16 |  |  | vitals
spo2 | 59408-5 | Oxygen saturation in Arterial blood by Pulse oximetry | % | 1 | 97 |  |  | vitals
systolic | 8480-6 | Systolic blood pressure | mm[Hg] | 1 | 116 |  |  | vitals
diastolic | 8462-4 | Diastolic blood pressure | mm[Hg] | 1 | 70 |  |  | vitals
oxygen | 3151-8 | Inhaled oxygen flow rate | L/min | 0.5 | 0 |  |  | vitals
weight | 29463-7 | Body weight | kg | 0.1 | 0 |  |  | vitals
"""


def _table() -> dict[str, Measured]:
    return dict(_row(line) for line in _ROWS.splitlines() if line.strip())


MEASURED = _table()
ALWAYS = tuple(
    name for name in MEASURED if name not in ("oxygen", "weight", "diastolic")
)  # drawn in every story unless it says otherwise
