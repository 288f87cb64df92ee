"""The token endpoint with the app running: who we say we are, what an answer must hold, and what is never sent twice (SAL-30 to SAL-51)."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from smartapp.smart.keys import SigningKeys
from tests.smart.launching import KeysInMemory
from tests.smart.mock_ehr import MockEhr, as_json, mock_ehr
from tests.smart.running import APP, Visitor, running, words

ALL_METHODS = ["client_secret_post", "client_secret_basic", "private_key_jwt"]


@pytest.fixture
def elsewhere() -> Iterator[MockEhr]:
    with mock_ehr() as listening:
        yield listening


def launched(folder: Path, ehr: MockEhr, **client: Any) -> Visitor:
    visitor = Visitor(running(folder, ehr, **client))
    visitor.launched(ehr)
    return visitor


@pytest.mark.req("SAL-30", "SAL-31")
def test_a_public_client_sends_its_id_and_nothing_secret(mock: MockEhr, tmp_path: Path) -> None:
    launched(tmp_path, mock)
    request = mock.requests("/token", "POST")[0]
    assert set(request.form) == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}
    assert request.form["redirect_uri"] == f"{APP}/callback"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers


@pytest.mark.req("SAL-32", "SAL-34")
@pytest.mark.parametrize(
    ("encoding", "secret", "header"),
    [
        ("", "s3-c.r_e~t", "client-a:s3-c.r_e~t"),
        ("form", "a:b c%", "client-a:a%3Ab+c%25"),
        ("plain", "a:b c%", "client-a:a:b c%"),
    ],
)
def test_a_secret_goes_into_the_header_as_configured(
    mock: MockEhr, tmp_path: Path, encoding: str, secret: str, header: str
) -> None:
    launched(tmp_path, mock, client_auth="client_secret_basic", client_secret=secret, basic_encoding=encoding)
    request = mock.requests("/token")[0]
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() == header
    assert not {"client_id", "client_secret"} & set(request.form)


@pytest.mark.req("SAL-33")
@pytest.mark.parametrize(
    ("offered", "secret", "signed"),
    [
        (ALL_METHODS, "s3cret", True),
        (None, "s3cret", True),
        (["client_secret_basic"], "s3cret", False),
        (["client_secret_basic"], "", True),
        (["client_secret_post"], "s3cret", True),
    ],
)
def test_a_signed_assertion_before_a_secret_and_never_a_secret_in_the_body(
    mock: MockEhr, tmp_path: Path, offered: list[str] | None, secret: str, signed: bool
) -> None:
    mock.discovery = {"token_endpoint_auth_methods_supported": offered}
    launched(tmp_path, mock, client_auth="private_key_jwt", client_secret=secret)
    request = mock.requests("/token")[0]
    assert ("client_assertion" in request.form, "authorization" in request.headers) == (signed, not signed)
    assert "client_secret" not in request.form


@pytest.mark.req("SAL-35", "SAL-36", "SAL-37", "SAL-38", "SAL-39")
@pytest.mark.parametrize(
    ("configured", "listed", "used"),
    [
        ("ES384", None, "ES384"),
        ("RS384", None, "RS384"),
        ("ES384", ["RS384"], "RS384"),
        ("RS384", ["ES384"], "ES384"),
        ("RS384", ["ES384", "RS384"], "RS384"),
    ],
)
def test_the_assertion_verifies_with_the_published_keys(
    mock: MockEhr, tmp_path: Path, configured: str, listed: list[str] | None, used: str
) -> None:
    mock.discovery = {"token_endpoint_auth_signing_alg_values_supported": listed}
    visitor = launched(tmp_path, mock, client_auth="private_key_jwt", signing_alg=configured)
    form = mock.requests("/token")[0].form
    published = KeySet.import_key_set(visitor.get("/.well-known/jwks.json").get_json())
    header = jws.extract_compact(form["client_assertion"].encode()).headers()
    claims = jwt.decode(form["client_assertion"], published, algorithms=[used]).claims
    assert (header["alg"], header["typ"]) == (used, "JWT")
    assert header["kid"] in {key.kid for key in published.keys}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-a", "client-a", f"{mock.url}/token")
    assert time.time() < claims["exp"] <= time.time() + 300
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_id" not in form


@pytest.mark.req("SAL-36")
def test_a_thousand_assertions_have_a_thousand_ids() -> None:
    keys = SigningKeys(KeysInMemory(), clock=lambda: 1_000_000.0)
    keys.ensure()
    published = KeySet.import_key_set(keys.jwks())
    made = [keys.assertion(client_id="a", token_url="https://a.example/token", alg="ES384") for _ in range(1000)]
    claims = [jws.deserialize_compact(token, published, algorithms=["ES384"]).payload for token in made]
    assert len(set(claims)) == 1000
    assert all(b'"exp":1000240' in claim for claim in claims)


@pytest.mark.req("SAL-39")
def test_the_published_set_is_public_and_complete(visitor: Visitor) -> None:
    answer = visitor.get("/.well-known/jwks.json")
    keys = {key["kty"]: key for key in answer.get_json()["keys"]}
    assert answer.mimetype == "application/json"
    assert "max-age" in answer.headers["Cache-Control"]
    assert set(keys["EC"]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert set(keys["RSA"]) == {"kty", "n", "e", "kid", "alg", "use"}
    assert keys["EC"]["crv"] == "P-384"
    assert len(base64.urlsafe_b64decode(keys["RSA"]["n"] + "==")) >= 256
    assert len({key["kid"] for key in keys.values()}) == 2


@pytest.mark.req("SAL-42")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_token_endpoint_takes_nothing_along(
    mock: MockEhr, tmp_path: Path, elsewhere: MockEhr, status: int
) -> None:
    mock.knobs["/token"] = lambda _: (status, {"Location": f"{elsewhere.url}/token"}, b"")
    visitor = Visitor(running(tmp_path, mock, client_auth="client_secret_basic", client_secret="s3cret"))
    assert visitor.refused(mock).status_code == 502
    assert elsewhere.asked == []
    assert len(mock.requests("/token")) == 1
    assert mock.clinical() == []


@pytest.mark.req("SAL-50")
@pytest.mark.parametrize(
    "members",
    [
        {"token_type": "bearer"},
        {"token_type": "BEARER"},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"expires_in": "soon"},
        {"expires_in": -1},
        {"expires_in": [1]},
        {"vendor": {"x": 1}},
    ],
)
def test_shapes_of_a_good_answer(mock: MockEhr, visitor: Visitor, members: dict[str, Any]) -> None:
    mock.token = members
    assert "ACT NOW" in visitor.get(visitor.launched(mock)).text


@pytest.mark.req("SAL-50", "SAL-51", "SAL-57")
@pytest.mark.parametrize(
    "members",
    [
        {"access_token": None},
        {"access_token": ["x"]},
        {"token_type": "mac"},
        {"token_type": None},
        {"scope": None},
        {"scope": ["launch"]},
    ],
)
def test_an_answer_that_lacks_something_ends_the_launch(
    mock: MockEhr, visitor: Visitor, members: dict[str, Any]
) -> None:
    mock.token = members
    ended(mock, visitor, visitor.refused(mock))


@pytest.mark.req("SAL-51")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>marker-body</html>"),
        (200, b""),
        (200, b'{"access_token": "marker-body'),
        (200, b'["marker-body"]'),
        (200, b"[" * 100_000),
        (500, b"marker-body"),
        (503, b""),
        (400, b'{"error": "invalid_grant", "error_description": "marker-body"}'),
        (401, b'{"error": "<script>marker-body</script>"}'),
    ],
)
def test_anything_else_ends_it_with_a_page_and_a_reference(
    mock: MockEhr, visitor: Visitor, status: int, body: bytes
) -> None:
    mock.knobs["/token"] = lambda _: (status, {"Content-Type": "application/json"}, body)
    answer = visitor.refused(mock)
    ended(mock, visitor, answer)
    assert "marker-body" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


@pytest.mark.req("SAL-51")
def test_a_token_endpoint_that_never_answers(mock: MockEhr, visitor: Visitor) -> None:
    mock.knobs["/token"] = lambda _: time.sleep(4)  # type: ignore[func-returns-value]
    begun = time.monotonic()
    answer = visitor.refused(mock)
    assert "did not answer in time" in words(answer)
    assert time.monotonic() - begun < 4
    assert len(mock.requests("/token")) == 1


def ended(mock: MockEhr, visitor: Visitor, answer: Any) -> None:
    """A page that says so; one redemption; nothing read; no session."""
    assert answer.status_code in (403, 502)
    assert "Open the app again" in answer.text
    assert len(mock.requests("/token")) == 1
    assert mock.clinical() == []
    assert not [name for name in visitor.cookies if "pending" not in name]


@pytest.mark.req("SAL-84", "SAL-85", "SAL-86")
def test_no_introspection_no_state_at_the_ehr_and_no_token_without_a_user(mock: MockEhr, visitor: Visitor) -> None:
    mock.discovery = {"introspection_endpoint": f"{mock.url}/introspect", "smart_app_state_endpoint": mock.base}
    visitor.get(visitor.launched(mock))
    assert mock.requests("/introspect") == []
    assert not [asked for asked in mock.asked if asked.path.startswith("/fhir/Basic")]
    assert {asked.form["grant_type"] for asked in mock.requests("/token")} == {"authorization_code"}
    assert "system/" not in visitor.begun(mock)["scope"]
    assert len({asked.headers["authorization"] for asked in mock.clinical()}) == 1


@pytest.mark.req("SAL-33", "SAL-51")
def test_a_client_that_is_not_known_is_told_so(mock: MockEhr, visitor: Visitor) -> None:
    mock.knobs["/token"] = lambda _: as_json({"error": "invalid_client"}, 401)
    assert "invalid_client" in words(visitor.refused(mock))
