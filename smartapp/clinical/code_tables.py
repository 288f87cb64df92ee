"""The coded values of guideline section 9, each with its mark: versioned data, no logic.

Marks: V verified, V2 seen in a secondary source, U recalled: active too, for the site to sign off.
"""

from typing import NamedTuple

from smartapp.clinical.terminology import Analyte, CarTProduct, ConditionKind, Drug, Variant

VERSION = "1.2"  # of the guideline whose section 9 this is

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"

SURGICAL_CATEGORY = "387713003"  # SNOMED, V2: the HL7 list of procedure categories
CRYO_REDUCED_PLASMA = frozenset(
    {"P9044", "P9025"}
)  # HCPCS, V2: plasma reduced of cryoprecipitate, never either (SAF-07)
PRESSURE_PANEL = "85354-9"  # LOINC, U: its components carry the values

_A, _V, _K, _C, _D = Analyte, Variant, ConditionKind, CarTProduct, Drug


class LabRow(NamedTuple):
    """LOINC codes that measure one analyte by one method."""

    analyte: Analyte
    variant: Variant | None
    mark: str
    codes: str


class ConditionRow(NamedTuple):
    """Codes that mean one kind of condition; ICD-10-CM codes are prefixes."""

    kind: ConditionKind
    mark: str
    system: str
    codes: str


class CarTRow(NamedTuple):
    """Codes of one CAR-T product; UNKNOWN where several products share the code."""

    product: CarTProduct
    mark: str
    system: str
    codes: str


class DrugRow(NamedTuple):
    """Codes of one drug or component; ATC codes are prefixes, NDC codes the product part."""

    drug: Drug
    mark: str
    system: str
    codes: str


LABS: tuple[LabRow, ...] = (
    LabRow(_A.FIBRINOGEN, _V.CLAUSS, "V", "3255-7"),
    LabRow(_A.FIBRINOGEN, _V.DERIVED, "V", "48664-7"),
    LabRow(_A.FIBRINOGEN, _V.ANTIGEN, "V", "3256-5"),
    LabRow(_A.FIBRINOGEN, _V.HEAT, "V2", "30902-1"),
    LabRow(_A.FIBRINOGEN, _V.PRESENCE, "V2", "16859-1"),
    LabRow(_A.PT, None, "V", "5902-2"),
    LabRow(_A.PT, None, "U", "5964-2"),
    LabRow(_A.INR, None, "V", "6301-6"),
    LabRow(_A.INR, None, "V2", "34714-6 46418-0"),
    LabRow(_A.APTT, None, "V2", "14979-9 3173-2"),
    LabRow(_A.D_DIMER, _V.FEU, "V", "48065-7"),
    LabRow(_A.D_DIMER, _V.FEU, "V2", "48067-3 71427-9"),
    LabRow(_A.D_DIMER, _V.DDU, "V2", "48066-5 48058-2 91556-1"),
    LabRow(_A.D_DIMER, _V.TYPE_UNKNOWN, "V2", "7799-0 3246-6 38898-3"),
    LabRow(_A.D_DIMER, _V.TYPE_UNKNOWN, "U", "30240-6"),
    LabRow(_A.PLATELETS, None, "V", "777-3"),
    LabRow(_A.PLATELETS, None, "V2", "26515-7 778-1 49497-1"),
    LabRow(_A.FERRITIN, None, "V2", "2276-4 20567-4 24373-3"),
    LabRow(_A.CRP, None, "V2", "1988-5 30522-7 48421-2"),
    LabRow(_A.LDH, None, "V2", "2532-0 14804-9 14805-6"),
    LabRow(_A.HAEMOGLOBIN, None, "V", "718-7"),
    LabRow(_A.HAEMOGLOBIN, None, "V2", "59260-0"),
    LabRow(_A.HAEMATOCRIT, None, "V", "20570-8 4544-3 71833-8 41654-5 4545-0"),
    LabRow(_A.HAEMATOCRIT, None, "U", "31100-1"),
    LabRow(_A.ALT, None, "V2", "1742-6"),
    LabRow(_A.AST, None, "V2", "1920-8"),
    LabRow(_A.BILIRUBIN, None, "V2", "1975-2"),
    LabRow(_A.TRIGLYCERIDES, None, "V2", "2571-8"),
    LabRow(_A.NEUTROPHILS, None, "V2", "751-8 26499-4"),
    LabRow(_A.IL6, None, "V2", "26881-3"),
    LabRow(_A.WEIGHT, _V.WEIGHT_MEASURED, "V", "29463-7"),
    LabRow(_A.WEIGHT, _V.WEIGHT_BODY, "V", "3141-9"),
    LabRow(_A.WEIGHT, _V.WEIGHT_ESTIMATED, "V", "8335-2"),
    LabRow(_A.WEIGHT, _V.WEIGHT_STATED, "V", "3142-7"),
    LabRow(_A.HEIGHT, None, "V", "8302-2"),
    LabRow(_A.TEMPERATURE, None, "V", "8310-5 8331-1 8328-7 8332-9"),
    LabRow(_A.SYSTOLIC_PRESSURE, None, "V", "8480-6"),
    LabRow(_A.DIASTOLIC_PRESSURE, None, "V", "8462-4"),
    LabRow(_A.MEAN_PRESSURE, None, "V2", "8478-0"),
    LabRow(_A.SPO2, None, "V", "59408-5 2708-6"),
    LabRow(_A.OXYGEN_FLOW, None, "V", "3151-8"),
    LabRow(_A.FIO2, None, "V", "3150-0"),
    LabRow(_A.HEART_RATE, None, "V", "8867-4"),
    LabRow(_A.RESPIRATORY_RATE, None, "V", "9279-1"),
)

CRS_GRADES = {f"D89.83{grade}": grade for grade in range(1, 6)}  # ICD-10-CM, V
CRS_UNSPECIFIED = "D89.839"
ICANS_GRADES = {f"G92.0{grade}": grade for grade in range(1, 6)}  # ICD-10-CM, V

CONDITIONS: tuple[ConditionRow, ...] = (
    ConditionRow(_K.BLEEDING_MAJOR, "V", ICD10CM, "I60 I61 I62 R57.1 K66.1 J94.2 I31.2 R04.8 I85.01"),
    ConditionRow(
        _K.BLEEDING_SIGNIFICANT, "V", ICD10CM, "K92.0 K92.1 K92.2 K62.5 R04.2 R04.9 R31.0 N92.0 N93.9 H35.6 R58"
    ),
    ConditionRow(_K.BLEEDING_MINOR, "V", ICD10CM, "R04.0 R23.3 H11.3 R31.21"),
    ConditionRow(_K.BLEEDING_OTHER, "V", ICD10CM, "D69.9"),
    ConditionRow(_K.INTRACRANIAL_BLEED, "V", ICD10CM, "I60 I61 I62"),
    ConditionRow(_K.HAEMATURIA, "V", ICD10CM, "R31.0 R31.21"),
    ConditionRow(_K.THROMBOSIS, "V", ICD10CM, "I82 I26 I74 I63 I21 I24.0 I67.6 G08 I81 K55.0 N28.0 T82.868A"),
    ConditionRow(_K.FLUID_OVERLOAD, "V", ICD10CM, "E87.70 E87.71 J81.0"),
    ConditionRow(_K.CONGENITAL_FIBRINOGEN_DISORDER, "V", ICD10CM, "D68.2"),
    ConditionRow(_K.ICANS, "V", ICD10CM, "G92.00 G92.01 G92.02 G92.03 G92.04 G92.05"),
    ConditionRow(_K.CAR_T_HISTORY, "V", ICD10CM, "Z92.850"),
    ConditionRow(_K.CAR_T_COMPLICATION, "V", ICD10CM, "T80.82XA"),
    ConditionRow(_K.B_ALL, "V", ICD10CM, "C91.0"),
    ConditionRow(_K.DLBCL, "V", ICD10CM, "C83.3"),
    ConditionRow(_K.FOLLICULAR_LYMPHOMA, "V", ICD10CM, "C82"),
    ConditionRow(_K.MANTLE_CELL_LYMPHOMA, "V", ICD10CM, "C83.1"),
    ConditionRow(_K.DIC, "V", ICD10CM, "D65"),
    ConditionRow(_K.HAEMOPHAGOCYTOSIS, "V", ICD10CM, "D76.1 D76.2"),
    ConditionRow(_K.ANTICOAGULANT_USE, "V", ICD10CM, "Z79.01"),
    ConditionRow(_K.BLEEDING_MAJOR, "V", SNOMED, "1386000 21454007 17709002"),
    ConditionRow(_K.INTRACRANIAL_BLEED, "V", SNOMED, "1386000 21454007"),
    ConditionRow(
        _K.BLEEDING_SIGNIFICANT,
        "V",
        SNOMED,
        "131148009 74474003 2901004 405729008 12063002 66857006 34436003 386692008",
    ),
    ConditionRow(_K.HAEMATURIA, "V", SNOMED, "34436003"),
    ConditionRow(_K.BLEEDING_MINOR, "V", SNOMED, "249366005 86276007 271813007 423902002"),
    ConditionRow(
        _K.THROMBOSIS,
        "V",
        SNOMED,
        "59282003 128053003 22298006 111293003 65198009 17920008 432504007 195230003",
    ),
    ConditionRow(_K.CONGENITAL_FIBRINOGEN_DISORDER, "V", SNOMED, "154818001"),
    ConditionRow(_K.DYSFIBRINOGENAEMIA, "V", SNOMED, "111589005"),
    ConditionRow(_K.HAEMOPHAGOCYTOSIS, "V", SNOMED, "234437005 430478003"),
    ConditionRow(_K.DIC, "V", SNOMED, "67406007"),
    ConditionRow(_K.B_ALL, "V", SNOMED, "277571004 91857003"),
    ConditionRow(_K.FOLLICULAR_LYMPHOMA, "V", SNOMED, "308121000"),
)
CHRONIC_THROMBOSIS = "I82.5 I82.7 I82.891 I82.A2 I82.B2 I82.C2"  # ICD-10-CM prefixes left out (9.4), V

CAR_T: tuple[CarTRow, ...] = (
    CarTRow(_C.TISAGENLECLEUCEL, "V", ICD10PCS, "XW033J7 XW043J7"),
    CarTRow(_C.TISAGENLECLEUCEL, "V", NDC, "0078-0846 0078-0958"),
    CarTRow(_C.TISAGENLECLEUCEL, "V", RXNORM, "1986438"),
    CarTRow(_C.TISAGENLECLEUCEL, "V", ATC, "L01XL04 L01XX71"),
    CarTRow(_C.TISAGENLECLEUCEL, "V2", HCPCS, "Q2042"),
    CarTRow(_C.UNKNOWN, "V", ICD10PCS, "XW033C3 XW043C3"),
    CarTRow(_C.UNKNOWN, "V2", ICD10PCS, "XW033C7 XW043C7"),
    CarTRow(_C.AXICABTAGENE, "V", ICD10PCS, "XW033H7 XW043H7"),
    CarTRow(_C.AXICABTAGENE, "V2", HCPCS, "Q2041"),
    CarTRow(_C.BREXUCABTAGENE, "V", ICD10PCS, "XW033M7 XW043M7"),
    CarTRow(_C.BREXUCABTAGENE, "V2", HCPCS, "Q2053"),
    CarTRow(_C.LISOCABTAGENE, "V2", ICD10PCS, "XW033N7 XW043N7"),
    CarTRow(_C.LISOCABTAGENE, "U", HCPCS, "Q2054"),
    CarTRow(_C.IDECABTAGENE, "V", ICD10PCS, "XW033K7 XW043K7"),
    CarTRow(_C.IDECABTAGENE, "U", HCPCS, "Q2055"),
    CarTRow(_C.CILTACABTAGENE, "V", ICD10PCS, "XW033A7 XW043A7"),
    CarTRow(_C.CILTACABTAGENE, "V2", HCPCS, "Q2056"),
    CarTRow(_C.AXICABTAGENE, "V", RXNORM, "1987398"),
    CarTRow(_C.BREXUCABTAGENE, "V", RXNORM, "2387277"),
    CarTRow(_C.LISOCABTAGENE, "V", RXNORM, "2479136"),
    CarTRow(_C.IDECABTAGENE, "V", RXNORM, "2536430"),
    CarTRow(_C.CILTACABTAGENE, "V", RXNORM, "2594775"),
    CarTRow(_C.AXICABTAGENE, "V", ATC, "L01XL03 L01XX70"),
    CarTRow(_C.CILTACABTAGENE, "V", ATC, "L01XL05"),
    CarTRow(_C.BREXUCABTAGENE, "V", ATC, "L01XL06"),
    CarTRow(_C.IDECABTAGENE, "V", ATC, "L01XL07"),
    CarTRow(_C.LISOCABTAGENE, "V", ATC, "L01XL08"),
    CarTRow(_C.OBECABTAGENE, "V", ATC, "L01XL12"),
    CarTRow(_C.OBECABTAGENE, "V2", HCPCS, "Q2058"),
    CarTRow(_C.UNKNOWN, "V", CPT, "38228"),
    CarTRow(_C.UNKNOWN, "U", CPT, "0540T"),
)

DRUGS: tuple[DrugRow, ...] = (
    DrugRow(_D.CRYOPRECIPITATE, "V2", SNOMED, "256401009"),
    DrugRow(_D.CRYOPRECIPITATE, "V2", HCPCS, "P9012 P9026"),
    DrugRow(_D.CRYOPRECIPITATE, "V2", ICD10PCS, "30233M1 30243M1"),
    DrugRow(_D.PLASMA, "V2", SNOMED, "346447007"),
    DrugRow(_D.PLASMA, "V2", HCPCS, "P9017 P9059 P9070 P9071"),
    DrugRow(_D.PLASMA, "V2", ICD10PCS, "30233K1 30233L1 30243L1"),
    DrugRow(_D.FIBRINOGEN_CONCENTRATE, "V", NDC, "63833-891 63833-892 68982-347 68982-348 68982-349 13533-502"),
    DrugRow(_D.FIBRINOGEN_CONCENTRATE, "V", ATC, "B02BB01"),
    DrugRow(_D.FIBRINOGEN_CONCENTRATE, "V2", HCPCS, "J7177 J7178"),
    DrugRow(_D.FIBRINOGEN_CONCENTRATE, "V2", ICD10PCS, "30233T1"),
    DrugRow(_D.TOCILIZUMAB, "V", ATC, "L04AC07"),
    DrugRow(_D.TOCILIZUMAB, "V", RXNORM, "612865"),
    DrugRow(_D.SILTUXIMAB, "V", ATC, "L04AC11"),
    DrugRow(_D.SILTUXIMAB, "V", RXNORM, "1535218"),
    DrugRow(_D.ANAKINRA, "V", ATC, "L04AC03"),
    DrugRow(_D.ANAKINRA, "V", RXNORM, "72435"),
    DrugRow(_D.SYSTEMIC_STEROID, "V", ATC, "H02AB"),
    DrugRow(_D.SYSTEMIC_STEROID, "V", RXNORM, "3264 6902 8640 8638 5492"),
    DrugRow(_D.VITAMIN_K, "V", ATC, "B02BA01"),
    DrugRow(_D.VITAMIN_K, "U", RXNORM, "8308"),
    DrugRow(_D.TRANEXAMIC_ACID, "V", ATC, "B02AA02"),
    DrugRow(_D.TRANEXAMIC_ACID, "V", RXNORM, "10691"),
    DrugRow(_D.NORADRENALINE, "V2", ATC, "C01CA03"),
    DrugRow(_D.NORADRENALINE, "V2", RXNORM, "7512"),
    DrugRow(_D.ADRENALINE, "V2", ATC, "C01CA24"),
    DrugRow(_D.ADRENALINE, "V2", RXNORM, "3992"),
    DrugRow(_D.DOPAMINE, "V2", ATC, "C01CA04"),
    DrugRow(_D.DOPAMINE, "V2", RXNORM, "3628"),
    DrugRow(_D.PHENYLEPHRINE, "U", ATC, "C01CA06"),
    DrugRow(_D.PHENYLEPHRINE, "V2", RXNORM, "8163"),
    DrugRow(_D.VASOPRESSIN, "V2", ATC, "H01BA01"),
    DrugRow(_D.VASOPRESSIN, "V2", RXNORM, "11149"),
    DrugRow(_D.TERLIPRESSIN, "V2", ATC, "H01BA04"),
    DrugRow(_D.HEPARIN, "V", ATC, "B01AB01"),
    DrugRow(_D.HEPARIN, "V", RXNORM, "5224"),
    DrugRow(_D.ARGATROBAN, "V", ATC, "B01AE03"),
    DrugRow(_D.BIVALIRUDIN, "V", ATC, "B01AE06"),
    DrugRow(_D.DABIGATRAN, "V", ATC, "B01AE07"),
    DrugRow(_D.DABIGATRAN, "V", RXNORM, "1037042"),
    DrugRow(_D.OTHER_ANTICOAGULANT, "V", ATC, "B01AA B01AB B01AE B01AF B01AX05"),
    DrugRow(_D.OTHER_ANTICOAGULANT, "V", RXNORM, "67108 11289 1364430 1114195 1599538"),
)
