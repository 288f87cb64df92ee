"""What a coded value means to the rules: looked up by system and code in the tables of guideline section 9."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from smartapp.clinical.code_systems import is_other_icd10, system_of
from smartapp.clinical.code_tables import (
    ATC,
    CAR_T,
    CHRONIC_THROMBOSIS,
    CONDITIONS,
    CPT,
    CRS_GRADES,
    CRS_UNSPECIFIED,
    CRYO_REDUCED_PLASMA,
    DRUGS,
    HCPCS,
    ICANS_GRADES,
    ICD10CM,
    ICD10PCS,
    LABS,
    LOINC,
    NDC,
    PRESSURE_PANEL,
    RXNORM,
    SNOMED,
    SURGICAL_CATEGORY,
    VERSION,
)
from smartapp.clinical.terminology import Analyte, CarTProduct, ConditionKind, Drug, Variant

__all__ = [
    "ANTICOAGULANTS",
    "ATC",
    "BLEEDING",
    "CPT",
    "CRYO_REDUCED_PLASMA",
    "FIBRINOGEN_PRODUCTS",
    "HCPCS",
    "ICD10CM",
    "ICD10PCS",
    "LOINC",
    "MAY_READ_LOW",
    "NDC",
    "PRESSURE_PANEL",
    "RXNORM",
    "SNOMED",
    "SURGICAL_CATEGORY",
    "VASOPRESSIN_LIKE",
    "VASOPRESSORS",
    "VERSION",
    "CodeEntry",
    "all_codes",
    "analyte_of",
    "car_t_of",
    "condition_kinds",
    "crs_grade_of",
    "drug_of",
    "icans_grade_of",
    "is_national_bleeding",
    "loincs",
]

ANTICOAGULANTS = frozenset({Drug.HEPARIN, Drug.ARGATROBAN, Drug.BIVALIRUDIN, Drug.DABIGATRAN, Drug.OTHER_ANTICOAGULANT})
MAY_READ_LOW = ANTICOAGULANTS - {Drug.OTHER_ANTICOAGULANT}
FIBRINOGEN_PRODUCTS = frozenset({Drug.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE})
VASOPRESSORS = frozenset({Drug.NORADRENALINE, Drug.ADRENALINE, Drug.DOPAMINE, Drug.PHENYLEPHRINE})
VASOPRESSIN_LIKE = frozenset({Drug.VASOPRESSIN, Drug.TERLIPRESSIN})

BLEEDING = frozenset(
    {
        ConditionKind.BLEEDING_MAJOR,
        ConditionKind.BLEEDING_SIGNIFICANT,
        ConditionKind.BLEEDING_MINOR,
        ConditionKind.BLEEDING_OTHER,
        ConditionKind.INTRACRANIAL_BLEED,
        ConditionKind.HAEMATURIA,
    }
)
_VARICES = "I8501"  # oesophageal varices with bleeding; I85.0 in WHO's list
_NDC = re.compile(r"([0-9]{4,5})-([0-9]{3,4})(?:-[0-9]{1,2})?")
_NDC_PLAIN = re.compile(r"([0-9]{5})([0-9]{4})[0-9]{2}")


class CodeEntry(NamedTuple):
    """One coded value with its meaning and mark, for the list a site signs off; `prefix`: codes that begin so count."""

    system: str
    code: str
    meaning: str
    mark: str
    prefix: bool = False


def analyte_of(system: str, code: str) -> tuple[Analyte, Variant | None] | None:
    """What a laboratory or vital-sign code measures, and how; None for a code we do not know (FHIR-30)."""
    return _LABS.get(code) if system == LOINC or system_of(system) == LOINC else None


@lru_cache(maxsize=4096)
def drug_of(system: str, code: str) -> Drug | None:
    """The drug or component a code names; plasma reduced of cryoprecipitate is none (SAF-07)."""
    system = system_of(system)
    if system == ATC:
        return next((drug for prefix, drug in _ATC if code.upper().startswith(prefix)), None)
    return _DRUGS.get((system, _ndc_product(code) if system == NDC else code.upper()))


@lru_cache(maxsize=4096)
def car_t_of(system: str, code: str) -> CarTProduct | None:
    """The CAR-T product a code names; UNKNOWN for codes that several products share."""
    system = system_of(system)
    return _CAR_T.get((system, _ndc_product(code) if system == NDC else code.upper()))


def condition_kinds(system: str, code: str) -> frozenset[ConditionKind]:
    """What a condition's code means to the rules; empty for one they do not ask about."""
    named = system_of(system)
    if named == SNOMED:
        return _SNOMED_KINDS.get(code, frozenset())
    if named == ICD10CM:
        return _icd_kinds(_plain(code))
    return _other_icd10_kinds(_plain(code)) if is_other_icd10(system) else frozenset()


def crs_grade_of(system: str, code: str) -> int | None:
    """The CRS grade of D89.831 to .835 under any name of ICD-10; 0 for D89.839, "unspecified"; None for any other code (CRS-01)."""
    return _CRS.get(_plain(code)) if _is_icd10(system) else None


def icans_grade_of(system: str, code: str) -> int | None:
    """The ICANS grade of G92.01 to G92.05 under any name of ICD-10; None for any other code (DQ-23)."""
    return _ICANS.get(_plain(code)) if _is_icd10(system) else None


def is_national_bleeding(system: str, code: str) -> bool:
    """Whether a code is one of bleeding only by another edition of ICD-10 with the same letters (DQ-24)."""
    return is_other_icd10(system) and bool(_other_icd10_kinds(_plain(code)) & BLEEDING)


def _is_icd10(system: str) -> bool:
    return system == ICD10CM or system_of(system) == ICD10CM or is_other_icd10(system)


def loincs(*analytes: Analyte) -> tuple[str, ...]:
    """The LOINC codes of these analytes, in the table's order: what the query table asks for."""
    return tuple(code for code, (analyte, _) in _LABS.items() if analyte in analytes)


def all_codes() -> tuple[CodeEntry, ...]:
    """Every coded value that means something to the rules, with its mark."""
    return (*_lab_entries(), *_condition_entries(), *_product_entries())


def _lab_entries() -> Iterator[CodeEntry]:
    for lab in LABS:
        meaning = f"{lab.analyte}, {lab.variant}" if lab.variant else str(lab.analyte)
        yield from (CodeEntry(LOINC, code, meaning, lab.mark) for code in lab.codes.split())
    yield CodeEntry(LOINC, PRESSURE_PANEL, "blood pressure panel", "U")


def _condition_entries() -> Iterator[CodeEntry]:
    for row in CONDITIONS:
        prefix = row.system == ICD10CM
        yield from (CodeEntry(row.system, code, str(row.kind), row.mark, prefix) for code in row.codes.split())
    yield from (CodeEntry(ICD10CM, code, f"crs grade {grade}", "V") for code, grade in CRS_GRADES.items())
    yield CodeEntry(ICD10CM, CRS_UNSPECIFIED, "crs, grade unspecified", "V")
    yield from (CodeEntry(ICD10CM, code, "not thrombosis: chronic", "V", True) for code in CHRONIC_THROMBOSIS.split())
    yield CodeEntry(SNOMED, SURGICAL_CATEGORY, "surgical procedure (category)", "V2")


def _product_entries() -> Iterator[CodeEntry]:
    for drug in DRUGS:
        prefix = drug.system == ATC
        yield from (CodeEntry(drug.system, code, str(drug.drug), drug.mark, prefix) for code in drug.codes.split())
    for code in sorted(CRYO_REDUCED_PLASMA):
        yield CodeEntry(HCPCS, code, "neither cryoprecipitate nor plasma: cryoprecipitate reduced", "V2")
    for product in CAR_T:
        yield from (
            CodeEntry(product.system, code, str(product.product), product.mark) for code in product.codes.split()
        )


def _plain(code: str) -> str:
    """An ICD-10-CM code without its dot, in capitals."""
    return code.strip().upper().replace(".", "")


def _prefixes(codes: str) -> tuple[str, ...]:
    return tuple(_plain(code) for code in codes.split())


@lru_cache(maxsize=4096)
def _icd_kinds(plain: str) -> frozenset[ConditionKind]:
    chronic = plain.startswith(_CHRONIC)
    kinds = {kind for kind, prefixes in _ICD_KINDS if plain.startswith(prefixes)}
    return frozenset(kinds - {ConditionKind.THROMBOSIS} if chronic else kinds)


@lru_cache(maxsize=1024)
def _other_icd10_kinds(plain: str) -> frozenset[ConditionKind]:
    """Of another edition: bleeding by the prefixes of BLD-01 as they stand, and I85.0 as I85.01; ICANS grades (DQ-23, DQ-24)."""
    return _icd_kinds(_VARICES if plain == _VARICES[:-1] else plain) & (BLEEDING | {ConditionKind.ICANS})


def _snomed_kinds() -> dict[str, frozenset[ConditionKind]]:
    pairs = [(code, row.kind) for row in CONDITIONS if row.system == SNOMED for code in row.codes.split()]
    return {code: frozenset(kind for other, kind in pairs if other == code) for code, _ in pairs}


def _ndc_product(code: str) -> str:
    """Labeller and product of an NDC, padded to 5 and 4 digits, with or without its package part or its hyphens."""
    match = _NDC.fullmatch(code.strip()) or _NDC_PLAIN.fullmatch(code.strip())
    return f"{match.group(1):0>5}-{match.group(2):0>4}" if match else code


def _keyed(system: str, codes: str) -> Iterable[tuple[str, str]]:
    return ((system, _ndc_product(code) if system == NDC else code) for code in codes.split())


_LABS = {code: (lab.analyte, lab.variant) for lab in LABS for code in lab.codes.split()}
_ICD_KINDS = tuple((row.kind, _prefixes(row.codes)) for row in CONDITIONS if row.system == ICD10CM)
_SNOMED_KINDS = _snomed_kinds()
_CHRONIC = _prefixes(CHRONIC_THROMBOSIS)
_CRS = {_plain(code): grade for code, grade in CRS_GRADES.items()} | {_plain(CRS_UNSPECIFIED): 0}
_ICANS = {_plain(code): grade for code, grade in ICANS_GRADES.items()}
_DRUGS = {key: row.drug for row in DRUGS if row.system != ATC for key in _keyed(row.system, row.codes)}
_CAR_T = {key: row.product for row in CAR_T for key in _keyed(row.system, row.codes)}
_ATC = sorted(  # the longest prefix first
    ((prefix, row.drug) for row in DRUGS if row.system == ATC for prefix in row.codes.split()),
    key=lambda pair: (-len(pair[0]), pair[0]),
)
