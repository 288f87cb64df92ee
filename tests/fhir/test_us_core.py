"""What we write against US Core 6.1's mandatory and must-support elements, and what FHIR-42 asks beyond: each is there, or why not.

A client fills a must-support element when it knows it; what it does not know it leaves out and never invents.
"""

from dataclasses import replace
from typing import Any

import pytest

from smartapp.fhir.proposals import write_order, write_recheck
from smartapp.fhir.provenance import write_provenance
from tests.fhir.test_proposals import AS_SERVICE, CONCENTRATE, CRYO, ORDERING

DRUG = "us-core-medicationrequest"
TEST = "us-core-servicerequest, the follow-up"
COMPONENT = "us-core-servicerequest, cryoprecipitate"
RECORD = "us-core-provenance"
ELEMENTS = {
    DRUG: (
        "identifier.value",
        "status",
        "intent",
        "category.coding.code",
        "reportedBoolean",
        "medicationCodeableConcept.coding.code",
        "subject.reference",
        "encounter.reference",
        "authoredOn",
        "requester.reference",
        "reasonCode.text",
        "reasonReference.reference",
        "dosageInstruction.text",
        "dosageInstruction.timing.repeat.count",
        "dosageInstruction.route.coding.code",
        "dosageInstruction.doseAndRate.doseQuantity.value",
        "dispenseRequest.numberOfRepeatsAllowed",
        "dispenseRequest.quantity.value",
        "recorder.reference",
        "supportingInformation.reference",
        "instantiatesUri",
        "note.text",
    ),
    TEST: (
        "status",
        "intent",
        "category.coding.code",
        "code.coding.code",
        "subject.reference",
        "encounter.reference",
        "occurrenceTiming.code.text",
        "authoredOn",
        "requester.reference",
        "reasonCode.text",
        "reasonReference.reference",
    ),
    COMPONENT: (
        "status",
        "intent",
        "category.text",
        "code.coding.code",
        "quantityQuantity.value",
        "subject.reference",
        "encounter.reference",
        "occurrenceDateTime",
        "authoredOn",
        "requester.reference",
        "reasonCode.text",
        "reasonReference.reference",
    ),
    RECORD: (
        "target.reference",
        "recorded",
        "agent.type.coding.code",
        "agent.who.reference",
        "agent.onBehalfOf.display",
    ),
}
LEFT_OUT = {
    "medicationReference": "the product is named by codes and text",
    "dosageInstruction.doseAndRate.doseRange": "one dose",
}


def written() -> dict[str, dict[str, Any]]:
    provenance = write_provenance(
        targets=["MedicationRequest/1/_history/1"],
        at=ORDERING.at,
        author="Practitioner/7",
        entities=["Observation/fib"],
        rules=(("REP-03", 1),),
        rules_url=ORDERING.rules_url,
        organization="St X",
        software="Fibrinogen Watch",
        receipt=("https://app.example.org/receipt", "abc"),
    )
    return {
        DRUG: write_order(CONCENTRATE, ORDERING),
        TEST: write_recheck(CONCENTRATE, ORDERING),
        COMPONENT: write_order(CRYO, AS_SERVICE),
        RECORD: provenance,
    }


def values(body: Any, path: str) -> list[Any]:
    """All values at a path, through lists."""
    found = [body]
    for name in path.split("."):
        members = [one for each in found for one in (each if isinstance(each, list) else [each])]
        found = [member[name] for member in members if isinstance(member, dict) and name in member]
    return found


@pytest.mark.req("FHIR-42", "FHIR-49")
@pytest.mark.parametrize(
    ("profile", "path"), [(profile, path) for profile, paths in ELEMENTS.items() for path in paths]
)
def test_the_element_is_there(profile: str, path: str) -> None:
    found = values(written()[profile], path)
    assert found
    assert all(value not in ("", None, [], {}) for value in found)


@pytest.mark.req("FHIR-42")
@pytest.mark.parametrize("path", LEFT_OUT)
def test_the_other_form_of_a_choice_is_left_out(path: str) -> None:
    assert values(written()[DRUG], path) == []


@pytest.mark.req("FHIR-42")
def test_an_order_without_vials_asks_the_pharmacy_for_none() -> None:
    assert "dispenseRequest" not in write_order(replace(CONCENTRATE, vials=None), ORDERING)


@pytest.mark.req("FHIR-49")
def test_the_provenance_says_who_what_from_which_records_by_which_rule_under_which_receipt() -> None:
    body = written()[RECORD]
    author, device = body["agent"]
    assert (author["who"], author["type"]["coding"][0]["code"]) == ({"reference": "Practitioner/7"}, "author")
    assert (device["who"]["type"], device["type"]["coding"][0]["code"]) == ("Device", "assembler")
    source, rule, receipt = body["entity"]
    assert source == {"role": "source", "what": {"reference": "Observation/fib"}}
    assert (rule["what"]["identifier"]["value"], rule["what"]["display"]) == ("REP-03", "REP-03 v1")
    assert receipt["what"]["identifier"] == {"system": "https://app.example.org/receipt", "value": "abc"}
