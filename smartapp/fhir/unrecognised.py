"""Records whose words name what the rules ask about while their code is not known: named, with the line that would map them (DQ-23)."""

from smartapp.clinical.code_tables import ATC, HCPCS, ICD10CM, ICD10PCS, LOINC, SNOMED
from smartapp.clinical.gaps import Gap, GapKind, Topic
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Analyte, CarTProduct, Drug
from smartapp.fhir.elements import CodeableConcept

A_LEVEL = f"{LOINC}|3255-7"
A_BLEEDING = f"{ICD10CM}|<the code of BLD-01>"
A_PRODUCT = {Drug.CRYOPRECIPITATE: f"{SNOMED}|256401009", Drug.FIBRINOGEN_CONCENTRATE: f"{ATC}|B02BB01"}
ANY_PRODUCT = A_PRODUCT[Drug.FIBRINOGEN_CONCENTRATE]
A_CAR_T = {
    CarTProduct.TISAGENLECLEUCEL: f"{HCPCS}|Q2042",
    CarTProduct.AXICABTAGENE: f"{HCPCS}|Q2041",
    CarTProduct.BREXUCABTAGENE: f"{HCPCS}|Q2053",
    CarTProduct.LISOCABTAGENE: f"{HCPCS}|Q2054",
    CarTProduct.IDECABTAGENE: f"{HCPCS}|Q2055",
    CarTProduct.CILTACABTAGENE: f"{HCPCS}|Q2056",
    CarTProduct.OBECABTAGENE: f"{HCPCS}|Q2058",
    CarTProduct.UNKNOWN: f"{ICD10PCS}|XW033C7",
}
_MOST_WORDS = 80


def crs_code(grade: int | None) -> str:
    """The code that a CRS of this grade stands for."""
    return f"{ICD10CM}|D89.83{grade if grade else 9}"


def mapping_of(concept: CodeableConcept | None, stands_for: str) -> str:
    """The line of `[codes]` that would map the first code; empty where it has no code of a named system."""
    for coding in concept.coding if concept else ():
        if coding.system and coding.code:
            return f'"{coding.system}|{coding.code}" = "{stands_for}"'
    return ""


def unrecognised(
    concept: CodeableConcept | None,
    source: str,
    *,
    what: str,
    so: str,
    stands_for: str,
    topic: Topic,
    rule: str = "DQ-23",
    kind: GapKind = GapKind.NOTED,
    analyte: Analyte | None = None,
    at: Moment | None = None,
    words: str = "",
) -> Gap:
    """`what` it is (`A result`), its own words, that its code is not known, `so` what follows, and the line that would map it."""
    line = mapping_of(concept, stands_for)
    shown = (words or (concept.words if concept else ""))[:_MOST_WORDS]
    known = "has a code that is not known here" if line else "has no code"
    cure = f"; to map it: [codes] {line}" if line else ""
    return Gap(
        kind=kind,
        rule=rule,
        text=f"{what} called “{shown}” {known}: {so}{cure}",
        source=source,
        topic=topic,
        analyte=analyte,
        at=at,
        reported=shown,
        mapping=line,
    )
