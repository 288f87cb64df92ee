"""The exported Bundle loaded into the demo EHR's FHIR server as docs/computable.md says, and found there again."""

import json

import pytest

from smartapp.clinical.policy import build_policy
from smartapp.demo.fhir_server import FhirServer, parse_json
from smartapp.fhir.plan_definition import rules_bundle

BASE = "https://site.example/fhir"
EXPORTED = rules_bundle(build_policy(), BASE)


@pytest.fixture
def server() -> FhirServer:
    """A server that took the Bundle as one transaction."""
    server = FhirServer("https://ehr.example/fhir")
    reply = server.request("POST", [], body=parse_json(json.dumps(EXPORTED)))
    assert reply.status == 200
    assert reply.body is not None
    assert {entry["response"]["status"][:3] for entry in reply.body["entry"]} == {"201"}
    return server


@pytest.mark.parametrize("entry", EXPORTED["entry"], ids=lambda entry: entry["request"]["url"])
def test_each_resource_is_read_as_it_was_sent(server: FhirServer, entry: dict[str, object]) -> None:
    sent = json.loads(json.dumps(entry["resource"]))
    kept = server.request("GET", str(entry["request"]["url"]).split("/")).body  # type: ignore[index]
    assert kept is not None
    sent.pop("meta"), kept.pop("meta")
    assert kept == sent


def test_loading_again_changes_nothing_but_the_version(server: FhirServer) -> None:
    reply = server.request("POST", [], body=parse_json(json.dumps(EXPORTED)))
    assert reply.body is not None
    assert {entry["response"]["status"][:3] for entry in reply.body["entry"]} == {"200"}
