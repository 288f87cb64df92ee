"""Records without a known code: named with their words and the line that would map them, and their effect (DQ-23, DQ-24, 9.7)."""

from typing import Any

import pytest

from smartapp.clinical.picture import ClinicalPicture, Gap
from smartapp.clinical.terminology import CarTProduct, Drug
from tests import charts as c
from tests.fhir.reading import picture_of

LOCAL = "http://st-x.test/codes"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CRYO = {"coding": [{"system": SNOMED, "code": "256401009"}]}


def concept(text: str, code: str | None = "X1", system: str = LOCAL) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}] if code else [], "text": text}


def administration(text: str, **more: Any) -> c.Resource:
    return c.given("x", "-", hours_ago=1, medicationCodeableConcept=concept(text)) | more


def procedure(text: str, **more: Any) -> c.Resource:
    return {
        "resourceType": "Procedure",
        "id": "x",
        "status": "completed",
        "subject": c.SUBJECT,
        "code": concept(text),
        "performedDateTime": c.ago(hours=1),
        **more,
    }


def condition(text: str, code: str | None = "X1", system: str = LOCAL, **more: Any) -> c.Resource:
    return {**c.condition("x", "-", 3), "code": concept(text, code, system), **more}


def mapped(picture: ClinicalPicture) -> Gap:
    (gap,) = [gap for gap in picture.gaps if gap.rule in ("DQ-23", "DQ-24")]
    return gap


@pytest.mark.req("DQ-23", "DQ-24")
@pytest.mark.parametrize(
    ("resource", "stands_for"),
    [
        ({**c.fibrinogen("0.8", id_="x"), "code": concept("Fibrinogène")}, "http://loinc.org|3255-7"),
        (administration("Cryoprecipitate"), f"{SNOMED}|256401009"),
        (administration("RiaSTAP"), "http://www.whocc.no/atc|B02BB01"),
        (procedure("Transfusion of cryoprecipitate"), f"{SNOMED}|256401009"),
        (procedure("Kymriah infusion"), "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets|Q2042"),
        (condition("Cytokine release syndrome grade 3"), f"{c.ICD10CM}|D89.833"),
        (condition("GI bleeding"), f"{c.ICD10CM}|"),
    ],
)
def test_it_is_named_with_its_words_and_the_line_that_would_map_it(resource: c.Resource, stands_for: str) -> None:
    gap = mapped(picture_of(resource))
    assert gap.mapping.startswith(f'"{LOCAL}|X1" = "{stands_for}')
    assert gap.mapping in gap.text
    assert gap.source.endswith("/x")
    assert gap.reported in gap.text


@pytest.mark.req("DQ-23")
def test_the_line_that_is_told_maps_it() -> None:
    resource = {**c.fibrinogen("0.8", id_="x"), "code": concept("Fibrinogène")}
    local, meant = mapped(picture_of(resource)).mapping.split(" = ")
    picture = picture_of(resource, codes={local.strip('"'): meant.strip('"')})
    assert (len(picture.labs), picture.gaps) == (1, ())


@pytest.mark.req("DQ-23")
def test_a_beginning_maps_every_code_that_begins_so_and_an_exact_line_counts_first() -> None:
    codes = {f"{LOCAL}|I61.*": f"{c.ICD10CM}|I61", f"{LOCAL}|I61.9": f"{c.ICD10CM}|R04.0"}
    kinds = [picture_of(condition("x", code), codes=codes).conditions for code in ("I61.4", "I61.9", "I60.1")]
    assert [sorted(str(kind) for record in found for kind in record.kinds) for found in kinds] == [
        ["bleeding_major", "intracranial_bleed"],
        ["bleeding_minor"],
        [],
    ]


@pytest.mark.req("DQ-23")
def test_a_local_system_may_be_named_by_its_other_name() -> None:
    code = {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.96", "code": "1"}]}
    resource = {**c.fibrinogen("0.8"), "code": code}
    assert len(picture_of(resource, codes={f"{SNOMED}|1": "LN|3255-7"}).labs) == 1


@pytest.mark.req("DQ-24", "SAF-07")
@pytest.mark.parametrize(
    ("resource", "drug"),
    [
        (administration("Cryoprecipitate (pooled)"), Drug.CRYOPRECIPITATE),
        (administration("Fibryga 1 g"), Drug.FIBRINOGEN_CONCENTRATE),
        (administration("cryo"), None),
        (procedure("Transfusion of cryoprecipitate"), Drug.CRYOPRECIPITATE),
        (
            {**c.given("x", "-", hours_ago=1), "medicationCodeableConcept": None, "note": [{"text": "RiaSTAP 2 g"}]},
            Drug.FIBRINOGEN_CONCENTRATE,
        ),
    ],
)
def test_a_dose_by_its_words_is_a_worded_dose_and_no_exposure(resource: c.Resource, drug: Drug | None) -> None:
    picture = picture_of(resource)
    assert [dose.drug for dose in picture.worded_doses] == [drug]
    assert picture.exposures == ()


@pytest.mark.req("DQ-24", "SAF-07")
@pytest.mark.parametrize(
    "resource",
    [
        administration("Fibrin sealant"),
        administration("cryotherapy"),
        procedure("cryoablation of lesion"),
        administration("Cryoprecipitate", status="not-done"),
        c.given(
            "x",
            "P9025",
            "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
            hours_ago=1,
            medicationCodeableConcept={
                "coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "P9025"}],
                "text": "cryoprecipitate reduced",
            },
        ),
        c.given(
            "x",
            "L04AC07",
            hours_ago=1,
            medicationCodeableConcept={
                "coding": [{"system": c.ATC, "code": "L04AC07"}],
                "text": "tocilizumab, after cryo",
            },
        ),
    ],
)
def test_what_is_no_product_or_not_given_or_known_by_its_code_is_none(resource: c.Resource) -> None:
    assert picture_of(resource).worded_doses == ()


@pytest.mark.req("9.7", "FHIR-13", "DQ-24")
@pytest.mark.parametrize(
    "resources",
    [
        [
            c.given(
                "x",
                "-",
                hours_ago=1,
                medicationCodeableConcept=concept("fibrinogen, human 1000 MG Injection [RiaSTAP]", "9999001", RXNORM),
            )
        ],
        [
            {
                **c.given("x", "-", hours_ago=1),
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "#m"},
                "contained": [{"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": CRYO}]}],
            }
        ],
        [
            {
                **c.given("x", "-", hours_ago=1),
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "Medication/m"},
            },
            {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "Medication/i"}}]},
            {"resourceType": "Medication", "id": "i", "code": CRYO},
        ],
        [procedure("Transfusion", usedCode=[CRYO])],
        [
            procedure("Transfusion", usedReference=[{"reference": "BiologicallyDerivedProduct/b"}]),
            {"resourceType": "BiologicallyDerivedProduct", "id": "b", "productCode": CRYO},
        ],
        [
            procedure(
                "Transfusion",
                usedReference=[{"reference": "#b"}],
                contained=[{"resourceType": "BiologicallyDerivedProduct", "id": "b", "productCode": CRYO}],
            )
        ],
    ],
)
def test_which_drug_it_is_is_found_wherever_it_is_told(resources: list[c.Resource]) -> None:
    (exposure,) = picture_of(*resources).exposures
    assert exposure.drug in (Drug.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE)


@pytest.mark.req("APP-01", "DQ-24")
@pytest.mark.parametrize(
    ("text", "product", "strong"),
    [
        ("Kymriah", CarTProduct.TISAGENLECLEUCEL, True),
        ("Abecma infusion", CarTProduct.IDECABTAGENE, True),
        ("CAR-T cell infusion", CarTProduct.UNKNOWN, False),
        ("Yescarta collection and infusion", CarTProduct.AXICABTAGENE, False),
    ],
)
def test_words_tell_of_an_infusion_surely_or_perhaps(text: str, product: CarTProduct, strong: bool) -> None:
    (record,) = picture_of(procedure(text)).infusions
    assert (record.product, record.strong, record.in_words) == (product, strong, True)


@pytest.mark.req("APP-01")
@pytest.mark.parametrize(
    "text", ["Leukapheresis for Kymriah", "CAR-T consent", "tisa-cel evaluation", "no CAR-T given"]
)
def test_what_comes_before_an_infusion_is_none(text: str) -> None:
    assert picture_of(procedure(text)).infusions == ()


@pytest.mark.req("CRS-01", "DQ-24")
@pytest.mark.parametrize(
    ("resource", "grade", "in_words"),
    [
        (condition("Cytokine release syndrome grade 3"), 3, True),
        (condition("Cytokine release syndrome grade 3", None), 3, True),
        (condition("Cytokine release syndrome grade 2", "D89.839", c.ICD10CM), 2, True),
        (condition("Cytokine release syndrome grade 2", "D89.833", c.ICD10CM), 3, False),
        (condition("Cytokine release syndrome grade 2", "D89.833", "http://hl7.org/fhir/sid/icd-10"), 3, False),
        (condition("Cytokine release syndrome grade 2-3"), None, True),
        (condition("Cytokine release syndrome"), None, True),
        (condition("unspecified", "D89.839", c.ICD10CM), None, False),
    ],
)
def test_a_code_with_a_grade_decides_before_words_and_words_before_no_grade(
    resource: c.Resource, grade: int | None, in_words: bool
) -> None:
    (record,) = picture_of(resource).crs_records
    assert (record.grade, record.in_words) == (grade, in_words)


@pytest.mark.req("DQ-24", "BLD-01")
def test_bleeding_by_another_edition_counts_with_an_issue_and_by_words_may_be() -> None:
    by_code = picture_of(condition("Magenblutung", "K92.2", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"))
    assert len(by_code.conditions) == 1
    assert mapped(by_code).text.endswith("it counts")
    by_words = picture_of(condition("Magenblutung"))
    assert (by_words.conditions, len(by_words.possible_bleeding)) == ((), 1)
    over = condition("Magenblutung", onsetDateTime=c.ago(days=9), abatementDateTime=c.ago(days=8))
    assert picture_of(over).possible_bleeding == ()


@pytest.mark.req("DQ-23")
def test_what_words_do_not_name_is_not_named() -> None:
    assert picture_of(condition("Pneumonia"), administration("Paracetamol"), procedure("Bronchoscopy")).gaps == ()


def observed(text: str, **value: Any) -> c.Resource:
    return {**c.result("x", "-", None, ""), "code": concept(text), **value}


@pytest.mark.req("CRS-01", "DQ-24")
@pytest.mark.parametrize(
    ("resource", "grade"),
    [
        (observed("Cytokine release syndrome grade", valueInteger=3), 3),
        (observed("CRS grade (ASTCT)", valueString="2"), 2),
        (observed("CRS ASTCT", valueString="Grade III"), 3),
        (observed("Cytokine release syndrome", valueCodeableConcept={"text": "grade 1"}), 1),
    ],
)
def test_an_observation_that_names_crs_and_one_grade_is_a_recorded_grade(resource: c.Resource, grade: int) -> None:
    picture = picture_of(resource)
    (record,) = picture.crs_records
    assert (record.grade, record.in_words) == (grade, True)
    assert mapped(picture).source == "Observation/x"


@pytest.mark.req("CRS-01", "DQ-24", "FHIR-29")
@pytest.mark.parametrize("value", [{"valueString": "grade 2-3"}, {"valueString": "improving"}, {}])
def test_an_observation_that_names_crs_without_one_grade_is_named(value: Any) -> None:
    picture = picture_of(observed("Cytokine release syndrome", **value))
    assert (picture.crs_records, [gap.rule for gap in picture.gaps]) == ((), ["CRS-01"])


@pytest.mark.req("DQ-05")
@pytest.mark.parametrize("value", [{"valueQuantity": {"value": 0.8}}, {"valueString": "0.8"}])
def test_an_assumed_unit_is_a_flag_and_an_issue(value: Any) -> None:
    resource = {**c.result("fib", "3255-7", None, ""), **value}
    picture = picture_of(resource, site={"assume_fib_unit_if_missing": "g/L"})
    (series,) = picture.labs.values()
    assert [result.flags for result in series] == [("unit_assumed",)]
    assert [gap.rule for gap in picture.gaps] == ["DQ-05"]
