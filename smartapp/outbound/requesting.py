"""Requests through checked connections: one answer or one error each, within time and size (SEC-10)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from smartapp.outbound.addresses import Allowed, OutboundError, check_url
from smartapp.outbound.connections import CONNECT_SECONDS, Resolve, checked_session, resolved

MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_JITTER = 0.05


class NoAnswer(OutboundError):
    """No connection, a time-out, or an answer that broke off."""


class TooLate(NoAnswer):
    """No answer in time."""


class Redirected(OutboundError):
    """The server answered with a redirect, which is never followed."""


class TooLarge(OutboundError):
    """The answer is larger than the cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: status, headers (names in lower case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class Outbound:
    """A pool of checked connections to a fixed set of origins."""

    def __init__(self, allowed: Allowed, *, resolve: Resolve | None = None) -> None:
        self._allowed = allowed
        self.session = checked_session(allowed, resolve or resolved)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, seconds: float = 10.0) -> Reply:
        """GET, at most `seconds` in all."""
        return self.send("GET", url, headers=headers, seconds=seconds)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10.0,
    ) -> Reply:
        """One request; nothing is retried. `OutboundError` says what went wrong."""
        check_url(url, self._allowed)
        deadline = time.monotonic() + seconds
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        try:
            response = self.session.request(
                method, url, headers=dict(headers or {}), data=body, timeout=timeout, allow_redirects=False, stream=True
            )
        except requests.RequestException as error:
            raise _no_answer(error) from None
        with response:
            return _read(response, deadline)


def _read(response: requests.Response, deadline: float) -> Reply:
    if response.is_redirect or 300 <= response.status_code < 400:
        raise Redirected("the server answered with a redirect, which is not followed")
    parts: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            parts.append(chunk)
            if size > MAX_BYTES:
                raise TooLarge("the answer is larger than allowed")
            if time.monotonic() > deadline:
                raise TooLate("the answer did not come in time")
    except requests.RequestException as error:
        late = time.monotonic() > deadline - _JITTER
        raise TooLate("the answer did not come in time") if late else _no_answer(error) from None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=b"".join(parts))


def _no_answer(error: requests.RequestException) -> NoAnswer:
    late = isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout)
    return (TooLate if late else NoAnswer)(_why(error))


def _why(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.InvalidURL):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate could not be verified"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "the answer broke off"
    return "the server could not be reached"
