"""One transaction, its answer, and what is known when there is none (FHIR-46, FHIR-50; interfaces.md section 6)."""

import json
from typing import Any

import pytest

from smartapp.ehr.client import FhirClient
from smartapp.ehr.writer import FhirChartWriter
from smartapp.fhir.capabilities import Capabilities, Offered
from smartapp.usecases.ports import WriteRequest, WriteState
from tests.ehr.fhir_stub import BASE, LATE, LOST, FhirStub, OneToken, outcome, reply
from tests.ehr.test_writer import TOKEN, a_writer, an_order

ORDER_URL, FOLLOW_UP_URL = (
    "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
    "urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e1",
)
KINDS = ("MedicationRequest", "ServiceRequest", "Provenance")
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
@pytest.mark.parametrize("status", [403, 404, 405, 415, 501])
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
    assert "does not permit it" in results[1].reason


@pytest.mark.req("FHIR-45", "FHIR-50")
def test_an_order_refused_inside_an_answered_transaction_is_searched() -> None:
    entries = [{"response": {"status": status}} for status in ("409 Conflict", "201", "201")]
    answer = reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    stub = FhirStub(on_transaction=[answer], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert (results[0].state, "conflict" in results[0].reason) == (WriteState.REFUSED, True)


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


@pytest.mark.req("FHIR-45", "FHIR-50")
@pytest.mark.parametrize("status", [400, 412, 422, 429])
def test_a_transaction_that_was_refused_is_not_sent_in_another_form(status: int) -> None:
    """interfaces.md section 6: these are refusals, not the lack of transactions."""
    stub = FhirStub(on_transaction=[reply(status, outcome("dose is missing"))], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert {result.state for result in results} == {WriteState.REFUSED}
    assert "dose is missing" in results[0].reason
    assert len(stub.creates) == 1


FORBIDDEN = {"status": "403", "outcome": outcome("not allowed for this user")}
STORED = {"status": "201", "location": "MedicationRequest/1"}


def answered(*responses: Any, kind: str = "transaction-response") -> Any:
    """A 200 whose entries say each what became of it."""
    entries = [response if response is None else {"response": response} for response in responses]
    return reply(200, {"resourceType": "Bundle", "type": kind, "entry": entries})


@pytest.mark.req("FHIR-45", "FHIR-50")
@pytest.mark.parametrize("kind", ["transaction-response", "batch-response"])
@pytest.mark.parametrize("refused", [FORBIDDEN, {**FORBIDDEN, "location": None, "etag": None}, {"status": 403}])
def test_a_part_that_the_ehr_refused_is_not_called_saved(refused: dict[str, Any], kind: str) -> None:
    """counterparts D1: 200, and the follow-up and the provenance refused inside."""
    stub = FhirStub(on_transaction=[answered(STORED, refused, refused, kind=kind)], commits=False)
    stub.put({**an_order(), **MEDICATION})
    stub.on_search.append(reply(200, {"resourceType": "Bundle", "type": "searchset"}))  # before it was sent
    results = a_writer(stub).together(parts())
    assert results is not None
    assert [result.state for result in results] == [WriteState.WRITTEN, WriteState.REFUSED, WriteState.REFUSED]
    assert all(result.reason.startswith("the EHR does not permit it") for result in results[1:])


@pytest.mark.req("FHIR-45", "FHIR-50")
@pytest.mark.parametrize("search", [None, LOST])
def test_an_order_refused_by_its_own_entry_is_not_saved_whatever_a_search_says(search: Any) -> None:
    """counterparts D2: the EHR did say whether the order was stored."""
    empty = reply(200, {"resourceType": "Bundle", "type": "searchset"})
    stub = FhirStub(
        on_transaction=[answered(FORBIDDEN, FORBIDDEN, FORBIDDEN)], on_search=[empty, search], commits=False
    )
    results = a_writer(stub).together(parts())
    assert results is not None
    assert {result.state for result in results} == {WriteState.REFUSED}
    assert results[0].reason == "the EHR does not permit it: not allowed for this user"


@pytest.mark.req("FHIR-45", "FHIR-50")
def test_what_was_stored_without_its_order_is_named() -> None:
    follow_up = {"status": "201", "location": "ServiceRequest/9/_history/1"}
    stub = FhirStub(on_transaction=[answered(FORBIDDEN, follow_up, FORBIDDEN)], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert (results[0].state, "ServiceRequest/9" in results[0].reason) == (WriteState.REFUSED, True)


@pytest.mark.req("FHIR-46", "FHIR-50")
@pytest.mark.parametrize("status", ["408", "500", "503"])
def test_an_entry_that_failed_leaves_the_order_open(status: str) -> None:
    stub = FhirStub(on_transaction=[answered({"status": status}, FORBIDDEN, FORBIDDEN)], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert results[0].state is WriteState.NOT_CONFIRMED


@pytest.mark.req("FHIR-46", "FHIR-50")
@pytest.mark.parametrize("silent", [None, {}, {"status": "?"}])
def test_an_entry_that_says_nothing_is_not_called_saved(silent: Any) -> None:
    stub = FhirStub(on_transaction=[answered(STORED, silent, silent)], commits=False)
    results = a_writer(stub).together(parts())
    assert results is not None
    assert [result.state for result in results[1:]] == [WriteState.NOT_CONFIRMED] * 2


@pytest.mark.req("FHIR-46", "FHIR-50")
def test_a_lost_answer_to_a_half_done_transaction_does_not_call_the_rest_saved() -> None:
    """All or nothing is what a transaction promises; an EHR that kept only the order is found out by the follow-up's identifier."""
    stub = FhirStub(on_transaction=[LOST], commits=False)
    stub.put({**an_order(), **MEDICATION})
    stub.on_search.append(reply(200, {"resourceType": "Bundle", "type": "searchset"}))  # before it was sent
    results = a_writer(stub).together(parts())
    assert results is not None
    assert [result.state for result in results] == [
        WriteState.WRITTEN,
        WriteState.NOT_CONFIRMED,
        WriteState.NOT_CONFIRMED,
    ]


@pytest.mark.req("FHIR-44", "FHIR-52")
def test_no_condition_is_sent_in_a_transaction_where_the_ehr_says_it_has_none() -> None:
    stub = FhirStub()
    claims = Capabilities(transaction=True, types={kind: Offered(conditional=False) for kind in KINDS})
    client = FhirClient(BASE, stub, OneToken(), sleep=lambda _: None)  # type: ignore[arg-type]
    writer = FhirChartWriter(client, may_create=lambda _: "", capabilities=lambda: claims)
    assert writer.together(parts()) is not None
    (sent,) = stub.creates
    assert all("ifNoneExist" not in entry["request"] for entry in json.loads(sent.body)["entry"])
