"""A profile enforced to the letter: what it does not declare is refused and written down, and its searches have its habits."""

import itertools
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sekmet.fhir.common import issue, operation_outcome, parse_reference

from smartapp.demo.faults import Fault, Faults
from smartapp.demo.fhir_server import Condition, FhirServer, Params, Reply, Resource, refused
from smartapp.demo.profiles import LARGEST_ANSWER, Profile

_READ_SEGMENTS = 2
_SESSION = "_session"
_INTERACTIONS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_EVERYWHERE = frozenset({"_count", "_format"})
_TIMES = (
    "effectiveDateTime",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "authoredOn",
    "recordedDate",
    "period",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One request that the profile does not declare."""

    method: str
    path: str
    why: str


@dataclass(slots=True)
class Conformance:
    """The gate's conscience: `refusals` are all requests since the last reset that were not declared."""

    profile: Profile
    server: FhirServer
    faults: Faults
    refusals: list[Refusal] = field(default_factory=list)
    _pages: dict[str, tuple[Params, list[Resource]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget what was refused and the pages under way."""
        with self._lock:
            self.refusals.clear()
            self._pages.clear()

    def refusal(self, method: str, segments: Sequence[str], params: Params, headers: Mapping[str, str]) -> Reply | None:
        """The refusal of what is not declared, or None; one that is refused is written down."""
        why = self._undeclared(method, segments, params, headers)
        if not why:
            return None
        with self._lock:
            self.refusals.append(Refusal(method, "/".join(segments), why))
        return refused(
            400 if method == "GET" else 405, "not-supported", f"{why} is not offered by {self.profile.name}."
        )

    def _undeclared(self, method: str, segments: Sequence[str], params: Params, headers: Mapping[str, str]) -> str:
        if not segments:
            return ""  # a Bundle is looked at by its type, and entry by entry
        kind, offer = segments[0], self.profile.types.get(segments[0])
        if offer is None:
            return f"The type {kind}"
        if headers.get("if-none-exist"):
            return f"A conditional create of a {kind}"
        searched = (len(segments) == 1 and method == "GET") or segments[1:] == ["_search"]
        if not searched:
            return self._unknown_interaction(method, segments, offer.interactions)
        if "search-type" not in offer.interactions:
            return f"A search for {kind}"
        return _unknown_params(kind, offer.params, params)

    def _unknown_interaction(self, method: str, segments: Sequence[str], offered: Sequence[str]) -> str:
        wanted = "read" if method == "GET" and len(segments) == _READ_SEGMENTS else _INTERACTIONS.get(method, "history")
        return "" if wanted in offered else f"The interaction {wanted} on {segments[0]}"

    def bundle_refusal(self, kind: str) -> Reply | None:
        """A transaction or batch that the system does not declare."""
        if kind in self.profile.system:
            return None
        with self._lock:
            self.refusals.append(Refusal("POST", "", f"A {kind}"))
        return refused(405, "not-supported", f"A {kind} is not offered by {self.profile.name}.")

    def search(self, kind: str, params: Params, within: Condition | None) -> Reply:
        """The newest first, at most a hundred; more is a warning and a next page whose session can expire."""
        session = dict(params).get(_SESSION)
        if session is not None:
            return self._page(kind, session)
        found = self.server.matches(kind, [pair for pair in params if pair[0] not in _EVERYWHERE], within=within)
        if isinstance(found, Reply):
            return found
        return self._answer(kind, params, sorted(found, key=_newest, reverse=True))

    def _page(self, kind: str, session: str) -> Reply:
        with self._lock:
            kept = None if self.faults.get(Fault.EXPIRED_PAGE) else self._pages.pop(session, None)
        if kept is None:
            return refused(410, "expired", "The search session has expired; search again.")
        return self._answer(kind, *kept)

    def _answer(self, kind: str, params: Params, found: list[Resource]) -> Reply:
        size = _page_size(params)
        now, later = found[:size], found[size:]
        base = self.server.base_url
        entries: list[Resource] = [
            {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": self._shown(one), "search": {"mode": "match"}}
            for one in now
        ]
        links = [{"relation": "self", "url": f"{base}/{kind}?" + "&".join(f"{name}={value}" for name, value in params)}]
        if later:
            session = secrets.token_urlsafe(12)
            with self._lock:
                self._pages[session] = (params, later)
            links.append({"relation": "next", "url": f"{base}/{kind}?{_SESSION}={session}"})
            remark = operation_outcome([issue("warning", "too-costly", f"Only {size} results are given at once.")])
            entries.append({"resource": remark, "search": {"mode": "outcome"}})
        return Reply(200, {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries})

    def shown(self, reply: Reply) -> Reply:
        """A resource as this EHR gives it."""
        body = reply.body
        if reply.status >= 300 or body is None or body.get("resourceType") in ("Bundle", "OperationOutcome"):
            return reply
        return Reply(reply.status, self._shown(body), reply.headers)

    def _shown(self, resource: Resource) -> Resource:
        reference = str((resource.get("medicationReference") or {}).get("reference", ""))
        kind, identity, _ = parse_reference(reference)
        if not self.profile.contained_medications or kind != "Medication" or identity is None:
            return resource
        stored = self.server.read(kind, identity)
        if stored is None:
            return resource
        contained = {name: value for name, value in stored.items() if name not in ("meta", "text")}
        return {
            **resource,
            "contained": [*resource.get("contained", ()), {**contained, "id": "medication"}],
            "medicationReference": {"reference": "#medication"},
        }

    def stored(self, resource: Any) -> Any:
        """What is kept of a created resource: some EHRs drop its identifiers."""
        if not isinstance(resource, dict) or resource.get("resourceType") not in self.profile.dropped_identifiers:
            return resource
        return {name: value for name, value in resource.items() if name != "identifier"}


def _unknown_params(kind: str, declared: Sequence[str], params: Params) -> str:
    names = {name.partition(":")[0] for name, _ in params}
    if _SESSION in names:
        return ""
    unknown = sorted(names - {*declared} - _EVERYWHERE)
    if unknown:
        return f"The search parameter {unknown[0]} on {kind}"
    modified = next((name for name, _ in params if ":" in name), "")
    if modified:
        return f"The modifier {modified} on {kind}"
    if "patient" in declared and not names & {"patient", "subject", "_id"}:
        return f"A search for {kind} without a patient"
    return ""


def _page_size(params: Params) -> int:
    asked = dict(params).get("_count", "")
    return min(int(asked), LARGEST_ANSWER) if asked.isdigit() and int(asked) else LARGEST_ANSWER


def _newest(resource: Resource) -> datetime:
    values = (resource.get(name) for name in itertools.chain(_TIMES, ("issued",)))
    texts = (value.get("start") if isinstance(value, dict) else value for value in values)
    stamp = next(
        (text for text in texts if isinstance(text, str)), str((resource.get("meta") or {}).get("lastUpdated", ""))
    )
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
