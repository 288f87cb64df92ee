"""The keys of the EHRs' issuers: fetched from the pinned address, kept for a while, fetched once more where none fits (SAL-08, SAL-71)."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, RSAKey

from smartapp.outbound import Outbound, OutboundError
from smartapp.smart.discovery import SmartEndpoints, json_object, lifetime
from smartapp.smart.errors import EhrFailed
from smartapp.smart.registration import Registration

_CURVES = {"ES256": "P-256", "ES384": "P-384"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a private or symmetric key: one that shows them is anybody's (RFC 7517 9.2)."""
_AGAIN = "Open the app again from the chart. If it stays so, tell your EHR team what this page says."
Keys = Sequence[RSAKey | ECKey]


class _NoKeyFits(Exception):
    """None, or more than one where the token names none."""


class IssuerKeys:
    """Verifies what an issuer signed, with its published keys only; header-supplied keys are never looked at."""

    def __init__(
        self,
        outbound: Callable[[Registration], Outbound],
        clock: Callable[[], float] = time.time,
        *,
        seconds: float = 10.0,
    ) -> None:
        self._outbound = outbound
        self._clock = clock
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Keys]] = {}
        self._under_way: dict[str, Future[Keys]] = {}
        self._lock = threading.Lock()

    def ahead(self, registration: Registration, endpoints: SmartEndpoints) -> None:
        """Fetch what is not kept, beside what the launch waits for; where that fails, it is asked again when a key is needed."""
        with self._lock:
            under_way = self._under_way.get(registration.name)
            fresh = self._clock() < self._kept.get(registration.name, (0.0, ()))[0]
            if fresh or not endpoints.jwks or (under_way is not None and not under_way.done()):
                return
            pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keys")
            self._under_way[registration.name] = pool.submit(self._fetched, registration, endpoints)
            pool.shutdown(wait=False)

    def claims(
        self, token: str, header: Mapping[str, Any], *, registration: Registration, endpoints: SmartEndpoints
    ) -> Mapping[str, Any]:
        """The claims of a token whose header was read; joserfc's errors and ValueError for one that does not verify."""
        if registration.name in self._under_way:
            wait([self._under_way[registration.name]])
        until, keys = self._kept.get(registration.name, (0.0, ()))
        if self._clock() < until:
            try:
                return _decoded(token, header, keys)
            except (_NoKeyFits, BadSignatureError):
                pass  # the issuer may have new keys: asked once
        try:
            return _decoded(token, header, self._fetched(registration, endpoints))
        except _NoKeyFits:
            raise ValueError("key") from None

    def _fetched(self, registration: Registration, endpoints: SmartEndpoints) -> Keys:
        if not endpoints.jwks:
            raise EhrFailed("The EHR publishes no keys for its identity tokens.", _AGAIN)
        try:
            reply = self._outbound(registration).get(
                endpoints.jwks, headers={"Accept": "application/json"}, seconds=self._seconds
            )
        except OutboundError as error:
            raise EhrFailed(f"The EHR's keys could not be read: {error}.", _AGAIN) from None
        keys = keys_in(json_object(reply, _AGAIN))
        self._kept[registration.name] = (self._clock() + lifetime(reply), keys)
        return keys


def keys_in(document: Mapping[str, Any]) -> Keys:
    """The RSA and EC keys of a set that are meant for signatures; what cannot be read, or shows a private member, is passed over."""
    listed = document.get("keys")
    read = [_key(raw) for raw in listed if isinstance(raw, dict)] if isinstance(listed, list) else []
    return tuple(key for key in read if key is not None)


def _key(raw: dict[str, Any]) -> RSAKey | ECKey | None:
    kinds: Mapping[Any, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    kind = kinds.get(str(raw.get("kty")))
    if kind is None or raw.get("use") not in (None, "sig") or not _PRIVATE.isdisjoint(raw):
        return None
    names = ("kty", "n", "e", "crv", "x", "y", "kid", "alg", "use")
    try:
        return kind.import_key({name: raw[name] for name in names if raw.get(name) is not None})
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _decoded(token: str, header: Mapping[str, Any], keys: Keys) -> Mapping[str, Any]:
    alg = str(header["alg"])
    return jwt.decode(token, _fitting(keys, alg, header.get("kid")), algorithms=[alg]).claims


def _fitting(keys: Keys, alg: str, kid: Any) -> RSAKey | ECKey:
    """The key of the token's kid; without a kid only if exactly one key fits the algorithm."""
    fitting = [key for key in keys if key.alg in (None, alg) and _is_of(key, alg) and (not kid or key.kid == kid)]
    if len(fitting) != 1:
        raise _NoKeyFits
    return fitting[0]


def _is_of(key: RSAKey | ECKey, alg: str) -> bool:
    if isinstance(key, ECKey):
        return key.curve_name == _CURVES.get(alg)
    return alg not in _CURVES
