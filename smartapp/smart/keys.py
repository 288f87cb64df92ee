"""Our signing keys: one ES384 and one RS384, the JWK Set, and the client assertion (SAL-35 to SAL-41)."""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ALGORITHMS = ("ES384", "RS384")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWKS_SECONDS = 300
"""How long whoever fetched our key set may keep it (its Cache-Control)."""
LEAD_SECONDS = 2 * JWKS_SECONDS
"""A new key is published this long before it signs: until every copy of the set has it, with room for clocks that differ."""
KEPT_SECONDS = JWKS_SECONDS + 600
"""An old key stays published this long after it signed last: the set's life and 5 minutes, with room for clocks that differ."""
_ASSERTION_SECONDS = 240
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key pair with its id and algorithm; from `retired_at` on (epoch seconds) it no longer signs."""

    kid: str
    alg: str
    private_jwk: dict[str, Any] = field(repr=False)
    created_at: float = 0.0
    retired_at: float | None = None

    def signs(self, now: float) -> bool:
        """Not yet retired."""
        return self.retired_at is None or now < self.retired_at

    def is_published(self, now: float) -> bool:
        """Still needed by someone who has an assertion of it."""
        return self.retired_at is None or now < self.retired_at + KEPT_SECONDS


class KeyStore(Protocol):
    """Where key pairs are kept, encrypted; the rows decide for all processes."""

    def pairs(self) -> Sequence[StoredKey]:
        """All of them, newest first."""

    def add_first(self, key: StoredKey) -> None:
        """Keep a new pair, unless there is one of its algorithm that is not to be retired."""

    def succeed(self, key: StoredKey, retired_at: float) -> None:
        """Keep a new pair; the others of its algorithm are retired at that time, if they are not already."""


class SigningKeys:
    """The app's keys; the first pair of each algorithm is made where there is none."""

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def ensure(self) -> None:
        """Make the first pair of each algorithm."""
        present = {key.alg for key in self._store.pairs() if key.retired_at is None}
        for alg in ALGORITHMS:
            if alg not in present:
                self._store.add_first(new_key(alg))

    def rotate(self) -> list[StoredKey]:
        """A new pair of each algorithm, published now; each signs as soon as everyone can have it (SAL-40)."""
        fresh = [new_key(alg) for alg in ALGORITHMS]
        for key in fresh:
            self._store.succeed(key, self._clock() + LEAD_SECONDS)
        return fresh

    def jwks(self) -> dict[str, Any]:
        """The public set (SAL-39): what signs, what will, and what signed until lately."""
        now = self._clock()
        return {"keys": [public_jwk(key) for key in self._store.pairs() if key.is_published(now)]}

    def signing(self, alg: str) -> StoredKey:
        """The pair that signs now: of those not retired the next to be, because a newer one may not be known everywhere yet."""
        now = self._clock()
        usable = [key for key in self._store.pairs() if key.alg == alg and key.signs(now)]
        return min(usable, key=lambda key: (key.retired_at or math.inf, key.created_at, key.kid))

    def assertion(self, *, client_id: str, token_url: str, alg: str) -> str:
        """A client assertion for one token request (SAL-35, SAL-36)."""
        key = self.signing(alg)
        now = int(self._clock())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        header = {"alg": alg, "kid": key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, _imported(key), algorithms=[alg])


def new_key(alg: str) -> StoredKey:
    """A fresh pair whose kid is its RFC 7638 thumbprint."""
    key: ECKey | RSAKey = (
        ECKey.generate_key("P-384", private=True) if alg == "ES384" else RSAKey.generate_key(2048, private=True)
    )
    return StoredKey(kid=key.thumbprint(), alg=alg, private_jwk=dict(key.as_dict(private=True)))


def public_jwk(key: StoredKey) -> dict[str, Any]:
    """The public part with kid, alg and use."""
    public = {
        name: value
        for name, value in key.private_jwk.items()
        if name not in _PRIVATE and name not in ("kid", "alg", "use", "key_ops")
    }
    return {**public, "kid": key.kid, "alg": key.alg, "use": "sig"}


def _imported(key: StoredKey) -> ECKey | RSAKey:
    kind = ECKey if key.alg == "ES384" else RSAKey
    return kind.import_key(key.private_jwk)
