"""A FHIR server on loopback for own queries: it filters by code, pages if told to, is slow if told to, and logs what was asked."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests import charts as c


@dataclass
class Host:
    """`slow` are seconds before each answer, `drips` makes each byte of an answer take a fifth of a second, `refuses` are types
    answered 403, `pages` bundles and `statuses` errors by path."""

    resources: list[c.Resource]
    base: str = ""
    slow: float = 0.0
    drips: bool = False
    refuses: set[str] = field(default_factory=set)
    pages: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    finished: list[str] = field(default_factory=list)

    def reset(self, *resources: c.Resource) -> None:
        """Nothing asked, nothing wrong, and these resources."""
        fresh = Host(list(resources), base=self.base)
        for name in ("resources", "slow", "drips", "refuses", "pages", "statuses", "asked", "tokens", "finished"):
            setattr(self, name, getattr(fresh, name))

    def answer(self, url: str) -> tuple[int, bytes]:
        parts = urlsplit(url)
        kind, _, id_ = parts.path.removeprefix("/fhir/").partition("/")
        if kind in self.refuses:
            return 403, b"{}"
        if parts.path in self.statuses:
            return self.statuses[parts.path], b"{}"
        if parts.path in self.pages:
            return 200, c.dumps(self.pages[parts.path])
        found = [r for r in self.resources if r["resourceType"] == kind and id_ in ("", r["id"])]
        if id_:
            return (200, c.dumps(found[0])) if found else (404, b"{}")
        wanted = {token.rpartition("|")[2] for token in ",".join(parse_qs(parts.query).get("code", [])).split(",")}
        matching = [r for r in found if kind != "Observation" or _code(r) in wanted]
        entries = [{"resource": r} for r in matching]
        body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        link = [{"relation": "self", "url": f"{self.base.removesuffix('/fhir')}{url}"}]
        return 200, c.dumps({**body, "link": link})


def _code(resource: c.Resource) -> str:
    return str(resource["code"]["coding"][0]["code"])


@contextmanager
def hosted(*resources: c.Resource) -> Iterator[Host]:
    """The server, listening."""
    host = Host(list(resources))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/fhir/metadata" and "Authorization" not in self.headers:
                self.send_error(404)  # it says nothing of itself
                return
            host.asked.append(self.path)
            host.tokens.add(self.headers.get("Authorization", ""))
            time.sleep(host.slow)
            status, body = host.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for part in [bytes([b]) for b in body] if host.drips else [body]:
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(0.2 if host.drips else 0)
            except OSError:
                return
            host.finished.append(self.path)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    host.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
