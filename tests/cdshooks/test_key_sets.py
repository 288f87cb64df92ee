"""A caller's keys are fetched by one call at a time, and a call whose key is known does not wait for it."""

from threading import Event, Thread

import pytest

from smartapp.cdshooks.client_auth import CdsClientCaller
from smartapp.cdshooks.key_sets import Fetched, KeySets, usable
from smartapp.cdshooks.tokens import Unauthorized
from tests.cdshooks.signing import Signer, key_set

EC = Signer()


def test_a_known_key_does_not_wait_for_the_fetch_of_an_unknown_one() -> None:
    fetching, let, asked = Event(), Event(), []

    def fetch(_: str) -> Fetched:
        asked.append(1)
        if len(asked) > 1:
            fetching.set()
            let.wait(5)
        return Fetched(key_set(EC.public()), 600)

    keys, caller = KeySets(fetch, lambda: 1000.0), CdsClientCaller(name="st-x")
    known = keys.key(caller, EC.public()["kid"], "ES384")

    def unknown() -> None:
        with pytest.raises(Unauthorized):
            keys.key(caller, "unknown", "ES384")

    other = Thread(target=unknown)
    other.start()
    assert fetching.wait(20)
    assert keys.key(caller, EC.public()["kid"], "ES384") is known
    assert other.is_alive()
    let.set()
    other.join(20)
    assert len(asked) == 2


@pytest.mark.req("CDS-98")
@pytest.mark.parametrize("shown", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_key_that_shows_a_private_member_is_unusable_and_its_neighbour_is_not(shown: str) -> None:
    sound = Signer(kid="sound")
    body = key_set(EC.public(**{shown: "AQAB"}), sound.public())
    keys, caller = KeySets(lambda _: Fetched(body, 600), lambda: 1000.0), CdsClientCaller(name="st-x")
    with pytest.raises(Unauthorized, match="private member"):
        keys.key(caller, EC.kid, "ES384")
    assert keys.key(caller, "sound", "ES384") is not None
    assert usable(body, caller) == ("sound",)


@pytest.mark.req("CDS-98")
def test_a_symmetric_key_is_unusable() -> None:
    body = key_set({"kty": "oct", "kid": "shared"})
    keys = KeySets(lambda _: Fetched(body, 600), lambda: 1000.0)
    with pytest.raises(Unauthorized, match="symmetric"):
        keys.key(CdsClientCaller(name="st-x"), "shared", "ES384")
