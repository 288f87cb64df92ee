"""What an EHR says of itself is asked rarely, without a token, and decides what is told before the click (FHIR-52)."""

import json
from threading import Event
from typing import Any

import pytest

from smartapp.ehr.capabilities import Statements
from smartapp.ehr.client import FhirClient
from smartapp.ehr.writer import FhirChartWriter
from smartapp.fhir.capabilities import UNKNOWN, Capabilities, read_capabilities
from smartapp.outbound import HttpReply, NoAnswer
from tests.ehr.fhir_stub import BASE, FhirStub, OneToken, reply
from tests.ehr.test_writer import a_request


def a_statement(**more: Any) -> dict[str, Any]:
    order = {
        "type": "MedicationRequest",
        "interaction": [{"code": "read"}, {"code": "search-type"}, {"code": "create"}],
        "conditionalCreate": True,
    }
    rest = {"mode": "server", "resource": [{**order, **more}], "interaction": [{"code": "transaction"}]}
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [rest]}


class Server:
    """`Outbound.get` that counts; `answers` in order, the last again and again."""

    def __init__(self, *answers: HttpReply | Exception) -> None:
        self.answers, self.asked = list(answers), []

    def get(self, url: str, *, headers: Any, seconds: float, largest: int) -> HttpReply:
        self.asked.append(("GET", url, dict(headers)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.req("FHIR-52")
def test_the_statement_is_asked_once_without_a_token() -> None:
    server, statements = Server(reply(200, a_statement())), Statements()
    first, second = (statements.of(BASE, server) for _ in range(2))  # type: ignore[arg-type]
    assert first == second
    assert first.transaction
    ((method, url, headers),) = server.asked
    assert (method, url, "Authorization" in headers) == ("GET", f"{BASE}/metadata", False)


@pytest.mark.req("FHIR-52")
@pytest.mark.parametrize(
    "answer", [NoAnswer("silence"), reply(404), reply(500), reply(200, {"resourceType": "Patient"}), reply(200)]
)
def test_without_a_statement_nothing_is_known_and_it_is_asked_again_later(answer: Any) -> None:
    now = [0.0]
    server = Server(answer, reply(200, a_statement()))
    statements = Statements(clock=lambda: now[0])
    assert statements.of(BASE, server) is UNKNOWN  # type: ignore[arg-type]
    assert statements.of(BASE, server) is UNKNOWN  # type: ignore[arg-type]
    now[0] = 61.0
    assert statements.of(BASE, server).transaction  # type: ignore[arg-type]


class WaitingServer:
    """Answers once it is let; counts."""

    def __init__(self) -> None:
        self.let, self.asked = Event(), 0

    def get(self, url: str, *, headers: Any, seconds: float, largest: int) -> HttpReply:
        self.asked += 1
        self.let.wait(seconds)
        return reply(200, a_statement())


@pytest.mark.req("FHIR-52")
def test_a_statement_asked_ahead_is_asked_once_and_nobody_waits_for_another_server() -> None:
    slow, statements = WaitingServer(), Statements()
    begun = [statements.read_soon(BASE, slow) for _ in range(3)]  # type: ignore[arg-type]
    assert statements.of("https://other.test/fhir", Server(reply(200, a_statement()))).transaction  # type: ignore[arg-type]
    assert not begun[0].done()
    slow.let.set()
    assert statements.of(BASE, slow).transaction  # type: ignore[arg-type]
    assert slow.asked == 1


def read(statement: dict[str, Any]) -> Capabilities:
    return read_capabilities(json.dumps(statement).encode())


@pytest.mark.req("FHIR-52")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (a_statement(), ""),
        (a_statement(interaction=[]), ""),
        (a_statement(type="Patient"), "the EHR does not offer a MedicationRequest"),
        (a_statement(type="Patient", interaction=[]), ""),
        ({"resourceType": "CapabilityStatement"}, ""),
        (a_statement(interaction=[{"code": "read"}]), "the EHR does not offer to create a MedicationRequest"),
        ({**a_statement(), "fhirVersion": "3.0.2"}, "the EHR's FHIR version is 3.0.2; orders are written to R4 only"),
        ({**a_statement(), "fhirVersion": "4.0.0"}, ""),
    ],
)
def test_only_what_is_said_stands_against_writing(statement: dict[str, Any], said: str) -> None:
    assert read(statement).may_not("MedicationRequest", "create") == said


def a_writer(stub: FhirStub, capabilities: Capabilities) -> FhirChartWriter:
    client = FhirClient(BASE, stub, OneToken(), sleep=lambda _: None)  # type: ignore[arg-type]
    return FhirChartWriter(client, may_create=lambda _: "", capabilities=lambda: capabilities)


@pytest.mark.req("FHIR-44", "FHIR-52")
@pytest.mark.parametrize(("claimed", "conditional"), [(True, True), (None, False), (False, False)])
def test_a_server_that_does_not_say_it_has_conditional_creates_gets_a_plain_one_after_a_search(
    claimed: bool | None, conditional: bool
) -> None:
    statement = a_statement() if claimed is None else a_statement(conditionalCreate=claimed)
    if claimed is None:
        del statement["rest"][0]["resource"][0]["conditionalCreate"]
    stub = FhirStub()
    assert a_writer(stub, read(statement)).create(a_request()).reference == "MedicationRequest/1"
    assert next(asked.path for asked in stub.asked) == "/MedicationRequest/_search"
    assert ["If-None-Exist" in asked.headers for asked in stub.creates] == [conditional]


@pytest.mark.req("FHIR-52", "FHIR-61")
def test_what_the_ehr_does_not_offer_is_said_before_the_click() -> None:
    writer = a_writer(FhirStub(), read(a_statement(interaction=[{"code": "read"}, {"code": "search-type"}])))
    assert writer.can_create("MedicationRequest") == "the EHR does not offer to create a MedicationRequest"
    assert writer.can_update("MedicationRequest") == "the EHR does not offer to update a MedicationRequest"
    assert (writer.can_create("Provenance"), writer.transacts()) == ("the EHR does not offer a Provenance", True)
