"""SMART Backend Services: a token for the watch, without a user (SAL-86).

The access token is kept in this process for its life and asked for anew before it ends; it serves no person's request. There is no
refresh token. `system/` scopes come from the query table.
"""

import threading
import time
from collections.abc import Callable, Sequence

from smartapp.smart.discovery import Discovery
from smartapp.smart.errors import LaunchProblem
from smartapp.smart.registration import Registration
from smartapp.smart.scopes import GrantedScopes, parse_scopes
from smartapp.smart.tokens import TokenAnswer, TokenEndpoint

_BEFORE_END = (
    30.0  # seconds: a token that ends sooner is not used for a look that begins (half its life, where it lives shortly)
)


class NoBackendToken(Exception):
    """The EHR gave the watch no token; the message says why, in a sentence."""


class BackendTokens:
    """The `Tokens` of one EHR's watch; `registration` holds the backend's own client id.

    `scopes` are the system scopes to ask for. One request at a time; what the server calls expired is asked for once more.
    """

    def __init__(
        self,
        registration: Registration,
        *,
        scopes: Sequence[str],
        discovery: Discovery,
        endpoint: TokenEndpoint,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registration = registration
        self._scopes = " ".join(scopes)
        self._discovery = discovery
        self._endpoint = endpoint
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: TokenAnswer | None = None
        self._ends = float("-inf")

    def current(self) -> str:
        """The access token, asked for where there is none that lives long enough; `NoBackendToken` says why there is none."""
        with self._lock:
            return self._living().access_token

    def refreshed(self, stale: str) -> str | None:
        """Another token than `stale`; None where the EHR gives none."""
        with self._lock:
            if self._kept is not None and self._kept.access_token == stale:
                self._ends = float("-inf")
            try:
                newer = self._living().access_token
            except NoBackendToken:
                return None
            return newer if newer != stale else None

    def granted(self) -> GrantedScopes:
        """What the watch may read."""
        with self._lock:
            return parse_scopes(self._living().scope)

    def _living(self) -> TokenAnswer:
        if self._kept is None or self._clock() >= self._ends:
            self._kept = self._asked()
            life = self._kept.expires_in
            self._ends = self._clock() + life - min(_BEFORE_END, life / 2)
        return self._kept

    def _asked(self) -> TokenAnswer:
        try:
            endpoints = self._discovery.endpoints(self._registration)
            return self._endpoint.client_credentials(self._registration, endpoints, self._scopes)
        except LaunchProblem as problem:
            raise NoBackendToken(str(problem)) from None
