"""A caller's keys are fetched by one call at a time, and a call whose key is known does not wait for it."""

from threading import Event, Thread

import pytest

from smartapp.cdshooks.client_auth import CdsClientCaller
from smartapp.cdshooks.key_sets import Fetched, KeySets
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
