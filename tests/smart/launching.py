"""An EHR in memory to launch from: it answers discovery, tokens and keys as told, and remembers every request."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.outbound import HttpReply, NoAnswer
from smartapp.smart.discovery import Discovery
from smartapp.smart.flow import Completed, LaunchFlow
from smartapp.smart.identity import Identities
from smartapp.smart.keys import SigningKeys, StoredKey
from smartapp.smart.registration import Registration
from smartapp.smart.tokens import TokenEndpoint
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.session_store import LaunchStore

BASE = "https://ehr.example.org/fhir"
ISSUER = "https://auth.example.org"
REDIRECT = "https://app.example.org/callback"
KEY = RSAKey.generate_key(2048, private=True)
SCOPE = "launch openid fhirUser patient/Patient.r patient/Observation.rs patient/MedicationRequest.crus"


@dataclass
class Ehr:
    """`token` and `discovery` may be replaced to answer oddly; `asked` is every request as (method, url, form, headers)."""

    asked: list[tuple[str, str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)
    discovery: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [KEY])
    raw_token: Callable[[], HttpReply] | None = None
    knob: Callable[[], HttpReply] | None = None
    nonce: str = ""
    id_token: str | None = None
    fail_keys: int = 0

    def get(
        self, url: str, *, headers: dict[str, str] | None = None, seconds: float = 10.0, largest: int = 0
    ) -> HttpReply:
        return self.send("GET", url, headers=headers, seconds=seconds)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Any = None,
        body: bytes | None = None,
        seconds: float = 10.0,
        largest: int = 0,
    ) -> HttpReply:
        self.asked.append((method, url, parse_qs((body or b"").decode()), dict(headers or {})))
        if url.endswith("/.well-known/smart-configuration"):
            return self.knob() if self.knob else reply(self.discovery or configuration())
        if url.endswith("/jwks") and self.fail_keys:
            self.fail_keys -= 1
            raise NoAnswer("the server could not be reached")
        if url.endswith("/jwks"):
            return reply({"keys": [public(key) for key in self.keys]})
        if url.endswith("/token"):
            return self.raw_token() if self.raw_token else reply(self._token())
        raise NoAnswer("the server could not be reached")

    def keys_asked(self) -> int:
        return sum(url.endswith("/jwks") for _, url, _, _ in self.asked)

    def token_requests(self) -> list[tuple[str, str, dict[str, list[str]], dict[str, str]]]:
        return [request for request in self.asked if request[1].endswith("/token")]

    def _token(self) -> dict[str, Any]:
        body = {
            "access_token": "secret-token",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": SCOPE,
            "patient": "P1",
            "id_token": self.id_token if self.id_token is not None else self.signed(),
            **self.answer,
        }
        return {name: value for name, value in body.items() if value is not None}

    def signed(self) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "u1",
            "aud": "client-a",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "fhirUser": f"{BASE}/Practitioner/7",
            **self.claims,
        }
        header = {"alg": "RS256", "kid": self.keys[0].thumbprint(), **self.header}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({k: v for k, v in header.items() if v is not None}, kept, KEY, algorithms=["RS256"])


def configuration(**more: Any) -> dict[str, Any]:
    body = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "capabilities": ["launch-ehr", "permission-v2"],
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}


def public(key: RSAKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "RS256", "use": "sig"}


def reply(body: Any, status: int = 200, **headers: str) -> HttpReply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(status=status, headers={"content-type": "application/json", **headers}, body=raw)


class KeysInMemory:
    def __init__(self) -> None:
        self.kept: list[StoredKey] = []

    def pairs(self) -> list[StoredKey]:
        return self.kept

    def add_first(self, key: StoredKey) -> None:
        self.kept.append(key)

    def succeed(self, key: StoredKey, retired_at: float) -> None:
        """Not needed: rotation is tested over the rows of a database."""


def registration(**more: Any) -> Registration:
    given = {
        "name": "st-x",
        "fhir_base": BASE,
        "issuer": ISSUER,
        "client_id": "client-a",
        "client_auth": "public",
        "write_back": True,
        "endpoint_origins": frozenset({ISSUER}),
        **more,
    }
    return Registration(**given)


def make_flow(
    ehr: Ehr, folder: Path, *registrations: Registration, clock: Callable[[], float] = time.time
) -> LaunchFlow:
    database = Database(f"sqlite:///{folder}/launch.db")
    database.upgrade()
    keys = SigningKeys(KeysInMemory())
    keys.ensure()

    def outbound(_: Registration) -> Any:
        return ehr

    return LaunchFlow(
        registrations=registrations or (registration(),),
        redirect_uri=REDIRECT,
        discovery=Discovery(outbound),
        tokens=TokenEndpoint(outbound, keys),
        identities=Identities(outbound),
        store=LaunchStore(database, Keyring([b"k" * 32]), clock),
        read_scopes=lambda style: read_scopes(QUERIES, style),
    )


def sent(url: str) -> dict[str, str]:
    """The parameters of an authorization request, each once."""
    given = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in given.values())
    return {name: values[0] for name, values in given.items()}


def launched(flow: LaunchFlow, ehr: Ehr, **params: str) -> Completed:
    """A whole launch; `params` replaces or adds parameters of the callback."""
    begun = flow.begin([BASE], ["xyz"])
    asked = sent(begun.url)
    ehr.nonce = asked["nonce"]
    given = {"state": asked["state"], "code": "abc", **params}
    return flow.complete({name: [value] for name, value in given.items() if value}, begun.cookie)
