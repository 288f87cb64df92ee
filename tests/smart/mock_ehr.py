"""A mock EHR on loopback: discovery, authorization, keys and FHIR, a knob for every answer, and a log of every request."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests import charts as c
from tests.cdshooks.fhir_host import Host

CHART = (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.8"), c.weight("70"))
READS = ("Patient.r", "Observation.rs", "Condition.rs", "Procedure.rs", "MedicationAdministration.rs")
READS += (
    "MedicationRequest.rs",
    "MedicationStatement.rs",
    "ServiceRequest.rs",
    "AllergyIntolerance.rs",
    "Encounter.rs",
)
WRITES = ("MedicationRequest.cu", "ServiceRequest.cu", "Provenance.c")
SCOPE = "launch openid fhirUser " + " ".join(f"patient/{scope}" for scope in READS + WRITES)
KEY = RSAKey.generate_key(2048, private=True)
OTHER_KEY = RSAKey.generate_key(2048, private=True)
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Granted:
    """What a code was given for."""

    nonce: str
    challenge: str
    redirect_uri: str
    patient: str


@dataclass
class MockEhr:
    """`knobs` answer a path instead of what stands here; `token`, `claims`, `header` replace members (None removes one).

    `takes` tells which access tokens the FHIR server accepts, if another server issued them.
    """

    url: str = ""
    prefix: str = "/fhir"
    client_id: str = "client-a"
    asked: list[Asked] = field(default_factory=list)
    knobs: dict[str, Callable[[Asked], Answer | None]] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    refreshed: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    signs_with: RSAKey = field(default_factory=lambda: KEY)
    id_token: Callable[[dict[str, Any]], str] | None = None
    key_age: str = "max-age=3600"
    resources: list[c.Resource] = field(default_factory=lambda: list(CHART))
    refreshes: bool = False
    takes: Callable[[str], bool] | None = None
    codes: dict[str, Granted] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    serial: int = 0

    @property
    def base(self) -> str:
        """The FHIR base."""
        return f"{self.url}{self.prefix}"

    @property
    def root(self) -> str:
        """Its path, without a slash at the end."""
        return self.prefix.rstrip("/")

    def authorize(self, sent: dict[str, str], patient: str = "P1") -> str:
        """What a user who agrees leads to: a code, good once."""
        code = self.next("code")
        self.codes[code] = Granted(sent.get("nonce", ""), sent["code_challenge"], sent["redirect_uri"], patient)
        return code

    def requests(self, path: str, method: str = "") -> list[Asked]:
        """What arrived at a path."""
        return [asked for asked in self.asked if asked.path == path and method in ("", asked.method)]

    def clinical(self) -> list[Asked]:
        """What was asked of the chart."""
        own = (f"{self.root}/.well-known/smart-configuration", f"{self.root}/metadata")
        return [asked for asked in self.asked if asked.path.startswith(f"{self.root}/") and asked.path not in own]

    def expire(self) -> None:
        """Every access token is over."""
        self.live.clear()

    def next(self, kind: str) -> str:
        """A secret that can be looked for anywhere."""
        with self.lock:
            self.serial += 1
            return f"marker-{kind}-{self.serial}"

    def answered(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
        turned = self.knobs.get(asked.path)
        answer = turned(asked) if turned else None
        if answer is not None:
            return answer
        if asked.path == f"{self.root}/.well-known/smart-configuration":
            return as_json(self.configuration())
        if asked.path == "/jwks":
            return as_json({"keys": [public(key) for key in self.keys]}, **{"Cache-Control": self.key_age})
        if asked.path == "/token":
            return self._token(asked.form)
        if asked.path == "/revoke":
            return 200, {}, b""
        return self._fhir(asked)

    def configuration(self) -> dict[str, Any]:
        body = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "revocation_endpoint": f"{self.url}/revoke",
            "jwks_uri": f"{self.url}/jwks",
            "capabilities": ["launch-ehr", "launch-standalone", "permission-v2"],
            **self.discovery,
        }
        return {name: value for name, value in body.items() if value is not None}

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") == "refresh_token":
            return as_json(self._tokens("P1", self.refreshed))
        with self.lock:
            granted = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if granted is None or (granted.challenge, granted.redirect_uri) != (challenge, form.get("redirect_uri")):
            return as_json({"error": "invalid_grant"}, 400)
        body = self._tokens(granted.patient, {})
        body["id_token"] = self.signed(granted.nonce)
        body |= self.token
        return as_json({name: value for name, value in body.items() if value is not None})

    def _tokens(self, patient: str, more: dict[str, Any]) -> dict[str, Any]:
        access = self.next("access")
        self.live.add(access)
        body = {"access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE, "patient": patient}
        if self.refreshes:
            body["refresh_token"] = self.next("refresh")
        return {name: value for name, value in {**body, **more}.items() if value is not None}

    def signed(self, nonce: str) -> str:
        now = int(time.time())
        own = {"iss": self.url, "sub": "u1", "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {**own, "fhirUser": f"{self.base}/Practitioner/7", "name": "Dr Osei", **self.claims}
        if self.id_token is not None:
            return self.id_token(claims)
        header = {"alg": "RS256", "kid": self.signs_with.thumbprint(), **self.header}
        kept = [{name: value for name, value in part.items() if value is not None} for part in (header, claims)]
        return jwt.encode(kept[0], kept[1], self.signs_with, algorithms=[header["alg"]])

    def _fhir(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not (self.takes(token) if self.takes else token in self.live):
            return 401, {}, b""
        if asked.method != "GET":
            return 405, {}, b""
        return self.fhir(asked)

    def fhir(self, asked: Asked) -> Answer:
        """What the FHIR server answers to a token that it takes."""
        host = Host(self.resources, base=self.base)
        query = f"?{'&'.join(f'{n}={v}' for n, v in asked.query.items())}" if asked.query else ""
        status, body = host.answer(f"/fhir{asked.path.removeprefix(self.root)}{query}")
        return status, {"Content-Type": "application/fhir+json"}, body


def as_json(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


def public(key: RSAKey) -> dict[str, Any]:
    """A key as it is published."""
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "RS256", "use": "sig"}


@contextmanager
def mock_ehr(kind: type[MockEhr] = MockEhr, **given: Any) -> Iterator[MockEhr]:
    """The EHR, listening."""
    ehr = kind(**given)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
            status, sent, raw = ehr.answered(
                Asked(self.command, parts.path, dict(parse_qsl(parts.query)), form, headers, body)
            )
            try:
                self.send_response(status)
                for name, value in sent.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except OSError:
                return

        do_GET = do_POST = do_PUT = do_HEAD = answer

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    ehr.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
