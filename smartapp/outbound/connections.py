"""Connections that go only to checked addresses, ignore the environment, follow nothing, and end with the time (SEC-11, FHIR-15)."""

import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
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
    if allowed.proxy:
        session.proxies = {"http": allowed.proxy, "https": allowed.proxy}
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
        super().init_poolmanager(*args, **{**kwargs, **_trusting(self._allowed.ca_file)})
        self.poolmanager.pool_classes_by_scheme = _pools(
            lambda scheme, connection: _connect(scheme, connection, self._allowed, self._resolve)
        )

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Its connections go to the configured proxy and nowhere else, and end with the time as all others."""
        manager = super().proxy_manager_for(proxy, **{**kwargs, **_trusting(self._allowed.ca_file)})
        manager.pool_classes_by_scheme = _pools(lambda _, connection: _connect_proxy(connection, self._allowed.proxy))
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            check_url(request.url or "", self._allowed)
        except NotAllowed as refused:
            raise requests.exceptions.InvalidURL(str(refused)) from None
        return super().send(request, *args, **kwargs)


def _trusting(ca_file: Path | None) -> dict[str, Any]:
    """A TLS context that trusts these certificates too; without them the library's own, which trusts the public ones."""
    if ca_file is None:
        return {}
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.load_verify_locations(cafile=str(ca_file))
    return {"ssl_context": context}


Connect = Callable[[str, HTTPConnection], socket.socket]


def _pools(connect: Connect) -> dict[str, Any]:
    """Connection pools by scheme whose connections are made by `connect` and are punctual."""

    class PlainConnection(HTTPConnection):
        response_class = _PunctualResponse

        def _new_conn(self) -> socket.socket:
            return connect("http", self)

    class SecureConnection(HTTPSConnection):
        response_class = _PunctualResponse

        def _new_conn(self) -> socket.socket:
            return connect("https", self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


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
    return _opened(addresses[0], port, connection)


def _connect_proxy(connection: HTTPConnection, proxy: str) -> socket.socket:
    """To the proxy that the operator named, wherever it lies: it is the operator's own."""
    host, port = connection.host.strip("[]"), connection.port or _PORTS["http"]
    if origin_of(f"http://{f'[{host}]' if ':' in host else host}:{port}") != origin_of(proxy):
        raise OSError("the address is not the configured proxy")
    return _opened(host, port, connection)


def _opened(address: str, port: int, connection: HTTPConnection) -> socket.socket:
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT_SECONDS
    found = socket.create_connection((address, port), timeout=timeout)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
