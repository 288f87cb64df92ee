"""The one module that opens connections: allow-list, address checks, no redirects, time and size caps (SEC-10 to SEC-13)."""

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_SECONDS = 5.0
MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_KEPT = 32  # open connections to one server: two readings, each with all its searches at once


class OutboundError(Exception):
    """A request that was not made or not answered as it must be; the message is a sentence without secrets.

    - `NotAllowed`: the address is not one we may ask
    - `NoAnswer`: no connection, a time-out, an answer that broke off: whether the server acted is unknown
      - `TooLate`: a time-out: it may still be acting
    - `Redirected`: the server sent us elsewhere
    - `TooLarge`: the answer exceeded the cap
    """


class NotAllowed(OutboundError):
    """The address is not one we may ask."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What may be asked: exact origins; plain http only where `insecure` holds (loopback in development); hosts that may
    resolve to private addresses."""

    origins: frozenset[str]
    insecure: bool = False
    private_hosts: frozenset[str] = field(default_factory=frozenset)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, normalised; `NotAllowed` for what is no plain http(s) URL (SEC-12)."""
    if not url.isascii() or any(ord(char) <= 32 or char == "\\" for char in url):
        raise NotAllowed("the address has characters that a URL may not have")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("the address is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAllowed("the address is not an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("the address carries user information")
    default = 443 if parts.scheme == "https" else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


class Outbound:
    """A pool of checked connections to a fixed set of origins."""

    def __init__(self, allowed: Allowed, *, resolve: Callable[[str, int], Sequence[str]] | None = None) -> None:
        self._allowed = allowed
        self.session = checked_session(allowed, resolve or _resolve)

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


def check_url(url: str, allowed: Allowed) -> None:
    """`NotAllowed` unless the URL's origin is on the list and its scheme is safe."""
    origin = origin_of(url)
    if origin not in allowed.origins:
        raise NotAllowed("the address is not one of the registered servers")
    if origin.startswith("http://") and not (allowed.insecure and _is_loopback_host(urlsplit(url).hostname or "")):
        raise NotAllowed("the address is not https")


def checked_session(allowed: Allowed, resolve: Callable[[str, int], Sequence[str]]) -> requests.Session:
    """A session that ignores the environment, follows nothing, and connects only to addresses it has checked."""
    session = requests.Session()
    session.trust_env = False
    adapter = _CheckedAdapter(allowed, resolve)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _CheckedAdapter(HTTPAdapter):
    """Checks the URL again on its way out (Authlib's session rides on this) and pins the resolved address (SEC-11)."""

    def __init__(self, allowed: Allowed, resolve: Callable[[str, int], Sequence[str]]) -> None:
        self._allowed = allowed
        self._resolve = resolve
        super().__init__(pool_connections=8, pool_maxsize=_KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pin = _pinning(self._allowed, self._resolve)
        self.poolmanager.pool_classes_by_scheme = {"http": pin[0], "https": pin[1]}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            check_url(request.url or "", self._allowed)
        except NotAllowed as refused:
            raise requests.exceptions.InvalidURL(str(refused)) from None
        return super().send(request, *args, **kwargs)


def _pinning(
    allowed: Allowed, resolve: Callable[[str, int], Sequence[str]]
) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    """Connection pools whose connections resolve once, check, and connect to exactly the checked address."""

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, allowed, resolve)

    class SecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, allowed, resolve)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return PlainPool, SecurePool


def _connect(
    connection: HTTPConnection, allowed: Allowed, resolve: Callable[[str, int], Sequence[str]]
) -> socket.socket:
    host, port = connection.host.strip("[]"), connection.port or 443
    addresses = resolve(host, port)
    if not addresses:
        raise OSError("the name does not resolve")
    for address in addresses:
        check_address(host, address, allowed)
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT_SECONDS
    found = socket.create_connection((addresses[0], port), timeout=timeout)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def check_address(host: str, address: str, allowed: Allowed) -> None:
    """`OSError` for an address inside (loopback, private, link-local …) unless the operator listed that host (SEC-11)."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_global and not ip.is_multicast:
        return
    if host in allowed.private_hosts and not (ip.is_multicast or ip.is_unspecified or ip.is_link_local):
        return
    raise OSError("the name resolves to an address that is not allowed")


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
        raise _no_answer(error) from None
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
