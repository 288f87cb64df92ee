"""The writer against a real R4 server behind scopes: what we build is taken, once, and can be cancelled."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from smartapp.demo.app import create_demo
from smartapp.ehr.client import FhirClient
from smartapp.ehr.writer import FhirChartWriter
from smartapp.fhir.capabilities import read_capabilities
from smartapp.fhir.proposals import write_order, write_recheck
from smartapp.fhir.provenance import differences, over, write_provenance
from smartapp.outbound import HttpReply, NoAnswer
from smartapp.usecases.ports import WriteRequest, WriteState
from tests.demo.visits import APP, BASE, Visit
from tests.fhir.test_proposals import CONCENTRATE, ORDERING

ROOT = Path(__file__).parents[2]
SCOPE = "launch openid fhirUser patient/MedicationRequest.crus patient/ServiceRequest.crus patient/Provenance.c"


class AtTheDemo:
    """`Outbound.send` into the demo EHR; `loses` drops that many answers to creates after they were carried out."""

    def __init__(self, visit: Visit, token: str) -> None:
        self.visit, self.token, self.loses = visit, token, 0

    def current(self) -> str:
        return self.token

    def refreshed(self, stale: str) -> str | None:
        return None

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, seconds: float = 10.0
    ) -> HttpReply:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self.visit.client.open(target, method=method, headers=dict(headers), data=body, base_url=BASE)
        if self.loses and method == "POST" and not parts.path.endswith("_search"):
            self.loses -= 1
            raise NoAnswer("the server did not answer in time")
        return HttpReply(
            status=answer.status_code, headers={k.lower(): v for k, v in answer.headers.items()}, body=answer.data
        )


@pytest.fixture(scope="module")
def ehr() -> AtTheDemo:
    folders = {"template_folder": str(ROOT / "templates"), "static_folder": str(ROOT / "static")}
    now = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    visit = Visit(create_demo(base_url=BASE, app_url=APP, now=lambda: now, **folders))
    return AtTheDemo(visit, visit.tokens(scope=SCOPE)["access_token"])


def a_writer(ehr: AtTheDemo) -> FhirChartWriter:
    return FhirChartWriter(FhirClient(f"{BASE}/fhir", ehr, ehr), may_create=lambda _: "")  # type: ignore[arg-type]


def ordered(number: str) -> dict[str, Any]:
    system, _ = ORDERING.identifier or ("", "")
    order = write_order(CONCENTRATE, ORDERING)
    encounterless = {name: value for name, value in order.items() if name != "encounter"}
    return {
        **encounterless,
        "subject": {"reference": "Patient/lindqvist"},
        "identifier": [{"system": system, "value": number}],
    }


def request(body: dict[str, Any]) -> WriteRequest:
    identifiers = body.get("identifier", [])
    token = f"{identifiers[0]['system']}|{identifiers[0]['value']}" if identifiers else ""
    return WriteRequest(resource_type=body["resourceType"], body=json.dumps(body).encode(), identifier=token)


@pytest.mark.req("FHIR-44", "FHIR-48")
def test_an_order_is_taken_once_and_stored_as_approved(ehr: AtTheDemo) -> None:
    body = ordered("once")
    first, second = a_writer(ehr).create(request(body)), a_writer(ehr).create(request(body))
    assert (first.state, first.reason) == (WriteState.WRITTEN, "")
    assert (second.state, second.reference) == (WriteState.WRITTEN, first.reference)
    assert differences(first.stored, json.dumps(body).encode()) == ()


@pytest.mark.req("FHIR-46")
def test_an_answer_lost_after_the_commit_is_found_again(ehr: AtTheDemo) -> None:
    ehr.loses = 1
    lost = a_writer(ehr).create(request(ordered("lost")))
    assert lost.state is WriteState.WRITTEN
    assert a_writer(ehr).create(request(ordered("lost"))).reference == lost.reference


@pytest.mark.req("FHIR-49", "RCK-01")
def test_the_follow_up_and_the_provenance_are_taken(ehr: AtTheDemo) -> None:
    follow_up = {**write_recheck(CONCENTRATE, ORDERING), "subject": {"reference": "Patient/lindqvist"}}
    follow_up.pop("encounter")
    ordered_too = a_writer(ehr).create(request(ordered("beside")))
    provenance = write_provenance(
        targets=[f"{ordered_too.reference}/_history/{ordered_too.version}"],
        at=ORDERING.at,
        author="Practitioner/osei",
        entities=[],
        rules=(("REP-03", 1),),
        rules_url=f"{APP}/rules",
        organization="St X",
        software="Fibrinogen Watch",
    )
    made = [a_writer(ehr).create(request(body)) for body in (follow_up, provenance)]
    assert [(result.state, result.reason) for result in made] == [(WriteState.WRITTEN, "")] * 2


@pytest.mark.req("FHIR-51")
def test_a_draft_is_cancelled_and_is_over(ehr: AtTheDemo) -> None:
    written = a_writer(ehr).create(request(ordered("cancelled")))
    assert a_writer(ehr).cancel(written.reference).state is WriteState.WRITTEN
    found = a_writer(ehr).find("MedicationRequest", request(ordered("cancelled")).identifier)
    assert (found.reference, over(found.stored)) == (written.reference, "cancelled")


@pytest.mark.req("FHIR-50", "FHIR-46")
@pytest.mark.parametrize("loses", [0, 1])
def test_a_transaction_is_taken_whole_and_its_provenance_names_the_order(ehr: AtTheDemo, loses: int) -> None:
    order = ordered(f"together-{loses}")
    order_url, provenance_url = (f"urn:uuid:{n}c3151bd-1cbf-4d64-b04d-cd9187a4c6e0" for n in (1, 2))
    provenance = write_provenance(
        targets=[order_url],
        at=ORDERING.at,
        author="Practitioner/osei",
        entities=[],
        rules=(("REP-03", 1),),
        rules_url=f"{APP}/rules",
        organization="St X",
        software="Fibrinogen Watch",
        receipt=(f"{APP}/receipt", "ab" * 32),
    )
    ehr.loses = loses
    requests = (replace(request(order), full_url=order_url), replace(request(provenance), full_url=provenance_url))
    results = a_writer(ehr).together(requests)
    assert results is not None
    assert [result.state for result in results] == [WriteState.WRITTEN] * 2
    stored = ehr.visit.demo.hospital.server.everything("Provenance", [("target", results[0].reference)])
    assert len(stored) == 1
    assert differences(results[0].stored, json.dumps(order).encode()) == ()
    assert a_writer(ehr).together(requests) is None


@pytest.mark.req("FHIR-52")
def test_the_demo_says_what_it_takes(ehr: AtTheDemo) -> None:
    said = read_capabilities(ehr.visit.fhir("GET", "/metadata").data)
    assert said.transaction
    kinds = ("MedicationRequest", "ServiceRequest", "Provenance")
    assert [said.may_not(kind, "create") or said.conditional(kind) for kind in kinds] == [True] * 3
