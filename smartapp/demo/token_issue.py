"""What the authorization server issues: grants of scopes, token answers with their launch context, id_tokens."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload
from authlib.oauth2 import OAuth2Request
from flask import request as flask_request
from joserfc import jwt
from joserfc.jwk import RSAKey

from smartapp.demo import scopes
from smartapp.demo.calls import HookKey
from smartapp.demo.clients import DemoClient
from smartapp.demo.faults import Fault, Faults
from smartapp.demo.profiles import Profile
from smartapp.demo.tokens import TOKEN_SECONDS, AccessToken, LaunchContext, TokenStore

AUTH_METHODS = ["private_key_jwt", "client_secret_basic", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """What the authorization server stands on: its addresses, keys, memory and faults."""

    base_url: str
    app_url: str
    tokens: TokenStore
    faults: Faults
    hook_key: HookKey
    profile: Profile | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))

    @property
    def fhir_base(self) -> str:
        """The only audience."""
        return f"{self.base_url}/fhir"

    def granted(self, scope: str, context: LaunchContext) -> str:
        """What of a request is granted in this launch."""
        words = scopes.supported(scope)
        if context.scopes is not None:
            words = scopes.within(words, context.scopes)
        if self.faults.get(Fault.NO_ORDER_SCOPE):
            words = scopes.without(words, "MedicationRequest", "cu")
        if self.faults.get(Fault.NO_OBSERVATION_SCOPE):
            words = scopes.without(words, "Observation", "rs")
        return words

    def id_token(self, token: AccessToken, nonce: str) -> str:
        """OpenID Connect, signed RS256 with a key id."""
        now = int(time.time())
        user = token.launch.user
        claims = {
            "iss": self.base_url,
            "sub": user.subject,
            "aud": token.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "fhirUser": f"{self.fhir_base}/{user.reference}",
            "name": user.name,
            **({"nonce": nonce} if nonce else {}),
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, "typ": "JWT"}, claims, self.key, algorithms=["RS256"])


class LoopbackRequest(OAuth2Request):  # type: ignore[misc]  # Authlib is not typed
    """Authlib's Flask request, without its demand for https: the demo lives on loopback."""

    def __init__(self) -> None:
        super().__init__(
            method=flask_request.method,
            uri=f"https:{flask_request.url.partition(':')[2]}",
            headers=flask_request.headers,
        )
        self.payload = FlaskOAuth2Payload(flask_request)

    @property
    def args(self) -> Any:
        """The query."""
        return flask_request.args

    @property
    def form(self) -> Any:
        """The body."""
        return flask_request.form


class SmartServer(AuthorizationServer):  # type: ignore[misc]  # Authlib is not typed
    """Authlib's server with our clients and memory; redirects back to the app name the issuer (RFC 9207)."""

    def __init__(self, realm: Realm, clients: dict[str, DemoClient]) -> None:
        super().__init__()
        self.realm = realm
        self._clients = clients

    def query_client(self, client_id: str) -> DemoClient | None:
        """The registration."""
        return self._clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Tokens are kept where they are made."""

    def create_oauth2_request(self, request: object) -> LoopbackRequest:  # noqa: ARG002  Authlib's signature
        """From Flask's current request."""
        return LoopbackRequest()

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Any:
        """With the issuer on every redirect back to the app."""
        with_issuer = [
            (name, add_params_to_uri(value, [("iss", self.realm.base_url)]) if name == "Location" else value)
            for name, value in headers
        ]
        return super().handle_response(status_code, payload, with_issuer)

    def answer_token(
        self, context: LaunchContext, client_id: str, scope: str, *, nonce: str | None, family: str
    ) -> dict[str, Any]:
        """A new pair, kept, and the answer that gives it; `nonce` None: a refresh."""
        words = scope.split()
        lasting = {"online_access", "offline_access"} & set(words)
        token = AccessToken(
            access=secrets.token_urlsafe(32),
            refresh=secrets.token_urlsafe(32) if lasting else "",
            client_id=client_id,
            scope=scope,
            launch=context,
            ends=self.realm.tokens.clock() + TOKEN_SECONDS,
            family=family,
            from_launch=nonce is not None,
        )
        self.realm.tokens.add_token(token)
        return self._answer(token, words, nonce)

    def _answer(self, token: AccessToken, words: list[str], nonce: str | None) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": token.access,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": token.scope,
        }
        if token.refresh:
            answer["refresh_token"] = token.refresh
        if {"launch", "launch/patient"} & set(words) and not self.realm.faults.get(Fault.NO_PATIENT):
            answer["patient"] = token.patient
        if {"launch", "launch/encounter"} & set(words) and token.launch.encounter:
            answer["encounter"] = token.launch.encounter
        if token.launch.app_context:
            answer["appContext"] = token.launch.app_context
        answer["need_patient_banner"] = "launch" not in words
        if nonce is not None and "openid" in words:
            answer["id_token"] = self.realm.id_token(token, nonce)
        return answer
