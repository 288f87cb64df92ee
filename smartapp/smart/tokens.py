"""The token endpoint: redeem a code, refresh, revoke; the answer examined member by member (SAL-30 to SAL-33, 42, 50, 51, 80, 83)."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from smartapp.outbound import MAX_DOCUMENT_BYTES, Outbound, OutboundError
from smartapp.smart.discovery import SmartEndpoints, json_object
from smartapp.smart.errors import EhrFailed, GrantEnded, LaunchRefused
from smartapp.smart.keys import ASSERTION_TYPE, SigningKeys
from smartapp.smart.registration import Registration

_SHORT_LIFE = 300.0
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_BASIC, _SIGNED = "client_secret_basic", "private_key_jwt"
_AGAIN = "Open the app again from the chart. If it stays so, tell your EHR team the reference below."


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """What the token endpoint gave; `context` holds every other member (patient, encounter, need_patient_banner …)."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: float
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)


class TokenEndpoint:
    """Requests to the token endpoint; never repeated, never redirected."""

    def __init__(
        self, outbound: Callable[[Registration], Outbound], keys: SigningKeys, *, seconds: float = 10.0
    ) -> None:
        self._outbound = outbound
        self._keys = keys
        self.seconds = seconds

    def redeem(
        self, registration: Registration, endpoints: SmartEndpoints, *, code: str, verifier: str, redirect_uri: str
    ) -> TokenAnswer:
        """Exchange the code, once."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return _examined(self._post(registration, endpoints, endpoints.token, form))

    def refresh(self, registration: Registration, endpoints: SmartEndpoints, token: str) -> TokenAnswer:
        """A new access token; each refresh token is used once. An answer without scope grants what was granted before."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return _examined({"scope": "", **self._post(registration, endpoints, endpoints.token, form)})

    def client_credentials(self, registration: Registration, endpoints: SmartEndpoints, scope: str) -> TokenAnswer:
        """A system token for a registered backend, by a signed assertion (SAL-86)."""
        form = {"grant_type": "client_credentials", "scope": scope}
        return _examined(self._post(registration, endpoints, endpoints.token, form))

    def revoke(self, registration: Registration, endpoints: SmartEndpoints, token: str) -> str:
        """RFC 7009; empty, or in a word why the token may live on; no answer is an OutboundError."""
        headers, form = self._authenticated(registration, endpoints, {"token": token})
        reply = self._outbound(registration).send(
            "POST",
            endpoints.revoke,
            headers=headers,
            body=urlencode(form).encode(),
            seconds=self.seconds,
            largest=MAX_DOCUMENT_BYTES,
        )
        return "" if reply.status == 200 else f"status {reply.status}"

    def _post(
        self, registration: Registration, endpoints: SmartEndpoints, url: str, form: Mapping[str, str]
    ) -> dict[str, Any]:
        headers, body = self._authenticated(registration, endpoints, form)
        try:
            reply = self._outbound(registration).send(
                "POST",
                url,
                headers=headers,
                body=urlencode(body).encode(),
                seconds=self.seconds,
                largest=MAX_DOCUMENT_BYTES,
            )
        except OutboundError as error:
            raise EhrFailed(f"The EHR gave no access token: {error}.", _AGAIN) from None
        if reply.status >= 500:
            raise EhrFailed(f"The EHR gave no access token: it failed ({reply.status}).", _AGAIN)
        answer = json_object(reply, _AGAIN)
        if reply.status != 200 or "error" in answer:
            code = answer.get("error")
            known = code if isinstance(code, str) and code.replace("_", "").isalpha() and len(code) < 40 else "an error"
            kind = GrantEnded if known == "invalid_grant" else LaunchRefused
            raise kind(f"The EHR refused the access token ({known}).", _AGAIN)
        return answer

    def _authenticated(
        self, registration: Registration, endpoints: SmartEndpoints, form: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Client authentication: none, Basic, or a signed assertion (SAL-31 to SAL-37)."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        method = _method(registration, endpoints)
        if method == "public":
            return headers, {**form, "client_id": registration.client_id}
        if method == _BASIC:
            return {**headers, "Authorization": _basic(registration)}, dict(form)
        alg = registration.signing_alg
        if endpoints.auth_algs and alg not in endpoints.auth_algs:
            alg = next((other for other in ("ES384", "RS384") if other in endpoints.auth_algs), alg)
        assertion = self._keys.assertion(client_id=registration.client_id, token_url=endpoints.token, alg=alg)
        return headers, {**form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def _method(registration: Registration, endpoints: SmartEndpoints) -> str:
    """The configured one; a signed assertion gives way to Basic only where its secret is configured too, and the server
    says that it takes Basic and no assertion (SAL-33)."""
    offered = endpoints.auth_methods
    gives_way = bool(registration.client_secret) and _BASIC in offered and _SIGNED not in offered
    return _BASIC if registration.client_auth == _SIGNED and gives_way else registration.client_auth


def _basic(registration: Registration) -> str:
    """SAL-34: form-encoded or as they are, by configuration; without one the two are the same."""
    pair = (registration.client_id, registration.client_secret)
    if registration.basic_encoding == "form":
        pair = (quote_plus(pair[0]), quote_plus(pair[1]))
    return f"Basic {base64.b64encode(':'.join(pair).encode()).decode()}"


def _examined(answer: Mapping[str, Any]) -> TokenAnswer:
    """SAL-50: access_token, a Bearer token_type and scope are required; expires_in may be absent or a numeric string."""
    token, kind, scope = (answer.get(name) for name in ("access_token", "token_type", "scope"))
    if not _word(token):
        raise EhrFailed("The EHR's token answer has no access_token.", _AGAIN)
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise EhrFailed("The EHR's token answer is of another type than Bearer.", _AGAIN)
    if not isinstance(scope, str):
        raise EhrFailed("The EHR's token answer does not say which scopes were granted.", _AGAIN)
    return TokenAnswer(
        access_token=_word(token),
        scope=" ".join(word for word in scope.split() if _word(word)),
        expires_in=_seconds(answer.get("expires_in")),
        refresh_token=_word(answer.get("refresh_token")),
        id_token=_word(answer.get("id_token")),
        context={
            name: value for name, value in answer.items() if name not in ("access_token", "refresh_token", "id_token")
        },
    )


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return _SHORT_LIFE
    return seconds if 0 < seconds < 1e9 else _SHORT_LIFE


def _word(value: Any) -> str:
    """A token, or a word of a scope: of visible ASCII characters, else as if it were not there (RFC 6749, appendix A)."""
    return value if isinstance(value, str) and _VISIBLE.fullmatch(value) else ""
