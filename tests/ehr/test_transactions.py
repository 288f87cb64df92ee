"""One transaction, its answer, and what is known when there is none (FHIR-46, FHIR-50; interfaces.md section 6)."""

import json
from typing import Any

import pytest

from smartapp.usecases.ports import WriteRequest, WriteState
from tests.ehr.fhir_stub import LATE, LOST, FhirStub, outcome, reply
from tests.ehr.test_writer import TOKEN, a_writer, an_order

ORDER_URL, FOLLOW_UP_URL = (
    "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
    "urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e1",
)
MEDICATION = {"medicationCodeableConcept": {"text": "fibrinogen concentrate"}}


def parts() -> tuple[WriteRequest, ...]:
    """Order, follow-up, provenance."""
    follow_up = {
        **{name: value for name, value in an_order("abc-recheck").items() if name != "resourceType"},
        "code": {"text": "Fibrinogen"},
    }
    provenance = {
        "target": [{"reference": ORDER_URL}],
        "recorded": "2026-03-01T08:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/7"}}],
    }
    return (
        a_part("MedicationRequest", {**an_order(), **MEDICATION}, TOKEN, ORDER_URL),
        a_part("ServiceRequest", follow_up, f"{TOKEN}-recheck", FOLLOW_UP_URL),
        a_part("Provenance", provenance, "", "urn:uuid:2c3151bd-1cbf-4d64-b04d-cd9187a4c6e2"),
    )


def a_part(kind: str, body: dict[str, Any], identifier: str, url: str) -> WriteRequest:
    raw = json.dumps({**body, "resourceType": kind}).encode()
    return WriteRequest(resource_type=kind, body=raw, identifier=identifier, full_url=url)


@pytest.mark.req("FHIR-50")
def test_all_entries_go_in_one_bundle_each_conditional_where_it_can_be() -> None:
    stub = FhirStub()
    results = a_writer(stub).together(parts())
    assert results is not None
    assert [result.reference for result in results] == ["MedicationRequest/1", "ServiceRequest/2", "Provenance/3"]
    assert (results[0].version, bool(results[0].stored)) == ("1", True)
    (sent,) = stub.creates
    bundle = json.loads(sent.body)
    assert (sent.path, bundle["type"]) == ("", "transaction")
    requests = [entry["request"] for entry in bundle["entry"]]
    assert [request.get("ifNoneExist") for request in requests] == [
        f"identifier={TOKEN}",
        f"identifier={TOKEN}-recheck",
        None,
    ]
    assert [entry["fullUrl"] for entry in bundle["entry"]][:2] == [ORDER_URL, FOLLOW_UP_URL]


@pytest.mark.req("FHIR-44", "FHIR-50")
def test_no_transaction_is_sent_for_an_order_that_stands() -> None:
    """Its provenance would be written a second time."""
    stub = FhirStub()
    stub.put(an_order())
    assert a_writer(stub).together(parts()) is None
    assert stub.creates == []


@pytest.mark.req("FHIR-50")
def test_no_transaction_is_sent_while_the_search_fails() -> None:
    stub = FhirStub(on_search=[LOST])
    assert a_writer(stub).together(parts()) is None
    assert stub.creates == []


@pytest.mark.req("FHIR-50")
@pytest.mark.parametrize("status", [400, 403, 404, 405, 412, 415, 422, 501])
def test_a_transaction_that_was_not_performed_leaves_single_creates(status: int) -> None:
    stub = FhirStub(on_transaction=[reply(status, outcome("not offered"))], commits=False)
    writer = a_writer(stub)
    assert writer.together(parts()) is None
    stub.commits = True
    assert writer.create(parts()[0]).state is WriteState.WRITTEN
    assert len(stub.kept) == 1


@pytest.mark.req("FHIR-45", "FHIR-50")
def test_a_transaction_in_conflict_wrote_nothing() -> None:
    stub = FhirStub(on_transaction=[reply(409, outcome("dose is missing"))], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert {result.state for result in results} == {WriteState.REFUSED}
    assert "dose is missing" in results[0].reason


@pytest.mark.req("FHIR-46", "FHIR-50")
@pytest.mark.parametrize("answer", [LOST, reply(500), reply(504), reply(200, {"resourceType": "Bundle"}), reply(202)])
def test_a_lost_answer_is_found_whole_by_the_orders_identifier(answer: Any) -> None:
    stub = FhirStub(on_transaction=[answer])
    results = a_writer(stub).together(parts())
    assert results is not None
    assert [result.state for result in results] == [WriteState.WRITTEN] * 3
    assert [result.reference for result in results] == ["MedicationRequest/1", "ServiceRequest/2", ""]
    assert (len(stub.creates), len(stub.kept)) == (1, 3)


@pytest.mark.req("FHIR-46", "FHIR-50")
@pytest.mark.parametrize("answer", [LOST, reply(500)])
def test_a_lost_answer_to_what_was_not_stored_is_not_confirmed(answer: Any) -> None:
    stub = FhirStub(on_transaction=[answer], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert {result.state for result in results} == {WriteState.NOT_CONFIRMED}
    assert len(stub.creates) == 1


@pytest.mark.req("FHIR-50")
def test_a_server_that_takes_a_transaction_for_a_batch_is_believed_entry_by_entry() -> None:
    said = [("201 Created", "MedicationRequest/1"), ("403 Forbidden", ""), ("422", "")]
    entries = [{"response": {"status": status, **({"location": place} if place else {})}} for status, place in said]
    answer = reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    results = a_writer(FhirStub(on_transaction=[answer])).together(parts())
    assert results is not None
    assert [result.state for result in results] == [WriteState.WRITTEN, WriteState.REFUSED, WriteState.REFUSED]
    assert "403" in results[1].reason


@pytest.mark.req("FHIR-45", "FHIR-50")
def test_an_order_refused_inside_an_answered_transaction_is_searched() -> None:
    entries = [{"response": {"status": status}} for status in ("409 Conflict", "201", "201")]
    answer = reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    stub = FhirStub(on_transaction=[answer], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert (results[0].state, "409" in results[0].reason) == (WriteState.REFUSED, True)


@pytest.mark.req("FHIR-46", "FHIR-50")
@pytest.mark.parametrize("answer", [LATE, LOST, reply(500), reply(504)])
def test_a_transaction_without_a_telling_answer_that_a_search_does_not_find_is_not_confirmed(answer: Any) -> None:
    results = a_writer(FhirStub(on_transaction=[answer], commits=False)).together(parts())
    assert results is not None
    assert [result.state for result in results] == [WriteState.NOT_CONFIRMED] * 3


@pytest.mark.req("FHIR-47", "FHIR-50")
@pytest.mark.parametrize(
    "location",
    ["https://other.example/fhir/MedicationRequest/1/_history/1", "MedicationRequest/1", "/fhir/MedicationRequest/1"],
)
def test_the_place_of_an_entry_may_be_named_in_any_way(location: str) -> None:
    entries = [
        {"response": {"status": "201", "location": place}} for place in (location, "ServiceRequest/2", "Provenance/3")
    ]
    answer = reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    results = a_writer(FhirStub(on_transaction=[answer])).together(parts())
    assert results is not None
    assert (results[0].reference, results[0].version) == ("MedicationRequest/1", "1")
