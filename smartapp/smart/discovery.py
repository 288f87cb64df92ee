"""The EHR's well-known configuration as endpoints, checked against what is pinned (SAL-03 to SAL-08)."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from smartapp.fhir.oauth_uris import read_oauth_uris
from smartapp.outbound import (
    MAX_DOCUMENT_BYTES,
    MAX_STATEMENT_BYTES,
    HttpReply,
    NotAllowed,
    Outbound,
    OutboundError,
    origin_of,
)
from smartapp.smart.errors import EhrFailed
from smartapp.smart.registration import Registration

_FLOOR, _CEILING, _USUAL = 60.0, 86400.0, 600.0
_OK, _NOT_FOUND = 200, 404
_RETRY = "Try again in a minute. If it stays so, tell your EHR team what this page says."


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartEndpoints:
    """What a launch needs of the discovery document; `auth_methods` and `auth_algs` are what the token endpoint says it takes."""

    issuer: str
    authorize: str
    token: str
    jwks: str = ""
    revoke: str = ""
    capabilities: frozenset[str] = frozenset()
    auth_methods: frozenset[str] = frozenset()
    auth_algs: frozenset[str] = frozenset()
    iss_in_response: bool = False


class Discovery:
    """Discovery documents, kept for as long as they may be."""

    def __init__(
        self,
        outbound: Callable[[Registration], Outbound],
        *,
        seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbound = outbound
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, tuple[float, SmartEndpoints]] = {}

    def endpoints(self, registration: Registration) -> SmartEndpoints:
        """The endpoints, fresh or kept; `EhrFailed` says what is wrong with them."""
        kept = self._kept.get(registration.name)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        reply = self._get(registration, f"{registration.fhir_base.rstrip('/')}/.well-known/smart-configuration")
        if reply.status == _NOT_FOUND and registration.discovery_fallback:
            document, seconds = self._from_statement(registration), _USUAL
        else:
            document, seconds = json_object(_answered(reply)), lifetime(reply)
        found = _read(document, registration)
        if not found.jwks:
            found = replace(found, jwks=self._openid_keys(registration, found.issuer))
        self._kept[registration.name] = (self._clock() + (seconds if found.jwks else _FLOOR), found)
        return found

    def _get(
        self, registration: Registration, url: str, accept: str = "application/json", largest: int = MAX_DOCUMENT_BYTES
    ) -> HttpReply:
        outbound = self._outbound(registration)
        try:
            return outbound.get(url, headers={"Accept": accept}, seconds=self._seconds, largest=largest)
        except OutboundError as error:
            raise EhrFailed(f"The EHR's SMART configuration could not be read: {error}.", _RETRY) from None

    def _from_statement(self, registration: Registration) -> dict[str, Any]:
        """SAL-05: only after a 404, and only where the site switched it on."""
        url = f"{registration.fhir_base.rstrip('/')}/metadata"
        reply = self._get(registration, url, "application/fhir+json", MAX_STATEMENT_BYTES)
        return dict(read_oauth_uris(_answered(reply).body))

    def _openid_keys(self, registration: Registration, issuer: str) -> str:
        """The keys' address by the issuer's OpenID configuration (SAL-71); empty where there is none, until one is needed."""
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        _pinned(url, registration, "openid-configuration")
        try:
            document = json_object(_answered(self._get(registration, url)))
        except EhrFailed:
            return ""
        _check_issuer(_text(document, "issuer"), issuer)
        return _endpoint(document, "jwks_uri", f"{issuer}/", registration, needed=False)


def json_object(reply: HttpReply, advice: str = _RETRY) -> dict[str, Any]:
    """The body as a JSON object; `EhrFailed` for HTML, lists and nonsense."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise EhrFailed("The EHR answered with a page or text where its sign-in data belong (not JSON).", advice)
    return body


def lifetime(reply: HttpReply) -> float:
    """How long an answer may be kept: Cache-Control within a floor and a ceiling (SAL-08)."""
    parts = [part.strip().lower() for part in reply.headers.get("cache-control", "").split(",")]
    if "no-store" in parts or "no-cache" in parts:
        return _FLOOR
    for part in parts:
        name, _, value = part.partition("=")
        if name == "max-age" and value.isdecimal():
            return min(max(float(value), _FLOOR), _CEILING)
    return _USUAL


def _answered(reply: HttpReply) -> HttpReply:
    if reply.status != _OK:
        raise EhrFailed(f"The EHR's SMART configuration could not be read: it answered {reply.status}.", _RETRY)
    return reply


def _read(document: dict[str, Any], registration: Registration) -> SmartEndpoints:
    base = f"{registration.fhir_base.rstrip('/')}/"
    issuer = _text(document, "issuer")
    if registration.issuer:
        _check_issuer(issuer, registration.issuer)
    return SmartEndpoints(
        issuer=registration.issuer or issuer or registration.fhir_base,
        authorize=_endpoint(document, "authorization_endpoint", base, registration),
        token=_endpoint(document, "token_endpoint", base, registration),
        jwks=_endpoint(document, "jwks_uri", base, registration, needed=False),
        revoke=_endpoint(document, "revocation_endpoint", base, registration, needed=False),
        capabilities=_words(document, "capabilities"),
        auth_methods=_words(document, "token_endpoint_auth_methods_supported"),
        auth_algs=_words(document, "token_endpoint_auth_signing_alg_values_supported"),
        iss_in_response=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _check_issuer(said: str, pinned: str) -> None:
    if said and said != pinned:
        raise EhrFailed("The EHR's SMART configuration names another issuer than the registered one.", _RETRY)


def _endpoint(
    document: dict[str, Any], name: str, base: str, registration: Registration, *, needed: bool = True
) -> str:
    text = _text(document, name)
    if not text:
        if needed:
            raise EhrFailed(f"The EHR's SMART configuration has no {name}.", _RETRY)
        return ""
    try:
        url = urljoin(base, text)
    except ValueError:
        url = ""
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
