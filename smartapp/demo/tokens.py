"""Launches, codes and tokens of the authorization server, in memory: single use, expiry, families that end together."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, TokenMixin

CODE_SECONDS = 60
TOKEN_SECONDS = 3600
LAUNCH_SECONDS = 900
REFRESH_SECONDS = 8 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """Who is signed in at the demo EHR: `reference` like Practitioner/osei."""

    reference: str
    name: str

    @property
    def subject(self) -> str:
        """The OpenID subject."""
        return self.reference.replace("/", "-").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchContext:
    """What an app is launched with; `scopes` limits what may be granted (None: no limit)."""

    patient: str
    encounter: str = ""
    user: DemoUser
    scopes: tuple[str, ...] | None = None
    app_context: str = ""
    ends: float = 0.0


@dataclass(kw_only=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib is not typed
    """An authorization code and all it is bound to; its family is ended when it is replayed."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    nonce: str
    launch: LaunchContext
    ends: float
    family: str
    used: bool = False

    def get_redirect_uri(self) -> str:
        """For Authlib."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """For Authlib."""
        return self.scope


@dataclass(kw_only=True)
class AccessToken(TokenMixin):  # type: ignore[misc]  # Authlib is not typed
    """A pair of access and refresh token; `from_launch`: not made by a refresh."""

    access: str
    refresh: str
    client_id: str
    scope: str
    launch: LaunchContext
    ends: float
    family: str
    from_launch: bool = True
    refreshed: bool = False
    revoked: bool = False
    issued: float = field(default_factory=time.time)

    @property
    def patient(self) -> str:
        """The patient in context, empty without one."""
        return self.launch.patient

    def check_client(self, client: object) -> bool:
        """For Authlib."""
        return getattr(client, "client_id", None) == self.client_id

    def get_scope(self) -> str:
        """For Authlib."""
        return self.scope


class TokenStore:
    """All of them, behind one lock; the clock is real time, also when the clinical clock is frozen."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._launches: dict[str, LaunchContext] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: list[AccessToken] = []
        self._seen: dict[tuple[str, str], float] = {}

    def add_launch(self, context: LaunchContext) -> str:
        """An opaque launch id."""
        launch = secrets.token_urlsafe(18)
        with self._lock:
            self._launches[launch] = replace(context, ends=self.clock() + LAUNCH_SECONDS)
        return launch

    def launch(self, launch: str) -> LaunchContext | None:
        """The context of a launch id that is known and has not ended."""
        context = self._launches.get(launch)
        return context if context is not None and context.ends > self.clock() else None

    def add_code(self, code: Code) -> None:
        """Keep a new code."""
        with self._lock:
            self._codes[code.code] = code

    def redeem(self, text: str, client_id: str) -> Code | None:
        """The code, once, for its client; a second time ends all tokens made from it."""
        with self._lock:
            code = self._codes.get(text)
            if code is None or code.client_id != client_id:
                return None
            if code.used:
                self._end(token for token in self._tokens if token.family == code.family)
                return None
            code.used = True
            return code if code.ends > self.clock() else None

    def add_token(self, token: AccessToken) -> None:
        """Keep a new pair, and forget the long ended."""
        with self._lock:
            limit = self.clock() - REFRESH_SECONDS
            self._tokens = [kept for kept in self._tokens if kept.issued > limit]
            self._tokens.append(token)

    def access(self, text: str) -> AccessToken | None:
        """The pair of a living access token."""
        now = self.clock()
        return next(
            (token for token in self._tokens if token.access == text and not token.revoked and token.ends > now), None
        )

    def refresh(self, text: str, client_id: str) -> AccessToken | None:
        """The pair of a refresh token, once; a second time ends its whole family (RFC 9700 4.14.2)."""
        with self._lock:
            token = next((kept for kept in self._tokens if kept.refresh == text and text), None)
            if token is None or token.revoked or token.client_id != client_id:
                return None
            if token.refreshed:
                self._end(kept for kept in self._tokens if kept.family == token.family)
                return None
            token.refreshed = True
            return token

    def find(self, text: str) -> AccessToken | None:
        """The pair of either token, for revocation."""
        return next((token for token in self._tokens if text and text in (token.access, token.refresh)), None)

    def end_family(self, family: str) -> None:
        """Revoke every token of a family."""
        with self._lock:
            self._end(token for token in self._tokens if token.family == family)

    def clear(self) -> None:
        """End everything."""
        with self._lock:
            self._end(self._tokens)
            self._codes.clear()
            self._seen.clear()
            self._launches.clear()

    def first_use(self, client_id: str, jti: str, ends: float) -> bool:
        """Whether this client sends this assertion id for the first time."""
        with self._lock:
            self._seen = {key: end for key, end in self._seen.items() if end > self.clock()}
            if (client_id, jti) in self._seen:
                return False
            self._seen[client_id, jti] = ends
            return True

    @staticmethod
    def _end(tokens: Iterable[AccessToken]) -> None:
        for token in tokens:
            token.revoked = True
