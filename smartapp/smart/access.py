"""A session's tokens for the FHIR client, and what its granted scopes allow, in sentences (SAL-53, SAL-54, SAL-80)."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from smartapp.smart.discovery import Discovery
from smartapp.smart.errors import LaunchProblem
from smartapp.smart.registration import Registration
from smartapp.smart.session import SessionStore, SmartSession
from smartapp.smart.tokens import TokenEndpoint


class SessionTokens:
    """The access token of one session; refreshed once where a refresh token was granted, the new pair kept at once."""

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

    def current(self) -> str:
        """The access token."""
        return self._session.access_token

    def refreshed(self, stale: str) -> str | None:
        """A newer token than `stale`; None where there is no refresh token or the EHR refuses (SAL-81)."""
        with self._lock:
            if self._session.access_token != stale:
                return self._session.access_token
            if not self._session.refresh_token:
                return None
            try:
                answer = self._endpoint.refresh(
                    self._registration, self._discovery.endpoints(self._registration), self._session.refresh_token
                )
            except LaunchProblem:
                return None
            patient = answer.context.get("patient")
            if patient is not None and patient != self._session.patient:
                return None
            self._session = replace(
                self._session,
                access_token=answer.access_token,
                refresh_token=answer.refresh_token or self._session.refresh_token,
                token_expires_at=self._clock() + answer.expires_in,
                scope=answer.scope or self._session.scope,
            )
            self._store.replace(self._session.launch, self._session.stored())
            return self._session.access_token


def may_read(session: SmartSession) -> Callable[[str], str]:
    """Of a resource type: empty if reading is granted, else a sentence."""
    granted = session.granted

    def told(resource: str) -> str:
        letter = "r" if resource == "Patient" else "s"
        return "" if granted.may(resource, letter) else f"the EHR did not grant this session to read {resource}"

    return told


def hidden_by_constraint(session: SmartSession) -> Callable[[str], str]:
    """Of a resource type: what a constrained grant hides, in words (SAL-54)."""
    granted = session.granted

    def told(resource: str) -> str:
        constraints = granted.constraints(resource, "s")
        return f"the EHR granted only a part of {resource} ({'; '.join(constraints)[:120]})" if constraints else ""

    return told


def may_write(session: SmartSession, letter: str, *, write_back: bool) -> Callable[[str], str]:
    """Of a resource type: empty if this session may create (`c`) or update (`u`) it, else a sentence (SAL-53, SAL-73)."""
    granted, verb = session.granted, {"c": "create", "u": "change"}[letter]

    def told(resource: str) -> str:
        if not write_back:
            return "writing back is not switched on for this EHR"
        if not session.user.is_professional:
            return "the EHR did not identify you as a health-care professional"
        return (
            ""
            if granted.may(resource, letter)
            else f"writing is not permitted: the EHR did not grant this session to {verb} {resource}"
        )

    return told
