"""The FHIR R4 server of the demo: sekmet-fhir embedded in memory, called as a function, decimals kept as written."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sekmet.config import Settings
from sekmet.fhir.capability import capability_statement
from sekmet.fhir.common import FhirError, issue, operation_outcome
from sekmet.fhir.router import dispatch
from sekmet.fhir.service import FhirService, Result
from sekmet.fhir.store import Store
from sekmet.fhir.validation import has_errors, structural_issues

Resource = dict[str, Any]
Params = Sequence[tuple[str, str]]
Condition = tuple[str, list[Any]]

PAGE_SIZE = 20
LARGEST_PAGE = 50
_MARK = "\ue000"  # a private-use character: a decimal travels through the store as text, "0.80" stays 0.80
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')
_SMART_SERVICE = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the server: status, resource (None: empty body) and headers."""

    status: int
    body: Resource | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Request:
    """What sekmet's dispatch reads of a request."""

    method: str
    headers: Mapping[str, str]
    url: str = ""


def parse_json(raw: bytes | str) -> Any:
    """JSON with every decimal kept as its text; ValueError where it is not JSON."""
    return json.loads(raw, parse_float=lambda text: _MARK + text, parse_constant=_refuse_constant)


def dump_json(body: Any) -> str:
    """JSON text, decimals as they were written."""
    return _MARKED.sub(r"\1", json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=_marked))


def plain(body: Any) -> Any:
    """The same JSON with decimals as Decimal, to look at."""
    return json.loads(dump_json(body), parse_float=Decimal)


def outcome(code: str, text: str) -> Resource:
    """An OperationOutcome with one error."""
    body: Resource = operation_outcome([issue("error", code, text)])
    return body


def refused(status: int, code: str, text: str) -> Reply:
    """An error reply."""
    return Reply(status, outcome(code, text))


class FhirServer:
    """Everything the demo stores; `base_url` is the FHIR base that links and locations name."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        settings = Settings(
            base_url=base_url, facility_name="Demo Hospital", software_name="Demo EHR", log_inbound=False
        )
        settings.validation.inbound = "off"  # done here, on numbers instead of marked text
        settings.simulator.enabled = False
        self.store = Store(":memory:")
        self.service = FhirService(self.store, settings)

    def load(self, resources: Iterable[Resource]) -> None:
        """Store resources under their own ids, in one transaction."""
        with self.store.transaction():
            for resource in resources:
                self.store.update(_with_marks(resource), origin="internal")

    def learn(self) -> None:
        """Let the store look at what it holds, so that it searches by the index that fits: five times as fast."""
        with self.store.transaction():
            self.store.conn.execute("ANALYZE")

    def clear(self) -> None:
        """Forget everything."""
        self.store.reset()

    def request(
        self,
        method: str,
        segments: list[str],
        params: Params = (),
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Any interaction; `body` as `parse_json` gave it, or a search form as pairs."""
        try:
            self._check(body)
            result = dispatch(self, _Request(method, headers or {}), segments, limited(params), body)
        except FhirError as error:
            return Reply(error.status, error.outcome(), dict(error.headers or {}))
        return _reply(result)

    def search(self, resource_type: str, params: Params, *, within: Condition | None = None) -> Reply:
        """A search, perhaps only within a condition over `r`, the resources' table."""
        try:
            return _reply(self.service.search(resource_type, limited(params), extra_where=within))
        except FhirError as error:
            return Reply(error.status, error.outcome())

    def matches(self, resource_type: str, params: Params, *, within: Condition | None) -> list[Resource] | Reply:
        """All matches as they are stored, without pages; a refusal where the search is not supported."""
        try:
            found = self.service.search(resource_type, [*params, ("_count", "5000")], extra_where=within).body or {}
        except FhirError as error:
            return Reply(error.status, error.outcome())
        return [entry["resource"] for entry in found.get("entry", ()) if entry["search"]["mode"] == "match"]

    def condition(self, resource_type: str, params: Params) -> Condition:
        """The condition that a search by these parameters puts on `r`; FhirError if one is not supported."""
        where, args = self.service.search_engine.build_where(resource_type, list(params), True, [], [])
        return f"({where})", args

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """A stored resource; None if absent or deleted."""
        try:
            found: Resource | None = self.store.read(resource_type, resource_id)
        except FhirError:
            return None
        return found

    def everything(self, resource_type: str, params: Params) -> list[Resource]:
        """All matches, without pages, decimals as Decimal: what the hospital's own screens read."""
        found = self.service.search(resource_type, [*params, ("_count", "1000")]).body or {}
        return [plain(entry["resource"]) for entry in found.get("entry", ()) if entry["search"]["mode"] == "match"]

    def create(self, resource: Resource) -> Resource:
        """Store a new resource from the hospital's own screens."""
        stored: Resource = self.store.create(_with_marks(resource))
        return stored

    def capabilities(self, endpoints: Mapping[str, str], *, conditional_create: bool) -> Resource:
        """The CapabilityStatement, with how to get a token, and only what passes our gate."""
        body: Resource = capability_statement(self.service)
        body.update(id="demo", name="DemoEhrCapabilityStatement", format=["application/fhir+json", "json"])
        body.pop("messaging", None)
        rest = body["rest"][0]
        extension = [{"url": name, "valueUri": url} for name, url in endpoints.items()]
        rest["security"] = {
            "cors": False,
            "service": [{"coding": [_SMART_SERVICE]}],
            "extension": [{"url": _OAUTH_URIS, "extension": extension}],
        }
        rest["interaction"] = [{"code": "transaction"}, {"code": "batch"}]
        rest.pop("operation", None)
        rest["resource"] = [_offered(resource, conditional_create) for resource in rest["resource"]]
        return body

    @staticmethod
    def _check(body: Any) -> None:
        if not isinstance(body, dict):
            return
        resources = (
            [entry.get("resource") for entry in body.get("entry", ())]
            if body.get("resourceType") == "Bundle"
            else [body]
        )
        for resource in resources:
            issues = (
                structural_issues(plain(resource)) if isinstance(resource, dict) and "resourceType" in resource else []
            )
            if has_errors(issues):
                raise FhirError(400, "Resource failed structural validation", "structure", issues=issues)

    @property
    def settings(self) -> Settings:
        """For sekmet's dispatch."""
        return self.service.settings


def limited(params: Params) -> list[tuple[str, str]]:
    """The same search with pages of at most fifty."""
    kept = [(name, value) for name, value in params if name != "_count"]
    asked = next((value for name, value in params if name == "_count"), str(PAGE_SIZE))
    return [*kept, ("_count", str(min(int(asked), LARGEST_PAGE)) if asked.isdigit() else asked)]


def _offered(resource: Resource, conditional_create: bool) -> Resource:
    """A type as our gate offers it: no operations, includes, conditional updates or type-level history."""
    hidden = (
        "operation",
        "searchInclude",
        "searchRevInclude",
        "conditionalUpdate",
        "conditionalDelete",
        "supportedProfile",
        "extension",
    )
    kept = {name: value for name, value in resource.items() if name not in hidden}
    interactions = [one for one in resource["interaction"] if not one["code"].startswith("history")]
    return {**kept, "conditionalCreate": conditional_create, "interaction": interactions}


def _reply(result: Result) -> Reply:
    return Reply(result.status, result.body, dict(result.headers))


def _with_marks(resource: Resource) -> Resource:
    marked: Resource = json.loads(json.dumps(resource, default=_marked), parse_float=lambda text: _MARK + text)
    return marked


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}"
    raise TypeError(type(value).__name__)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
