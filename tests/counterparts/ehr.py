"""A strict EHR on loopback, authorization server and FHIR server in one: every answer can be replaced, every request is kept.

It refuses what US Core servers need not understand if told to (`strict`), and pages (`page_size`).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import charts as c

KEY = RSAKey.generate_key(2048, private=True)
PUBLIC = {**KEY.as_dict(private=False), "kid": KEY.thumbprint(), "alg": "RS256", "use": "sig"}
TOKEN = "marker-access-token"
REFRESH = "marker-refresh-token"
SCOPE = "launch openid fhirUser patient/*.rs patient/MedicationRequest.crus patient/ServiceRequest.crus patient/Provenance.c"
FHIR = "application/fhir+json"


@dataclass(frozen=True)
class Sent:
    """An answer; `drip` are seconds between its bytes, `cut` how many bytes come before the connection breaks off."""

    body: bytes = b"{}"
    status: int = 200
    media: str = FHIR
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    cut: int | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def names(self) -> set[str]:
        """The search parameters, without modifiers."""
        return {name.partition(":")[0] for name, _ in self.params}


def sent(body: Any, **more: Any) -> Sent:
    """An answer with a JSON body, decimals exact."""
    return Sent(c.dumps(body), **more)


def searchset(*resources: Any, links: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A page of a search."""
    link = [{"relation": name, "url": url} for name, url in (links or {}).items()]
    entries = [one if "resource" in one else {"resource": one, "search": {"mode": "match"}} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries, **more}


def outcome(text: str, severity: str = "error") -> dict[str, Any]:
    """An OperationOutcome."""
    issue = {"severity": severity, "code": "processing", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


Special = Callable[[Asked], Sent | None]


@dataclass
class Ehr:
    """`special` answers first if it answers at all; `token` and `discovery` are merged into those documents."""

    base: str = ""
    resources: list[c.Resource] = field(default_factory=list)
    special: Special | None = None
    token: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    strict: bool = False
    page_size: int = 1000
    nonce: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where it listens."""
        return self.base.removesuffix("/fhir")

    def reset(self, *resources: c.Resource) -> None:
        """As if just started, with these resources."""
        fresh = Ehr(base=self.base, resources=list(resources))
        self.__dict__.update(fresh.__dict__)

    def reads(self, kind: str) -> list[Asked]:
        """What was asked of one resource type."""
        return [asked for asked in self.asked if asked.path.split("/")[2:3] == [kind]]

    def answer(self, asked: Asked) -> Sent:
        self.asked.append(asked)
        special = self.special(asked) if self.special else None
        if special is not None:
            return special
        if asked.path == "/fhir/.well-known/smart-configuration":
            return sent(self.configuration() | self.discovery, media="application/json")
        if asked.path == "/jwks":
            return sent({"keys": [PUBLIC]}, media="application/json")
        if asked.path == "/token":
            return sent(self.tokens(), media="application/json")
        return self._fhir(asked)

    def configuration(self) -> dict[str, Any]:
        """The discovery document without fault."""
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "capabilities": ["launch-ehr", "permission-v2"],
        }

    def tokens(self) -> dict[str, Any]:
        """The token answer for the launch under way."""
        now = int(time.time())
        claims = {
            "iss": self.origin,
            "sub": "u1",
            "aud": "client-a",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "fhirUser": "Practitioner/7",
            **self.claims,
        }
        header = {"alg": "RS256", "kid": KEY.thumbprint()}
        body = {
            "access_token": TOKEN,
            "refresh_token": REFRESH,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": SCOPE,
            "patient": "P1",
            "id_token": jwt.encode(header, claims, KEY, algorithms=["RS256"]),
        }
        return body | self.token

    def _fhir(self, asked: Asked) -> Sent:
        parts = asked.path.removeprefix("/fhir/").split("/")
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}" and parts != ["metadata"]:
            return sent(outcome("no token"), status=401)
        if len(parts) == 2:
            found = [r for r in self.resources if (r["resourceType"], r["id"]) == (parts[0], parts[1])]
            return sent(found[0]) if found else sent(outcome("not here"), status=404)
        if self.strict and (why := refused_by_us_core(parts[0], asked)):
            return sent(outcome(why), status=400)
        return self._searched(parts[0], asked)

    def _searched(self, kind: str, asked: Asked) -> Sent:
        params = dict(asked.params)
        found = [r for r in self.resources if r["resourceType"] == kind and _matches(r, params)]
        start = int(params.get("page", "0")) * self.page_size
        links = {"self": f"{self.origin}{asked.path}?{urlencode(asked.params)}"}
        if start + self.page_size < len(found):
            kept = [(n, v) for n, v in asked.params if n != "page"]
            more = urlencode([*kept, ("page", str(int(params.get("page", "0")) + 1))])
            links["next"] = f"{self.origin}{asked.path}?{more}"
        return sent(searchset(*found[start : start + self.page_size], links=links))


_US_CORE = {  # what a US Core server must support, and nothing more (FHIR-12)
    "Observation": ({"patient", "category"}, {"patient", "category", "date"}, {"patient", "code"}),
    "Condition": ({"patient"}, {"patient", "category"}),
    "MedicationRequest": ({"patient", "intent"}, {"patient", "intent", "status"}),
}


def refused_by_us_core(kind: str, asked: Asked) -> str:
    """Why a server that supports only US Core's searches refuses this one."""
    params = dict(asked.params)
    if asked.names not in _US_CORE.get(kind, ({"patient"},)):
        return f"unknown or unsupported parameters: {', '.join(sorted(asked.names))}"
    if "," in params.get("code", ""):
        return "several codes are not supported"
    return ""


def _matches(resource: c.Resource, params: Mapping[str, str]) -> bool:
    whose = resource.get("subject", resource.get("patient", {})).get("reference", "")
    coded = resource.get("code", {}).get("coding", [{}])[0]
    wanted = [code.rpartition("|")[2] for code in params.get("code", "").split(",") if code]
    return (
        whose.rpartition("/")[2] == params.get("patient", "").removeprefix("Patient/")
        and (not wanted or coded.get("code") in wanted)
        and params.get("category", _category(coded)) == _category(coded)
        and params.get("status", resource.get("status")) == resource.get("status")
        and resource.get("intent", "order") in params.get("intent", "order,plan,proposal").split(",")
    )


def _category(coded: Mapping[str, str]) -> str:
    return "vital-signs" if coded.get("code") == "29463-7" else "laboratory"


@contextmanager
def listening(*resources: c.Resource) -> Iterator[Ehr]:
    """The EHR, on a port of its own."""
    ehr = Ehr(resources=list(resources))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            params = tuple(parse_qsl(parts.query, keep_blank_values=True))
            self._reply(
                ehr.answer(Asked(self.command, parts.path, params, dict(self.headers), self.rfile.read(length)))
            )

        do_POST = do_PUT = do_GET

        def _reply(self, given: Sent) -> None:
            self.send_response(given.status)
            for name, value in {"Content-Type": given.media, **given.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            body = given.body if given.cut is None else given.body[: given.cut]
            try:
                for piece in _pieces(body, given.drip):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(given.drip)
            except OSError:
                return
            self.close_connection = self.close_connection or given.cut is not None

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ehr.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()


def _pieces(body: bytes, drip: float) -> Sequence[bytes]:
    return [body[i : i + 1] for i in range(len(body))] if drip else [body]


def as_json(raw: bytes) -> Any:
    """A body read back."""
    return json.loads(raw)
