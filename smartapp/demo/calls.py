"""Calls to the app over HTTP: each signed for the one address it goes to, each in the console."""

import json
import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from smartapp.demo.console import Console
from smartapp.demo.fhir_server import dump_json

_SECONDS = 8.0
_TOKEN_SECONDS = 120  # at most five minutes are usual


class AppUnreachableError(Exception):
    """The app did not answer as a CDS service; the text is a sentence for the screen."""


@dataclass(frozen=True, slots=True)
class HookKey:
    """The EHR's own ES384 key for hook calls, made at start; `issuer` is the EHR's base URL, where its key set lies."""

    issuer: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-384", auto_kid=True))

    def token(self, audience: str) -> str:
        """A token for one call of this address, short-lived and never used twice (CDS-80 to CDS-86)."""
        now = int(time.time())
        header = {"alg": "ES384", "kid": self.key.kid, "typ": "JWT", "jku": f"{self.issuer}/jwks.json"}
        claims = {
            "iss": self.issuer,
            "aud": audience,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(header, claims, self.key, algorithms=["ES384"])

    def public(self) -> dict[str, Any]:
        """What the key set shows of it."""
        return {**self.key.as_dict(private=False), "use": "sig", "alg": "ES384"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks the app; whatever is no JSON object with status 200 is `AppUnreachableError`."""

    app_url: str
    key: HookKey
    console: Console

    def get(self, url: str) -> dict[str, Any]:
        """Discovery: it needs no token."""
        return self._exchanged("GET", url, "", {})

    def post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        """A signed call."""
        return self._exchanged("POST", url, dump_json(body), {"Authorization": f"Bearer {self.key.token(url)}"})

    def _exchanged(self, method: str, url: str, body: str, signed: dict[str, str]) -> dict[str, Any]:
        started = time.monotonic()
        try:
            reply = _sent(method, url, body, signed)
        except requests.RequestException:
            self._note(method, url, 0, started, body, signed)
            raise AppUnreachableError(f"The app at {self.app_url} did not answer. Is it running?") from None
        self._note(method, url, reply.status_code, started, body, signed, reply.text)
        answer = _object(reply)
        if answer is None:
            raise AppUnreachableError(f"The app answered {reply.status_code} to the CDS Hooks call: no cards.")
        return answer

    def _note(
        self, method: str, url: str, status: int, started: float, body: str, signed: dict[str, str], received: str = ""
    ) -> None:
        lines = "".join(f"{name}: {value}\n" for name, value in signed.items())
        self.console.add(
            kind="feedback" if url.endswith("/feedback") else "hook",
            method=method,
            url=url,
            status=status,
            started=started,
            sent=f"{lines}\n{body}".strip(),
            received=received,
        )


def _object(reply: requests.Response) -> dict[str, Any] | None:
    """The answer, decimals as they were written; None if it is an error or no object."""
    try:
        answer = json.loads(reply.text, parse_float=Decimal) if reply.status_code == 200 else None
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _sent(method: str, url: str, body: str, signed: dict[str, str]) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Accept": "application/json", "Content-Type": "application/json", **signed}
        return session.request(
            method, url, data=body.encode() if body else None, headers=headers, timeout=_SECONDS, allow_redirects=False
        )
