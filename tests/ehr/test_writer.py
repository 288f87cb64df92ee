"""One order an identifier, and the truth about it, whatever the EHR answers (FHIR-44 to FHIR-48, FHIR-51, FHIR-53)."""

import json
import time
from typing import Any

import pytest

from smartapp.ehr.client import FhirClient
from smartapp.ehr.writer import FhirChartWriter
from smartapp.outbound import Redirected
from smartapp.usecases.ports import WriteRequest, WriteState
from tests.ehr.fhir_stub import BASE, LATE, LOST, FhirStub, OneToken, outcome, reply

SYSTEM = "https://app.example.org/proposal"
TOKEN = f"{SYSTEM}|abc"


def an_order(value: str = "abc", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "identifier": [{"system": SYSTEM, "value": value}],
        "subject": {"reference": "Patient/P1"},
        **more,
    }


def a_request() -> WriteRequest:
    return WriteRequest(resource_type="MedicationRequest", body=json.dumps(an_order()).encode(), identifier=TOKEN)


def a_writer(stub: FhirStub, why_not: str = "") -> FhirChartWriter:
    client = FhirClient(BASE, stub, OneToken(), sleep=lambda _: None)  # type: ignore[arg-type]
    return FhirChartWriter(client, may_create=lambda _: why_not)


@pytest.mark.req("FHIR-44", "FHIR-45")
def test_a_create_is_conditional_and_tells_id_and_version() -> None:
    stub = FhirStub()
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference, result.version) == (WriteState.WRITTEN, "MedicationRequest/1", "1")
    (created,) = stub.creates
    assert created.headers["If-None-Exist"] == f"identifier={TOKEN}"
    assert created.headers["Prefer"] == "return=representation"


@pytest.mark.req("FHIR-44", "FHIR-45")
def test_what_stands_already_is_not_sent_again() -> None:
    stub = FhirStub()
    reference = stub.put(an_order())
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference, stub.creates) == (WriteState.WRITTEN, reference, [])


@pytest.mark.req("FHIR-45")
def test_a_conditional_create_that_answers_200_is_written() -> None:
    stub = FhirStub()
    reference = stub.put(an_order())
    stub.on_search = [reply(200, {"resourceType": "Bundle", "type": "searchset"})]
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference, len(stub.kept)) == (WriteState.WRITTEN, reference, 1)


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(
    "answer", [LOST, LATE, reply(500), reply(502), reply(503), reply(504), Redirected("elsewhere")]
)
def test_stored_but_the_answer_was_lost_ends_written_once(answer: Any) -> None:
    stub = FhirStub(on_create=[answer])
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference) == (WriteState.WRITTEN, "MedicationRequest/1")
    assert (len(stub.creates), len(stub.kept)) == (1, 1)


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize("answer", [LOST, reply(500), reply(503), reply(202)])
def test_an_ambiguous_answer_that_a_search_does_not_settle_is_not_confirmed(answer: Any) -> None:
    stub = FhirStub(on_create=[answer], commits=False)
    result = a_writer(stub).create(a_request())
    assert (result.state, len(stub.creates)) == (WriteState.NOT_CONFIRMED, 1)
    assert "a search did not find it" in result.reason


@pytest.mark.req("FHIR-46")
def test_a_search_that_fails_too_leaves_it_not_confirmed() -> None:
    empty = reply(200, {"resourceType": "Bundle", "type": "searchset"})
    stub = FhirStub(on_create=[LOST], on_search=[empty, LOST])
    result = a_writer(stub).create(a_request())
    assert (result.state, len(stub.creates)) == (WriteState.NOT_CONFIRMED, 1)


@pytest.mark.req("FHIR-45")
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422, 429])
def test_a_refusal_is_a_refusal_and_is_sent_once(status: int) -> None:
    stub = FhirStub(on_create=[reply(status, outcome("dose is missing"))], commits=False)
    result = a_writer(stub).create(a_request())
    assert (result.state, len(stub.creates)) == (WriteState.REFUSED, 1)
    assert "dose is missing" in result.reason


@pytest.mark.req("FHIR-09", "FHIR-46")
@pytest.mark.parametrize("answer", [LOST, reply(408), reply(503)])
def test_a_search_that_comes_with_a_remark_does_not_tell_that_there_is_no_order(answer: Any) -> None:
    empty = reply(200, {"resourceType": "Bundle", "type": "searchset"})
    remark = {"search": {"mode": "outcome"}, "resource": outcome("index unavailable, results may be incomplete")}
    remarked = reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": [remark]})
    stub = FhirStub(on_create=[answer], on_search=[empty, remarked])
    result = a_writer(stub).create(a_request())
    assert (result.state, len(stub.creates)) == (WriteState.NOT_CONFIRMED, 1)
    assert "not complete" in result.reason


@pytest.mark.req("FHIR-45")
def test_a_session_that_the_ehr_ended_is_a_refusal() -> None:
    stub = FhirStub(on_create=[reply(401)], commits=False)
    result = a_writer(stub).create(a_request())
    assert (result.state, "launch the app again" in result.reason) == (WriteState.REFUSED, True)


@pytest.mark.req("FHIR-45")
def test_a_conflict_over_an_order_that_stands_is_written() -> None:
    stub = FhirStub(on_create=[reply(409)])
    assert a_writer(stub).create(a_request()).reference == "MedicationRequest/1"
    assert len(stub.creates) == 1


@pytest.mark.req("FHIR-44", "FHIR-45")
def test_a_server_without_conditional_creates_gets_a_plain_one_after_a_sure_search() -> None:
    stub = FhirStub(on_create=[reply(412)], commits=False)
    result = a_writer(stub).create(a_request())
    assert result.state is WriteState.WRITTEN
    assert ["If-None-Exist" in created.headers for created in stub.creates] == [True, False]


@pytest.mark.req("FHIR-45")
def test_a_failed_condition_that_no_search_settles_is_not_confirmed() -> None:
    empty = reply(200, {"resourceType": "Bundle", "type": "searchset"})
    stub = FhirStub(on_create=[reply(412)], on_search=[empty, LOST], commits=False)
    result = a_writer(stub).create(a_request())
    assert (result.state, len(stub.creates)) == (WriteState.NOT_CONFIRMED, 1)


@pytest.mark.req("FHIR-45")
def test_several_orders_under_one_identifier_are_named() -> None:
    stub = FhirStub()
    stub.put(an_order())
    stub.put(an_order())
    result = a_writer(stub).create(a_request())
    assert (stub.creates, "2 orders" in result.reason) == ([], True)


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(
    "answer",
    [
        LOST,
        reply(500),
        reply(
            200, {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://elsewhere.example.org/2"}]}
        ),
    ],
)
def test_nothing_is_sent_while_it_is_not_known_whether_the_order_exists(answer: Any) -> None:
    stub = FhirStub(on_search=[answer])
    result = a_writer(stub).create(a_request())
    assert (result.state, stub.creates) == (WriteState.REFUSED, [])
    assert result.reason.startswith("nothing was sent")


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_an_order_on_a_later_page_of_the_search_is_found() -> None:
    """An EHR that ignores `identifier` gives all orders, page by page."""
    stub = FhirStub()
    reference = stub.put(an_order())
    link = {"relation": "next", "url": f"{BASE}/MedicationRequest?identifier={TOKEN}"}
    entry = {"resource": {**an_order("of another result"), "id": "7"}, "search": {"mode": "match"}}
    stub.on_search = [reply(200, {"resourceType": "Bundle", "type": "searchset", "link": [link], "entry": [entry]})]
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference, stub.creates) == (WriteState.WRITTEN, reference, [])


@pytest.mark.req("FHIR-44")
@pytest.mark.parametrize("status", [400, 403])
def test_an_ehr_that_does_not_search_by_identifier_gets_the_condition_alone(status: int) -> None:
    stub = FhirStub(on_search=[reply(status)])
    assert a_writer(stub).create(a_request()).state is WriteState.WRITTEN
    assert "If-None-Exist" in stub.creates[0].headers


@pytest.mark.req("SAL-53")
def test_without_the_scope_nothing_is_asked_or_sent() -> None:
    stub = FhirStub()
    result = a_writer(stub, "not permitted").create(a_request())
    assert (result.state, result.reason, stub.asked) == (WriteState.REFUSED, "not permitted", [])


@pytest.mark.req("FHIR-47")
@pytest.mark.parametrize(
    "location",
    [
        "MedicationRequest/1",
        "/fhir/MedicationRequest/1/_history/1",
        "https://internal.proxy.example/r4/MedicationRequest/1/_history/1",
    ],
)
def test_location_is_parsed_and_never_followed(location: str) -> None:
    stub = FhirStub(on_create=[reply(201, None, location=location)])
    result = a_writer(stub).create(a_request())
    assert (result.state, result.reference) == (WriteState.WRITTEN, "MedicationRequest/1")


@pytest.mark.req("FHIR-45", "FHIR-47")
def test_a_created_order_without_location_and_body_is_found_by_its_identifier() -> None:
    stub = FhirStub(on_create=[reply(201)])
    assert a_writer(stub).create(a_request()).reference == "MedicationRequest/1"


@pytest.mark.req("FHIR-48")
def test_what_was_stored_is_read_back() -> None:
    stub = FhirStub(keeps=lambda body: {**body, "status": "on-hold"})
    result = a_writer(stub).create(a_request())
    assert json.loads(result.stored)["status"] == "on-hold"


@pytest.mark.req("FHIR-08", "FHIR-46")
def test_other_orders_from_a_server_that_ignores_the_filter_are_not_ours() -> None:
    others = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {**an_order("abc-recheck"), "id": "9"}}],
    }
    stub = FhirStub(on_search=[reply(200, others)])
    assert a_writer(stub).find("MedicationRequest", TOKEN).state is WriteState.REFUSED


@pytest.mark.req("FHIR-53")
def test_identifiers_stay_out_of_urls() -> None:
    stub = FhirStub()
    a_writer(stub).find("MedicationRequest", TOKEN)
    assert [(asked.method, asked.path) for asked in stub.asked] == [("POST", "/MedicationRequest/_search")]


@pytest.mark.req("FHIR-53")
@pytest.mark.parametrize("status", [400, 403, 404, 405, 415, 501])
def test_an_ehr_without_search_by_post_is_searched_by_get(status: int) -> None:
    stub = FhirStub(on_search=[reply(status)])
    stub.put(an_order())
    assert a_writer(stub).find("MedicationRequest", TOKEN).reference == "MedicationRequest/1"
    assert [asked.method for asked in stub.asked] == ["POST", "GET"]


@pytest.mark.req("FHIR-46")
def test_no_cache_between_answers_for_the_ehr() -> None:
    """Servers keep the answers of searches for a while: an order stored since would not be in them."""
    stub = FhirStub(on_search=[reply(405)])
    a_writer(stub).find("MedicationRequest", TOKEN)
    assert [asked.headers["Cache-Control"] for asked in stub.asked] == ["no-cache"] * 2


@pytest.mark.req("FHIR-43")
def test_no_cache_between_readings_of_a_chart() -> None:
    """A result that came a moment ago would not be in an answer that a server kept."""
    stub = FhirStub()
    client = FhirClient(BASE, stub, OneToken())  # type: ignore[arg-type]
    client.search("Observation", [("patient", "P1")], time.monotonic() + 5)
    client.read(stub.put(an_order()), time.monotonic() + 5)
    assert [asked.headers["Cache-Control"] for asked in stub.asked] == ["no-cache"] * 2


@pytest.mark.req("FHIR-51")
def test_a_draft_is_cancelled_with_its_version_and_keeps_its_decimals() -> None:
    stub = FhirStub()
    reference = stub.put(an_order(extension=[{"url": "https://x.example", "valueDecimal": 1.5}]))
    assert a_writer(stub).cancel(reference).state is WriteState.WRITTEN
    assert stub.kept[reference]["status"] == "cancelled"
    (update,) = [asked for asked in stub.asked if asked.method == "PUT"]
    assert update.headers["If-Match"] == 'W/"1"'
    assert b'"valueDecimal":1.5' in update.body


@pytest.mark.req("FHIR-51")
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (reply(412), WriteState.REFUSED),
        (reply(409), WriteState.REFUSED),
        (reply(403), WriteState.REFUSED),
        (reply(500), WriteState.NOT_CONFIRMED),
        (LOST, WriteState.NOT_CONFIRMED),
    ],
)
def test_a_cancel_that_fails_is_told_as_it_is(answer: Any, state: WriteState) -> None:
    stub = FhirStub(on_update=[answer])
    assert a_writer(stub).cancel(stub.put(an_order())).state is state


@pytest.mark.req("FHIR-51")
def test_a_change_that_the_ehr_says_it_took_and_did_not_is_no_withdrawal() -> None:
    stub = FhirStub(on_update=[reply(200)])
    result = a_writer(stub).cancel(stub.put(an_order()))
    assert (result.state, "still has it as draft" in result.reason) == (WriteState.REFUSED, True)


@pytest.mark.req("FHIR-51")
@pytest.mark.parametrize(
    ("status", "state"),
    [("active", WriteState.REFUSED), ("completed", WriteState.REFUSED), ("cancelled", WriteState.WRITTEN)],
)
def test_only_a_draft_is_changed(status: str, state: WriteState) -> None:
    stub = FhirStub()
    reference = stub.put(an_order(status=status))
    assert a_writer(stub).cancel(reference).state is state
    assert [asked.method for asked in stub.asked] == ["GET"]


@pytest.mark.req("FHIR-51")
def test_an_order_that_is_gone_is_not_cancelled() -> None:
    assert a_writer(FhirStub()).cancel("MedicationRequest/404").state is WriteState.REFUSED


@pytest.mark.req("FHIR-51")
def test_a_draft_that_a_colleague_changed_since_it_was_seen_is_not_withdrawn_unasked() -> None:
    stub = FhirStub()
    reference = stub.put(an_order())
    version = stub.kept[reference]["meta"]["versionId"]
    result = a_writer(stub).cancel(reference, "an older one")
    assert (result.state, result.version) == (WriteState.REFUSED, version)
    assert stub.kept[reference]["status"] == "draft"
    assert a_writer(stub).cancel(reference, version).state is WriteState.WRITTEN
