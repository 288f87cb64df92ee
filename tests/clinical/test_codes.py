"""The coded values of guideline section 9: what they mean, and that they are codes at all."""

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.code_systems import system_of
from smartapp.clinical.codes import (
    ATC,
    CPT,
    HCPCS,
    ICD10CM,
    ICD10PCS,
    LOINC,
    NDC,
    RXNORM,
    SNOMED,
    all_codes,
    analyte_of,
    car_t_of,
    condition_kinds,
    crs_grade_of,
    drug_of,
    icans_grade_of,
    is_national_bleeding,
    loincs,
)
from smartapp.clinical.terminology import Analyte, CarTProduct, ConditionKind, Drug, Variant

K = ConditionKind

with warnings.catch_warnings():  # the package reads its data by a deprecated function of the standard library
    warnings.simplefilter("ignore", DeprecationWarning)
    import simple_icd_10_cm

SYSTEMS = (LOINC, SNOMED, ICD10CM, ICD10PCS, HCPCS, NDC, ATC, RXNORM, CPT)
LOOKUPS = (analyte_of, drug_of, car_t_of, crs_grade_of, icans_grade_of)


def check_digit(number: str) -> int:
    """LOINC's check digit: Luhn over the digits before the hyphen."""
    doubled = sum(sum(divmod(int(digit) * 2, 10)) for digit in number[::-2])
    return -(doubled + sum(int(digit) for digit in number[-2::-2])) % 10


@pytest.mark.parametrize("code", [entry.code for entry in all_codes() if entry.system == LOINC])
def test_every_loinc_passes_its_check_digit(code: str) -> None:
    number, _, digit = code.partition("-")
    assert check_digit(number) == int(digit)


@pytest.mark.parametrize("code", sorted({entry.code for entry in all_codes() if entry.system == ICD10CM}))
def test_every_icd_10_cm_code_exists_in_the_published_tabular(code: str) -> None:
    assert simple_icd_10_cm.is_valid_item(code)


def test_every_code_has_a_mark_and_stands_once_for_a_meaning() -> None:
    entries = all_codes()
    assert {entry.mark for entry in entries} == {"V", "V2", "U"}
    assert len({(entry.system, entry.code, entry.meaning) for entry in entries}) == len(entries)
    for system, pattern in ((SNOMED, r"\d{6,18}"), (RXNORM, r"\d+"), (ICD10PCS, "[0-9A-Z]{7}"), (HCPCS, r"[A-Z]\d{4}")):
        codes = [entry.code for entry in entries if entry.system == system]
        assert codes
        for code in codes:
            assert re.fullmatch(pattern, code), code


@pytest.mark.parametrize(
    ("code", "analyte", "variant"),
    [
        ("3255-7", Analyte.FIBRINOGEN, Variant.CLAUSS),
        ("48664-7", Analyte.FIBRINOGEN, Variant.DERIVED),
        ("3256-5", Analyte.FIBRINOGEN, Variant.ANTIGEN),
        ("30902-1", Analyte.FIBRINOGEN, Variant.HEAT),
        ("16859-1", Analyte.FIBRINOGEN, Variant.PRESENCE),
        ("3173-2", Analyte.APTT, None),
        ("48065-7", Analyte.D_DIMER, Variant.FEU),
        ("48066-5", Analyte.D_DIMER, Variant.DDU),
        ("30240-6", Analyte.D_DIMER, Variant.TYPE_UNKNOWN),
        ("29463-7", Analyte.WEIGHT, Variant.WEIGHT_MEASURED),
        ("3142-7", Analyte.WEIGHT, Variant.WEIGHT_STATED),
        ("8328-7", Analyte.TEMPERATURE, None),
        ("2708-6", Analyte.SPO2, None),
    ],
)
@pytest.mark.req("FHIR-30", "DQ-07", "FHIR-25")
def test_what_a_loinc_measures(code: str, analyte: Analyte, variant: Variant | None) -> None:
    assert analyte_of(LOINC, code) == (analyte, variant)
    assert analyte_of("http://loinc.example", code) is None
    assert code in loincs(analyte)


@pytest.mark.parametrize("code", ["14723-1", "3150-6", "", "fibrinogen"])
def test_codes_that_mean_nothing(code: str) -> None:
    assert analyte_of(LOINC, code) is None


def test_the_query_table_gets_every_code_of_an_analyte() -> None:
    assert loincs(Analyte.FIBRINOGEN) == ("3255-7", "48664-7", "3256-5", "30902-1", "16859-1")
    assert set(loincs(*Analyte)) == {e.code for e in all_codes() if e.system == LOINC} - {"85354-9"}


@pytest.mark.req("SAF-07", "FHIR-30")
@pytest.mark.parametrize(
    ("system", "code", "drug"),
    [
        (SNOMED, "256401009", Drug.CRYOPRECIPITATE),
        (HCPCS, "P9012", Drug.CRYOPRECIPITATE),
        (HCPCS, "P9044", None),
        (ICD10PCS, "30233m1", Drug.CRYOPRECIPITATE),
        (HCPCS, "P9017", Drug.PLASMA),
        (NDC, "63833-891", Drug.FIBRINOGEN_CONCENTRATE),
        (NDC, "63833-892-51", Drug.FIBRINOGEN_CONCENTRATE),
        (NDC, "68982-347-01", Drug.FIBRINOGEN_CONCENTRATE),
        (NDC, "68982034701", Drug.FIBRINOGEN_CONCENTRATE),
        (NDC, "68982-0347-01", Drug.FIBRINOGEN_CONCENTRATE),
        (NDC, "63833-8910", None),
        (NDC, "63833-8", None),
        (HCPCS, "J7178", Drug.FIBRINOGEN_CONCENTRATE),
        (ATC, "B02BB01", Drug.FIBRINOGEN_CONCENTRATE),
        (ATC, "B02BB", None),
        (ATC, "L04AC07", Drug.TOCILIZUMAB),
        (RXNORM, "612865", Drug.TOCILIZUMAB),
        (ATC, "H02AB02", Drug.SYSTEMIC_STEROID),
        (ATC, "h02ab06", Drug.SYSTEMIC_STEROID),
        (ATC, "C01CA03", Drug.NORADRENALINE),
        (RXNORM, "11149", Drug.VASOPRESSIN),
        (ATC, "H01BA04", Drug.TERLIPRESSIN),
        (ATC, "B01AB01", Drug.HEPARIN),
        (ATC, "B01AB05", Drug.OTHER_ANTICOAGULANT),
        (ATC, "B01AE03", Drug.ARGATROBAN),
        (ATC, "B01AE07", Drug.DABIGATRAN),
        (ATC, "B01AE06", Drug.BIVALIRUDIN),
        (ATC, "B01AF02", Drug.OTHER_ANTICOAGULANT),
        (ATC, "B01AX05", Drug.OTHER_ANTICOAGULANT),
        (ATC, "B01AC06", None),
        (ATC, "B01AD02", None),
        (ATC, "B02AA02", Drug.TRANEXAMIC_ACID),
        (ATC, "B02BA01", Drug.VITAMIN_K),
        ("http://st-x.example", "B02BB01", None),
    ],
)
def test_drugs_and_components(system: str, code: str, drug: Drug | None) -> None:
    assert drug_of(system, code) == drug


@pytest.mark.req("APP-01", "APP-04")
@pytest.mark.parametrize(
    ("system", "code", "product"),
    [
        (ICD10PCS, "XW033J7", CarTProduct.TISAGENLECLEUCEL),
        (ICD10PCS, "xw043j7", CarTProduct.TISAGENLECLEUCEL),
        (NDC, "0078-0846", CarTProduct.TISAGENLECLEUCEL),
        (NDC, "0078-0846-19", CarTProduct.TISAGENLECLEUCEL),
        (NDC, "00078-0846-19", CarTProduct.TISAGENLECLEUCEL),
        (NDC, "00078084619", CarTProduct.TISAGENLECLEUCEL),
        (HCPCS, "Q2042", CarTProduct.TISAGENLECLEUCEL),
        (ICD10PCS, "XW033C3", CarTProduct.UNKNOWN),
        (ICD10PCS, "XW043C7", CarTProduct.UNKNOWN),
        (ICD10PCS, "XW033H7", CarTProduct.AXICABTAGENE),
        (HCPCS, "Q2053", CarTProduct.BREXUCABTAGENE),
        (ICD10PCS, "XW043N7", CarTProduct.LISOCABTAGENE),
        (HCPCS, "Q2055", CarTProduct.IDECABTAGENE),
        (ICD10PCS, "XW043A7", CarTProduct.CILTACABTAGENE),
        (ICD10PCS, "30233N1", None),
        (HCPCS, "XW033J7", None),
    ],
)
def test_car_t_products(system: str, code: str, product: CarTProduct | None) -> None:
    assert car_t_of(system, code) == product


@pytest.mark.req("BLD-01", "SAF-01", "SAF-03", "APP-06", "FHIR-30")
@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("I61.9", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("I619", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("i62.00", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("R04.81", {K.BLEEDING_MAJOR}),
        ("R57.1", {K.BLEEDING_MAJOR}),
        ("R57.0", set()),
        ("I85.01", {K.BLEEDING_MAJOR}),
        ("I85.00", set()),
        ("K92.0", {K.BLEEDING_SIGNIFICANT}),
        ("K92.9", set()),
        ("R31.0", {K.BLEEDING_SIGNIFICANT, K.HAEMATURIA}),
        ("R31.21", {K.BLEEDING_MINOR, K.HAEMATURIA}),
        ("H35.61", {K.BLEEDING_SIGNIFICANT}),
        ("R58", {K.BLEEDING_SIGNIFICANT}),
        ("D69.9", {K.BLEEDING_OTHER}),
        ("R04.0", {K.BLEEDING_MINOR}),
        ("H11.32", {K.BLEEDING_MINOR}),
        ("I82.401", {K.THROMBOSIS}),
        ("I82.A11", {K.THROMBOSIS}),
        ("I82.B19", {K.THROMBOSIS}),
        ("I82.C13", {K.THROMBOSIS}),
        ("I82.A21", set()),
        ("I82.B22", set()),
        ("I82.C29", set()),
        ("I82.501", set()),
        ("I82.709", set()),
        ("I82.891", set()),
        ("I82.890", {K.THROMBOSIS}),
        ("I26.99", {K.THROMBOSIS}),
        ("I21.4", {K.THROMBOSIS}),
        ("I24.0", {K.THROMBOSIS}),
        ("I24.1", set()),
        ("G08", {K.THROMBOSIS}),
        ("T82.868A", {K.THROMBOSIS}),
        ("T82.868D", set()),
        ("E87.70", {K.FLUID_OVERLOAD}),
        ("E87.79", set()),
        ("J81.0", {K.FLUID_OVERLOAD}),
        ("J81.1", set()),
        ("D68.2", {K.CONGENITAL_FIBRINOGEN_DISORDER}),
        ("G92.03", {K.ICANS}),
        ("Z92.850", {K.CAR_T_HISTORY}),
        ("T80.82XA", {K.CAR_T_COMPLICATION}),
        ("C91.01", {K.B_ALL}),
        ("C83.31", {K.DLBCL}),
        ("C82.10", {K.FOLLICULAR_LYMPHOMA}),
        ("C83.11", {K.MANTLE_CELL_LYMPHOMA}),
        ("D65", {K.DIC}),
        ("D76.1", {K.HAEMOPHAGOCYTOSIS}),
        ("Z79.01", {K.ANTICOAGULANT_USE}),
        ("D89.833", set()),
        ("", set()),
    ],
)
def test_conditions_by_prefix_and_their_exceptions(code: str, kinds: set[ConditionKind]) -> None:
    assert condition_kinds(ICD10CM, code) == kinds
    assert condition_kinds("http://hl7.org/fhir/sid/icd-9-cm", code) == frozenset()


@pytest.mark.req("DQ-23", "DQ-24", "BLD-01")
@pytest.mark.parametrize(
    "system",
    [
        "http://hl7.org/fhir/sid/icd-10",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "http://hl7.org/fhir/sid/icd-10-am",
        "urn:oid:2.16.840.1.113883.6.3",
        "ICD-10",
    ],
)
@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("I61.9", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("K92.2", {K.BLEEDING_SIGNIFICANT}),
        ("R04.0", {K.BLEEDING_MINOR}),
        ("I85.0", {K.BLEEDING_MAJOR}),
        ("I85.9", set()),
        ("G92.03", {K.ICANS}),
        ("I26.9", set()),
        ("D68.2", set()),
        ("C83.3", set()),
    ],
)
def test_another_edition_of_icd_10_tells_of_bleeding_and_of_the_grades_alone(
    system: str, code: str, kinds: set[ConditionKind]
) -> None:
    assert condition_kinds(system, code) == kinds
    assert is_national_bleeding(system, code) == bool(kinds - {K.ICANS})
    assert crs_grade_of(system, "D89.833") == 3
    assert not is_national_bleeding(ICD10CM, code)


ALIASES = {
    LOINC: ("2.16.840.1.113883.6.1", "LN", "LOINC", "https://loinc.org/", "http://loinc.org#x"),
    SNOMED: ("2.16.840.1.113883.6.96", "SCT", "http://snomed.info/sct/731000124108", "https://snomed.info/sct/"),
    ICD10CM: (
        "2.16.840.1.113883.6.90",
        "I10C",
        "http://hl7.org/fhir/sid/icd-10-us",
        "https://hl7.org/fhir/sid/icd-10-cm/",
    ),
    ICD10PCS: ("2.16.840.1.113883.6.4", "I10P", "https://www.cms.gov/Medicare/Coding/ICD10/"),
    RXNORM: ("2.16.840.1.113883.6.88", "https://www.nlm.nih.gov/research/umls/rxnorm"),
    NDC: ("2.16.840.1.113883.6.69", "https://hl7.org/fhir/sid/ndc/"),
    HCPCS: ("2.16.840.1.113883.6.285", "2.16.840.1.113883.6.14"),
    ATC: ("2.16.840.1.113883.6.73", "https://www.whocc.no/atc#B02"),
}


@pytest.mark.req("DQ-23")
@pytest.mark.parametrize("system", ALIASES)
def test_the_same_system_under_another_name_is_that_system(system: str) -> None:
    for name in ALIASES[system]:
        oids = (name, f"urn:oid:{name}") if name[0].isdigit() else (name,)
        assert {system_of(each) for each in oids} == {system}, name
    assert system_of("http://st-x.example/lab") == "http://st-x.example/lab"


@pytest.mark.req("DQ-23", "APP-01")
@pytest.mark.parametrize("code", ["00078095819", "0078-0958-19", "00078-0958-19", "0078-0958", "00078084619"])
def test_both_ndcs_of_kymriah_in_every_form(code: str) -> None:
    assert car_t_of(NDC, code) is CarTProduct.TISAGENLECLEUCEL
    assert car_t_of("urn:oid:2.16.840.1.113883.6.69", code) is CarTProduct.TISAGENLECLEUCEL


@pytest.mark.req("SAF-07")
def test_plasma_reduced_of_cryoprecipitate_is_neither_and_the_complex_is_cryoprecipitate() -> None:
    assert [drug_of(HCPCS, code) for code in ("P9025", "P9044")] == [None, None]
    assert drug_of(HCPCS, "P9026") is Drug.CRYOPRECIPITATE
    assert {drug_of(HCPCS, code) for code in ("P9070", "P9071")} == {Drug.PLASMA}


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("1386000", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("131148009", {K.BLEEDING_SIGNIFICANT}),
        ("59282003", {K.THROMBOSIS}),
        ("13110000", set()),
        ("21454007", {K.BLEEDING_MAJOR, K.INTRACRANIAL_BLEED}),
        ("17709002", {K.BLEEDING_MAJOR}),
        ("34436003", {K.BLEEDING_SIGNIFICANT, K.HAEMATURIA}),
        ("249366005", {K.BLEEDING_MINOR}),
        ("133971000119108", set()),
        ("1755008", set()),
        ("111589005", {K.DYSFIBRINOGENAEMIA}),
        ("154818001", {K.CONGENITAL_FIBRINOGEN_DISORDER}),
        ("398250003", set()),
    ],
)
def test_conditions_in_snomed(code: str, kinds: set[ConditionKind]) -> None:
    assert condition_kinds(SNOMED, code) == kinds


@pytest.mark.req("CRS-01")
@pytest.mark.parametrize(
    ("code", "grade"),
    [
        ("D89.831", 1),
        ("D89835", 5),
        ("d89.833", 3),
        ("D89.839", 0),
        ("D89.83", None),
        ("D89.84", None),
        ("D89.8331", None),
    ],
)
def test_crs_grades(code: str, grade: int | None) -> None:
    assert crs_grade_of(ICD10CM, code) == grade
    assert crs_grade_of(SNOMED, code) is None


@pytest.mark.req("MOD-01")
@pytest.mark.parametrize(
    ("code", "grade"),
    [("G92.01", 1), ("G9205", 5), ("G92.00", None), ("G92.06", None), ("G92.8", None), ("G92.0¹", None)],
)
def test_icans_grades(code: str, grade: int | None) -> None:
    assert icans_grade_of(ICD10CM, code) == grade
    assert icans_grade_of(SNOMED, code) is None


@settings(deadline=None)
@given(st.sampled_from(SYSTEMS), st.text(max_size=12))
def test_any_text_may_stand_where_a_code_is_expected(system: str, code: str) -> None:
    for lookup in LOOKUPS:
        lookup(system, code)
    assert isinstance(condition_kinds(system, code), frozenset)
