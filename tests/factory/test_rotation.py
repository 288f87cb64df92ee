"""Key rotation with overlap: whoever keeps our key set as long as it may never meets an assertion it cannot verify (SAL-40)."""

import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from smartapp.factory.builders import KeyRows
from smartapp.smart.keys import ALGORITHMS, JWKS_SECONDS, KEPT_SECONDS, LEAD_SECONDS, SigningKeys
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.keys import StoredKeys

TOKEN = "https://auth.example.org/token"
pytestmark = pytest.mark.req("SAL-40")


class Clock:
    now = 1_772_352_000.0

    def __call__(self) -> float:
        return self.now


def keys_in(database: Database, clock: Callable[[], float]) -> SigningKeys:
    """The keys as one process has them."""
    return SigningKeys(KeyRows(StoredKeys(database, Keyring([bytes(32)]), clock)), clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(database: Database, clock: Clock) -> SigningKeys:
    made = keys_in(database, clock)
    made.ensure()
    return made


class CachingEhr:
    """Fetches our key set only when its copy has reached the age that we allow, and never for an unknown kid."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys, self._clock = keys, clock
        self._until, self._copy = 0.0, KeySet([])

    def login(self, assertion: str, alg: str) -> str:
        """The `sub` of an assertion; raises where no key of the copy fits."""
        if self._clock.now >= self._until:
            self._copy = KeySet.import_key_set(json.loads(json.dumps(self._keys.jwks())))
            self._until = self._clock.now + JWKS_SECONDS
        return str(jwt.decode(assertion, self._copy, algorithms=[alg]).claims["sub"])


def assertion(keys: SigningKeys, alg: str) -> str:
    return keys.assertion(client_id="client-a", token_url=TOKEN, alg=alg)


@pytest.mark.parametrize("fetched_before", [1, 299])
def test_no_login_fails_at_an_ehr_that_keeps_our_keys(
    keys: SigningKeys, second: Database, clock: Clock, fetched_before: float
) -> None:
    """Two processes whose clocks are a minute apart; two rotations, the second while the first is still under way."""
    other = keys_in(second, lambda: clock.now - 60)
    ehr = CachingEhr(keys, clock)
    ehr.login(assertion(keys, "ES384"), "ES384")
    clock.now += fetched_before
    used = set()
    for minute in range(45):
        if minute in (0, 7):
            keys.rotate()
        for signer, alg in ((keys, "ES384"), (other, "ES384"), (keys, "RS384")):
            assert ehr.login(assertion(signer, alg), alg) == "client-a"
            used.add(signer.signing(alg).kid)
        clock.now += 60
    assert len(used) == 6


def test_a_new_key_is_published_first_and_used_later(keys: SigningKeys, clock: Clock) -> None:
    before = keys.signing("ES384").kid
    fresh = {key.alg: key.kid for key in keys.rotate()}
    assert fresh["ES384"] in {key["kid"] for key in keys.jwks()["keys"]}
    clock.now += LEAD_SECONDS - 1
    assert keys.signing("ES384").kid == before
    clock.now += 1
    assert keys.signing("ES384").kid == fresh["ES384"]
    assert LEAD_SECONDS >= JWKS_SECONDS


def test_an_old_key_stays_published_until_nobody_needs_it(keys: SigningKeys, clock: Clock) -> None:
    before = keys.signing("RS384").kid
    keys.rotate()
    clock.now += LEAD_SECONDS + KEPT_SECONDS - 1
    assert before in {key["kid"] for key in keys.jwks()["keys"]}
    clock.now += 1
    assert before not in {key["kid"] for key in keys.jwks()["keys"]}
    assert KEPT_SECONDS >= JWKS_SECONDS + 300


def test_the_id_is_the_thumbprint(keys: SigningKeys) -> None:
    keys.rotate()
    for key in keys.jwks()["keys"]:
        assert key["kid"] == thumbprint(key)


def thumbprint(key: dict[str, Any]) -> str:
    """RFC 7638, section 3."""
    members = {name: key[name] for name in (("crv", "kty", "x", "y") if key["kty"] == "EC" else ("e", "kty", "n"))}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def test_two_that_start_at_once_make_one_pair_a_kind(database: Database, second: Database, clock: Clock) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda opened: keys_in(opened, clock).ensure(), [database, second] * 2))
    assert sorted(key["alg"] for key in keys_in(database, clock).jwks()["keys"]) == sorted(ALGORITHMS)


def test_two_that_rotate_at_once_agree(keys: SigningKeys, second: Database, clock: Clock) -> None:
    other = keys_in(second, clock)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda rotating: rotating.rotate(), [keys, other]))
    for _ in range(3):
        clock.now += LEAD_SECONDS
        assert [keys.signing(alg) for alg in ALGORITHMS] == [other.signing(alg) for alg in ALGORITHMS]
