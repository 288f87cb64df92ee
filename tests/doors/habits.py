"""FHIR servers of three habits over one chart: a rich search; `code` that looks at `Observation.code` alone, and no search for specimens;
one that refuses every parameter that it does not know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from smartapp.outbound import HttpReply
from tests import charts as c
from tests.doors.charts import BASE, newest

_JSON = {"content-type": "application/fhir+json"}
_STRICT = frozenset({"patient", "code", "category", "date", "intent", "status", "_id"})
_FILTERS = frozenset({"code", "combo-code", "category", "date", "intent", "status"})


class Habit(StrEnum):
    """How a server searches."""

    RICH = "rich search, pages of 20"
    CODE_ALONE = "code looks at Observation.code alone"
    STRICT = "refuses unknown parameters"


@dataclass
class Server:
    """An `Outbound` that answers for one chart; `asked` are the paths that came."""

    habit: Habit
    resources: Sequence[c.Resource]
    base: str = BASE
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.resources = list(newest(list(self.resources)))

    def get(self, url: str, **options: Any) -> HttpReply:
        return self.send("GET", url, **options)

    def send(self, method: str, url: str, **_: Any) -> HttpReply:
        assert method == "GET"
        status, body = self.answer(url.removeprefix(self.base).lstrip("/"))
        return HttpReply(status=status, headers=_JSON, body=c.dumps(body))

    def answer(self, path: str) -> tuple[int, Any]:
        """The answer below the FHIR base."""
        self.asked.append(path)
        parts = urlsplit(path)
        kind, _, id_ = parts.path.partition("/")
        if id_:
            found = [r for r in self.resources if (r["resourceType"], r["id"]) == (kind, id_)]
            return (200, found[0]) if found else (404, _outcome("not found"))
        return self._searched(kind, parse_qsl(parts.query))

    def _searched(self, kind: str, params: list[tuple[str, str]]) -> tuple[int, Any]:
        names = {name for name, _ in params}
        if self.habit is Habit.STRICT and not names <= _STRICT:
            return 400, _outcome(f"unknown parameters {sorted(names - _STRICT)}")
        if self.habit is Habit.CODE_ALONE and kind == "Specimen":
            return 404, _outcome("Specimen is not searched here")
        found = [r for r in self.resources if r["resourceType"] == kind and self._fits(r, params)]
        if ("_sort", "-date") in params and self.habit is Habit.RICH:
            found.sort(key=_date, reverse=True)
        return 200, self._page(kind, params, found)

    def _page(self, kind: str, params: list[tuple[str, str]], found: list[c.Resource]) -> Any:
        size = 20 if self.habit is Habit.RICH else 1000
        offset = int(dict(params).get("_offset", "0"))
        kept = [(name, value) for name, value in params if name != "_offset"]
        url = f"{self.base}/{kind}?{urlencode(kept)}"
        links = [{"relation": "self", "url": url}]
        if len(found) > offset + size:
            links.append({"relation": "next", "url": f"{url}&_offset={offset + size}"})
        entries = [
            {"fullUrl": f"{self.base}/{kind}/{r['id']}", "resource": r, "search": {"mode": "match"}}
            for r in found[offset : offset + size]
        ]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}

    def _fits(self, resource: c.Resource, params: list[tuple[str, str]]) -> bool:
        return all(_matches(resource, name, value) for name, value in params if self._known(name))

    def _known(self, name: str) -> bool:
        return name in _FILTERS and not (name == "combo-code" and self.habit is not Habit.RICH)

    def whole(self, template: str, patient: str) -> Any:
        """What an EHR sends for a prefetch template: all pages as one; None where it cannot ask so."""
        path = template.replace("{{context.patientId}}", patient)
        status, body = self.answer(path)
        if status != 200 and self.habit is Habit.STRICT:
            kept = [(name, value) for name, value in parse_qsl(urlsplit(path).query) if not name.startswith("_")]
            status, body = self.answer(f"{urlsplit(path).path}?{urlencode(kept)}")
        if status != 200:
            return None
        while body["resourceType"] == "Bundle" and (more := [x for x in body["link"] if x["relation"] == "next"]):
            _, page = self.answer(more[0]["url"].removeprefix(self.base).lstrip("/"))
            body = {
                **body,
                "link": [x for x in page["link"] if x["relation"] == "next"],
                "entry": body["entry"] + page["entry"],
            }
        return body


def _matches(resource: c.Resource, name: str, value: str) -> bool:
    match name:
        case "code":
            return _has_code(resource.get("code"), value)
        case "combo-code":
            concepts = [resource.get("code"), *(part.get("code") for part in resource.get("component", ()))]
            return any(_has_code(concept, value) for concept in concepts)
        case "category":
            return any(_has_code(concept, value) for concept in resource.get("category", ()))
        case "date":
            return _date(resource)[: len(value) - 2] >= value.removeprefix("ge")
        case _:
            return resource.get(name) in value.split(",")


def _has_code(concept: Any, value: str) -> bool:
    wanted = [token.rpartition("|")[2] for token in value.split(",")]
    return isinstance(concept, Mapping) and any(coding.get("code") in wanted for coding in concept.get("coding", ()))


def _date(resource: c.Resource) -> str:
    """The time that `date` searches; a resource without one has none, and is last."""
    return str(resource.get("effectiveDateTime") or resource.get("effectivePeriod", {}).get("start", ""))


def _outcome(text: str) -> Any:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "not-supported", "diagnostics": text}],
    }


def as_file(resources: Sequence[c.Resource]) -> bytes:
    """The same chart as a file."""
    entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return c.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def prefetched(server: Server, templates: Mapping[str, str]) -> dict[str, bytes]:
    """A full prefetch of this chart, with what its records name by reference beside them."""
    answers = {name: server.whole(template, "P1") for name, template in templates.items()}
    return {name: c.dumps(body) for name, body in answers.items() if body is not None}
