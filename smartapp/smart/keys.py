"""Our signing keys: one ES384 and one RS384, the JWK Set, and the client assertion (SAL-35 to SAL-41)."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ALGORITHMS = ("ES384", "RS384")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 240
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key pair with its id and algorithm; `retired`: still published, no longer used."""

    kid: str
    alg: str
    private_jwk: dict[str, Any]
    retired: bool = False


class KeyStore(Protocol):
    """Where key pairs are kept, encrypted."""

    def pairs(self) -> Sequence[StoredKey]:
        """All that are to be published, newest first."""

    def add(self, key: StoredKey) -> None:
        """Keep a new pair."""


class SigningKeys:
    """The app's keys; the first pair of each algorithm is made where there is none."""

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def ensure(self) -> None:
        """Make the first pair of each algorithm."""
        present = {key.alg for key in self._store.pairs() if not key.retired}
        for alg in ALGORITHMS:
            if alg not in present:
                self._store.add(new_key(alg))

    def jwks(self) -> dict[str, Any]:
        """The public set (SAL-39)."""
        return {"keys": [public_jwk(key) for key in self._store.pairs()]}

    def assertion(self, *, client_id: str, token_url: str, alg: str) -> str:
        """A client assertion for one token request (SAL-35, SAL-36)."""
        key = next(key for key in self._store.pairs() if key.alg == alg and not key.retired)
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
