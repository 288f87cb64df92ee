"""The demo EHR's calls are signed as the app demands, and all of them are in the console."""

import time

import pytest
import requests
import responses
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from smartapp.demo.calls import AppUnreachableError, Caller, HookKey
from smartapp.demo.console import Console
from tests.conftest import Stack
from tests.demo.visits import APP, BASE, Visit

URL = f"{APP}/cds-services/coagulopathy-patient-view"


def a_caller() -> Caller:
    return Caller(APP, HookKey(BASE), Console())


@pytest.mark.req("CDS-80", "CDS-81", "CDS-84", "CDS-85", "CDS-86")
def test_a_token_is_for_one_address_short_and_new_each_time(visit: Visit) -> None:
    key = visit.demo.realm.hook_key
    published = KeySet.import_key_set(visit.client.get("/jwks.json").get_json())
    first, second = (jwt.decode(key.token(URL), published, algorithms=["ES384"]) for _ in range(2))
    assert (first.header["alg"], first.header["typ"], first.header["kid"]) == ("ES384", "JWT", key.key.kid)
    assert first.header["jku"] == f"{BASE}/jwks.json"
    assert (first.claims["iss"], first.claims["aud"]) == (BASE, URL)
    assert time.time() < first.claims["exp"] <= first.claims["iat"] + 300
    assert first.claims["jti"] != second.claims["jti"]


@pytest.mark.req("CDS-83")
def test_the_key_set_holds_both_keys_and_nothing_private(visit: Visit) -> None:
    keys = visit.client.get("/jwks.json").get_json()["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES384", "RS256"]
    assert len({key["kid"] for key in keys}) == 2
    assert not any("d" in key for key in keys)


@pytest.mark.req("CDS-84")
def test_feedback_is_signed_for_its_own_address() -> None:
    with responses.RequestsMock() as app:
        sent = app.post(f"{URL}/feedback", json={})
        a_caller().post(f"{URL}/feedback", {"feedback": []})
    token = sent.calls[0].request.headers["Authorization"].removeprefix("Bearer ")
    assert f'"{URL}/feedback"'.encode() in (jws.extract_compact(token.encode()).payload or b"")


@pytest.mark.req("SEC-05")
def test_the_console_shows_the_call_and_its_answer_but_no_token() -> None:
    caller = a_caller()
    with responses.RequestsMock() as app:
        sent = app.post(URL, json={"cards": []})
        caller.post(URL, {"hook": "patient-view", "fhirAuthorization": {"access_token": "a-secret-token"}})
    (shown,) = caller.console.newest()
    assert (shown.kind, shown.status, shown.received) == ("hook", 200, '{"cards": []}')
    assert "Authorization: Bearer" in shown.sent
    assert '"hook":"patient-view"' in shown.sent
    assert sent.calls[0].request.headers["Authorization"].split(".")[2] not in shown.sent
    assert "a-secret-token" not in shown.sent


@pytest.mark.parametrize(
    ("status", "body"), [(401, "{}"), (500, "<html>"), (200, "[]"), (200, "no JSON"), (302, '{"cards": []}')]
)
def test_anything_but_an_object_with_200_is_said(status: int, body: str) -> None:
    with responses.RequestsMock() as app:
        app.post(URL, body=body, status=status)
        with pytest.raises(AppUnreachableError, match=f"answered {status}"):
            a_caller().post(URL, {})


def test_no_answer_at_all_is_in_the_console_too() -> None:
    caller = a_caller()
    with responses.RequestsMock(), pytest.raises(AppUnreachableError, match="Is it running"):
        caller.post(URL, {"hook": "patient-view"})
    assert (caller.console.newest()[0].status, caller.console.newest()[0].received) == (0, "")


@pytest.mark.req("CDS-80", "CDS-81", "CDS-82")
def test_the_app_of_the_demo_answers_signed_calls_only(stack: Stack) -> None:
    unsigned = requests.post(f"{stack.app}/cds-services/coagulopathy-patient-view", json={}, timeout=20)
    assert (unsigned.status_code, unsigned.json()) == (401, {"error": "unauthorized"})
    chart = requests.get(f"{stack.ehr}/chart/lindqvist", timeout=60).text
    assert "Decision support" in chart
    assert 'class="card critical"' in chart
