"""The one step that writes: lock, create at most once, finish the proposal, and write what belongs beside the order."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.proposals import Ordering, resource_type_of, write_order, write_recheck
from smartapp.fhir.record import differences, write_provenance
from smartapp.usecases.ports import (
    AssessmentLog,
    ChartSource,
    ChartWriter,
    Proposals,
    ProposalState,
    StoredProposal,
    Subject,
    WriteRequest,
    WriteResult,
    WriteState,
)
from smartapp.usecases.proposal import order_in

_OVER = (ProposalState.WITHDRAWN,)
_SOFTWARE = "Fibrinogen Watch"
_RESULT = {
    WriteState.WRITTEN: ProposalState.WRITTEN,
    WriteState.REFUSED: ProposalState.REFUSED,
    WriteState.NOT_CONFIRMED: ProposalState.NOT_CONFIRMED,
}
BEGUN = (ProposalState.WRITING, ProposalState.WRITTEN, ProposalState.NOT_CONFIRMED)
"""States in which an order stands, or may stand, at the EHR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One clinician at one patient: who, with which source and writer, and what was added by hand."""

    subject: Subject
    source: ChartSource
    writer: ChartWriter
    bedside: Bedside = Bedside()


class NotApprovable(Exception):
    """A proposal that can no longer be approved; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWriting:
    """Writes approved orders; `clock` gives the clinical now."""

    proposals: Proposals
    policy: SitePolicy
    log: AssessmentLog
    clock: Callable[[], datetime]
    base_url: str
    organization: str = ""

    def identifier(self, case: Case, basis: str) -> str:
        """Deterministic from EHR, patient, basis (none: the launch) and how many of our orders on that basis are over; not
        from product or dose, so that two launches cannot both write for one result (interfaces.md section 6)."""
        what = [case.subject.ehr, case.subject.patient, basis or case.subject.reference]
        number = 0
        while True:
            value = hashlib.sha256("\n".join([*what, str(number)]).encode()).hexdigest()[:40]
            if not any(proposal.state in _OVER for proposal in self.proposals.with_identifier(value)):
                return value
            number += 1

    def resource_type(self, order: ProposedOrder) -> str:
        """Which resource an order becomes at this site."""
        return resource_type_of(order, self.policy.get("component_resource"))

    def cannot_write(self, case: Case, order: ProposedOrder) -> str:
        """Why nothing can be written at all, in a sentence; empty if it can."""
        return case.writer.can_create(self.resource_type(order))

    def search_token(self, identifier: str) -> str:
        """`system|value`, as searched and created conditionally."""
        return f"{self.base_url}/proposal|{identifier}"

    def write(self, case: Case, stored: StoredProposal) -> None:
        """Exactly one writer an identifier; `NotApprovable` if another is at it or an order stands already."""
        if not self.proposals.lock(stored.identifier, stored.id):
            raise NotApprovable("This order is being written already. Wait a moment and look again.")
        try:
            self._alone(case, stored)
        finally:
            self.proposals.unlock(stored.identifier)

    def _alone(self, case: Case, stored: StoredProposal) -> None:
        others = [
            p for p in self.proposals.with_identifier(stored.identifier) if p.state in BEGUN and p.id != stored.id
        ]
        if others:
            content = {**stored.content, "reason": "An order for this result was already approved in another window."}
            self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.EXPIRED, content=content)
            return
        if not self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.WRITING):
            return
        order = order_in(stored.content)
        self.log.noted(case.subject, "approved", f"{stored.id} {order.product}")
        body = json.dumps(write_order(order, self._ordering(case, stored))).encode()
        request = WriteRequest(
            resource_type=self.resource_type(order), body=body, identifier=self.search_token(stored.identifier)
        )
        result = case.writer.create(request)
        content = self.finish(case, stored, result, source=ProposalState.WRITING, approved=body)
        if result.state is WriteState.WRITTEN:
            self._beside(case, stored, order, content)

    def finish(
        self, case: Case, stored: StoredProposal, result: WriteResult, *, source: ProposalState, approved: bytes = b""
    ) -> dict[str, Any]:
        """Keep what became of the order, and how the EHR's differs from what was approved (FHIR-48)."""
        approved = approved or str(stored.content.get("approved", "")).encode()
        content = {
            **stored.content,
            "approved": approved.decode(),
            "reference": result.reference,
            "reason": result.reason,
            "differs": list(differences(result.stored, approved)) if result.stored and approved else [],
            "decided_by": case.subject.user_name or case.subject.user,
        }
        self.proposals.move(stored.id, source=source, target=_RESULT[result.state], content=content)
        self.log.noted(case.subject, "write result", f"{stored.id} {result.state} {result.reference}".strip())
        return content

    def _beside(self, case: Case, stored: StoredProposal, order: ProposedOrder, content: dict[str, Any]) -> None:
        """The follow-up (if ticked) and the provenance, each only where its scope was granted."""
        targets = [str(content["reference"])]
        if stored.content.get("recheck") and not case.writer.can_create("ServiceRequest"):
            followed = self._follow_up(case, stored, order)
            content = {**content, "recheck_reference": followed.reference or f"not saved: {followed.reason}"}
            targets += [followed.reference] if followed.reference else []
        if not case.writer.can_create("Provenance"):
            self._provenance(case, order, targets)
        self.proposals.move(stored.id, source=ProposalState.WRITTEN, target=ProposalState.WRITTEN, content=content)

    def _follow_up(self, case: Case, stored: StoredProposal, order: ProposedOrder) -> WriteResult:
        body = json.dumps(write_recheck(order, self._ordering(case, stored))).encode()
        token = f"{self.search_token(stored.identifier)}-recheck"
        return case.writer.create(WriteRequest(resource_type="ServiceRequest", body=body, identifier=token))

    def _provenance(self, case: Case, order: ProposedOrder, targets: list[str]) -> None:
        provenance = write_provenance(
            targets=targets,
            at=self.clock(),
            author=case.subject.user,
            entities=list(dict.fromkeys(source.split("#")[0] for source in order.supporting)),
            organization=self.organization or case.subject.ehr,
            software=_SOFTWARE,
        )
        made = case.writer.create(WriteRequest(resource_type="Provenance", body=json.dumps(provenance).encode()))
        self.log.noted(case.subject, "provenance", f"{made.state} {made.reference}".strip())

    def _ordering(self, case: Case, stored: StoredProposal) -> Ordering:
        return Ordering(
            patient=case.subject.patient,
            at=self.clock(),
            rules_url=f"{self.base_url}/rules",
            encounter=case.subject.encounter,
            requester=case.subject.user,
            identifier=(f"{self.base_url}/proposal", stored.identifier),
            status=self.policy.get("order_status"),
            intent=self.policy.get("order_intent"),
            component_resource=self.policy.get("component_resource"),
            recheck_after_h=self.policy.get("recheck_after_dose_h"),
        )
