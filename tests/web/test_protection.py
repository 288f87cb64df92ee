"""Headers, framing and form tokens."""

from dataclasses import replace

import pytest

from smartapp.web.launch import OpenLaunch
from smartapp.web.protection import FormTokens, RequestRefused
from tests.web.browsing import Browser
from tests.web.desk import COOKIE, act_now


def opened(launch: str = "a", binding: str = "key") -> OpenLaunch:
    ward = act_now(launch=launch)
    return replace(ward(launch, {"launch": COOKIE}), binding=binding)


@pytest.mark.req("SEC-05")
def test_patient_pages_may_be_framed_by_their_ehr_only_and_are_not_stored() -> None:
    headers = Browser(act_now().app).get().response.headers
    assert headers["Content-Security-Policy"].endswith("frame-ancestors http://ehr.example")
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.req("SEC-04")
def test_a_token_gives_its_step_back() -> None:
    tokens = FormTokens(["new", "old"])
    assert tokens.step(opened(), "p", tokens.token(opened(), "p", "confirming")) == "confirming"


@pytest.mark.req("SEC-04")
def test_a_token_signed_with_an_older_key_is_read() -> None:
    token = FormTokens(["old"]).token(opened(), "p", "x")
    assert FormTokens(["new", "old"]).step(opened(), "p", token) == "x"
    with pytest.raises(RequestRefused):
        FormTokens(["new"]).step(opened(), "p", token)


@pytest.mark.req("SEC-04")
@pytest.mark.parametrize(("launch", "binding", "purpose"), [("b", "key", "p"), ("a", "other", "p"), ("a", "key", "q")])
def test_a_token_is_good_for_one_launch_session_and_purpose(launch: str, binding: str, purpose: str) -> None:
    tokens = FormTokens(["key"])
    token = tokens.token(opened(), "p", "x")
    with pytest.raises(RequestRefused):
        tokens.step(opened(launch, binding), purpose, token)
