"""Provenance, and how what the EHR stored differs from what was approved (FHIR-48, FHIR-49)."""

import json
from typing import Any

import pytest

from smartapp.fhir.proposals import write_order
from smartapp.fhir.provenance import carries, differences, over, version_of, write_provenance
from tests.fhir.test_proposals import AS_SERVICE, CONCENTRATE, CRYO, ORDERING, errors_of

APPROVED = write_order(CONCENTRATE, ORDERING)


def a_provenance(**more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "targets": ["MedicationRequest/1/_history/1"],
        "at": ORDERING.at,
        "author": "Practitioner/7",
        "entities": ["Observation/fib"],
        "rules": (("REP-03", 1),),
        "rules_url": "https://app.example.org/rules",
        "organization": "St X",
        "software": "Fibrinogen Watch",
    }
    return write_provenance(**{**asked, **more})


@pytest.mark.req("FHIR-49")
def test_provenance_names_clinician_software_records_and_rules() -> None:
    provenance = a_provenance()
    author, assembler = provenance["agent"]
    assert (author["who"], author["onBehalfOf"]) == ({"reference": "Practitioner/7"}, {"display": "St X"})
    assert assembler["who"]["display"] == "Fibrinogen Watch"
    assert assembler["type"]["coding"][0]["code"] == "assembler"
    assert provenance["target"] == [{"reference": "MedicationRequest/1/_history/1"}]
    assert provenance["entity"][0]["what"] == {"reference": "Observation/fib"}
    assert provenance["entity"][1]["what"]["display"] == "REP-03 v1"


@pytest.mark.req("FHIR-49")
@pytest.mark.parametrize("more", [{}, {"entities": [], "rules": ()}])
def test_provenance_is_valid_r4_to_a_second_validator(more: dict[str, Any]) -> None:
    assert errors_of(a_provenance(**more)) == []


def changed(**more: Any) -> bytes:
    return json.dumps({**APPROVED, **more}).encode()


ATC, NDC = write_order(CONCENTRATE, ORDERING)["medicationCodeableConcept"]["coding"]


def dose(value: Any, code: str = "mg") -> list[dict[str, Any]]:
    quantity = {"value": value, "unit": code, "code": code}
    return [{"doseAndRate": [{"doseQuantity": quantity}]}]


def given(**more: Any) -> list[dict[str, Any]]:
    """The approved dosage with something about it changed."""
    return [{**APPROVED["dosageInstruction"][0], **more}]


@pytest.mark.req("FHIR-48")
@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (changed(), ()),
        (changed(dosageInstruction=dose(3000.0)), ()),
        (changed(subject={"reference": "https://ehr.example.org/fhir/Patient/P1"}), ()),
        (changed(subject={"reference": "Patient/P1/_history/3"}), ()),
        (changed(intent="order"), ("intent: approved proposal, stored order",)),
        (
            changed(dosageInstruction=[*dose(3000), *dose(1000)]),
            ("dose: approved 3000 mg, stored 3000 mg, 1000 mg",),
        ),
        (changed(medicationCodeableConcept={"coding": [ATC, {"system": "http://local.example", "code": "7"}]}), ()),
        (
            changed(medicationCodeableConcept={"coding": [ATC, {**NDC, "code": "68982-347"}]}),
            ("medication: approved 63833-891, B02BB01, stored 68982-347, B02BB01",),
        ),
        (changed(status="active"), ("status: approved draft, stored active",)),
        (changed(subject={"reference": "Patient/P2"}), ("patient: approved Patient/P1, stored Patient/P2",)),
        (changed(dosageInstruction=dose(1500)), ("dose: approved 3000 mg, stored 1500 mg",)),
        (changed(dosageInstruction=dose(3000, "g")), ("dose: approved 3000 mg, stored 3000000 mg",)),
        (changed(dosageInstruction=dose(3, "g")), ()),
        (changed(doNotPerform=True), ("do not perform: approved no, stored yes",)),
        (changed(dispenseRequest={"numberOfRepeatsAllowed": 5}), ("repeats: approved 0, stored 5",)),
        (
            changed(
                dosageInstruction=given(route={"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]})
            ),
            ("route: approved 47625008, stored 26643006",),
        ),
        (
            changed(dosageInstruction=given(timing={"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}})),
            ("timing: approved 1 in all, stored 4 times a period",),
        ),
        (
            changed(dosageInstruction=given(text="Give 9000 mg now")),
            (f"dosage text: approved {APPROVED['dosageInstruction'][0]['text']}, stored Give 9000 mg now",),
        ),
        (changed(dosageInstruction=[]), ("dose: approved 3000 mg, stored nothing",)),
        (
            changed(medicationCodeableConcept={"coding": [{"system": "http://www.whocc.no/atc", "code": "B02BD02"}]}),
            ("medication: approved 63833-891, B02BB01, stored B02BD02",),
        ),
        (
            changed(medicationCodeableConcept={"text": "x"}),
            ("medication: approved 63833-891, B02BB01, stored nothing",),
        ),
        (b"not json", ("the stored order could not be read",)),
    ],
)
def test_differences_are_told_in_words(stored: bytes, said: tuple[str, ...]) -> None:
    assert differences(stored, changed()) == said


@pytest.mark.req("FHIR-48")
def test_units_of_a_service_request_are_compared() -> None:
    approved = write_order(CRYO, AS_SERVICE)
    stored = {**approved, "quantityQuantity": {**approved["quantityQuantity"], "value": 4}}
    found = differences(json.dumps(stored).encode(), json.dumps(approved).encode())
    assert found == ("dose: approved 3 single-donor units, stored 4 single-donor units",)


@pytest.mark.parametrize(
    ("status", "said"),
    [("draft", ""), ("active", ""), ("on-hold", ""), ("cancelled", "cancelled"), ("completed", "completed")],
)
def test_which_orders_are_over(status: str, said: str) -> None:
    assert over(changed(status=status)) == said


def test_an_unreadable_order_is_not_over_and_bears_no_identifier() -> None:
    assert (over(b"{"), version_of(b"{"), carries(b"{", "a|b")) == ("", "", False)


@pytest.mark.req("FHIR-44")
@pytest.mark.parametrize(("token", "borne"), [("abc", True), ("ab", False), ("abc-recheck", False)])
def test_an_identifier_is_borne_exactly(token: str, borne: bool) -> None:
    assert carries(changed(), f"https://app.example.org/proposal|{token}") is borne
