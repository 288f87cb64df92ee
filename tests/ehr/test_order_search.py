"""Doubt about an order is settled by what the EHR declares: by patient, with the identifier matched here (FHIR-46, FHIR-61)."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from smartapp.ehr.client import FhirClient
from smartapp.ehr.order_search import BY_CONTENT
from smartapp.ehr.writer import FhirChartWriter
from smartapp.fhir.capabilities import UNKNOWN, Capabilities, Offered
from smartapp.outbound import HttpReply
from smartapp.usecases.ports import WriteRequest, WriteState
from tests.ehr.fhir_stub import BASE, LOST, FhirStub, OneToken, outcome, reply

TOKEN = "https://app/proposal|abc"
ALL = frozenset({"read", "search-type", "create", "patch"})


def order(**more: Any) -> dict[str, Any]:
    code = {"system": "http://snomed.info/sct", "code": "1"}
    dose = {"value": 3000, "unit": "mg"}
    return {
        "resourceType": "MedicationRequest",
        "identifier": [{"system": "https://app/proposal", "value": "abc"}],
        "status": "draft",
        "subject": {"reference": "Patient/P1"},
        "authoredOn": "2026-03-01T08:00:20Z",
        "requester": {"reference": "Practitioner/d"},
        "medicationCodeableConcept": {"coding": [code]},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": dose}]}],
        **more,
    }


SENT = json.dumps(order()).encode()
REQUEST = WriteRequest(resource_type="MedicationRequest", body=SENT, identifier=TOKEN)


@dataclass
class Restricted(FhirStub):
    """Searches by these parameters alone, by patient."""

    declared: frozenset[str] = frozenset({"patient"})
    searches: list[dict[str, list[str]]] = field(default_factory=list)

    def _search(self, kind: str, query: str) -> HttpReply:
        asked = parse_qs(query)
        self.searches.append(asked)
        if set(asked) - self.declared:
            return reply(400, outcome("unknown parameter"))
        found = [{"resource": body} for body in self.kept.values() if body["resourceType"] == kind]
        return reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": found})


def writer(stub: FhirStub, said: Capabilities) -> FhirChartWriter:
    client = FhirClient(BASE, stub, OneToken(), sleep=lambda _: None)  # type: ignore[arg-type]
    return FhirChartWriter(client, may_create=lambda _: "", capabilities=lambda: said, patient="P1")


def declared(*params: str, interactions: frozenset[str] = ALL) -> Capabilities:
    return Capabilities(types={"MedicationRequest": Offered(interactions=interactions, params=frozenset(params))})


@pytest.mark.req("FHIR-46", "FHIR-61")
@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (declared("patient"), {"patient": ["P1"]}),
        (declared("patient", "identifier"), {"patient": ["P1"], "identifier": [TOKEN]}),
        (declared("identifier"), {"identifier": [TOKEN]}),
        (UNKNOWN, {"patient": ["P1"], "identifier": [TOKEN]}),
    ],
)
def test_an_order_is_looked_for_by_what_is_declared(said: Capabilities, asked: dict[str, list[str]]) -> None:
    stub = Restricted(declared=frozenset({"patient", "identifier"}))
    stub.put(order(identifier=[{"system": "https://app/proposal", "value": "another"}]))
    stub.put(order())
    assert writer(stub, said).find("MedicationRequest", TOKEN).reference == "MedicationRequest/2"
    assert stub.searches == [asked]


@pytest.mark.req("FHIR-46", "FHIR-61")
def test_an_ehr_that_lies_of_the_identifier_is_asked_by_patient() -> None:
    stub = Restricted()
    stub.put(order())
    found = writer(stub, declared("patient", "identifier")).find("MedicationRequest", TOKEN)
    assert (found.state, stub.searches[-1]) == (WriteState.WRITTEN, {"patient": ["P1"]})


ALIKE: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"authoredOn": "2026-03-01T09:00:59+01:00"}, True),
    ({"authoredOn": "2026-03-01T08:01:00Z"}, False),
    ({"requester": {"reference": "Practitioner/e"}}, False),
    ({"subject": {"reference": "Patient/P2"}}, False),
    ({"medicationCodeableConcept": {"text": "x"}}, False),
    ({"dosageInstruction": []}, False),
    ({"status": "entered-in-error"}, False),
    ({"identifier": [{"system": "urn:ehr", "value": "7"}]}, True),
    ({"identifier": [{"system": "https://app/proposal", "value": "another"}]}, False),
]


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(("more", "found"), ALIKE)
def test_without_its_identifier_an_order_is_known_by_product_dose_author_and_minute(
    more: dict[str, Any], found: bool
) -> None:
    stub = Restricted()
    stub.put({**{name: value for name, value in order().items() if name != "identifier"}, **more})
    result = writer(stub, declared("patient")).find("MedicationRequest", TOKEN, SENT)
    assert (result.state is WriteState.WRITTEN, result.reason == BY_CONTENT) == (found, found)


@pytest.mark.req("FHIR-44", "FHIR-46", "FHIR-61")
def test_look_create_look_ends_with_one_order_where_the_identifier_is_dropped() -> None:
    stub = Restricted(on_create=[LOST], keeps=lambda body: {k: v for k, v in body.items() if k != "identifier"})
    at = writer(stub, declared("patient"))
    first, second = at.create(REQUEST), at.create(REQUEST)
    assert (first.state, second.state, second.earlier) == (WriteState.WRITTEN, WriteState.WRITTEN, True)
    assert (len(stub.kept), len(stub.creates)) == (1, 1)
    assert "If-None-Exist" not in stub.creates[0].headers


@pytest.mark.req("FHIR-44", "FHIR-61")
@pytest.mark.parametrize(
    "said", [declared("patient", interactions=ALL - {"search-type"}), declared("patient", "identifier")]
)
def test_without_search_and_condition_nothing_is_sent(said: Capabilities) -> None:
    stub = Restricted(declared=frozenset())
    result = writer(stub, said).create(REQUEST)
    assert (result.state, stub.creates) == (WriteState.REFUSED, [])
    assert result.reason.startswith("nothing was sent")


@pytest.mark.req("FHIR-51", "FHIR-61")
def test_where_only_patches_are_taken_a_draft_is_withdrawn_by_one() -> None:
    stub = Restricted(on_update=[reply(200)])
    reference = stub.put(order())
    at = writer(stub, declared("patient"))
    assert at.can_update("MedicationRequest") == ""
    at.cancel(reference)
    sent = next(asked for asked in stub.asked if asked.method == "PATCH")
    assert (sent.headers["If-Match"], json.loads(sent.body)) == (
        'W/"1"',
        [{"op": "replace", "path": "/status", "value": "cancelled"}],
    )


@pytest.mark.req("FHIR-14")
def test_a_chart_behind_glass_is_not_asked_again() -> None:
    stub = Restricted(on_search=[reply(403, outcome("break the glass first"))])
    assert writer(stub, UNKNOWN).find("MedicationRequest", TOKEN).state is WriteState.NOT_CONFIRMED
    assert len(stub.asked) == 1
