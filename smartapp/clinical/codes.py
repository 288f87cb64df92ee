"""The coded values of guideline section 9, each with its mark, and what they mean (version of the data: guideline 1.1).

Marks: V verified, V2 seen in a secondary source, U recalled: active too, for the site to sign off.
"""

from functools import cache

from smartapp.clinical.terminology import Analyte, CarTProduct, ConditionKind, Drug, Variant

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

SURGICAL_CATEGORY = "387713003"  # SNOMED, HL7 procedure category list, V2

_A = Analyte
_LOINC_ROWS: tuple[tuple[Analyte, Variant | None, str, str], ...] = (
    (_A.FIBRINOGEN, Variant.CLAUSS, "V", "3255-7"),
    (_A.FIBRINOGEN, Variant.DERIVED, "V", "48664-7"),
    (_A.FIBRINOGEN, Variant.ANTIGEN, "V", "3256-5"),
    (_A.FIBRINOGEN, Variant.HEAT, "V2", "30902-1"),
    (_A.FIBRINOGEN, Variant.PRESENCE, "V2", "16859-1"),
    (_A.PT, None, "V", "5902-2"),
    (_A.PT, None, "U", "5964-2"),
    (_A.INR, None, "V", "6301-6"),
    (_A.INR, None, "V2", "34714-6 46418-0"),
    (_A.APTT, None, "V2", "14979-9 3173-2"),
    (_A.D_DIMER, Variant.FEU, "V", "48065-7"),
    (_A.D_DIMER, Variant.FEU, "V2", "48067-3 71427-9"),
    (_A.D_DIMER, Variant.DDU, "V2", "48066-5 48058-2 91556-1"),
    (_A.D_DIMER, Variant.TYPE_UNKNOWN, "V2", "7799-0 3246-6 38898-3"),
    (_A.D_DIMER, Variant.TYPE_UNKNOWN, "U", "30240-6"),
    (_A.PLATELETS, None, "V", "777-3"),
    (_A.PLATELETS, None, "V2", "26515-7 778-1 49497-1"),
    (_A.FERRITIN, None, "V2", "2276-4 20567-4 24373-3"),
    (_A.CRP, None, "V2", "1988-5 30522-7 48421-2 76485-2"),
    (_A.LDH, None, "V2", "2532-0 14804-9 14805-6"),
    (_A.HAEMOGLOBIN, None, "V2", "718-7 59260-0"),
    (_A.HAEMATOCRIT, None, "U", "20570-8 4544-3 31100-1 71833-8"),
    (_A.ALT, None, "V2", "1742-6"),
    (_A.AST, None, "V2", "1920-8"),
    (_A.BILIRUBIN, None, "V2", "1975-2"),
    (_A.TRIGLYCERIDES, None, "V2", "2571-8"),
    (_A.NEUTROPHILS, None, "V2", "751-8 26499-4"),
    (_A.IL6, None, "V2", "26881-3"),
    (_A.WEIGHT, Variant.WEIGHT_MEASURED, "U", "29463-7"),
    (_A.WEIGHT, Variant.WEIGHT_BODY, "U", "3141-9"),
    (_A.WEIGHT, Variant.WEIGHT_ESTIMATED, "U", "8335-2"),
    (_A.WEIGHT, Variant.WEIGHT_STATED, "U", "3142-7"),
    (_A.HEIGHT, None, "U", "8302-2"),
    (_A.TEMPERATURE, None, "V2", "8310-5"),
    (_A.TEMPERATURE, None, "U", "8331-1 8328-7 8332-9"),
    (_A.SYSTOLIC_PRESSURE, None, "V2", "8480-6"),
    (_A.DIASTOLIC_PRESSURE, None, "V2", "8462-4"),
    (_A.MEAN_PRESSURE, None, "V2", "8478-0"),
    (_A.SPO2, None, "V", "59408-5 2708-6"),
    (_A.OXYGEN_FLOW, None, "V2", "3151-8"),
    (_A.FIO2, None, "V2", "3150-0"),
    (_A.HEART_RATE, None, "V2", "8867-4"),
    (_A.RESPIRATORY_RATE, None, "V2", "9279-1"),
)
PRESSURE_PANEL = "85354-9"  # U; its components carry the values

_LOINC: dict[str, tuple[Analyte, Variant | None, str]] = {
    code: (analyte, variant, mark) for analyte, variant, mark, codes in _LOINC_ROWS for code in codes.split()
}

_CRS = {f"D89.83{grade}": grade for grade in range(1, 6)}
CRS_UNSPECIFIED = "D89.839"

_K = ConditionKind
_BLEEDING = "I60 I61 I62 I85.01 I31.2 J94.2 K62.5 K66.1 K92.0 K92.1 K92.2 N92.0 N93.9 R04.0 R04.2 R04.8 R04.9 R23.3 R31.0 R31.21 H11.3 H35.6 R57.1 R58 D69.9"
_CONDITION_ROWS: tuple[tuple[ConditionKind, str], ...] = (
    (_K.BLEEDING_OTHER, _BLEEDING),
    (_K.BLEEDING_MAJOR, "I60 I61 I62 R57.1 K66.1 J94.2 I31.2 R04.8 I85.01"),
    (_K.BLEEDING_SIGNIFICANT, "K92.0 K92.1 K92.2 K62.5 R04.2 R04.9 R31.0 N92.0 N93.9 H35.6 R58"),
    (_K.BLEEDING_MINOR, "R04.0 R23.3 H11.3 R31.21"),
    (_K.INTRACRANIAL_BLEED, "I60 I61 I62"),
    (_K.HAEMATURIA, "R31.0 R31.21"),
    (_K.THROMBOSIS, "I82 I26 I74 I63 I21 I24.0 I67.6 G08 I81 K55.0 N28.0 T82.868A"),
    (_K.FLUID_OVERLOAD, "E87.70 E87.71 J81.0"),
    (_K.CONGENITAL_FIBRINOGEN_DISORDER, "D68.2"),
    (_K.ICANS, "G92.00 G92.01 G92.02 G92.03 G92.04 G92.05"),
    (_K.CAR_T_HISTORY, "Z92.850"),
    (_K.CAR_T_COMPLICATION, "T80.82XA"),
    (_K.B_ALL, "C91.0"),
    (_K.DLBCL, "C83.3"),
    (_K.FOLLICULAR_LYMPHOMA, "C82"),
    (_K.MANTLE_CELL_LYMPHOMA, "C83.1"),
    (_K.DIC, "D65"),
    (_K.HAEMOPHAGOCYTOSIS, "D76.1 D76.2"),
    (_K.ANTICOAGULANT_USE, "Z79.01"),
)
_CHRONIC_THROMBOSIS = ("I825", "I827", "I82891", "I82A2", "I82B2", "I82C2")
_CONDITION_SNOMED: dict[str, frozenset[ConditionKind]] = {
    "131148009": frozenset({_K.BLEEDING_OTHER, _K.BLEEDING_SIGNIFICANT}),
    "66857006": frozenset({_K.BLEEDING_OTHER, _K.BLEEDING_SIGNIFICANT}),
    "1386000": frozenset({_K.BLEEDING_OTHER, _K.BLEEDING_MAJOR, _K.INTRACRANIAL_BLEED}),
    "74474003": frozenset({_K.BLEEDING_OTHER, _K.BLEEDING_SIGNIFICANT}),
    "67406007": frozenset({_K.DIC}),
    "277571004": frozenset({_K.B_ALL}),
    "59282003": frozenset({_K.THROMBOSIS}),
    "128053003": frozenset({_K.THROMBOSIS}),
    "22298006": frozenset({_K.THROMBOSIS}),
}

_C = CarTProduct
_CAR_T_ROWS: tuple[tuple[CarTProduct, str, str], ...] = (
    (_C.TISAGENLECLEUCEL, ICD10PCS, "XW033J7 XW043J7"),
    (_C.UNKNOWN, ICD10PCS, "XW033C3 XW043C3 XW033C7 XW043C7"),
    (_C.TISAGENLECLEUCEL, HCPCS, "Q2042"),
    (_C.AXICABTAGENE, ICD10PCS, "XW033H7 XW043H7"),
    (_C.AXICABTAGENE, HCPCS, "Q2041"),
    (_C.BREXUCABTAGENE, ICD10PCS, "XW033M7 XW043M7"),
    (_C.BREXUCABTAGENE, HCPCS, "Q2053"),
    (_C.LISOCABTAGENE, ICD10PCS, "XW033N7 XW043N7"),
    (_C.LISOCABTAGENE, HCPCS, "Q2054"),
    (_C.IDECABTAGENE, ICD10PCS, "XW033K7 XW043K7"),
    (_C.IDECABTAGENE, HCPCS, "Q2055"),
    (_C.CILTACABTAGENE, ICD10PCS, "XW033A7 XW043A7"),
    (_C.CILTACABTAGENE, HCPCS, "Q2056"),
)
_CAR_T = {(system, code): product for product, system, codes in _CAR_T_ROWS for code in codes.split()}
_CAR_T_NDC = {"0078-0846": _C.TISAGENLECLEUCEL}

_D = Drug
_DRUG_ROWS: tuple[tuple[Drug, str, str], ...] = (
    (_D.CRYOPRECIPITATE, SNOMED, "256401009"),
    (_D.CRYOPRECIPITATE, HCPCS, "P9012"),
    (_D.CRYOPRECIPITATE, ICD10PCS, "30233M1 30243M1"),
    (_D.PLASMA, SNOMED, "346447007"),
    (_D.PLASMA, HCPCS, "P9017 P9059"),
    (_D.PLASMA, ICD10PCS, "30233K1 30233L1 30243L1"),
    (_D.FIBRINOGEN_CONCENTRATE, HCPCS, "J7177 J7178"),
    (_D.FIBRINOGEN_CONCENTRATE, ICD10PCS, "30233T1"),
    (_D.TOCILIZUMAB, RXNORM, "612865"),
    (_D.VITAMIN_K, RXNORM, "8308"),
    (_D.TRANEXAMIC_ACID, RXNORM, "10691"),
    (_D.NORADRENALINE, RXNORM, "7512"),
    (_D.ADRENALINE, RXNORM, "3992"),
    (_D.DOPAMINE, RXNORM, "3628"),
    (_D.PHENYLEPHRINE, RXNORM, "8163"),
    (_D.VASOPRESSIN, RXNORM, "11149"),
)
_DRUGS = {(system, code): drug for drug, system, codes in _DRUG_ROWS for code in codes.split()}
_ATC_ROWS: tuple[tuple[Drug, str], ...] = (  # by prefix, longest first
    (_D.FIBRINOGEN_CONCENTRATE, "B02BB01"),
    (_D.TOCILIZUMAB, "L04AC07"),
    (_D.SILTUXIMAB, "L04AC11"),
    (_D.ANAKINRA, "L04AC03"),
    (_D.VITAMIN_K, "B02BA01"),
    (_D.TRANEXAMIC_ACID, "B02AA02"),
    (_D.NORADRENALINE, "C01CA03"),
    (_D.ADRENALINE, "C01CA24"),
    (_D.DOPAMINE, "C01CA04"),
    (_D.PHENYLEPHRINE, "C01CA06"),
    (_D.VASOPRESSIN, "H01BA01"),
    (_D.TERLIPRESSIN, "H01BA04"),
    (_D.HEPARIN, "B01AB01"),
    (_D.ARGATROBAN, "B01AE03"),
    (_D.DABIGATRAN, "B01AE07"),
    (_D.BIVALIRUDIN, "B01AE06"),
    (_D.SYSTEMIC_STEROID, "H02AB"),
    (_D.OTHER_ANTICOAGULANT, "B01AA"),
    (_D.OTHER_ANTICOAGULANT, "B01AB"),
    (_D.OTHER_ANTICOAGULANT, "B01AE"),
    (_D.OTHER_ANTICOAGULANT, "B01AF"),
    (_D.OTHER_ANTICOAGULANT, "B01AX05"),
)
_DRUG_NDC = {
    "63833-891": _D.FIBRINOGEN_CONCENTRATE,
    "63833-892": _D.FIBRINOGEN_CONCENTRATE,
    "68982-347": _D.FIBRINOGEN_CONCENTRATE,
    "68982-348": _D.FIBRINOGEN_CONCENTRATE,
    "68982-349": _D.FIBRINOGEN_CONCENTRATE,
}
ANTICOAGULANTS = frozenset({_D.HEPARIN, _D.ARGATROBAN, _D.BIVALIRUDIN, _D.DABIGATRAN, _D.OTHER_ANTICOAGULANT})
MAY_READ_LOW = frozenset({_D.HEPARIN, _D.ARGATROBAN, _D.BIVALIRUDIN, _D.DABIGATRAN})
FIBRINOGEN_PRODUCTS = frozenset({_D.CRYOPRECIPITATE, _D.FIBRINOGEN_CONCENTRATE})
VASOPRESSORS = frozenset({_D.NORADRENALINE, _D.ADRENALINE, _D.DOPAMINE, _D.PHENYLEPHRINE})
VASOPRESSIN_LIKE = frozenset({_D.VASOPRESSIN, _D.TERLIPRESSIN})


def analyte_of(system: str, code: str) -> tuple[Analyte, Variant | None] | None:
    """What a laboratory or vital-sign code measures, and how; None for a code we do not know (FHIR-30)."""
    row = _LOINC.get(code) if system == LOINC else None
    return row[:2] if row else None


def drug_of(system: str, code: str) -> Drug | None:
    """The drug or component a code names; P9044, plasma reduced of cryoprecipitate, is none (SAF-07)."""
    if system == ATC:
        return next((drug for drug, prefix in _ATC_ROWS if code.upper().startswith(prefix)), None)
    if system == NDC:
        return _DRUG_NDC.get(_ndc_product(code))
    return _DRUGS.get((system, code.upper()))


def car_t_of(system: str, code: str) -> CarTProduct | None:
    """The CAR-T product a code names; UNKNOWN for codes that several products share."""
    if system == NDC:
        return _CAR_T_NDC.get(_ndc_product(code))
    return _CAR_T.get((system, code.upper()))


def condition_kinds(system: str, code: str) -> frozenset[ConditionKind]:
    """What a condition's code means to the rules; empty for one they do not ask about."""
    if system == SNOMED:
        return _CONDITION_SNOMED.get(code, frozenset())
    return _icd_kinds(_plain(code)) if system == ICD10CM else frozenset()


def crs_grade_of(system: str, code: str) -> int | None:
    """The CRS grade of an ICD-10-CM code; 0 for D89.839, "unspecified"; None for any other code (CRS-01)."""
    if system != ICD10CM:
        return None
    plain = _plain(code)
    if plain == _plain(CRS_UNSPECIFIED):
        return 0
    return next((grade for icd, grade in _CRS.items() if _plain(icd) == plain), None)


def icans_grade_of(system: str, code: str) -> int | None:
    """The ICANS grade of G92.01 to G92.05; None for any other code."""
    plain = _plain(code)
    graded = system == ICD10CM and len(plain) == 5 and plain[:4] == "G920" and plain[4] in "12345"
    return int(plain[4]) if graded else None


def loincs(*analytes: Analyte) -> tuple[str, ...]:
    """The LOINC codes of these analytes, in the table's order: what the query table asks for."""
    return tuple(code for code, (analyte, _, _) in _LOINC.items() if analyte in analytes)


def all_codes() -> tuple[tuple[str, str, str, str], ...]:
    """Every LOINC as (system, code, meaning, mark), for the catalogue that a site signs off."""
    return tuple((LOINC, code, f"{analyte}{f' ({variant})' if variant else ''}", mark) for code, (analyte, variant, mark) in _LOINC.items())


def icd10cm_codes() -> tuple[str, ...]:
    """Every ICD-10-CM code or prefix the rules use, with its dot."""
    rows = [code for _, codes in _CONDITION_ROWS for code in codes.split()]
    return (*dict.fromkeys(rows), *_CRS, CRS_UNSPECIFIED)


@cache
def _icd_kinds(plain: str) -> frozenset[ConditionKind]:
    if plain.startswith(_CHRONIC_THROMBOSIS):
        return frozenset()
    return frozenset(
        kind for kind, codes in _CONDITION_ROWS if plain.startswith(tuple(_plain(code) for code in codes.split()))
    )


def _plain(code: str) -> str:
    return code.strip().upper().replace(".", "")


def _ndc_product(code: str) -> str:
    """Labeller and product of an NDC, with or without its package part."""
    return "-".join(code.split("-")[:2])
