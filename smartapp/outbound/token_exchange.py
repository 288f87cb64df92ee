"""One request and its whole answer over checked connections, with requests underneath; what went wrong as one of our errors."""

import time
from collections.abc import Mapping

import requests

from smartapp.outbound.addresses import Allowed
from smartapp.outbound.connections import CONNECT_SECONDS, Resolve, checked_session, resolved
from smartapp.outbound.http_client import MAX_BYTES, HttpReply, NoAnswer, Redirected, TooLarge, TooLate

_CHUNK = 64 * 1024
_JITTER = 0.05

__all__ = ["Exchanges", "Resolve"]


class Exchanges:
    """Requests over one pool of connections."""

    def __init__(self, allowed: Allowed, resolve: Resolve | None) -> None:
        self._session = checked_session(allowed, resolve or resolved)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> HttpReply:
        """One request to an address that was checked."""
        deadline = time.monotonic() + seconds
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        try:
            response = self._session.request(
                method, url, headers=dict(headers), data=body, timeout=timeout, allow_redirects=False, stream=True
            )
        except requests.RequestException as error:
            raise _no_answer(error) from None
        with response:
            return _read(response, deadline)


def _read(response: requests.Response, deadline: float) -> HttpReply:
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
    return HttpReply(status=response.status_code, headers=headers, body=b"".join(parts))


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
