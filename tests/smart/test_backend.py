"""SMART Backend Services: the watch's own token (SAL-86)."""

from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from smartapp.smart.backend import BackendTokens, NoBackendToken
from smartapp.smart.discovery import Discovery
from smartapp.smart.keys import SigningKeys
from smartapp.smart.registration import Registration
from smartapp.smart.tokens import TokenEndpoint
from tests.smart.launching import BASE, ISSUER, Ehr, KeysInMemory, reply

SCOPES = ("system/Patient.rs", "system/Observation.rs")
BACKEND = Registration(name="st-x", fhir_base=BASE, issuer=ISSUER, client_id="backend-a")
ANSWER = {"access_token": "t-1", "token_type": "bearer", "expires_in": 300, "scope": " ".join(SCOPES)}


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr() -> Ehr:
    given = Ehr()
    given.raw_token = lambda: reply({**ANSWER, "access_token": f"t-{len(asked(given))}"})
    return given


def asked(ehr: Ehr) -> list[tuple[str, str, dict[str, list[str]], dict[str, str]]]:
    return [request for request in ehr.asked if request[0] == "POST"]


def tokens(ehr: Ehr, clock: Clock, keys: SigningKeys | None = None) -> BackendTokens:
    def outbound(_: Registration) -> Any:
        return ehr

    signing = keys or SigningKeys(KeysInMemory())
    signing.ensure()
    endpoint = TokenEndpoint(outbound, signing)
    return BackendTokens(BACKEND, scopes=SCOPES, discovery=Discovery(outbound), endpoint=endpoint, clock=clock)


@pytest.mark.req("SAL-86")
def test_the_request_is_signed_by_our_key_and_asks_for_system_scopes(ehr: Ehr, clock: Clock) -> None:
    keys = SigningKeys(KeysInMemory())
    assert tokens(ehr, clock, keys).current() == "t-1"
    ((_, url, form, headers),) = asked(ehr)
    assertion = form["client_assertion"][0]
    claims = jws.deserialize_compact(assertion, KeySet.import_key_set(keys.jwks()), algorithms=["ES384"]).payload
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["system/Patient.rs system/Observation.rs"]
    assert b'"backend-a"' in claims
    assert url.encode() in claims
    assert "Authorization" not in headers
    assert "client_id" not in form


@pytest.mark.req("SAL-86")
def test_a_token_serves_for_its_life_and_is_renewed_before_its_end(ehr: Ehr, clock: Clock) -> None:
    backend = tokens(ehr, clock)
    assert [backend.current() for _ in range(3)] == ["t-1"] * 3
    clock.now = 271
    assert backend.current() == "t-2"


@pytest.mark.req("SAL-86")
def test_a_short_life_does_not_mean_a_request_for_each_use(ehr: Ehr, clock: Clock) -> None:
    ehr.raw_token = lambda: reply({**ANSWER, "expires_in": 10})
    backend = tokens(ehr, clock)
    for second in range(5):
        clock.now = second
        backend.current()
    assert len(asked(ehr)) == 1


@pytest.mark.req("SAL-86")
def test_what_the_server_calls_expired_is_asked_for_once_more(ehr: Ehr, clock: Clock) -> None:
    backend = tokens(ehr, clock)
    backend.current()
    assert backend.refreshed("t-1") == "t-2"
    assert backend.refreshed("t-1") == "t-2"  # another thread was told the same
    assert len(asked(ehr)) == 2


@pytest.mark.req("SAL-86")
@pytest.mark.parametrize("error", ["invalid_client", "invalid_scope", "unauthorized_client"])
def test_a_refusal_is_a_sentence_that_names_the_reason(ehr: Ehr, clock: Clock, error: str) -> None:
    ehr.raw_token = lambda: reply({"error": error}, 400)
    backend = tokens(ehr, clock)
    with pytest.raises(NoBackendToken, match=error):
        backend.current()
    assert backend.refreshed("t-1") is None


@pytest.mark.req("SAL-86", "SAL-53")
def test_what_was_granted_is_told_from_the_answer(ehr: Ehr, clock: Clock) -> None:
    ehr.raw_token = lambda: reply({**ANSWER, "scope": "system/Observation.rs"})
    granted = tokens(ehr, clock).granted()
    assert granted.may("Observation", "s")
    assert not granted.may("Condition", "s")
