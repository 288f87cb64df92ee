"""A SMART and FHIR server on loopback that answers after a set time and remembers who asked what when.

A request takes one round trip, a new connection one more (its TCP handshake; TLS is not simulated). The browser's own legs cost nothing.
"""

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks.bodies import Resource

PAGE = 50
LARGEST = 1000
_TYPES = {
    "conditions": "Condition",
    "procedures": "Procedure",
    "administrations": "MedicationAdministration",
    "medicationRequests": "MedicationRequest",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it, in seconds of a monotonic clock."""

    path: str
    began: float
    ended: float


@dataclass(slots=True)
class Ehr:
    """The chart of one patient and the requests so far."""

    resources: Mapping[str, Sequence[bytes]]
    codes: Sequence[frozenset[str]]
    delay: float
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-384", {"kid": "bench", "use": "sig", "alg": "ES384"})
    )
    requests: list[Request] = field(default_factory=list)
    nonces: dict[str, tuple[str, str]] = field(default_factory=dict)
    base: str = ""

    def search(self, kind: str, query: str) -> bytes:
        """A page of a type, of the asked codes: 50 unless asked for more, at most 1,000."""
        asked = dict(parse_qsl(query))
        found = list(self.resources.get(kind, ()))
        if kind == "Observation":
            wanted = {code.split("|")[-1] for code in asked.get("code", "").split(",")}
            found = [each for each, codes in zip(found, self.codes, strict=True) if not wanted - {""} or codes & wanted]
        count, start = min(int(asked.get("_count", PAGE)), LARGEST), int(asked.get("_offset", 0))
        links = [{"relation": "self", "url": f"{self.base}/fhir/{kind}?{query}"}]
        if start + count < len(found):
            more = urlencode({**asked, "_count": count, "_offset": start + count})
            links.append({"relation": "next", "url": f"{self.base}/fhir/{kind}?{more}"})
        entries = b",".join(
            b'{"resource":' + each + b',"search":{"mode":"match"}}' for each in found[start : start + count]
        )
        head = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
        return json.dumps(head).encode()[:-1] + b',"entry":[' + entries + b"]}"

    def token(self, form: Mapping[str, list[str]]) -> dict[str, Any]:
        """The answer to a code, with a signed id_token."""
        nonce, scope = self.nonces.pop(form["code"][0])
        now = int(time.time())
        claims = {
            "iss": self.base, "sub": "osei", "aud": "bench", "iat": now, "exp": now + 300, "nonce": nonce,
            "fhirUser": f"{self.base}/fhir/Practitioner/osei", "name": "Dr Osei",
        }  # fmt: skip
        signed = jwt.encode({"alg": "ES384", "kid": "bench"}, claims, self.key, algorithms=["ES384"])
        granted = {"access_token": "bench-token", "token_type": "Bearer", "expires_in": 3600, "scope": scope}
        return {**granted, "patient": "bench", "id_token": signed, "need_patient_banner": True}


def ehr_of(chart: Mapping[str, Sequence[Resource]], delay: float) -> Ehr:
    """The server's store from a chart by prefetch key."""
    observations = [each for found in chart.values() for each in found if each["resourceType"] == "Observation"]
    observations.sort(key=lambda each: str(each["effectiveDateTime"]), reverse=True)
    resources = {"Observation": observations, "Patient": chart["patient"]}
    resources |= {kind: chart[key] for key, kind in _TYPES.items()}
    return Ehr(
        resources={kind: [json.dumps(each).encode() for each in found] for kind, found in resources.items()},
        codes=[frozenset(str(coding["code"]) for coding in each["code"]["coding"]) for each in observations],
        delay=delay,
    )


def serve(ehr: Ehr) -> ThreadingHTTPServer:
    """The server, listening on a port of its own; `shutdown` ends it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.shaken = False

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            began, path = time.monotonic(), urlsplit(self.path)
            if path.path == "/authorize":
                return self._send(302, b"", Location=_authorized(ehr, path.query))
            time.sleep(ehr.delay * (1 if self.shaken else 2))
            self.shaken = True
            self._send(200, _told(ehr, path.path, path.query, body))
            ehr.requests.append(Request(path.path, began, time.monotonic()))
            return None

        def _send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            kind = "application/fhir+json" if "/fhir/" in self.path else "application/json"
            for name, value in {"Content-Type": kind, "Cache-Control": "max-age=3600", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    ehr.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _authorized(ehr: Ehr, query: str) -> str:
    asked = parse_qs(query)
    code = f"code-{len(ehr.nonces)}-{time.monotonic_ns()}"
    ehr.nonces[code] = (asked["nonce"][0], asked["scope"][0])
    return f"{asked['redirect_uri'][0]}?{urlencode({'code': code, 'state': asked['state'][0]})}"


def _told(ehr: Ehr, path: str, query: str, body: bytes) -> bytes:
    if path.endswith("/smart-configuration"):
        return json.dumps(_configuration(ehr.base)).encode()
    if path == "/jwks":
        return json.dumps({"keys": [ehr.key.as_dict(private=False)]}).encode()
    if path == "/token":
        return json.dumps(ehr.token(parse_qs(body.decode()))).encode()
    if path == "/fhir/metadata":
        return _CAPABILITIES
    kind = path.removeprefix("/fhir/").split("/")[0]
    return ehr.resources["Patient"][0] if kind == "Patient" else ehr.search(kind, query)


def _configuration(base: str) -> dict[str, Any]:
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/jwks",
        "capabilities": ["launch-ehr", "permission-v2", "client-confidential-asymmetric", "sso-openid-connect"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
    }


_WRITES = [{"code": "read"}, {"code": "search-type"}, {"code": "create"}, {"code": "update"}]
_CAPABILITIES = json.dumps(
    {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": "transaction"}],
                "resource": [
                    {"type": kind, "interaction": _WRITES}
                    for kind in ("MedicationRequest", "ServiceRequest", "Provenance", "Observation")
                ],
            }
        ],
    }
).encode()


def chain(requests: Sequence[Request]) -> list[str]:
    """The longest chain of requests of which each began after the one before had ended."""
    longest: list[tuple[float, list[str]]] = []
    for request in sorted(requests, key=lambda each: each.ended):
        before = max((paths for ended, paths in longest if ended <= request.began), key=len, default=[])
        longest.append((request.ended, [*before, request.path]))
    return max((paths for _, paths in longest), key=len, default=[])
