"""The ports in memory: proposals, an audit trail, a chart, and an EHR that takes orders."""

import json
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smartapp.clinical.assessment import Assessment
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import QUERIES, Query
from smartapp.usecases.orders.proposal import ANY_STATE, Proposal, ProposalState
from smartapp.usecases.ports import AuditEntry, Subject, WriteRequest, WriteResult, WriteState
from tests import charts


@dataclass
class MemoryLog:
    """An `AssessmentLog`: (event, outcome) in order."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        self.events.append((event, str(assessment.action)))

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        self.events.append((event, outcome))

    def outcomes(self, event: str) -> list[str]:
        """What was recorded under an event."""
        return [outcome for name, outcome in self.events if name == event]


@dataclass
class MemoryProposals:
    """A `Proposals` safe for threads; `clock` gives epoch seconds, changes are noted in `log`."""

    clock: Callable[[], float] = lambda: 0.0
    log: MemoryLog = field(default_factory=MemoryLog)
    kept: dict[str, Proposal] = field(default_factory=dict)
    locks: dict[str, tuple[str, float]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, proposal: Proposal, entry: AuditEntry) -> None:
        with self.guard:
            self.kept[proposal.id] = proposal
            self.log.noted(entry.subject, entry.event, entry.outcome)

    def get(self, launch: str, proposal: str) -> Proposal | None:
        found = self.kept.get(proposal)
        return found if found and found.launch == launch else None

    def of_launch(self, launch: str, states: Collection[ProposalState] = ANY_STATE) -> Sequence[Proposal]:
        return [proposal for proposal in self.kept.values() if proposal.launch == launch and proposal.state in states]

    def with_identifier(self, identifier: str, states: Collection[ProposalState]) -> Sequence[Proposal]:
        found = [proposal for proposal in self.kept.values() if proposal.identifier == identifier]
        return [proposal for proposal in found if proposal.state in states]

    def move(self, proposal: Proposal, *, source: ProposalState, entry: AuditEntry) -> bool:
        with self.guard:
            if self.kept[proposal.id].state is not source:
                return False
            self.kept[proposal.id] = replace(proposal, changed_at=self.clock())
            self.log.noted(entry.subject, entry.event, entry.outcome)
            return True

    def lock(self, identifier: str, holder: str) -> bool:
        with self.guard:
            _, taken_at = self.locks.get(identifier, ("", float("-inf")))
            free = taken_at < self.clock() - 120
            if free:
                self.locks[identifier] = (holder, self.clock())
            return free

    def renew(self, identifier: str, holder: str) -> bool:
        with self.guard:
            own = self.locks.get(identifier, ("", 0))[0] == holder
            if own:
                self.locks[identifier] = (holder, self.clock())
            return own

    def unlock(self, identifier: str, holder: str) -> None:
        with self.guard:
            if self.locks.get(identifier, ("", 0))[0] == holder:
                del self.locks[identifier]


@dataclass
class MemoryReceipts:
    """A `Receipts` that signs nothing: by proposal, in order."""

    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def keep(self, proposal: str, receipt: Mapping[str, Any]) -> str:
        self.kept.setdefault(proposal, []).append(json.loads(json.dumps(receipt)))
        return f"address-of-{proposal}"

    def file(self, proposal: str, address: str) -> bytes | None:
        known = self.kept.get(proposal)
        return json.dumps(known[-1]).encode() if known and address == f"address-of-{proposal}" else None


@dataclass
class MemoryChart:
    """A `ChartSource` over resources that a test may change; `states` are queries answered in another state."""

    resources: list[charts.Resource]
    states: dict[str, AnswerState] = field(default_factory=dict)

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        return tuple(self._one(query) for query in queries)

    def _one(self, query: Query) -> Answer:
        """Codes are not looked at: the first query for a type gets all resources of it."""
        if query.name in self.states:
            return Answer(query=query.name, state=self.states[query.name], reason="the EHR did not answer")
        first = next(known for known in QUERIES if known.resource == query.resource)
        mine = [r for r in self.resources if r["resourceType"] == query.resource] if query is first else []
        return Answer(query=query.name, state=AnswerState.COMPLETE, resources=tuple(map(charts.dumps, mine)))


@dataclass
class MemoryWriter:
    """A `ChartWriter` that is an EHR of its own: `refusals` by type before the click (`fixed`: what may not be changed later),
    `next_result` instead of the next answer (the resource is kept all the same if `keeps`), `alters` changes what is stored.
    `transactions`: whether it says that it takes them, and whether it does."""

    refusals: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    transactions: tuple[bool, bool] = (False, False)
    next_result: WriteResult | None = None
    next_cancel: WriteResult | None = None
    keeps: bool = True
    searches: bool = True
    alters: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: list[WriteRequest] = field(default_factory=list)
    bundles: int = 0

    def can_create(self, resource_type: str) -> str:
        return self.refusals.get(resource_type, "")

    def can_update(self, resource_type: str) -> str:
        return self.fixed.get(resource_type, "")

    def conditions(self, resource_type: str) -> bool:
        return True

    def transacts(self) -> bool:
        return self.transactions[0]

    def together(self, requests: Sequence[WriteRequest]) -> tuple[WriteResult, ...] | None:
        if not self.transactions[1]:
            return None
        self.bundles += 1
        answer = self.next_result
        results = tuple(self.create(request) for request in requests)
        if answer is None:
            return results
        return (answer, *results[1:]) if answer.state is WriteState.WRITTEN else (answer,) * len(requests)

    def create(self, request: WriteRequest) -> WriteResult:
        if self.can_create(request.resource_type):
            return WriteResult(state=WriteState.REFUSED, reason=self.can_create(request.resource_type))
        known = self._standing(request.resource_type, request.identifier)
        if known:
            return replace(known, earlier=True)
        self.sent.append(request)
        answer, self.next_result = self.next_result, None
        if answer is not None and not self.keeps:
            return answer
        reference = f"{request.resource_type}/{len(self.stored) + 1}"
        self.stored[reference] = self.alters(json.loads(request.body))
        return answer or self._result(reference)

    def find(self, resource_type: str, identifier: str, sent: bytes = b"") -> WriteResult:
        del sent
        if not self.searches:
            return WriteResult(state=WriteState.NOT_CONFIRMED, reason="the EHR does not answer")
        none = WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")
        return self._standing(resource_type, identifier) or none

    def cancel(self, reference: str, version: str = "") -> WriteResult:
        answer, self.next_cancel = self.next_cancel, None
        if answer is not None:
            return answer
        body = self.stored[reference]
        if body["status"] != "draft":
            reason = f"it is no longer a draft but {body['status']}"
            return replace(self._result(reference), state=WriteState.REFUSED, reason=reason)
        body["status"] = "cancelled"
        return self._result(reference)

    def orders(self, kind: str = "MedicationRequest") -> list[dict[str, Any]]:
        """What stands in the EHR."""
        return [body for body in self.stored.values() if body["resourceType"] == kind]

    def _standing(self, kind: str, identifier: str) -> WriteResult | None:
        for reference, body in self.stored.items():
            tokens = [f"{i['system']}|{i['value']}" for i in body.get("identifier", [])]
            if body["resourceType"] == kind and identifier and identifier in tokens:
                return self._result(reference)
        return None

    def _result(self, reference: str) -> WriteResult:
        raw = json.dumps(self.stored[reference]).encode()
        return WriteResult(state=WriteState.WRITTEN, reference=reference, version="1", stored=raw)
