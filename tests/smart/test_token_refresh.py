"""The token endpoint after the launch: who we say we are, one refresh at a time, and what ends a session (SAL-32, 37, 80, 81)."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smartapp.smart.token_refresh import SessionTokens
from tests.smart.launching import Ehr, launched, make_flow, registration, reply

SECRET = {"client_auth": "client_secret_basic", "client_secret": "s3cret"}


def session_tokens(ehr: Ehr, folder: Path, **client: Any) -> SessionTokens:
    """The tokens of a launch that was given a refresh token."""
    ehr.answer = {"access_token": "first", "refresh_token": "once"}
    known = registration(**client)
    flow = make_flow(ehr, folder, known)
    session = launched(flow, ehr).session
    assert session is not None
    ehr.answer = {"access_token": "second", "refresh_token": "twice"}
    return SessionTokens(session, known, discovery=flow.discovery, endpoint=flow.tokens, store=flow.store)


@pytest.mark.req("SAL-32", "SAL-80")
def test_a_client_with_a_secret_authenticates_at_both_requests(tmp_path: Path) -> None:
    ehr = Ehr()
    session_tokens(ehr, tmp_path, **SECRET).refreshed("first")
    for _, _, form, headers in ehr.token_requests():
        assert headers["Authorization"] == "Basic " + base64.b64encode(b"client-a:s3cret").decode()
        assert "client_id" not in form
    assert [form["grant_type"] for _, _, form, _ in ehr.token_requests()] == [["authorization_code"], ["refresh_token"]]
    assert "scope" not in ehr.token_requests()[1][2]


@pytest.mark.req("SAL-32", "SAL-33", "SAL-37")
def test_a_client_with_a_key_signs_at_both_requests(tmp_path: Path) -> None:
    ehr = Ehr()
    session_tokens(ehr, tmp_path, client_auth="private_key_jwt").refreshed("first")
    forms = [form for _, _, form, _ in ehr.token_requests()]
    kinds = {form["client_assertion_type"][0] for form in forms}
    assert kinds == {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    assert len({form["client_assertion"][0] for form in forms}) == 2
    assert not any("client_id" in form or "client_secret" in form for form in forms)


@pytest.mark.req("SAL-80")
def test_twenty_requests_that_find_the_token_expired_refresh_once(tmp_path: Path) -> None:
    ehr = Ehr()
    tokens = session_tokens(ehr, tmp_path)
    with ThreadPoolExecutor(20) as pool:
        newer = list(pool.map(tokens.refreshed, ["first"] * 20))
    assert newer == ["second"] * 20
    assert len(ehr.token_requests()) == 2
    tokens.refreshed("second")
    assert [form["refresh_token"] for _, _, form, _ in ehr.token_requests()[1:]] == [["once"], ["twice"]]


@pytest.mark.req("SAL-81")
def test_a_refused_refresh_gives_no_token_and_is_not_tried_in_a_loop(tmp_path: Path) -> None:
    ehr = Ehr()
    tokens = session_tokens(ehr, tmp_path)
    ehr.raw_token = lambda: reply({"error": "invalid_grant"}, 400)
    assert tokens.refreshed("first") is None
    assert len(ehr.token_requests()) == 2


@pytest.mark.req("SAL-81")
def test_a_refresh_that_names_another_patient_is_not_believed(tmp_path: Path) -> None:
    ehr = Ehr()
    tokens = session_tokens(ehr, tmp_path)
    ehr.answer["patient"] = "P2"
    assert tokens.refreshed("first") is None
    assert tokens.current() == "first"


@pytest.mark.req("SAL-80", "SAL-81")
def test_the_same_token_again_is_no_newer_one_and_is_asked_for_once(tmp_path: Path) -> None:
    ehr = Ehr()
    tokens = session_tokens(ehr, tmp_path)
    ehr.answer["access_token"] = "first"
    assert [tokens.refreshed("first") for _ in range(10)] == [None] * 10
    assert len(ehr.token_requests()) == 2
