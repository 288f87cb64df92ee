"""Our keys: what is published, and the assertion that is signed with them (SAL-35 to SAL-39)."""

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from smartapp.smart.keys import SigningKeys
from tests.smart.launching import KeysInMemory

TOKEN = "https://auth.example.org/token"


@pytest.fixture
def keys() -> SigningKeys:
    made = SigningKeys(KeysInMemory())
    made.ensure()
    return made


@pytest.mark.req("SAL-39")
def test_the_published_set_holds_public_parts_only(keys: SigningKeys) -> None:
    published = keys.jwks()["keys"]
    assert {key["alg"] for key in published} == {"ES384", "RS384"}
    assert len({key["kid"] for key in published}) == 2
    for key in published:
        assert key["use"] == "sig"
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert next(key for key in published if key["alg"] == "ES384")["crv"] == "P-384"


@pytest.mark.req("SAL-39")
def test_a_second_start_makes_no_second_pair(keys: SigningKeys) -> None:
    before = keys.jwks()
    keys.ensure()
    assert keys.jwks() == before


@pytest.mark.req("SAL-35", "SAL-36", "SAL-38")
@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_the_assertion(keys: SigningKeys, alg: str) -> None:
    token = keys.assertion(client_id="client-a", token_url=TOKEN, alg=alg)
    header = jws.extract_compact(token.encode()).headers()
    claims = jwt.decode(token, KeySet.import_key_set(keys.jwks()), algorithms=[alg]).claims
    assert (header["alg"], header["typ"]) == (alg, "JWT")
    assert header["kid"] in {key["kid"] for key in keys.jwks()["keys"]}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-a", "client-a", TOKEN)
    assert 0 < claims["exp"] - claims["iat"] <= 300


@pytest.mark.req("SAL-36")
def test_every_assertion_has_its_own_jti(keys: SigningKeys) -> None:
    tokens = [keys.assertion(client_id="client-a", token_url=TOKEN, alg="ES384") for _ in range(50)]
    published = KeySet.import_key_set(keys.jwks())
    assert len({jwt.decode(token, published, algorithms=["ES384"]).claims["jti"] for token in tokens}) == 50
