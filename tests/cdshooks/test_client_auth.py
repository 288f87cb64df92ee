"""Whose calls are answered: every way a token can be wrong, each alone, and what was asked of the key set's host."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc.jwk import ECKey

from smartapp.cdshooks.client_auth import CallAuthenticator, CdsClientCaller, server_of
from smartapp.cdshooks.key_sets import Fetched, KeySets
from smartapp.cdshooks.strict_json import JsonRefused
from smartapp.cdshooks.tokens import Unauthorized
from tests.cdshooks.signing import ISSUER, JKU, SERVER, URL, Signer, key_set, rsa

EC, RSA, OTHER = Signer(), rsa(), Signer(kid="other")


@dataclass
class Ehr:
    """A registered EHR: what its key set says, how often it was asked, which tokens were used."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [EC.public(), RSA.public()])
    now: float = field(default_factory=time.time)
    asked: int = 0
    down: bool = False
    used: set[tuple[str, str]] = field(default_factory=set)

    def fetch(self, _: str) -> Fetched:
        self.asked += 1
        if self.down:
            raise OSError("down")
        return Fetched(key_set(*self.keys), 600)

    def first_use(self, issuer: str, jti: str, until: float) -> bool:
        assert until > self.now
        fresh = (issuer, jti) not in self.used
        self.used.add((issuer, jti))
        return fresh

    def gate(self, **changed: Any) -> CallAuthenticator:
        caller = CdsClientCaller(**{"name": "st-x", "issuer": ISSUER, "jku": JKU, "fhir_servers": (SERVER,), **changed})
        keys = KeySets(self.fetch, lambda: self.now, published=frozenset({OTHER.public()["x"]}))
        return CallAuthenticator([caller], keys=keys, replays=self, clock=lambda: self.now)


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


def admitted(gate: CallAuthenticator, token: str) -> bool:
    try:
        return gate.signed(f"Bearer {token}", [URL]) is not None
    except Unauthorized:
        return False


@pytest.mark.req("CDS-80", "CDS-81", "CDS-82")
@pytest.mark.parametrize("signer", [EC, RSA], ids=["ES384", "RS384"])
@pytest.mark.parametrize("jku", [JKU, ...], ids=["jku", "no jku"])
def test_a_valid_token_is_its_issuers(ehr: Ehr, signer: Signer, jku: Any) -> None:
    found = ehr.gate().signed(f"bearer {signer.token(header={'jku': jku})}", [URL])
    assert found is not None
    assert found.name == "st-x"


@pytest.mark.req("CDS-81", "SEC-20")
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "nOnE"},
        {"alg": "HS256"},
        {"alg": "HS384"},
        {"alg": ...},
        {"alg": None},
        {"alg": ["ES384"]},
        {"alg": "ES256"},
        {"alg": "RS256"},
        {"typ": ...},
        {"typ": "at+jwt"},
        {"kid": ...},
        {"kid": ""},
        {"kid": 7},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
    ],
    ids=str,
)
def test_a_header_that_is_not_as_required_is_refused_before_any_key_is_looked_for(
    ehr: Ehr, header: dict[str, Any]
) -> None:
    assert not admitted(ehr.gate(), EC.token(header=header))
    assert ehr.asked == 0


@pytest.mark.req("CDS-81")
def test_a_public_key_is_never_an_hmac_secret(ehr: Ehr) -> None:
    text = [json.dumps({"alg": "HS384", "typ": "JWT", "kid": EC.kid}), json.dumps({"iss": ISSUER, "aud": URL})]
    message = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in text)
    mac = hmac.new(json.dumps(EC.public()).encode(), message.encode(), hashlib.sha384).digest()
    assert not admitted(ehr.gate(), f"{message}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


@pytest.mark.req("CDS-84", "CDS-85")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ...},
        {"aud": []},
        {"aud": 7},
        {"aud": URL + "/"},
        {"aud": URL.replace("https", "http")},
        {"aud": "https://app.test/cds-services"},
        {"aud": URL.replace("patient-view", "order-sign")},
        {"aud": URL.upper()},
        {"exp": ...},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": lambda now: now - 1},
        {"exp": lambda now: now - 1, "iat": lambda now: now - 300},
        {"exp": lambda now: now, "iat": lambda now: now - 300},
        {"exp": lambda now: now + 601},
        {"iat": ...},
        {"iat": lambda now: now + 61},
        {"nbf": lambda now: now + 61},
        {"nbf": "soon"},
        {"exp": lambda now: now + 10, "iat": lambda now: now + 20},
        {"jti": ...},
        {"jti": ""},
        {"jti": 7},
        {"iss": ...},
        {"iss": "https://ehr.test/"},
        {"iss": "https://evil.test"},
        {"iss": ["https://ehr.test"]},
    ],
    ids=lambda claims: "-".join(claims) or "none",
)
def test_each_violated_claim_alone_is_refused(ehr: Ehr, claims: dict[str, Any]) -> None:
    now = int(ehr.now)
    made = {name: value(now) if callable(value) else value for name, value in claims.items()}
    assert not admitted(ehr.gate(), EC.token(**made))


@pytest.mark.req("CDS-84", "CDS-85")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://elsewhere.test", URL]},
        {"iat": lambda now: now + 59},
        {"exp": lambda now: now + 590, "iat": lambda now: now - 10},
        {"nbf": lambda now: now},
        {"sub": "someone", "tenant": "anyone"},
    ],
    ids=lambda claims: "-".join(claims) or "none",
)
def test_what_a_client_may_do(ehr: Ehr, claims: dict[str, Any]) -> None:
    now = int(ehr.now)
    made = {name: value(now) if callable(value) else value for name, value in claims.items()}
    assert admitted(ehr.gate(), EC.token(**made))


@pytest.mark.req("CDS-85")
def test_how_long_a_token_may_live_is_a_setting(ehr: Ehr) -> None:
    token = EC.token(exp=int(ehr.now) + 3000)
    assert not admitted(ehr.gate(), token)
    assert admitted(ehr.gate(token_seconds=3600), token)


@pytest.mark.req("CDS-81")
def test_another_asymmetric_algorithm_is_a_setting(ehr: Ehr) -> None:
    other = Signer(kid="p-256", key=ECKey.generate_key("P-256", private=True), alg="ES256")
    ehr.keys = [other.public(), EC.public()]
    assert not admitted(ehr.gate(), other.token())
    chosen = ehr.gate(algorithms=("ES256",))
    assert admitted(chosen, other.token())
    assert not admitted(chosen, EC.token())


@pytest.mark.req("CDS-82")
@pytest.mark.parametrize(
    "jku", ["https://evil.test/jwks.json", JKU + "?", JKU.upper(), "http://ehr.test/jwks.json", 7, "", None]
)
def test_another_key_set_is_not_even_fetched(ehr: Ehr, jku: Any) -> None:
    assert not admitted(ehr.gate(), EC.token(header={"jku": jku}))
    assert ehr.asked == 0


@pytest.mark.req("CDS-82")
@pytest.mark.parametrize(
    ("jku", "admits"), [(..., True), ("https://ehr.test/any.json", True), ("https://evil.test/any.json", False)]
)
def test_static_keys_and_a_named_key_set(ehr: Ehr, jku: Any, admits: bool) -> None:
    assert admitted(ehr.gate(jku=""), EC.token(header={"jku": jku})) is admits


@pytest.mark.req("CDS-82")
def test_keys_in_the_header_are_ignored(ehr: Ehr) -> None:
    carried = {"jwk": OTHER.public(), "x5u": "https://evil.test/x", "x5c": ["x" * 2000]}
    assert admitted(ehr.gate(), EC.token(header=carried))
    assert not admitted(ehr.gate(), OTHER.token(header={**carried, "kid": EC.kid}))


@pytest.mark.req("CDS-83")
@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OTHER.public()],
        [EC.public(), EC.public()],
        [EC.public(), RSA.public(kid=EC.kid)],
        [EC.public(use="enc")],
        [EC.public(alg="ES256")],
        [EC.public(key_ops=["encrypt"])],
        [{**EC.public(), "crv": "P-256"}],
        [{"kty": "oct", "k": "AAAA", "kid": EC.kid}],
        [{"kty": "EC", "kid": EC.kid}],
        ["text", None],
    ],
    ids=[
        "none",
        "another kid",
        "twice",
        "twice, other kind",
        "use",
        "alg",
        "key_ops",
        "curve",
        "oct",
        "empty",
        "no keys",
    ],
)
def test_exactly_one_key_fits_or_nobody_comes_in(ehr: Ehr, keys: list[Any]) -> None:
    ehr.keys = keys
    assert not admitted(ehr.gate(), EC.token())


@pytest.mark.req("CDS-83")
def test_a_key_without_use_and_alg_fits_by_its_kind(ehr: Ehr) -> None:
    ehr.keys = [EC.public(use=..., alg=...), {"odd": 1}]
    assert admitted(ehr.gate(), EC.token())


@pytest.mark.req("CDS-83")
def test_a_flood_of_unknown_kids_asks_once_a_minute(ehr: Ehr) -> None:
    gate = ehr.gate()
    for number in range(50):
        assert not admitted(gate, EC.token(header={"kid": f"random-{number}"}))
    assert ehr.asked == 1
    assert admitted(gate, EC.token())
    ehr.now += 61
    for number in range(50):
        assert not admitted(gate, EC.token(header={"kid": f"random-{number}"}, iat=int(ehr.now), exp=int(ehr.now) + 9))
    assert ehr.asked == 2


@pytest.mark.req("CDS-83", "SAL-08")
def test_the_first_call_after_a_rotation_works_with_one_fetch(ehr: Ehr) -> None:
    gate = ehr.gate()
    assert admitted(gate, EC.token())
    ehr.keys = [Signer(kid="key-2", key=EC.key).public()]
    assert admitted(gate, Signer(kid="key-2", key=EC.key).token())
    assert ehr.asked == 2
    assert not admitted(gate, EC.token())


@pytest.mark.req("CDS-83")
def test_known_keys_outlive_a_short_outage_of_their_host(ehr: Ehr) -> None:
    gate = ehr.gate()
    assert admitted(gate, EC.token())
    ehr.down = True
    for hours, admits in ((1, True), (25, False)):
        ehr.now = time.time() + hours * 3600
        at = int(ehr.now)
        assert admitted(gate, EC.token(iat=at, exp=at + 60)) is admits
    ehr.down = False
    ehr.now += 6
    assert admitted(gate, EC.token(iat=at, exp=at + 60))


@pytest.mark.req("CDS-83")
@pytest.mark.filterwarnings("ignore:Key size should be")  # the library warns of the key that this test needs
def test_a_short_rsa_key_is_refused(ehr: Ehr) -> None:
    short = rsa(kid="short", bits=1024)
    ehr.keys = [short.public()]
    assert not admitted(ehr.gate(), short.token())


@pytest.mark.req("CDS-86")
def test_a_token_is_accepted_once_and_only_a_signed_one_is_remembered(ehr: Ehr) -> None:
    gate, token = ehr.gate(), EC.token(jti="once")
    head, claims, signature = token.split(".")
    broken = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert not admitted(gate, f"{head}.{claims}.{broken}")
    assert ehr.used == set()
    assert admitted(gate, token)
    assert not admitted(gate, token)


@pytest.mark.req("CDS-87")
@pytest.mark.parametrize("tenant", [..., "ward-9", 7])
def test_a_tenant_that_is_not_the_issuers_is_403(ehr: Ehr, tenant: Any) -> None:
    gate = ehr.gate(tenants=("ward-1",))
    assert admitted(gate, EC.token(tenant="ward-1"))
    with pytest.raises(JsonRefused) as refused:
        gate.signed(f"Bearer {EC.token(tenant=tenant)}", [URL])
    assert refused.value.status == 403


@pytest.mark.req("CDS-81", "CDS-73", "SEC-20")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer a.b",
        "Bearer a.b.c.d.e",
        "Bearer !.!.!",
        "Bearer e30.e30.e30",
        "Bearer " + "x" * 1024 * 1024,
        "Bearer bnVsbA.bnVsbA.bnVsbA",
        EC.token(),
    ],
    ids=range(11),
)
def test_what_is_no_bearer_token(ehr: Ehr, text: str) -> None:
    with pytest.raises(Unauthorized):
        ehr.gate().signed(text, [URL])


@pytest.mark.req("CDS-73", "CDS-81")
@pytest.mark.parametrize("part", ["header", "claims"])
def test_a_member_twice_in_a_token_is_refused(ehr: Ehr, part: str) -> None:
    head, claims, _ = EC.token().split(".")
    raw = {"header": _plain(head), "claims": _plain(claims)}
    raw[part] = raw[part][:-1] + (b', "kid": "key-1"}' if part == "header" else b', "jti": "again"}')
    message = f"{_coded(raw['header'])}.{_coded(raw['claims'])}"
    assert not admitted(ehr.gate(), f"{message}.{_coded(EC.signature(message.encode()))}")


def _plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.req("CDS-88", "SAL-87", "SEC-33")
@pytest.mark.parametrize(
    "make", [lambda: OTHER.token(header={"kid": EC.kid}, jti="a\nb"), lambda: EC.token(aud="x", jti="a\nb")]
)
def test_the_reason_names_the_token_without_holding_it(ehr: Ehr, make: Callable[[], str]) -> None:
    token = make()
    with pytest.raises(Unauthorized) as refused:
        ehr.gate().signed(f"Bearer {token}", [URL])
    said = str(refused.value)
    assert all(word in said for word in (ISSUER, "key-1", "jti"))
    assert "\n" not in said
    assert not any(part in said for part in token.split("."))


@pytest.mark.req("CDS-89")
def test_a_published_key_opens_nothing(ehr: Ehr) -> None:
    ehr.keys = [OTHER.public()]
    assert not admitted(ehr.gate(), OTHER.token())


@pytest.mark.req("CDS-80")
def test_without_a_token_only_a_client_that_may_come_so(ehr: Ehr) -> None:
    with pytest.raises(Unauthorized):
        ehr.gate().signed(None, [URL])
    gate = ehr.gate(require_jwt=False)
    assert gate.signed(None, [URL]) is None
    assert gate.unsigned("").name == gate.unsigned(SERVER).name == "st-x"
    with pytest.raises(Unauthorized):
        gate.unsigned("https://evil.test/fhir")


@pytest.mark.req("CDS-32", "SAL-11", "SEC-12")
@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (SERVER, True),
        (SERVER + "/", True),
        ("https://EHR.test:443/fhir", True),
        (SERVER + "//", False),
        ("http://ehr.test/fhir", False),
        ("https://ehr.test/FHIR", False),
        ("https://ehr.test/fhir/../fhir", False),
        ("https://ehr.test/fhir?x", False),
        ("https://ehr.test/fhir#", False),
        ("https://ehr.test@evil.test/fhir", False),
        ("https://user@ehr.test/fhir", False),
        ("https://ehr.test.evil.test/fhir", False),
        ("https://ehr.test:8443/fhir", False),
        ("https://ehr.test\\@evil.test/fhir", False),
        ("https://ehr.test:x/fhir", False),
        ("http://169.254.169.254/", False),
        ("", False),
    ],
)
def test_a_server_is_the_registered_one_or_none(sent: str, known: bool) -> None:
    caller = CdsClientCaller(name="st-x", fhir_servers=(SERVER,))
    assert server_of(caller, sent) == (SERVER if known else "")
