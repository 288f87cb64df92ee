"""The rows of the guideline that are definitions: shared by rules or by the reading of a chart, with no outcome of their own."""

from smartapp.clinical.findings import EvidenceLevel
from smartapp.clinical.rule import Row

_L = EvidenceLevel


def _row(id_: str, level: EvidenceLevel, title: str, *citations: str) -> Row:
    return Row(id=id_, version=1, title=title, level=level, citations=citations)


OUT_OF_SCOPE = "Advice on corticosteroids, tocilizumab and the choice of anticoagulants is out of scope: see the site's own CRS protocol"
DEFINITIONS: tuple[Row, ...] = (
    _row("APP-02", _L.L3, "Day number: local date minus the infusion's local date; the infusion day is 0"),
    _row("FC-01", _L.L1, "Concentrate by level: planned increment / k in mg/kg", "RIA", "FIB22"),
    _row("FC-02", _L.L1, "Fibryga while bleeding: 4000 mg, 50 or 70 mg/kg by age", "FIB24"),
    _row("FC-03", _L.L1, "Concentrate with an unknown level: 70 mg/kg", "RIA"),
    _row("FC-05", _L.L1, "Highest rate: 5 mL/min, Fibryga while bleeding 20 mL/min", "RIA", "FIB22", "FIB24"),
    _row(
        "CRY-02",
        _L.L3,
        "Cryoprecipitate by weight: 1 unit per 5 or 10 kg, the rise as a range",
        "NHSBT21",
        "MUSC",
        "MEDS",
    ),
    _row("CRY-03", _L.L3, "Cryoprecipitate by volume: 5 or 10 mL/kg", "NHSBT21"),
    _row("CRY-04", _L.L5, "Pools: from 25 kg, two at most for an adult", "NHSBT21"),
    _row(
        "CRY-05",
        _L.L3,
        "Thawed product within 4 h (pathogen-reduced complex within 5 days), standard 170-200 µm set; the time by the site's protocol",
        "NHSBT21",
        "IFC",
    ),
    _row(
        "RCK-02",
        _L.L5,
        "A recheck order is due by the end of the infusion: as an event, or at the planned time; never one hour after the click",
    ),
    _row("SAF-07", _L.L5, "P9044, plasma reduced of cryoprecipitate, never counts as cryoprecipitate"),
    _row("SAF-08", _L.L5, OUT_OF_SCOPE),
    _row("DQ-01", _L.L5, "Status: final, amended or corrected count; preliminary tiers but never drafts"),
    _row("DQ-02", _L.L5, "Time of collection, not of issue; a date without a time drafts nothing"),
    _row("DQ-04", _L.L5, "A comparator is a bound: it tiers only where it proves the tier"),
    _row("DQ-05", _L.L5, "Units by UCUM code, else by exact text; none or two that disagree: not used"),
    _row("DQ-06", _L.L5, "Implausible value, or a unit suspected wrong: not used"),
    _row(
        "DQ-08", _L.L5, "Two results of one sample that differ by more than 0.3 g/L: the lower, Clauss before derived"
    ),
    _row("DQ-09", _L.L5, "The newest version of a corrected record counts"),
    _row(
        "DQ-10", _L.L5, "A specimen called bad is not used; drugs or a high haematocrit that may falsify it are named"
    ),
    _row("DQ-11", _L.L5, "Weight: newest measured, of its age, in range, not contradicted"),
    _row("DQ-12", _L.L5, "Age in completed years; of two possible ages the younger, and the lower dose"),
    _row("DQ-13", _L.L5, "Haematocrit as a fraction or per cent, 0.05 to 0.70"),
    _row("DQ-14", _L.L5, "Numbers written as text: comma decimals, comparators, a unit after the number"),
    _row("DQ-15", _L.L5, "Components of a panel and members of a report are results too"),
    _row("DQ-16", _L.L5, "No usable fibrinogen: TX"),
    _row("DQ-18", _L.L5, "The same code, collection and value counts once"),
    _row("DQ-19", _L.L5, "Another patient's record is dropped and named"),
    _row("DQ-20", _L.L5, "Two CRS grades at one time: the higher"),
)
