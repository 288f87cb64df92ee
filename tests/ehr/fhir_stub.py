"""A small FHIR server behind `Outbound.send`: it keeps resources, and a test scripts how the next answers go wrong."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from smartapp.outbound import HttpReply, NoAnswer, TooLate

BASE = "https://ehr.example.org/fhir"
_FHIR = {"content-type": "application/fhir+json"}


def reply(status: int, body: Any = None, **headers: str) -> HttpReply:
    """An answer with a JSON body."""
    raw = b"" if body is None else json.dumps(body).encode()
    return HttpReply(status=status, headers={**_FHIR, **{k.replace("_", "-"): v for k, v in headers.items()}}, body=raw)


def outcome(text: str) -> dict[str, Any]:
    """An OperationOutcome that refuses."""
    issue = {"severity": "error", "code": "invalid", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@dataclass(frozen=True)
class Asked:
    """One request as it left the app."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FhirStub:
    """`on_create`, `on_search` and their like replace an answer (the creation happens first if `commits`); an exception is raised."""

    on_create: list[Any] = field(default_factory=list)
    on_search: list[Any] = field(default_factory=list)
    on_update: list[Any] = field(default_factory=list)
    on_transaction: list[Any] = field(default_factory=list)
    commits: bool = True
    conditional: bool = True
    keeps: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10.0,
    ) -> HttpReply:
        assert url.startswith(BASE), f"the token would have left the EHR: {url}"
        parts = urlsplit(url.removeprefix(BASE))
        self.asked.append(Asked(method, parts.path, dict(headers or {}), body or b""))
        if method == "PATCH":
            return _scripted(self.on_update) or reply(405)
        if method == "PUT":
            return _scripted(self.on_update) or self._put(parts.path[1:], dict(headers or {}), body or b"")
        if method == "POST" and parts.path.endswith("/_search"):
            return _scripted(self.on_search) or self._search(parts.path.split("/")[1], (body or b"").decode())
        if method == "POST" and not parts.path:
            return self._transaction(json.loads(body or b"{}"))
        if method == "POST":
            return self._post(parts.path[1:], dict(headers or {}), body or b"")
        return self._get(parts.path[1:], parts.query)

    @property
    def creates(self) -> list[Asked]:
        """The POSTs that would create."""
        return [asked for asked in self.asked if asked.method == "POST" and not asked.path.endswith("/_search")]

    def put(self, body: dict[str, Any]) -> str:
        """Keep a resource; its reference."""
        reference = f"{body['resourceType']}/{len(self.kept) + 1}"
        kept = {**self.keeps(json.loads(json.dumps(body))), "id": reference.split("/")[1], "meta": {"versionId": "1"}}
        self.kept[reference] = kept
        return reference

    def _post(self, kind: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        if self.on_create and not self.commits:
            return _scripted(self.on_create)
        condition = dict(parse_qsl(headers.get("If-None-Exist", ""))).get("identifier", "")
        same = self._matching(kind, condition) if condition and self.conditional else []
        if len(same) > 1:
            return reply(412, outcome("several match"))
        status, reference = (200, f"{kind}/{same[0]['id']}") if same else (201, self.put(json.loads(body)))
        answer = reply(status, self.kept[reference], location=f"{BASE}/{reference}/_history/1", etag='W/"1"')
        return _scripted(self.on_create) or answer

    def _transaction(self, bundle: dict[str, Any]) -> HttpReply:
        if self.on_transaction and not self.commits:
            return _scripted(self.on_transaction)
        references = [self.put(entry["resource"]) for entry in bundle["entry"]]
        entries = [
            {"response": {"status": "201 Created", "location": f"{one}/_history/1", "etag": 'W/"1"'}}
            for one in references
        ]
        answer = reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
        return _scripted(self.on_transaction) or answer

    def _put(self, reference: str, headers: Mapping[str, str], body: bytes) -> HttpReply:
        if headers.get("If-Match") != f'W/"{self.kept[reference]["meta"]["versionId"]}"':
            return reply(412, outcome("version conflict"))
        self.kept[reference] = json.loads(body)
        return reply(200, self.kept[reference])

    def _get(self, path: str, query: str) -> HttpReply:
        if query:
            return self._search(path, query)
        return reply(200, self.kept[path]) if path in self.kept else reply(404)

    def _search(self, kind: str, query: str) -> HttpReply:
        found = self._matching(kind, unquote(dict(parse_qsl(query)).get("identifier", "")))
        entries = [{"resource": body, "search": {"mode": "match"}} for body in found]
        return reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})

    def _matching(self, kind: str, token: str) -> list[dict[str, Any]]:
        return [
            body
            for body in self.kept.values()
            if body["resourceType"] == kind
            and token in [f"{i['system']}|{i['value']}" for i in body.get("identifier", [])]
        ]


def _scripted(answers: list[Any]) -> Any:
    if not answers:
        return None
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


LOST = NoAnswer("the answer broke off")
LATE = TooLate("the server did not answer in time")


class OneToken:
    """A session whose token never changes."""

    def current(self) -> str:
        return "token"

    def refreshed(self, stale: str) -> str | None:
        return None
