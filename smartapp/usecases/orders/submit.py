"""Send what was approved: one transaction, or creates in order; what became of each part is stored before the next is sent."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from smartapp.fhir.provenance import differences, over, write_provenance
from smartapp.usecases.orders.ledger import ProposalLedger
from smartapp.usecases.orders.proposal import Approval, Proposal, ProposalState, Route, Sent
from smartapp.usecases.ports import LaunchCase, WriteRequest, WriteResult, WriteState

_SOFTWARE = "Fibrinogen Watch"
_NOT_COMPARED = (
    "The stored order could not be read back, so nobody compared it with what was approved: look at it in the EHR."
)
_EARLIER = "not sent: the EHR had this order already, from an earlier approval"
_INTERRUPTED = "not confirmed: the program was interrupted while it was sent"
_STATES = {
    WriteState.WRITTEN: ProposalState.WRITTEN,
    WriteState.REFUSED: ProposalState.REFUSED,
    WriteState.NOT_CONFIRMED: ProposalState.NOT_CONFIRMED,
}
_ORDER, _FOLLOW_UP, _PROVENANCE = "order", "follow-up", "provenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Writes what an approved proposal holds; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    ledger: ProposalLedger
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    base_url: str
    organization: str = ""

    def search_token(self, identifier: str) -> str:
        """`system|value`, as searched and created conditionally."""
        return f"{self.base_url}/proposal|{identifier}"

    def follow_up_token(self, identifier: str) -> str:
        """The same for the follow-up that is ordered with it."""
        return f"{self.search_token(identifier)}-recheck"

    def submit(self, case: LaunchCase, proposal: Proposal, approval: Approval, holder: str) -> None:
        """An approved proposal to the EHR, by the route it takes; the caller holds the identifier's lock as `holder`."""
        requests = self._requests(case, proposal, approval)
        route = Route.TOGETHER if len(requests) > 1 and case.writer.transacts() else Route.IN_ORDER
        sent = Sent(
            state=ProposalState.WRITING,
            approval=approval,
            route=route,
            follow_up=None if approval.follow_up else "",
            provenance=None if approval.provenance else "",
        )
        writing = self.ledger.move(case, proposal, sent, event="write begun", outcome=route)
        if writing is None:
            return
        if route is Route.TOGETHER:
            results = case.writer.together(tuple(requests.values()))
            if results is not None:
                self._sent_together(case, writing, dict(zip(requests, results, strict=True)))
                return
            in_order = replace(sent, route=Route.IN_ORDER)
            writing = self.ledger.update(case, writing, in_order, "transaction not offered", Route.IN_ORDER)
        self._send_in_order(case, writing, requests[_ORDER], holder)

    def _send_in_order(self, case: LaunchCase, writing: Proposal, order: WriteRequest, holder: str) -> None:
        result = case.writer.create(replace(order, full_url=""))
        if result.state is WriteState.WRITTEN and over(result.stored):
            self.ledger.end(case, writing, result)
            return
        sent = writing.sent
        if result.earlier and sent.provenance is None:
            sent = replace(sent, provenance=_EARLIER)
        written = self.finish(case, writing, sent, result)
        if written is not None and written.state is ProposalState.WRITTEN:
            self.complete(case, written, holder)

    def _sent_together(self, case: LaunchCase, writing: Proposal, results: Mapping[str, WriteResult]) -> None:
        order, sent = results[_ORDER], writing.sent
        if order.state is WriteState.WRITTEN and over(order.stored):
            self.ledger.end(case, writing, order)
            return
        if order.state is WriteState.WRITTEN and _FOLLOW_UP in results:
            sent = replace(sent, follow_up=outcome_words(results[_FOLLOW_UP]))
        if order.state is WriteState.WRITTEN and _PROVENANCE in results:
            sent = replace(sent, provenance=outcome_words(results[_PROVENANCE]))
        self.finish(case, writing, sent, order)

    def finish(self, case: LaunchCase, proposal: Proposal, sent: Sent, result: WriteResult) -> Proposal | None:
        """Store what became of the order, and how the EHR's differs from what was approved (FHIR-48)."""
        uncompared = result.state is WriteState.WRITTEN and not result.stored
        finished = replace(
            sent,
            state=_STATES[result.state],
            reference=result.reference,
            version=result.version,
            differences=differences(result.stored, sent.approval.order.encode()) if result.stored else (),
            reason=_NOT_COMPARED if uncompared else result.reason,
            unanswered_since=self.seconds() if result.state is WriteState.NOT_CONFIRMED else sent.unanswered_since,
        )
        event, outcome = "write result", result.reference
        moved = self.ledger.move(case, proposal, finished, event=event, outcome=outcome)
        if moved is None and proposal.state is ProposalState.WRITING:
            # a page gave this writer up for dead: what it learnt still counts
            given_up = replace(proposal, status=replace(sent, state=ProposalState.NOT_CONFIRMED))
            return self.ledger.move(case, given_up, finished, event=event, outcome=outcome)
        return moved

    def complete(self, case: LaunchCase, proposal: Proposal, holder: str) -> Proposal:
        """The follow-up, then the provenance, each once; nothing more is sent when another took the lock over."""
        if proposal.sent.follow_up is None and self._holds(proposal, holder):
            begun = replace(proposal.sent, follow_up_begun_at=self.seconds())
            proposal = self.ledger.update(case, proposal, begun, "follow-up begun")
            made = case.writer.create(self._follow_up(proposal))
            known = replace(proposal.sent, follow_up=outcome_words(made), follow_up_version=made.version)
            proposal = self.ledger.update(case, proposal, known, "follow-up", _logged(made))
        if proposal.sent.provenance is None and self._holds(proposal, holder):
            begun = replace(proposal.sent, provenance=_INTERRUPTED)
            proposal = self.ledger.update(case, proposal, begun, "provenance begun")
            made = case.writer.create(self._provenance(case, proposal, proposal.sent.approval, _targets(proposal.sent)))
            known = replace(proposal.sent, provenance=outcome_words(made))
            proposal = self.ledger.update(case, proposal, known, "provenance", _logged(made))
        return proposal

    def _holds(self, proposal: Proposal, holder: str) -> bool:
        return self.ledger.proposals.renew(proposal.identifier, holder)

    def _requests(self, case: LaunchCase, proposal: Proposal, approval: Approval) -> dict[str, WriteRequest]:
        """The parts by name, each under a `urn:uuid` by which the provenance names them (FHIR-50)."""
        order = WriteRequest(
            resource_type=approval.resource_type,
            body=approval.order.encode(),
            identifier=self.search_token(proposal.identifier),
        )
        parts = {_ORDER: order}
        if approval.follow_up:
            parts[_FOLLOW_UP] = self._follow_up(proposal)
        parts = {name: replace(part, full_url=uuid.uuid4().urn) for name, part in parts.items()}
        if approval.provenance:
            targets = [part.full_url for part in parts.values()]
            provenance = self._provenance(case, proposal, approval, targets)
            parts[_PROVENANCE] = replace(provenance, full_url=uuid.uuid4().urn)
        return parts

    def _follow_up(self, proposal: Proposal) -> WriteRequest:
        """The follow-up as it was approved."""
        approved = proposal.approval.follow_up if proposal.approval else ""
        token = self.follow_up_token(proposal.identifier)
        return WriteRequest(resource_type="ServiceRequest", body=approved.encode(), identifier=token)

    def _provenance(
        self, case: LaunchCase, proposal: Proposal, approval: Approval, targets: Sequence[str]
    ) -> WriteRequest:
        """Who approved, what assembled it, from which records, by which rules, under which receipt (FHIR-49)."""
        order = proposal.order
        body = write_provenance(
            targets=targets,
            at=self.clock(),
            author=case.subject.user,
            entities=list(dict.fromkeys(source.split("#")[0] for source in order.supporting)),
            rules=order.rules,
            rules_url=f"{self.base_url}/rules",
            organization=self.organization or case.subject.ehr,
            software=_SOFTWARE,
            receipt=(f"{self.base_url}/receipt", approval.receipt),
        )
        return WriteRequest(resource_type="Provenance", body=json.dumps(body).encode())


def outcome_words(result: WriteResult) -> str:
    """What became of something written with an order: its reference, or why there is none."""
    if result.state is WriteState.WRITTEN:
        return result.reference or "saved together with the order"
    words = "not saved" if result.state is WriteState.REFUSED else "not confirmed"
    return f"{words}: {result.reason}"


def _logged(result: WriteResult) -> str:
    return f"{result.state} {result.reference}".strip()


def _targets(sent: Sent) -> list[str]:
    """The references, with their versions where known, that a provenance speaks of."""
    targets = [_versioned(sent.reference, sent.version)]
    if sent.follow_up and sent.follow_up.startswith("ServiceRequest/"):
        targets.append(_versioned(sent.follow_up, sent.follow_up_version))
    return targets


def _versioned(reference: str, version: str) -> str:
    return f"{reference}/_history/{version}" if version else reference
