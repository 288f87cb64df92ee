"""The one step that writes: lock, create at most once, finish the proposal, and write what belongs beside the order."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.proposals import Ordering, amount_text, resource_type_of, write_order
from smartapp.fhir.record import differences, over
from smartapp.usecases.beside import Beside, Case
from smartapp.usecases.ports import (
    AssessmentLog,
    Proposals,
    ProposalState,
    StoredProposal,
    WriteRequest,
    WriteResult,
    WriteState,
)
from smartapp.usecases.proposal import order_in

_RESULT = {
    WriteState.WRITTEN: ProposalState.WRITTEN,
    WriteState.REFUSED: ProposalState.REFUSED,
    WriteState.NOT_CONFIRMED: ProposalState.NOT_CONFIRMED,
}
BEGUN = (ProposalState.WRITING, ProposalState.WRITTEN, ProposalState.NOT_CONFIRMED)
"""States in which an order stands, or may stand, at the EHR."""


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
        """Deterministic from EHR, patient, basis (none: the launch) and how many of our orders on that basis are over.

        Not from product or dose, so that two launches cannot both write for one result (interfaces.md section 6).
        """
        what = [case.subject.ehr, case.subject.patient, basis or case.subject.reference]
        number = 0
        while True:
            value = hashlib.sha256("\n".join([*what, str(number)]).encode()).hexdigest()[:40]
            if not any(proposal.state is ProposalState.WITHDRAWN for proposal in self.proposals.with_identifier(value)):
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

    def refreshed(self, case: Case, identifier: str) -> None:
        """Ask the EHR about the order that was written under an identifier: one that is over there is over here."""
        for stored in self.proposals.with_identifier(identifier):
            if stored.state is ProposalState.WRITTEN:
                found = case.writer.find(self.resource_type(order_in(stored.content)), self.search_token(identifier))
                if found.state is WriteState.WRITTEN and over(found.stored):
                    self._ended(case, stored, found, source=ProposalState.WRITTEN)

    def searched(self, case: Case, stored: StoredProposal) -> None:
        """Only search for what was not confirmed; what belongs beside the order is not written any more, as it says."""
        token = self.search_token(stored.identifier)
        found = case.writer.find(self.resource_type(order_in(stored.content)), token)
        if found.state is WriteState.WRITTEN and over(found.stored):
            self._ended(case, stored, found, source=ProposalState.NOT_CONFIRMED)
            return
        if found.state is WriteState.REFUSED:
            found = replace(found, reason="The EHR was searched: it has no such order. Nothing was saved.")
        beside = ""
        if found.state is WriteState.WRITTEN and stored.content.get("recheck"):
            beside = "not saved: order the follow-up fibrinogen yourself"
        kept = replace(stored, content={**stored.content, "recheck_reference": beside})
        self.finish(case, kept, found, source=ProposalState.NOT_CONFIRMED)

    def _alone(self, case: Case, stored: StoredProposal) -> None:
        order = order_in(stored.content)
        if self.identifier(case, order.basis) != stored.identifier:
            self._expired(stored, "The earlier order for this result is over: go back for a new proposal.", "")
            return
        same = self.proposals.with_identifier(stored.identifier)
        others = [p for p in same if p.state in BEGUN and p.id != stored.id]
        if others:
            standing = str(others[0].content.get("reference", ""))
            self._expired(stored, "An order for this result was already approved in another window.", standing)
            return
        body = json.dumps(write_order(order, self._ordering(case, stored))).encode()
        if not self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.WRITING):
            return
        rules = ", ".join(f"{rule} v{version}" for rule, version in order.rules)
        self.log.noted(case.subject, "approved", f"{stored.id} {order.product} {amount_text(order)} {rules}".strip())
        kind = self.resource_type(order)
        result = case.writer.create(
            WriteRequest(resource_type=kind, body=body, identifier=self.search_token(stored.identifier))
        )
        if result.state is WriteState.WRITTEN and over(result.stored):
            self._ended(case, stored, result, source=ProposalState.WRITING)
            return
        content = self.finish(case, stored, result, source=ProposalState.WRITING, approved=body)
        if result.state is WriteState.WRITTEN:
            self._beside(case, stored, content)

    def _expired(self, stored: StoredProposal, reason: str, standing: str) -> None:
        content = {**stored.content, "reason": reason, "reference": standing}
        self.proposals.move(stored.id, source=ProposalState.PROPOSED, target=ProposalState.EXPIRED, content=content)

    def _ended(self, case: Case, stored: StoredProposal, found: WriteResult, *, source: ProposalState) -> None:
        reason = f"The EHR has this order as {over(found.stored)}: it is over."
        content = {**stored.content, "reference": found.reference, "reason": reason}
        self.proposals.move(stored.id, source=source, target=ProposalState.WITHDRAWN, content=content)
        self.log.noted(case.subject, "order over", f"{stored.id} {found.reference} {over(found.stored)}")

    def finish(
        self, case: Case, stored: StoredProposal, result: WriteResult, *, source: ProposalState, approved: bytes = b""
    ) -> dict[str, Any]:
        """Keep what became of the order, and how the EHR's differs from what was approved (FHIR-48)."""
        approved = approved or str(stored.content.get("approved", "")).encode()
        content = {
            **stored.content,
            "approved": approved.decode(),
            "reference": result.reference,
            "version": result.version,
            "reason": result.reason,
            "differs": list(differences(result.stored, approved)) if result.stored and approved else [],
            "decided_by": case.subject.user_name or case.subject.user,
        }
        target = _RESULT[result.state]
        moved = self.proposals.move(stored.id, source=source, target=target, content=content)
        if (
            not moved and source is ProposalState.WRITING
        ):  # a page gave this writer up for dead: what it learnt still counts
            self.proposals.move(stored.id, source=ProposalState.NOT_CONFIRMED, target=target, content=content)
        self.log.noted(case.subject, "write result", f"{stored.id} {result.state} {result.reference}".strip())
        return content

    def _beside(self, case: Case, stored: StoredProposal, content: dict[str, Any]) -> None:
        beside = Beside(log=self.log, clock=self.clock, base_url=self.base_url, organization=self.organization)
        token = self.search_token(stored.identifier)
        followed = beside.write(case, order_in(content), content, ordering=self._ordering(case, stored), token=token)
        kept = {**content, "recheck_reference": followed}
        self.proposals.move(stored.id, source=ProposalState.WRITTEN, target=ProposalState.WRITTEN, content=kept)

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
