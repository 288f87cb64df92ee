"""Sending what was approved: one transaction, or creates in order; what became of each part is kept before the next is sent."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smartapp.fhir.provenance import differences, over
from smartapp.usecases.beside import Case, follow_up_request, provenance_request, told, versioned
from smartapp.usecases.ports import ProposalState, StoredProposal, WriteRequest, WriteResult, WriteState
from smartapp.usecases.transitions import Transitions

_NOT_COMPARED = (
    "The stored order could not be read back, so nobody compared it with what was approved: look at it in the EHR."
)
_EARLIER = "not sent: the EHR had this order already, from an earlier approval"
SENDING = "not confirmed: the program was interrupted while it was sent"
TOGETHER, IN_ORDER = "transaction", "creates"
_RESULT = {
    WriteState.WRITTEN: ProposalState.WRITTEN,
    WriteState.REFUSED: ProposalState.REFUSED,
    WriteState.NOT_CONFIRMED: ProposalState.NOT_CONFIRMED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Writes what an approved proposal holds; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    transitions: Transitions
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    base_url: str
    organization: str = ""

    def search_token(self, identifier: str) -> str:
        """`system|value`, as searched and created conditionally."""
        return f"{self.base_url}/proposal|{identifier}"

    def send(self, case: Case, stored: StoredProposal, holder: str) -> None:
        """An approved proposal to the EHR, by the route it takes; the caller holds the identifier's lock as `holder`."""
        requests = self._together(case, stored)
        route = TOGETHER if len(requests) > 1 and case.writer.transacts() else IN_ORDER
        writing = self.transitions.move(
            case, stored, ProposalState.WRITING, event="write begun", outcome=route, route=route
        )
        if writing is None:
            return
        if route == TOGETHER:
            results = case.writer.together(tuple(requests.values()))
            if results is not None:
                self._kept_together(case, writing, dict(zip(requests, results, strict=True)))
                return
            writing = self.transitions.keep(case, writing, "transaction not offered", IN_ORDER, route=IN_ORDER)
        self._in_order(case, writing, requests["order"], holder)

    def _in_order(self, case: Case, writing: StoredProposal, order: WriteRequest, holder: str) -> None:
        result = case.writer.create(replace(order, full_url=""))
        if result.state is WriteState.WRITTEN and over(result.stored):
            self.transitions.ended(case, writing, result)
            return
        beside = {"provenance": _EARLIER} if result.earlier and "provenance" not in writing.content else {}
        written = self.finish(case, writing, result, **beside)
        if written is not None and written.state is ProposalState.WRITTEN:
            self.complete(case, written, holder)

    def finish(self, case: Case, stored: StoredProposal, result: WriteResult, **kept: Any) -> StoredProposal | None:
        """Keep what became of the order, and how the EHR's differs from what was approved (FHIR-48)."""
        approved = str(stored.content.get("approved", "")).encode()
        differs = list(differences(result.stored, approved)) if result.stored and approved else []
        target, outcome = _RESULT[result.state], result.reference
        found: dict[str, Any] = {"reference": result.reference, "version": result.version, "differs": differs}
        found["reason"] = result.reason
        if result.state is WriteState.WRITTEN and not result.stored:
            found["reason"] = _NOT_COMPARED
        if result.state is WriteState.NOT_CONFIRMED:
            found["under_way_since"] = self.seconds()
        moved = self.transitions.move(case, stored, target, event="write result", outcome=outcome, **found, **kept)
        if moved is None and stored.state is ProposalState.WRITING:
            # a page gave this writer up for dead: what it learnt still counts
            given_up = replace(stored, state=ProposalState.NOT_CONFIRMED)
            return self.transitions.move(case, given_up, target, event="write result", outcome=outcome, **found, **kept)
        return moved

    def complete(self, case: Case, stored: StoredProposal, holder: str) -> StoredProposal:
        """The follow-up, then the provenance, each once; nothing more is sent when another took the lock over."""
        if "recheck_reference" not in stored.content and self._alive(stored, holder):
            stored = self.transitions.keep(case, stored, "follow-up begun", follow_up_begun=self.seconds())
            made = case.writer.create(follow_up_request(stored.content, self.search_token(stored.identifier)))
            kept = {"recheck_reference": told(made), "recheck_version": made.version}
            stored = self.transitions.keep(case, stored, "follow-up", f"{made.state} {made.reference}".strip(), **kept)
        if "provenance" not in stored.content and self._alive(stored, holder):
            stored = self.transitions.keep(case, stored, "provenance begun", provenance=SENDING)
            made = case.writer.create(self._provenance(case, stored.content, _targets(stored.content)))
            outcome = f"{made.state} {made.reference}".strip()
            stored = self.transitions.keep(case, stored, "provenance", outcome, provenance=told(made))
        return stored

    def _alive(self, stored: StoredProposal, holder: str) -> bool:
        return self.transitions.proposals.renew(stored.identifier, holder)

    def _together(self, case: Case, stored: StoredProposal) -> dict[str, WriteRequest]:
        """The parts by name, each under a `urn:uuid` by which the provenance names them (FHIR-50)."""
        content, token = stored.content, self.search_token(stored.identifier)
        body = str(content["approved"]).encode()
        parts = {"order": WriteRequest(resource_type=str(content["kind"]), body=body, identifier=token)}
        if "recheck_reference" not in content:
            parts["follow_up"] = follow_up_request(content, token)
        parts = {name: replace(part, full_url=uuid.uuid4().urn) for name, part in parts.items()}
        if "provenance" not in content:
            targets = [part.full_url for part in parts.values()]
            parts["provenance"] = replace(self._provenance(case, content, targets), full_url=uuid.uuid4().urn)
        return parts

    def _kept_together(self, case: Case, writing: StoredProposal, results: Mapping[str, WriteResult]) -> None:
        order = results["order"]
        if order.state is WriteState.WRITTEN and over(order.stored):
            self.transitions.ended(case, writing, order)
            return
        beside: dict[str, str] = {}
        if order.state is WriteState.WRITTEN:
            names = {"follow_up": "recheck_reference", "provenance": "provenance"}
            beside = {names[name]: told(result) for name, result in results.items() if name in names}
        self.finish(case, writing, order, **beside)

    def _provenance(self, case: Case, content: Mapping[str, Any], targets: list[str]) -> WriteRequest:
        return provenance_request(
            case, content, targets, at=self.clock(), base_url=self.base_url, organization=self.organization
        )


def _targets(content: Mapping[str, Any]) -> list[str]:
    followed = str(content.get("recheck_reference", ""))
    beside = (
        [versioned(followed, str(content.get("recheck_version", "")))] if followed.startswith("ServiceRequest/") else []
    )
    return [versioned(str(content["reference"]), str(content["version"])), *beside]
