"""The authorization server of the demo: SMART App Launch 2.2 on Authlib's server classes, strict."""

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

from smartapp.demo.clients import AppKeys, AssertionCheck, DemoClient, registered
from smartapp.demo.token_issue import Realm, SmartServer
from smartapp.demo.tokens import CODE_SECONDS, AccessToken, Code, LaunchContext

AUTH_METHODS = ["private_key_jwt", "client_secret_basic", "none"]


class S256Required(CodeChallenge):  # type: ignore[misc]  # Authlib is not typed
    """PKCE for every client, S256 only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  Authlib's attribute

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Both parameters must be there."""
        sent = grant.request.payload.data
        if not sent.get("code_challenge") or sent.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is not typed
    """Codes: bound to client, redirect URI, challenge, launch and FHIR server; one minute, one use."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def validate_authorization_request(self) -> str:
        """RFC 6749 and PKCE by Authlib, then what SMART adds."""
        redirect_uri: str = super().validate_authorization_request()
        problem = self._smart_problem()
        if problem:
            raise InvalidRequestError(problem, redirect_uri=redirect_uri)
        return redirect_uri

    def _smart_problem(self) -> str:
        sent = self.request.payload.data
        words = (sent.get("scope") or "").split()
        if any(len(sent.getlist(name)) > 1 for name in ("aud", "launch", "code_challenge", "nonce")):
            return "A parameter was sent twice."
        if not sent.get("state"):
            return "The parameter state is required."
        if sent.get("aud") != self.server.realm.fhir_base:
            return "The parameter aud is not this FHIR server."
        if ("launch" in words) != bool(sent.get("launch")):
            return "The scope launch and the parameter launch come together or not at all."
        if sent.get("launch") and self.server.realm.tokens.launch(sent["launch"]) is None:
            return "The launch is unknown or has ended."
        return ""

    def save_authorization_code(self, code: str, request: Any) -> None:
        """`request.user` is the launch context that the view decided on."""
        sent = request.payload.data
        tokens = self.server.realm.tokens
        kept = Code(
            code=code,
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=self.server.realm.granted(request.scope, request.user),
            code_challenge=sent["code_challenge"],
            code_challenge_method="S256",
            nonce=sent.get("nonce") or "",
            launch=request.user,
            ends=tokens.clock() + CODE_SECONDS,
            family=secrets.token_urlsafe(12),
        )
        tokens.add_code(kept)

    def query_authorization_code(self, code: str, client: DemoClient) -> Code | None:
        """Once."""
        return self.server.realm.tokens.redeem(code, client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It is kept as used, so that a replay is noticed."""

    def authenticate_user(self, authorization_code: Code) -> LaunchContext:
        """Whom the code was issued for."""
        return authorization_code.launch

    def generate_token(self, *, user: LaunchContext, scope: str, **_: Any) -> dict[str, Any]:
        """The token answer of SMART."""
        code: Code = self.request.authorization_code
        return self.server.answer_token(
            user, self.request.client.client_id, scope, nonce=code.nonce, family=code.family
        )


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib is not typed
    """Refresh with rotation: each refresh token once, reuse ends the family."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def authenticate_refresh_token(self, refresh_token: str) -> AccessToken | None:
        """Once."""
        return self.server.realm.tokens.refresh(refresh_token, self.request.client.client_id)

    def authenticate_user(self, refresh_token: AccessToken) -> LaunchContext:
        """Whom the token was issued for."""
        return refresh_token.launch

    def revoke_old_credential(self, refresh_token: AccessToken) -> None:
        """The old access token ends with its refresh token."""
        refresh_token.revoked = False  # stays findable, so that reuse is noticed
        refresh_token.ends = 0.0

    def generate_token(self, *, user: LaunchContext, scope: str, **_: Any) -> dict[str, Any]:
        """A new pair of the same family."""
        old: AccessToken = self.request.refresh_token
        return self.server.answer_token(user, old.client_id, scope, nonce=None, family=old.family)


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib is not typed
    """RFC 7009: either token ends the pair and all that came with it."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    server: SmartServer

    def query_token(self, token_string: str, token_type_hint: str | None) -> AccessToken | None:  # noqa: ARG002  Authlib's signature
        """Whatever the hint says."""
        return self.server.realm.tokens.find(token_string)

    def revoke_token(self, token: AccessToken, request: Any) -> None:  # noqa: ARG002  Authlib's signature
        """The family."""
        self.server.realm.tokens.end_family(token.family)


def create_server(realm: Realm) -> SmartServer:
    """The authorization server with its grants and clients."""
    server = SmartServer(realm, registered(realm.app_url))
    keys = AppKeys(f"{realm.app_url}/.well-known/jwks.json")
    server.register_client_auth_method("private_key_jwt", AssertionCheck(keys, realm.tokens, f"{realm.base_url}/token"))
    server.register_grant(CodeGrant, [S256Required(required=True)])
    server.register_grant(RefreshGrant)
    server.register_endpoint(Revocation)
    return server
