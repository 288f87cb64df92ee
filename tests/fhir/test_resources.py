"""Which resources of a chart are read at all: each once, the patient's own, those contained in reports; the odd is named."""

from typing import Any

import pytest

from smartapp.clinical.picture import GapKind, Topic
from smartapp.clinical.terminology import Analyte
from tests import charts as c
from tests.fhir.reading import only_gap, picture_of, rules_of

ODD: list[bytes] = [
    b"null",
    b'"text"',
    b"5",
    b"[]",
    b"{}",
    b'{"resourceType": 5}',
    b'{"resourceType": "Observation", "id": 5}',
    b'{"resourceType": "Observation", "id": "x", "valueQuantity": {"value": 1e999999}}',
    b'{"resourceType": "Observation", "id": "x", "valueQuantity": {"value": "NaN"}}',
    b'{"resourceType": "Observation", "id": "x", "component": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"resourceType": "Observation", "id": "x"',
    b'{"resourceType": "Observation", "id": "\xff"}',
    b'{"resourceType": "Patient", "id": "P1", "birthDate": {}}',
    b'{"resourceType": "Condition", "id": "x", "code": "D89.833"}',
]


@pytest.mark.req("FHIR-03", "FHIR-20")
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_one_odd_resource_costs_only_itself_and_is_named(odd: bytes) -> None:
    picture = picture_of(odd, c.fibrinogen("1.2"))
    assert len(picture.series(Analyte.FIBRINOGEN)) == 1
    gap = only_gap(picture)
    assert gap.kind is GapKind.UNREADABLE
    assert "could not be read" in gap.text or "does not belong" in gap.text


@pytest.mark.req("FHIR-03")
def test_the_element_is_named_but_not_its_value() -> None:
    gap = only_gap(picture_of(c.fibrinogen("1.2", status={"secret": "Jane"})))
    assert (gap.source, gap.topic) == ("Observation/fib", Topic.LABORATORY)
    assert "its status is not in the form that FHIR gives it" in gap.text
    assert "Jane" not in gap.text


def test_a_type_we_do_not_read_is_no_gap() -> None:
    assert picture_of({"resourceType": "Immunization", "id": "i", "status": 7}).gaps == ()


@pytest.mark.req("DQ-19")
@pytest.mark.parametrize("subject", [{"reference": "Patient/P2"}, {"display": "P1"}, {"reference": "Group/P1"}, None])
@pytest.mark.parametrize(
    "resource",
    [
        c.fibrinogen("0.4"),
        c.crs(4),
        c.infusion(),
        c.given("toci", "L04AC07"),
        {"resourceType": "MedicationRequest", "id": "m", "status": "active"},
        {"resourceType": "ServiceRequest", "id": "s", "status": "active"},
    ],
    ids=lambda resource: resource["resourceType"],
)
def test_what_is_not_this_patients_changes_nothing_and_is_reported(resource: c.Resource, subject: Any) -> None:
    foreign = resource | {"subject": subject}
    if subject is None:
        del foreign["subject"]
    picture = picture_of(foreign)
    assert (picture.infusions, picture.crs_records, picture.exposures, dict(picture.labs)) == ((), (), (), {})
    assert only_gap(picture).rule == "DQ-19"


@pytest.mark.req("DQ-19")
def test_another_patient_is_not_taken_for_this_one() -> None:
    other = {"resourceType": "Patient", "id": "P2", "birthDate": "2020-01-01", "deceasedBoolean": True}
    picture = picture_of(c.patient("1996-01-01"), other)
    assert not picture.patient.deceased
    assert rules_of(picture) == {"DQ-19"}


def report(id_: str, *members: c.Resource, **more: Any) -> c.Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "subject": c.SUBJECT,
        "contained": list(members),
        "result": [{"reference": f"#{member['id']}"} for member in members],
        **more,
    }


def member(value: str, hours_ago: float, **more: Any) -> c.Resource:
    body = c.fibrinogen(value, hours_ago=hours_ago, id_="f", **more)
    return {name: element for name, element in body.items() if name != "subject" or "subject" in more}


@pytest.mark.req("DQ-15")
def test_results_contained_in_reports_are_read_each_by_its_report() -> None:
    picture = picture_of(report("r1", member("0.8", 1)), report("r2", member("1.8", 20)))
    read = [(str(result.value), result.source) for result in picture.series(Analyte.FIBRINOGEN)]
    assert read == [("1.8", "DiagnosticReport/r2#f"), ("0.8", "DiagnosticReport/r1#f")]
    assert picture.gaps == ()


@pytest.mark.req("DQ-15", "DQ-19", "FHIR-04", "FHIR-23")
@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (report("r", member("0.8", 1), subject={"reference": "Patient/P2"}), {"DQ-19"}),
        (report("r", member("0.8", 1, subject={"reference": "Patient/P2"})), {"DQ-19"}),
        (report("r", member("0.8", 1), status="entered-in-error"), set()),
        (report("r", member("0.8", 1), modifierExtension=[{"url": "u"}]), {"DQ-17"}),
        (report("r", member("0.8", 1, status=3)), {"DQ-17"}),
        (report("r", member("0.8", 1, status="cancelled")), set()),
        (report("r", {"resourceType": "Specimen", "id": "s"}), set()),
    ],
)
def test_contained_results_that_do_not_count(body: c.Resource, rules: set[str]) -> None:
    picture = picture_of(body)
    assert not picture.series(Analyte.FIBRINOGEN)
    assert rules_of(picture) == rules


@pytest.mark.req("DQ-02")
def test_the_time_of_a_specimen_sent_beside_the_result() -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "collection": {"collectedDateTime": c.ago(hours=3)}}
    body = c.fibrinogen("1.2", specimen={"reference": "Specimen/s"})
    del body["effectiveDateTime"]
    (result,) = picture_of(body, specimen).series(Analyte.FIBRINOGEN)
    assert result.collected.age(c.NOW).total_seconds() == 3 * 3600


@pytest.mark.req("FHIR-13")
@pytest.mark.parametrize("reference", ["Medication/m", "https://x.example/fhir/Medication/m", "urn:uuid:m", "#m"])
def test_a_medication_is_found_in_the_chart_or_in_the_resource(reference: str) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": c.ATC, "code": "L04AC07"}]}}
    given = c.given("toci", "-", medicationReference={"reference": reference})
    del given["medicationCodeableConcept"]
    contained = reference.startswith("#")
    chart = [given | {"contained": [medication]}] if contained else [given, medication]
    assert [exposure.drug.value for exposure in picture_of(*chart).exposures] == ["tocilizumab"]


@pytest.mark.req("FHIR-13", "DQ-17")
def test_a_medication_that_is_not_there_is_named_not_left_out() -> None:
    given = [c.given(f"g{n}", "-", medicationReference={"reference": "Medication/gone"}) for n in (1, 2)]
    for each in given:
        del each["medicationCodeableConcept"]
    gap = only_gap(picture_of(*given))
    assert (gap.rule, gap.topic, gap.source) == ("DQ-17", Topic.ADMINISTRATIONS, "MedicationAdministration/g1")
    assert "could not be read in 2" in gap.text
