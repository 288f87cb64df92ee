"""The registered clients of the demo's authorization server, and how each proves who it is."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from authlib.oauth2.rfc6749 import ClientMixin
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from smartapp.demo.scopes import supported
from smartapp.demo.tokens import TokenStore

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES384", "RS384")
BASIC_SECRET = "demo-secret-not-for-real-use"
_LONGEST_LIFE = 300
_SKEW = 30


@dataclass(frozen=True, slots=True)
class DemoClient(ClientMixin):  # type: ignore[misc]  # Authlib is not typed
    """One registration of the app; `method` is its token_endpoint_auth_method."""

    client_id: str
    method: str
    redirect_uri: str
    secret: str = ""

    def get_client_id(self) -> str:
        """For Authlib."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """The redirect URI must always be sent."""
        return

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The words that can be granted; None if none can."""
        return supported(scope or "") or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exact comparison."""
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        """Constant time."""
        return bool(self.secret) and secrets.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  Authlib's signature
        """Only the registered method."""
        return method == self.method

    def check_response_type(self, response_type: str) -> bool:
        """Only codes."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes and refreshes."""
        return grant_type in ("authorization_code", "refresh_token")


def registered(app_url: str) -> dict[str, DemoClient]:
    """The three ways in which the app may be registered here."""
    redirect = f"{app_url}/callback"
    clients = (
        DemoClient("fibrinogen-watch", "private_key_jwt", redirect),
        DemoClient("fibrinogen-watch-public", "none", redirect),
        DemoClient("fibrinogen-watch-basic", "client_secret_basic", redirect, BASIC_SECRET),
    )
    return {client.client_id: client for client in clients}


class AppKeys:
    """The app's public keys, fetched from its JWKS URL and again when a key id is unknown."""

    def __init__(self, jwks_url: str) -> None:
        self._url = jwks_url
        self._lock = threading.Lock()
        self._keys: KeySet | None = None

    def find(self, kid: str) -> Any:
        """The key of this id; ValueError if there is none."""
        with self._lock:
            found = self._named(kid)
            if found is None:
                self._keys = self._fetched()
                found = self._named(kid)
        if found is None:
            raise ValueError("unknown key id")
        return found

    def _named(self, kid: str) -> Any:
        return next((key for key in self._keys.keys if key.kid == kid), None) if self._keys is not None else None

    def _fetched(self) -> KeySet:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(self._url, timeout=5, allow_redirects=False)
            reply.raise_for_status()
            return KeySet.import_key_set(reply.json())


@dataclass(frozen=True, slots=True)
class AssertionCheck:
    """private_key_jwt (RFC 7523, SMART asymmetric): registered with Authlib as an authentication method."""

    keys: AppKeys
    tokens: TokenStore
    audience: str

    def __call__(self, query_client: Callable[[str], DemoClient | None], request: Any) -> DemoClient | None:
        """The client whose assertion this is; None where it is missing or wrong."""
        form = request.form
        if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
            return None
        try:
            claims = self._verified(form["client_assertion"])
        except (JoseError, ValueError, KeyError, TypeError, requests.RequestException):
            return None
        named = form.get("client_id")
        client = query_client(str(claims["iss"]))
        return client if self._fits(claims) and named in (None, claims["iss"]) else None

    def _verified(self, assertion: str) -> dict[str, Any]:
        header = extract_compact(assertion.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise ValueError("algorithm")
        key = self.keys.find(str(header.get("kid") or ""))
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=list(ALGORITHMS)).claims
        return claims

    def _fits(self, claims: dict[str, Any]) -> bool:
        now = self.tokens.clock()
        ends = claims.get("exp")
        if not isinstance(ends, int | float) or not now - _SKEW < ends <= now + _LONGEST_LIFE + _SKEW:
            return False
        if claims.get("sub") != claims.get("iss") or claims.get("aud") not in (self.audience, [self.audience]):
            return False
        jti = claims.get("jti")
        return isinstance(jti, str) and bool(jti) and self.tokens.first_use(str(claims["iss"]), jti, ends + _SKEW)
