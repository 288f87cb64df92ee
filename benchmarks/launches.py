"""EHR launches against a server with a set round-trip time: chains, time, a large pull, and the page's size."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import bodies, servers
from benchmarks.ehr import Ehr, chain, ehr_of, serve
from benchmarks.table import Seen

ROUND_TRIP = 0.08
_REDIRECTS = range(300, 400)


@dataclass(slots=True)
class Browser:
    """Follows redirects, keeps cookies, follows a page's own refresh until it is complete."""

    cookies: dict[str, str] = field(default_factory=dict)
    sent: int = 0  # bytes of the last page as they came, before decompression

    def open(self, url: str) -> str:
        """The address where it ended, once the page is complete."""
        while True:
            answer, host = self._get(url)
            body = answer.read()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[f"{host} {name}"] = value
            refresh = answer.headers.get("Refresh", "")
            if answer.status in _REDIRECTS:
                url = _absolute(url, answer.headers["Location"])
            elif answer.status != 200:
                raise RuntimeError(f"{url} answered {answer.status}: {body[:300]!r}")
            elif refresh:
                seconds, _, again = refresh.partition("; url=")
                time.sleep(float(seconds))
                url = _absolute(url, again)
            else:
                self.sent = len(body)
                return url

    def _get(self, url: str) -> tuple[HTTPResponse, str]:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        held = "; ".join(
            f"{name.split(' ')[1]}={value}"
            for name, value in self.cookies.items()
            if name.startswith(f"{parts.netloc} ")
        )
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", path, headers={"Cookie": held, "Accept-Encoding": "gzip", "Accept": "text/html"})
        return connection.getresponse(), parts.netloc


def _absolute(url: str, location: str) -> str:
    parts = urlsplit(url)
    return location if "://" in location else f"{parts.scheme}://{parts.netloc}{location}"


@dataclass(frozen=True, slots=True)
class Launched:
    """One launch: round trips in time, its longest chain, and the page's bytes as sent."""

    round_trips: float
    chain: list[str]
    sent: int


def rows(folder: Path, rounds: int) -> Iterator[Seen]:
    """The rows of the table about launches."""
    cold, warm, large = [], [], []
    for _ in range(rounds):
        first, second = launches(folder, 300)
        cold.append(first)
        warm.append(second)
        large.append(launches(folder, 2000)[1])
    yield Seen("chain_cold", tuple(float(len(each.chain)) for each in cold))
    yield Seen("chain_warm", tuple(float(len(each.chain)) for each in warm))
    yield Seen("launch_cold", tuple(each.round_trips for each in cold))
    yield Seen("launch_warm", tuple(each.round_trips for each in warm))
    yield Seen("pull_2000", tuple(each.round_trips for each in large))
    yield Seen("page", tuple(each.sent / 1000 for each in cold))


def launches(folder: Path, observations: int, delay: float = ROUND_TRIP) -> tuple[Launched, Launched]:
    """The first launch of an app that has just started, and one of another user right after it (of two, the second)."""
    ehr = ehr_of(bodies.chart(observations, low=True), delay)
    server = serve(ehr)
    try:
        with servers.app(folder, fhir=f"{ehr.base}/fhir", issuer=ehr.base) as app:
            first = _launched(ehr, app.url, delay)
            _launched(ehr, app.url, delay)
            return first, _launched(ehr, app.url, delay)
    finally:
        server.shutdown()
        server.server_close()


def _launched(ehr: Ehr, app: str, delay: float) -> Launched:
    ehr.requests.clear()
    browser, began = Browser(), time.perf_counter()
    browser.open(f"{app}/launch?iss={ehr.base}/fhir&launch=bench")
    took = time.perf_counter() - began
    time.sleep(2 * delay)
    return Launched(took / delay if delay else 0.0, chain(ehr.requests), browser.sent)
