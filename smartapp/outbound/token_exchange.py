"""One request and its whole answer over checked connections, with requests underneath; what went wrong as one of our errors."""

import time
from collections.abc import Mapping

import requests

from smartapp.outbound.addresses import AddressRefused, Allowed
from smartapp.outbound.connections import CONNECT_SECONDS, Resolve, checked_session, resolved
from smartapp.outbound.http_client import MAX_DOCUMENT_BYTES, HttpReply, NoAnswer, Redirected, TooLarge, TooLate

_CHUNK = 64 * 1024
_JITTER = 0.05
_FAILED = 400

__all__ = ["Exchanges", "Resolve"]


class Exchanges:
    """Requests over one pool of connections."""

    def __init__(self, allowed: Allowed, resolve: Resolve | None) -> None:
        self._session = checked_session(allowed, resolve or resolved)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, seconds: float, largest: int
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
            return _read(response, deadline, largest)


def _read(response: requests.Response, deadline: float, largest: int) -> HttpReply:
    if response.is_redirect or 300 <= response.status_code < 400:
        raise Redirected("the server answered with a redirect, which is not followed")
    headers = {name.lower(): value for name, value in response.headers.items()}
    largest = min(largest, MAX_DOCUMENT_BYTES) if response.status_code >= _FAILED else largest
    parts: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            parts.append(chunk)
            if size > largest:
                return _cut_off(response.status_code, headers)
            if time.monotonic() > deadline:
                raise TooLate("the answer did not come in time")
    except requests.RequestException as error:
        late = time.monotonic() > deadline - _JITTER
        raise TooLate("the answer did not come in time") if late else _no_answer(error) from None
    return HttpReply(status=response.status_code, headers=headers, body=b"".join(parts))


def _cut_off(status: int, headers: Mapping[str, str]) -> HttpReply:
    """Of an error the status is enough; anything else that is too large is not read."""
    if status < _FAILED:
        raise TooLarge("the answer is larger than allowed")
    return HttpReply(status=status, headers=headers, body=b"")


def _no_answer(error: requests.RequestException) -> NoAnswer:
    late = isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout)
    return (TooLate if late else NoAnswer)(_why(error))


_REASONS: tuple[tuple[type[requests.RequestException], str], ...] = (
    (requests.Timeout, "the server did not answer in time"),
    (requests.exceptions.ProxyError, "the proxy did not let the request through"),
    (
        requests.exceptions.SSLError,
        "the server's certificate could not be verified (for a hospital's own authority set ca_file)",
    ),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ContentDecodingError, "the answer broke off"),
)


def _why(error: requests.RequestException) -> str:
    refused = error if isinstance(error, requests.exceptions.InvalidURL) else _refused(error)
    if refused is not None:
        return str(refused)
    return next((words for kind, words in _REASONS if isinstance(error, kind)), "the server could not be reached")


def _refused(error: BaseException | None) -> AddressRefused | None:
    """The reason of ours behind the library's errors, if an address was refused."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, AddressRefused):
            return error
        seen.add(id(error))
        behind = (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__)
        error = next((inner for inner in behind if isinstance(inner, BaseException)), None)
    return None
