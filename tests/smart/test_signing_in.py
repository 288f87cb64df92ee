"""Who signed in, with the app running: every way an id_token can be wrong, and what each kind of user may do (SAL-70 to SAL-75, SEC-20)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from tests.smart.mock_ehr import CHART, KEY, OTHER_KEY, MockEhr, as_json, mock_ehr
from tests.smart.running import OWN, Visitor, form_of, running

EC = ECKey.generate_key("P-384", private=True)


@pytest.fixture
def foreign() -> Iterator[MockEhr]:
    with mock_ehr() as listening:
        yield listening


def refused(mock: MockEhr, visitor: Visitor) -> None:
    """A page, no session, and nothing read."""
    answer = visitor.refused(mock)
    assert answer.status_code == 502
    assert mock.clinical() == []
    assert not [name for name in visitor.cookies if "pending" not in name]


def dated(claims: dict[str, Any]) -> dict[str, Any]:
    """`("now", seconds)` becomes a time that far from now."""
    return {name: int(time.time()) + value[1] if isinstance(value, tuple) else value for name, value in claims.items()}


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"aud": "client-b"},
        {"aud": None},
        {"aud": []},
        {"aud": ["client-a", "client-b"]},
        {"aud": ["client-a", "client-b"], "azp": "client-b"},
        {"azp": "client-b"},
        {"exp": ("now", -100)},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": ("now", +900)},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": ""},
        {"sub": None},
    ],
    ids=str,
)
def test_each_claim_that_is_wrong_alone(mock: MockEhr, visitor: Visitor, claims: dict[str, Any]) -> None:
    mock.claims = dated(claims)
    refused(mock, visitor)


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["client-a"]},
        {"aud": ["client-a", "b"], "azp": "client-a"},
        {"azp": "client-a"},
        {"exp": ("now", -20)},
        {"iat": ("now", +40)},
        {"auth_time": 0, "acr": "0"},
    ],
    ids=str,
)
def test_variants_that_are_right(mock: MockEhr, visitor: Visitor, claims: dict[str, Any]) -> None:
    mock.claims = dated(claims)
    assert visitor.get(visitor.launched(mock)).status_code == 200


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(header: dict[str, Any], key: Any = KEY) -> Callable[[dict[str, Any]], str]:
    """A token over the right claims with this header and key."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return lambda claims: jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


def hmac_with(secret: bytes, claims: dict[str, Any]) -> str:
    """HS256 by hand: libraries refuse a public key as a secret."""
    text = f"{b64({'alg': 'HS256', 'kid': KID})}.{b64(claims)}"
    made = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def changed(token: str, claims: dict[str, Any]) -> str:
    """Other claims under the same signature."""
    header, _, signature = token.split(".")
    return f"{header}.{b64(claims)}.{signature}"


KID = KEY.thumbprint()
FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "a stranger's key under our kid": signed({"alg": "RS256", "kid": KID}, OTHER_KEY),
    "no algorithm": lambda claims: f"{b64({'alg': 'none', 'kid': KID})}.{b64(claims)}.",
    "hmac with the public key": lambda claims: hmac_with(KEY.as_pem(private=False), claims),
    "an algorithm off the list": signed({"alg": "RS512", "kid": KID}),
    "a key it brings along": signed({"alg": "RS256", "jwk": OTHER_KEY.as_dict(private=False)}, OTHER_KEY),
    "a certificate it brings along": signed({"alg": "RS256", "x5c": ["AAAA"]}, OTHER_KEY),
    "an extension we do not know": signed({"alg": "RS256", "kid": KID, "crit": ["odd"], "odd": 1}),
    "an unknown kid": signed({"alg": "RS256", "kid": "other"}),
    "no json": lambda _: "not.a.token",
    "four parts": lambda claims: f"{signed({'alg': 'RS256', 'kid': KID})(claims)}.x",
    "changed claims": lambda claims: changed(signed({"alg": "RS256", "kid": KID})(claims), {**claims, "sub": "admin"}),
    "nothing": lambda _: "",
    "8 KiB and more": lambda claims: signed({"alg": "RS256", "kid": KID})({**claims, "x": "x" * 9000}),
    "encrypted": lambda _: "a.b.c.d.e",
}


@pytest.mark.req("SAL-70", "SAL-71", "SEC-20")
@pytest.mark.parametrize("kind", FORGED)
def test_forged_and_odd_tokens(mock: MockEhr, visitor: Visitor, kind: str) -> None:
    mock.id_token = FORGED[kind]
    refused(mock, visitor)


@pytest.mark.req("SEC-20")
def test_a_token_of_a_mebibyte_is_refused_at_once(mock: MockEhr, visitor: Visitor) -> None:
    mock.id_token = lambda _: "x" * (1 << 20)
    begun = time.monotonic()
    refused(mock, visitor)
    assert time.monotonic() - begun < 2


@pytest.mark.req("SAL-71")
@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_key_address_in_the_header_is_not_asked(mock: MockEhr, visitor: Visitor, foreign: MockEhr, name: str) -> None:
    mock.id_token = signed({"alg": "RS256", "kid": KID, name: f"{foreign.url}/jwks"}, OTHER_KEY)
    refused(mock, visitor)
    assert foreign.asked == []


@pytest.mark.req("SAL-71")
@pytest.mark.parametrize(("keys", "works"), [([KEY], True), ([KEY, OTHER_KEY], False), ([OTHER_KEY], False)])
def test_a_token_without_kid_needs_exactly_one_key(
    mock: MockEhr, visitor: Visitor, keys: list[RSAKey], works: bool
) -> None:
    mock.keys, mock.header = keys, {"kid": None}
    assert (visitor.callback(mock, visitor.begun(mock)).status_code == 303) is works


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(("allowed", "works"), [(["RS256", "ES384"], True), (["RS256"], False)])
def test_algorithms_by_configuration(mock: MockEhr, tmp_path: Path, allowed: list[str], works: bool) -> None:
    key = {**EC.as_dict(private=False), "kid": "ec", "use": "sig"}
    mock.knobs["/jwks"] = lambda _: as_json({"keys": [key]})
    mock.id_token = lambda claims: jwt.encode({"alg": "ES384", "kid": "ec"}, claims, EC, algorithms=["ES384"])
    visitor = Visitor(running(tmp_path, mock, id_token_algs=allowed))
    assert (visitor.callback(mock, visitor.begun(mock)).status_code == 303) is works


@pytest.mark.req("SAL-72", "SAL-73")
@pytest.mark.parametrize(
    ("user", "may_act"),
    [
        ("Practitioner/7", True),
        ("PractitionerRole/7", True),
        ("{base}/Practitioner/7", True),
        ("{upper}/Practitioner/7", True),
        ("{foreign}/Practitioner/7", False),
        ("{base}/../Practitioner/7", False),
        ("Person/7", False),
        ("Device/7", False),
        ("Practitioner/7?x=1", False),
        (None, False),
        (7, False),
    ],
)
def test_only_a_professional_of_this_ehr_may_act(
    mock: MockEhr, visitor: Visitor, foreign: MockEhr, user: Any, may_act: bool
) -> None:
    if isinstance(user, str):
        user = user.format(base=mock.base, foreign=foreign.base, upper=mock.base.replace("http", "HTTP"))
    mock.claims = {"fhirUser": user, "profile": f"{mock.base}/Practitioner/7"}
    page = visitor.get(visitor.launched(mock))
    assert "ACT NOW" in page.text
    assert ("/approve" in page.text) is may_act
    assert ("Read only" in page.text) is not may_act
    assert foreign.asked == []


@pytest.mark.req("SAL-73", "DSI-10")
@pytest.mark.parametrize("user", ["Patient/P1", "RelatedPerson/3"])
def test_patients_and_relatives_get_no_advice_and_cannot_act(mock: MockEhr, visitor: Visitor, user: str) -> None:
    action, fields = form_of(visitor.get(visitor.launched(mock)), "/approve")
    mock.claims = {"fhirUser": user}
    path = visitor.launched(mock)
    page = visitor.get(path)
    assert "for health-care professionals" in page.text
    for word in ("ACT NOW", "0.8", "fibrinogen concentrate"):
        assert word not in page.text
    for ending in (f"proposals/{action.split('/')[-2]}/approve", "observe"):
        assert visitor.post(f"{path}{ending}", fields, **OWN).status_code == 403


@pytest.mark.req("SAL-74")
def test_two_issuers_with_one_subject_are_two_users(tmp_path: Path, mock: MockEhr, foreign: MockEhr) -> None:
    visitor = Visitor(running(tmp_path, mock, foreign))
    for ehr in (mock, foreign):
        ehr.claims = {"sub": "u1", "name": "Dr Osei", "email": "osei@example.org", "fhirUser": "Practitioner/7"}
    visitor.get(visitor.launched(mock))
    foreign.resources = [*CHART[:3], {**CHART[3], "id": "fib2"}, CHART[4]]
    assert "Since you looked" not in visitor.get(visitor.launched(foreign)).text
