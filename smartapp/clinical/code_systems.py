"""Code systems under all their names: the same system by OID, URL, abbreviation or an older address is that system (DQ-23)."""

import re
from functools import lru_cache

from smartapp.clinical.code_tables import ATC, CPT, HCPCS, ICD10CM, ICD10PCS, LOINC, NDC, RXNORM, SNOMED

_HL7 = "2.16.840.1.113883.6."
_NAMES: dict[str, tuple[str, ...]] = {
    LOINC: (LOINC, f"{_HL7}1", "LN", "LOINC", "http://www.loinc.org", "urn:iso:loinc"),
    SNOMED: (SNOMED, f"{_HL7}96", "SCT", "SNOMED", "SNOMED-CT", "SNOMEDCT", "SNOMED CT", "http://snomed.info"),
    ICD10CM: (
        ICD10CM,
        f"{_HL7}90",
        "I10C",
        "http://hl7.org/fhir/sid/icd-10-us",
        "http://hl7.org/fhir/icd-10-cm",
        "http://terminology.hl7.org/CodeSystem/icd-10-cm",
        "http://terminology.hl7.org/CodeSystem/icd10cm",
        "http://www.cdc.gov/nchs/icd/icd10cm",
        "http://hl7.org/fhir/sid/icd10-cm",
        "http://hl7.org/fhir/sid/icd-10cm",
        "http://hl7.org/fhir/sid/icd10cm",
        "ICD-10-CM",
        "ICD10CM",
        "ICD10-CM",
        "ICD-10-US",
    ),
    ICD10PCS: (
        ICD10PCS,
        f"{_HL7}4",
        "I10P",
        "http://hl7.org/fhir/sid/icd-10-pcs",
        "http://terminology.hl7.org/CodeSystem/icd10PCS",
        "ICD-10-PCS",
        "ICD10PCS",
    ),
    RXNORM: (RXNORM, f"{_HL7}88", "RXNORM", "http://nlm.nih.gov/research/umls/rxnorm", "RXN"),
    NDC: (NDC, f"{_HL7}69", "NDC"),
    HCPCS: (
        HCPCS,
        f"{_HL7}285",
        f"{_HL7}14",
        "HCPCS",
        "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes",
        "http://hl7.org/fhir/sid/hcpcs",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "https://www.cms.gov/Medicare/Coding/MedHCPCSGenInfo",
    ),
    ATC: (ATC, f"{_HL7}73", "ATC", "http://fhir.de/CodeSystem/bfarm/atc", "http://fhir.de/CodeSystem/dimdi/atc", "WC"),
    CPT: (CPT, f"{_HL7}12", "CPT", "C4", "CPT4"),
}
_PREFIXES = re.compile(r"^(?:urn:oid:|oid:|https?://)?(?:www\.)?", re.IGNORECASE)
_ICD10 = re.compile(r"icd[-_ ./]?10|(?:^|[^a-z0-9])i10(?:$|[^a-z0-9])", re.IGNORECASE)
_NOT_DIAGNOSES = re.compile(r"pcs|procedure|\bops\b", re.IGNORECASE)
_ICD10_OIDS = frozenset({f"{_HL7}3", f"{_HL7}135", f"{_HL7}135.1", "1.2.276.0.76.5.311", "1.2.276.0.76.5.409"})


def _folded(system: str) -> str:
    """Without scheme, `www.`, fragment, trailing slash and case."""
    bare = system.strip().partition("#")[0].partition("?")[0].rstrip("/")
    return _PREFIXES.sub("", bare).lower()


_BY_NAME = {_folded(name): system for system, names in _NAMES.items() for name in names}
_SNOMED_EDITION = "snomed.info/sct/"


@lru_cache(maxsize=1024)
def system_of(system: str) -> str:
    """The system that a name means; the name itself where it is none of those of guideline section 9."""
    folded = _folded(system)
    if folded.startswith(_SNOMED_EDITION):
        return SNOMED
    return _BY_NAME.get(folded, system)


@lru_cache(maxsize=1024)
def is_other_icd10(system: str) -> bool:
    """Whether it is WHO's ICD-10 or a national edition other than ICD-10-CM: the same letters, not the same list (DQ-24)."""
    if system_of(system) in (ICD10CM, ICD10PCS):
        return False
    folded = _folded(system)
    return folded in _ICD10_OIDS or (bool(_ICD10.search(folded)) and not _NOT_DIAGNOSES.search(folded))
