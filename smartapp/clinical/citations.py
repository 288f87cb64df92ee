"""The bibliography: one entry a source (guideline 0.1)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A source by its key, its citation, and what it is used for."""

    key: str
    citation: str
    used_for: str


_ROWS = (
    (
        "BUE21",
        "Buechner J et al. Blood Adv 2021;5(2):593-601. doi 10.1182/bloodadvances.2020002757",
        "base paper (abstract-level facts only)",
    ),
    (
        "PERL24",
        "Perl M et al. Haematologica 2024;109(9):2969-2977. doi 10.3324/haematol.2023.284564",
        "tocilizumab fall; low fibrinogen from CRS grade 1",
    ),
    ("KYO", "Kyoto cohort, 111 adults, CD19 CAR-T 2019-2024", "window, incidence, risk factors"),
    (
        "HAS20",
        "Hashmi H et al. Blood Adv 2020;4(17):4086. doi 10.1182/bloodadvances.2020002060, PMC7479945",
        "nadir day 11 (5-27); cryoprecipitate only below 100 mg/dL in one centre",
    ),
    (
        "JOH21",
        "Johnsrud A et al. Blood Adv 2021;5(21):4465. doi 10.1182/bloodadvances.2021004716",
        "bleeding day 8-30, ICANS >= 3, thrombosis 6.3 %",
    ),
    ("WAN20", "Wang Y et al. BBMT 2020;26(5):865", "day 6-20; DIC with CRS >= 3"),
    ("PENN", "Porter scale as tabulated in J Hematol Oncol 2018, doi 10.1186/s13045-018-0653-x", "CRS Penn"),
    (
        "ASTCT",
        "Lee DW et al. BBMT 2019, doi 10.1016/j.bbmt.2018.12.758, as tabulated in PMC8021214 and PMC9368621",
        "CRS ASTCT",
    ),
    ("RIA", "RiaSTAP US prescribing information", "dose, rate, contraindication"),
    (
        "FIB24",
        "Fibryga US label, 28 Nov 2024 (DailyMed e3422d2a-2cb6-6f49-0be7-cb960b3d5bd5)",
        "acquired deficiency, dose, rate",
    ),
    ("FIB22", "Fibryga US label, 2022 (congenital formula)", "1.8 / 1.4 formula"),
    ("FIBRES", "Callum J et al. JAMA 2019, PMC6822637", "4 g ~ 10 units"),
    ("NHSBT21", "NHSBT cryoprecipitate factsheet, April 2021", "cryoprecipitate dose, indications"),
    ("MEDS", "Medscape cryoprecipitate monograph", "plasma volume, 1 unit/5 kg"),
    ("MUSC", "MUSC paediatric transfusion guide", "1 unit/10 kg, plasma 10-15 mL/kg"),
    ("AUS", "Australian National Blood Authority companion 27", "caution on routine use"),
    ("ISTH01", "ISTH overt DIC score, as tabulated in PMC5011102; D-dimer bands PMC8607173", "DIC"),
    ("ISTH13", "ISTH harmonised DIC guidance (as summarised by The Blood Project)", "plasma, platelets"),
    ("BSH04", "BCSH FFP/cryo guideline 2004", "no plasma in DIC without bleeding"),
    ("CHEO", "CHEO parenteral manual, phytonadione", "vitamin K rate and child doses"),
    (
        "HINES23",
        "Hines MR et al. TCT 2023;29(7):438.e1-16. doi 10.1016/j.jtct.2023.03.006 (IEC-HS)",
        "IEC-HS, all numbers unverified",
    ),
    (
        "ASCO21",
        "ASCO guideline on CAR-T adverse events 2021, pocket card, CRS table",
        "fibrinogen, PT/PTT and ferritin in the work-up of every CRS grade",
    ),
    (
        "BSH09",
        "BCSH guideline on DIC, 2009 text",
        "components not on laboratory values alone; below 1 g/L persisting despite plasma, in bleeding",
    ),
    (
        "ESA",
        "ESA perioperative bleeding guideline, coagulation management",
        "concentrate 25-50 mg/kg, cryoprecipitate 4-6 mL/kg, below 1.5-2.0 with bleeding",
    ),
    (
        "GRA20",
        "GRAALL-2005, Blood 2020;136(3):328, 784 adults with ALL on asparaginase",
        "concentrate associated with more venous thrombosis, plasma neutral; no fewer grade 3-4 bleeds",
    ),
    (
        "IWK09",
        "Two-centre paediatric comparison, Blood 2009;114:5146, 240 and 479 patients",
        "plasma and cryoprecipitate gave no significant protection",
    ),
    (
        "YIL24",
        "Tocilizumab in rheumatology, Rheumatol Int 2024;44:2927. doi 10.1007/s00296-024-05714-1",
        "low fibrinogen in 14 of 30 (median 1.52 g/L), no major bleed",
    ),
    (
        "LEG23",
        "LEGEND-2, BCMA CAR-T in myeloma, Hematol Oncol 2023;41:704, 51 patients",
        "coagulation disorder 49 %, DIC 29 %, day 10-13",
    ),
    (
        "IFC",
        "Pathogen-reduced fibrinogen complex: FDA 24 Nov 2020; AABB 2024 posters 699010, 698864",
        "content of a dose, 5 days after thaw, ready in 12 min against 45 min for cryoprecipitate",
    ),
    (
        "AABB25",
        "AABB/ICTMG platelet guideline 2025. doi 10.1001/jama.2025.7529",
        "prophylaxis below 10, adults and children",
    ),
)
SOURCES: Mapping[str, Source] = {key: Source(key, citation, used_for) for key, citation, used_for in _ROWS}
PROJECT_DEFAULT = "site default, not from a published guideline"
