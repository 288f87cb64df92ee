"""Connections that go only to checked addresses, ignore the environment, follow nothing, and end with the time (SEC-11, FHIR-15)."""

import io
import socket
import time
from collections.abc import Callable, Sequence
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from smartapp.outbound.addresses import Allowed, NotAllowed, check_address, check_url, origin_of

CONNECT_SECONDS = 5.0
_KEPT = 32  # open connections to one server: two readings, each with all its searches at once
_PORTS = {"https": 443, "http": 80}
Resolve = Callable[[str, int], Sequence[str]]


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def checked_session(allowed: Allowed, resolve: Resolve) -> requests.Session:
    """A session that ignores the environment, follows nothing, and connects only to addresses it has checked."""
    session = requests.Session()
    session.trust_env = False
    adapter = _CheckedAdapter(allowed, resolve)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _CheckedAdapter(HTTPAdapter):
    """Checks the URL again on its way out (Authlib's session rides on this) and pins the resolved address (SEC-11)."""

    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
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


def _pinning(allowed: Allowed, resolve: Resolve) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    """Connection pools whose connections resolve once, check, and connect to exactly the checked address."""

    class PlainConnection(HTTPConnection):
        response_class = _PunctualResponse

        def _new_conn(self) -> socket.socket:
            return _connect("http", self, allowed, resolve)

    class SecureConnection(HTTPSConnection):
        response_class = _PunctualResponse

        def _new_conn(self) -> socket.socket:
            return _connect("https", self, allowed, resolve)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return PlainPool, SecurePool


class _PunctualResponse(HTTPResponse):
    """An answer whose headers and body together take no longer than the connection's time-out, also where a server only
    drips (FHIR-15): sockets alone count anew with every byte."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Punctual(self.fp.detach(), sock))


class _Punctual(io.RawIOBase):
    """What a socket reads until one moment."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._until = time.monotonic() + (sock.gettimeout() or CONNECT_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not come in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _connect(scheme: str, connection: HTTPConnection, allowed: Allowed, resolve: Resolve) -> socket.socket:
    """To the address that was checked, of the host that was allowed: whatever another parser made of the URL (SEC-12)."""
    host, port = connection.host.strip("[]"), connection.port or _PORTS[scheme]
    if origin_of(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}") not in allowed.origins:
        raise OSError("the address is not one of the registered servers")
    addresses = resolve(host, port)
    if not addresses:
        raise OSError("the name does not resolve")
    for address in addresses:
        check_address(host, address, allowed)
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT_SECONDS
    found = socket.create_connection((addresses[0], port), timeout=timeout)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
