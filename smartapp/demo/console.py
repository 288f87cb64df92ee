"""The console: the last raw exchanges of the demo EHR, newest first, tokens shortened."""

import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

_KEPT = 300
_LONGEST = 6000
_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-None-Exist",
    "If-Match",
    "Prefer",
    "Accept",
    "Location",
    "ETag",
    "Retry-After",
    "WWW-Authenticate",
)
_SECRET = re.compile(
    r"((?:access_token|refresh_token|id_token|client_assertion|code_verifier|token)(?:=|\"\s*:\s*\"))([^&\"\s]{9,})"
)
_CODE = re.compile(r"(\bcode=)([\w-]{20,})")  # an authorization code; the codes of FHIR are shorter, or hold a system
_BEARER = re.compile(r"((?:Bearer|Basic) )(\S{9,})")
_KINDS = (
    ("/fhir/.well-known", "discovery"),
    ("/.well-known", "discovery"),
    ("/jwks", "discovery"),
    ("/fhir", "FHIR"),
    ("/authorize", "authorize"),
    ("/token", "token"),
    ("/revoke", "token"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer."""

    number: int
    at: str
    kind: str
    method: str
    url: str
    status: int
    milliseconds: int
    sent: str
    received: str


def shortened(text: str) -> str:
    """The text with every token, code and assertion cut to its first characters."""
    return _BEARER.sub(_cut, _CODE.sub(_cut, _SECRET.sub(_cut, text)))


def _cut(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2][:6]}…"


class Console:
    """A bounded memory of exchanges."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=_KEPT)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(
        self, *, kind: str, method: str, url: str, status: int, started: float, sent: str = "", received: str = ""
    ) -> None:
        """Remember one exchange; `started` by time.monotonic()."""
        exchange = Exchange(
            number=next(self._numbers),
            at=datetime.now(UTC).strftime("%H:%M:%S"),
            kind=kind,
            method=method,
            url=shortened(url)[:600],
            status=status,
            milliseconds=round((time.monotonic() - started) * 1000),
            sent=shortened(sent)[:_LONGEST],
            received=shortened(received)[:_LONGEST],
        )
        with self._lock:
            self._kept.appendleft(exchange)

    def newest(self, limit: int = _KEPT) -> list[Exchange]:
        """The exchanges, newest first."""
        with self._lock:
            return list(self._kept)[:limit]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._kept.clear()

    def listen(self, app: Flask) -> None:
        """Record what apps ask of this EHR: not its own screens."""

        @app.before_request
        def begin() -> None:
            g.started = time.monotonic()

        @app.after_request
        def end(response: Response) -> Response:
            kind = next((name for prefix, name in _KINDS if request.path.startswith(prefix)), "")
            if kind:
                self._record(kind, response)
            return response

    def _record(self, kind: str, response: Response) -> None:
        body = request.get_data(as_text=True) if request.mimetype != "application/x-www-form-urlencoded" else _form()
        received = response.get_data(as_text=True) if response.is_json or response.status_code >= 400 else ""
        self.add(
            kind=kind,
            method=request.method,
            url=request.full_path.rstrip("?"),
            status=response.status_code,
            started=g.started,
            sent=_lines(request.headers, body),
            received=_lines(response.headers, received),
        )


def _form() -> str:
    return "&".join(f"{name}={value}" for name, value in request.form.items(multi=True))


def _lines(headers: Headers, body: str) -> str:
    kept = "\n".join(f"{name}: {headers[name]}" for name in _HEADERS if headers.get(name))
    return f"{kept}\n\n{body}".strip()
