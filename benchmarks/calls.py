"""Calling a server: CPU a call, and many connections at once; a raw client, so that little of the time is its own."""

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from benchmarks.servers import Server

JSON = {"Content-Type": "application/json"}
HOOK = "/cds-services/coagulopathy-patient-view"
CQL_PATH = "/cds-services/fibrinogen-replacement"
PEER_PATH = "/cds/cds-services/low-fibrinogen"
_WARM = 5


class Caller:
    """One kept connection to a server."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def post(self, path: str, body: bytes, status: int = 200, headers: Mapping[str, str] = JSON) -> bytes:
        """The answer; another status than expected is an error."""
        self._connection.request("POST", path, body, {**JSON, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:200]!r}")
        return text

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def cpu_ms(server: Server, calls: int, call: Callable[[Caller], object]) -> float:
    """CPU milliseconds a call, after some to warm up."""
    caller = Caller(server)
    for _ in range(_WARM):
        call(caller)
    before = server.cpu_seconds()
    for _ in range(calls):
        call(caller)
    spent = server.cpu_seconds() - before
    caller.close()
    return spent / calls * 1000


def latencies(server: Server, path: str, body: bytes, *, connections: int, seconds: float) -> tuple[list[float], float]:
    """Seconds of each call from so many connections at once, and the calls a second."""
    found: list[list[float]] = [[] for _ in range(connections)]
    until = time.perf_counter() + seconds

    def run(mine: list[float]) -> None:
        caller = Caller(server)
        while (began := time.perf_counter()) < until:
            caller.post(path, body)
            mine.append(time.perf_counter() - began)
        caller.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=run, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = sorted(each for mine in found for each in mine)
    return everything, len(everything) / (time.perf_counter() - began)


def tail(sorted_seconds: list[float]) -> float:
    """p99 over p50."""
    count = len(sorted_seconds)
    return sorted_seconds[min(count - 1, int(count * 0.99))] / sorted_seconds[count // 2]
