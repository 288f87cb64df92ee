"""The callers' public keys: fetched from where each is configured, kept for a while, asked for again at most once a minute (CDS-83)."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc.jwk import ECKey, RSAKey

from smartapp.cdshooks.client_auth import CdsClientCaller
from smartapp.cdshooks.tokens import Unauthorized

REFETCH_SECONDS = 60
_RETRY_SECONDS = 5
_OLDEST_SECONDS = 86400
_MIN_RSA_CHARS = 342  # 2048 bits, base64url
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a private or symmetric key: one that shows them is anybody's (RFC 7517 9.2)."""
_MATERIAL = {"EC": ("crv", "x", "y"), "RSA": ("n", "e")}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A key set as it came, and for how many seconds it may be kept."""

    body: bytes
    seconds: float


Fetch = Callable[[str], Fetched]
"""The key set of a caller by its name; `OSError` where it cannot be had."""


class _Document(msgspec.Struct, frozen=True):
    keys: tuple[Any, ...]


_read = msgspec.json.Decoder(_Document).decode


@dataclass(slots=True)
class _Kept:
    keys: Sequence[Mapping[str, Any]] = ()
    read_at: float = float("-inf")
    fresh_until: float = float("-inf")
    missed_at: float = float("-inf")
    failed_at: float = float("-inf")
    imported: dict[tuple[str, str], ECKey | RSAKey] = field(default_factory=dict)


class KeySets:
    """A `Keys`; `published` are coordinates of keys whose private part the world knows, refused here (CDS-89)."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float], *, published: frozenset[str] = frozenset()) -> None:
        self._fetch = fetch
        self._clock = clock
        self._published = published
        self._kept: dict[str, _Kept] = defaultdict(_Kept)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def key(self, caller: CdsClientCaller, kid: str, algorithm: str) -> ECKey | RSAKey:
        """The one key of this id, if it fits the algorithm; a key that is known and fresh waits for nobody's fetch."""
        kept = self._kept[caller.name]
        fresh = kept.imported.get((kid, algorithm)) if self._clock() < kept.fresh_until else None
        if fresh is not None:
            return fresh
        with self._locks[caller.name]:
            self._refresh(caller, kept, kid)
            known = kept.imported.get((kid, algorithm))
            if known is None:
                known = _imported(self._one(caller, kept, kid, algorithm))
                kept.imported[kid, algorithm] = known
            return known

    def _refresh(self, caller: CdsClientCaller, kept: _Kept, kid: str) -> None:
        now = self._clock()
        stale = now >= kept.fresh_until and now - kept.failed_at >= _RETRY_SECONDS
        unknown = not any(key.get("kid") == kid for key in kept.keys) and now - kept.missed_at >= REFETCH_SECONDS
        if not stale and not (unknown and now < kept.fresh_until):
            return  # known and fresh, or asked for too recently
        self._read(caller, kept, now)
        if not any(key.get("kid") == kid for key in kept.keys):
            kept.missed_at = now

    def _read(self, caller: CdsClientCaller, kept: _Kept, now: float) -> None:
        try:
            fetched = self._fetch(caller.name)
            kept.keys = _keys_in(fetched.body)
        except (OSError, ValueError):
            kept.failed_at = now
            if now - kept.read_at > _OLDEST_SECONDS:
                kept.keys = ()
                kept.imported.clear()
            return
        kept.imported.clear()
        kept.read_at, kept.fresh_until = now, now + fetched.seconds

    def _one(self, caller: CdsClientCaller, kept: _Kept, kid: str, algorithm: str) -> Mapping[str, Any]:
        named = [key for key in kept.keys if key.get("kid") == kid]
        if len(named) != 1:
            raise Unauthorized("no key has this kid" if not named else "several keys have this kid")
        key = named[0]
        if _is_known_to_all(key):
            raise Unauthorized("the key shows a private member, or is symmetric")
        if not _fits(key, algorithm, caller.key_uses):
            raise Unauthorized("the key does not fit the algorithm")
        if self._published & {str(key.get("x")), str(key.get("n"))}:
            raise Unauthorized("the key is one whose private part is public")
        return key


def _keys_in(body: bytes) -> Sequence[Mapping[str, Any]]:
    """The keys of a set; what is no key is passed over. `ValueError` for what is no set."""
    try:
        listed = _read(body).keys
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ValueError("not a key set") from None
    return tuple(key for key in listed if isinstance(key, dict))


def usable(body: bytes, caller: CdsClientCaller) -> tuple[str, ...]:
    """The ids of the keys in a set that one of the caller's algorithms can be verified with; `ValueError` for no set."""
    return tuple(
        str(key["kid"])
        for key in _keys_in(body)
        if key.get("kid")
        and not _is_known_to_all(key)
        and any(_fits(key, algorithm, caller.key_uses) for algorithm in caller.algorithms)
    )


def _is_known_to_all(key: Mapping[str, Any]) -> bool:
    """Whether whoever reads the set can sign with the key (CDS-98)."""
    return key.get("kty") == "oct" or not _PRIVATE.isdisjoint(key)


def _fits(key: Mapping[str, Any], algorithm: str, uses: Sequence[str]) -> bool:
    """kty, crv, alg and use speak for the algorithm (CDS-83); a short RSA key does not."""
    elliptic = algorithm.startswith("ES")
    fits_kind = (
        (key.get("kty"), key.get("crv")) == ("EC", _CURVES[algorithm])
        if elliptic
        else key.get("kty") == "RSA" and len(str(key.get("n", ""))) >= _MIN_RSA_CHARS
    )
    operations = key.get("key_ops", ["verify"])
    return (
        fits_kind
        and key.get("alg", algorithm) == algorithm
        and key.get("use", uses[0]) in uses
        and isinstance(operations, list)
        and "verify" in operations
    )


def _imported(key: Mapping[str, Any]) -> ECKey | RSAKey:
    """Only the public numbers."""
    kind = str(key["kty"])
    numbers: dict[str, str | list[str]] = {name: str(key.get(name, "")) for name in ("kty", *_MATERIAL[kind])}
    return ECKey.import_key(numbers) if kind == "EC" else RSAKey.import_key(numbers)
