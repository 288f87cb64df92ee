"""The EHR's well-known configuration as endpoints, checked against what is pinned (SAL-03 to SAL-08)."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from smartapp.outbound import NotAllowed, Outbound, OutboundError, Reply, origin_of
from smartapp.smart.errors import EhrFailed
from smartapp.smart.registration import Registration

_FLOOR, _CEILING = 60.0, 86400.0
_RETRY = "Try again in a minute. If it stays so, tell your EHR team what this page says."


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartEndpoints:
    """What a launch needs of the discovery document."""

    issuer: str
    authorize: str
    token: str
    jwks: str = ""
    revoke: str = ""
    capabilities: frozenset[str] = frozenset()
    auth_algs: frozenset[str] = frozenset()
    iss_in_response: bool = False


class Discovery:
    """Discovery documents, kept for as long as they may be."""

    def __init__(self, outbound: Callable[[Registration], Outbound], *, seconds: float = 10.0) -> None:
        self._outbound = outbound
        self._seconds = seconds
        self._kept: dict[str, tuple[float, SmartEndpoints]] = {}

    def endpoints(self, registration: Registration) -> SmartEndpoints:
        """The endpoints, fresh or kept; `EhrFailed` says what is wrong with them."""
        kept = self._kept.get(registration.name)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        reply = self._get(registration, f"{registration.fhir_base.rstrip('/')}/.well-known/smart-configuration")
        found = self._read(registration, json_object(reply))
        self._kept[registration.name] = (time.monotonic() + lifetime(reply), found)
        return found

    def _get(self, registration: Registration, url: str) -> Reply:
        try:
            reply = self._outbound(registration).get(url, headers={"Accept": "application/json"}, seconds=self._seconds)
        except OutboundError as error:
            raise EhrFailed(f"The EHR's SMART configuration could not be read: {error}.", _RETRY) from None
        if reply.status != 200:
            raise EhrFailed(f"The EHR's SMART configuration could not be read: it answered {reply.status}.", _RETRY)
        return reply

    def _read(self, registration: Registration, document: dict[str, Any]) -> SmartEndpoints:
        base = f"{registration.fhir_base.rstrip('/')}/"
        issuer = _text(document, "issuer")
        if registration.issuer and issuer and issuer != registration.issuer:
            raise EhrFailed("The EHR's SMART configuration names another issuer than the registered one.", _RETRY)
        found = SmartEndpoints(
            issuer=registration.issuer or issuer or registration.fhir_base,
            authorize=_endpoint(document, "authorization_endpoint", base, registration),
            token=_endpoint(document, "token_endpoint", base, registration),
            jwks=_endpoint(document, "jwks_uri", base, registration, needed=False),
            revoke=_endpoint(document, "revocation_endpoint", base, registration, needed=False),
            capabilities=_words(document, "capabilities"),
            auth_algs=_words(document, "token_endpoint_auth_signing_alg_values_supported"),
            iss_in_response=document.get("authorization_response_iss_parameter_supported") is True,
        )
        return found if found.jwks else self._with_openid_keys(registration, found)

    def _with_openid_keys(self, registration: Registration, found: SmartEndpoints) -> SmartEndpoints:
        """Keys through the pinned issuer's OpenID configuration (SAL-71)."""
        url = f"{found.issuer.rstrip('/')}/.well-known/openid-configuration"
        _pinned(url, registration, "openid-configuration")
        document = json_object(self._get(registration, url))
        keys = _endpoint(document, "jwks_uri", f"{found.issuer}/", registration)
        return SmartEndpoints(
            issuer=found.issuer,
            authorize=found.authorize,
            token=found.token,
            jwks=keys,
            revoke=found.revoke,
            capabilities=found.capabilities,
            auth_algs=found.auth_algs,
            iss_in_response=found.iss_in_response,
        )


def json_object(reply: Reply) -> dict[str, Any]:
    """The body as a JSON object; `EhrFailed` for HTML, lists and nonsense."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise EhrFailed("The EHR answered with something that is not JSON.", _RETRY)
    return body


def lifetime(reply: Reply) -> float:
    """How long an answer may be kept: Cache-Control within a floor and a ceiling (SAL-08)."""
    for part in reply.headers.get("cache-control", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.isdigit():
            return min(max(float(value), _FLOOR), _CEILING)
    return 600.0


def _endpoint(
    document: dict[str, Any], name: str, base: str, registration: Registration, *, needed: bool = True
) -> str:
    text = _text(document, name)
    if not text:
        if needed:
            raise EhrFailed(f"The EHR's SMART configuration has no {name}.", _RETRY)
        return ""
    url = urljoin(base, text)
    _pinned(url, registration, name)
    return url


def _pinned(url: str, registration: Registration, name: str) -> None:
    """SAL-07: stop where metadata points to an origin that is not pinned."""
    try:
        inside = origin_of(url) in registration.origins
    except NotAllowed:
        inside = False
    if not inside:
        raise EhrFailed(f"The EHR's SMART configuration names a {name} at a server that is not registered.", _RETRY)


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _words(document: dict[str, Any], name: str) -> frozenset[str]:
    value = document.get(name)
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()
