"""A session's tokens for the FHIR client: one refresh in flight among all processes (SAL-80, SAL-81)."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from smartapp.smart.discovery import Discovery
from smartapp.smart.errors import GrantEnded, LaunchProblem
from smartapp.smart.registration import Registration
from smartapp.smart.session import SessionStore, SmartSession, restored
from smartapp.smart.tokens import TokenAnswer, TokenEndpoint

_LOOK_SECONDS = 0.05
REFUSED, OTHER_PATIENT = "refused", "other patient"
"""Why a refresh ended the session, as the store keeps it."""


class SessionTokens:
    """The access token of one session; refreshed where a refresh token was granted, the new pair kept at once."""

    def __init__(
        self,
        session: SmartSession,
        registration: Registration,
        *,
        discovery: Discovery,
        endpoint: TokenEndpoint,
        store: SessionStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._registration = registration
        self._discovery = discovery
        self._endpoint = endpoint
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._given_up = ""
        self._longest = 2 * endpoint.seconds + 5  # discovery and the token request, and some time to keep what came

    def current(self) -> str:
        """The access token."""
        return self._session.access_token

    def refreshed(self, stale: str) -> str | None:
        """A newer token than `stale`; None where there is none to be had. A failure is not tried again by this page."""
        with self._lock:
            if stale == self._given_up:
                return None
            found = self._newer(stale)
            newer = found if found != stale else None  # the same again is none, however often it is asked for
            self._given_up = "" if newer else stale
            return newer

    def _newer(self, stale: str) -> str | None:
        """Refresh, or wait for the process that does; what it failed at is not tried after it."""
        holder, waited, until = secrets.token_hex(8), False, time.monotonic() + self._longest
        while time.monotonic() < until:
            kept = self._store.kept(self._session.launch)
            if kept is None:
                return None
            self._session = restored(kept.payload)
            if self._session.access_token != stale:
                return self._session.access_token
            if not self._session.refresh_token or (waited and not kept.refreshing):
                return None
            if not kept.refreshing and self._store.hold(self._session.launch, holder, self._longest):
                return self._held(stale, holder)
            waited = True
            time.sleep(_LOOK_SECONDS)
        return None

    def _held(self, stale: str, holder: str) -> str | None:
        """With the right to refresh: another process may have done it between the look and the right."""
        try:
            kept = self._store.kept(self._session.launch)
            if kept is None:
                return None
            self._session = restored(kept.payload)
            return self._exchanged() if self._session.access_token == stale else self._session.access_token
        finally:
            self._store.release(self._session.launch, holder)

    def _exchanged(self) -> str | None:
        """The new pair; a grant that is over, or another patient's, ends the session."""
        session = self._session
        try:
            endpoints = self._discovery.endpoints(self._registration)
            answer = self._endpoint.refresh(self._registration, endpoints, session.refresh_token)
        except GrantEnded:
            self._store.end(session.launch, REFUSED)
            return None
        except LaunchProblem:
            return None
        if answer.context.get("patient") not in (None, session.patient):
            self._store.end(session.launch, OTHER_PATIENT)
            return None
        self._session = _with(session, answer, self._clock())
        return self._session.access_token if self._store.replace(session.launch, self._session.stored()) else None


def _with(session: SmartSession, answer: TokenAnswer, now: float) -> SmartSession:
    return replace(
        session,
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or session.refresh_token,
        token_expires_at=now + answer.expires_in,
        scope=answer.scope or session.scope,
    )
