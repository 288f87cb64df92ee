"""The id_token battery: what is accepted, and everything that ends the session before any chart is read (SAL-70 to SAL-72)."""

import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from smartapp.outbound import HttpReply
from smartapp.smart.errors import EhrFailed
from smartapp.smart.flow import LaunchFlow
from smartapp.smart.identity import fhir_user
from smartapp.smart.issuer_keys import keys_in
from tests.smart.launching import BASE, ISSUER, KEY, Ehr, launched, make_flow, reply


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


@pytest.fixture
def flow(ehr: Ehr, tmp_path: Path) -> LaunchFlow:
    return make_flow(ehr, tmp_path)


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.test"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "client-b"},
        {"aud": None},
        {"aud": ["client-a", "client-b"]},
        {"aud": ["client-a", "client-b"], "azp": "client-b"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": ""},
    ],
)
def test_each_claim_violated_alone_ends_the_session(ehr: Ehr, flow: LaunchFlow, claims: dict[str, object]) -> None:
    ehr.claims = claims
    with pytest.raises(EhrFailed):
        launched(flow, ehr)


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    "claims", [{"aud": ["client-a"]}, {"aud": ["client-a", "b"], "azp": "client-a"}, {"iat": int(time.time()) + 30}]
)
def test_valid_variants_are_accepted(ehr: Ehr, flow: LaunchFlow, claims: dict[str, object]) -> None:
    ehr.claims = claims
    assert launched(flow, ehr).session is not None


@pytest.mark.req("SAL-71")
def test_a_token_without_kid_works_with_exactly_one_key(ehr: Ehr, tmp_path: Path) -> None:
    ehr.header = {"kid": None}
    assert launched(make_flow(ehr, tmp_path), ehr).session is not None
    ehr.keys = [KEY, RSAKey.generate_key(2048, private=True)]
    with pytest.raises(EhrFailed):
        launched(make_flow(ehr, tmp_path), ehr)


@pytest.mark.req("SAL-70", "SAL-71")
@pytest.mark.parametrize("kind", ["foreign key", "none", "hmac", "jwk header", "garbage", "too long", "unknown crit"])
def test_forged_tokens(ehr: Ehr, flow: LaunchFlow, kind: str) -> None:
    begun = flow.begin([BASE], ["x"])
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "u1",
        "aud": "client-a",
        "iat": now,
        "exp": now + 300,
        "nonce": begun.url.split("nonce=")[1].split("&")[0],
    }
    stranger = RSAKey.generate_key(2048, private=True)
    forged = {
        "foreign key": lambda: jwt.encode(
            {"alg": "RS256", "kid": KEY.thumbprint()}, claims, stranger, algorithms=["RS256"]
        ),
        "none": lambda: (
            jwt.encode({"alg": "none"}, claims, stranger, algorithms=["none"]) if False else "eyJhbGciOiJub25lIn0.e30."
        ),
        "hmac": lambda: jwt.encode(
            {"alg": "HS256", "kid": KEY.thumbprint()}, claims, OctKey.import_key("k" * 40), algorithms=["HS256"]
        ),
        "jwk header": lambda: jwt.encode(
            {"alg": "RS256", "jwk": stranger.as_dict(private=False)}, claims, stranger, algorithms=["RS256"]
        ),
        "garbage": lambda: "not.a.token",
        "too long": lambda: "x" * 9000,
        "unknown crit": lambda: "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsib2RkIl0sIm9kZCI6MX0.e30.c2ln",
    }[kind]()
    ehr.id_token = forged
    state = begun.url.split("state=")[1].split("&")[0]
    with pytest.raises(EhrFailed):
        flow.complete({"state": [state], "code": ["abc"]}, begun.cookie)


@pytest.mark.req("SAL-72", "SAL-73")
@pytest.mark.parametrize(
    ("value", "reference"),
    [
        (f"{BASE}/Practitioner/7", "Practitioner/7"),
        ("Practitioner/7", "Practitioner/7"),
        ("PractitionerRole/7", "PractitionerRole/7"),
        ("Patient/1", "Patient/1"),
        ("https://other.example.org/fhir/Practitioner/7", ""),
        (f"{BASE}/../Practitioner/7", ""),
        ("Device/1", ""),
        ("Practitioner/7?x=1", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_fhir_user(value: object, reference: str) -> None:
    assert fhir_user(value, BASE) == reference


@pytest.mark.req("SAL-73")
@pytest.mark.parametrize(
    ("user", "professional", "patient_side"),
    [
        ("Practitioner/7", True, False),
        ("PractitionerRole/7", True, False),
        ("Patient/P1", False, True),
        ("RelatedPerson/1", False, True),
        ("Person/1", False, False),
    ],
)
def test_who_may_act(ehr: Ehr, flow: LaunchFlow, user: str, professional: bool, patient_side: bool) -> None:
    ehr.claims = {"fhirUser": user}
    session = launched(flow, ehr).session
    assert session is not None
    assert (session.user.is_professional, session.user.is_patient_side) == (professional, patient_side)


@pytest.mark.req("SAL-08", "SAL-71")
def test_keys_are_fetched_once_and_beside_the_token(ehr: Ehr, flow: LaunchFlow) -> None:
    def token_once_keys_were_asked() -> HttpReply:
        until = time.monotonic() + 10
        while not ehr.keys_asked() and time.monotonic() < until:
            time.sleep(0.01)
        return reply(ehr._token() if ehr.keys_asked() else {}, 200)

    ehr.raw_token = token_once_keys_were_asked
    for _ in range(2):
        assert launched(flow, ehr).session is not None
    assert ehr.keys_asked() == 1


@pytest.mark.req("SAL-71")
def test_keys_that_could_not_be_fetched_ahead_are_asked_for_again(ehr: Ehr, flow: LaunchFlow) -> None:
    ehr.fail_keys = 1
    assert launched(flow, ehr).session is not None


@pytest.mark.req("SAL-71", "CDS-98")
def test_a_key_that_shows_its_private_part_verifies_nothing() -> None:
    shown, hidden = (RSAKey.generate_key(2048, private=True) for _ in range(2))
    named = [{**shown.as_dict(private=True), "kid": "shown"}, {**hidden.as_dict(private=False), "kid": "hidden"}]
    assert [key.kid for key in keys_in({"keys": named})] == ["hidden"]
