"""The one step that writes: hold the identifier, keep the approval with all that will be sent, then send it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.report import rfc3339
from smartapp.fhir.proposals import Ordering, amount_text, resource_type_of, write_order, write_recheck
from smartapp.usecases.assess import Assessed
from smartapp.usecases.beside import Case
from smartapp.usecases.holding import A_PRESS, Holding
from smartapp.usecases.ports import Proposals, ProposalState, Receipts, StoredProposal
from smartapp.usecases.proposal import order_in
from smartapp.usecases.receipts import receipt_of, seen_in
from smartapp.usecases.sending import Sending
from smartapp.usecases.transitions import BEGUN, OVER, Transitions


class NotApprovable(Exception):
    """A proposal that can no longer be approved; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWriting:
    """Writes approved orders; `clock` gives the clinical now."""

    proposals: Proposals
    policy: SitePolicy
    transitions: Transitions
    holding: Holding
    sending: Sending
    clock: Callable[[], datetime]
    receipts: Receipts
    base_url: str

    def identifier(self, case: Case, basis: str) -> str:
        """Deterministic from EHR, patient, basis (none: the launch) and how many of our orders on that basis are over.

        Not from product or dose, so that two launches cannot both write for one result (interfaces.md section 6).
        """
        what = [case.subject.ehr, case.subject.patient, basis or case.subject.reference]
        number = 0
        while True:
            value = hashlib.sha256("\n".join([*what, str(number)]).encode()).hexdigest()[:40]
            if not self.proposals.with_identifier(value, OVER):
                return value
            number += 1

    def resource_type(self, order: ProposedOrder) -> str:
        """Which resource an order becomes at this site."""
        return resource_type_of(order, self.policy.get("component_resource"))

    def cannot_write(self, case: Case, order: ProposedOrder) -> str:
        """Why nothing can be written at all, in a sentence; empty if it can. An order needs its requester (FHIR-41)."""
        if self.policy.get("order_intent") == "order" and not case.subject.user:
            return "the EHR did not say who you are, and an order names who requests it"
        return case.writer.can_create(self.resource_type(order))

    def has_company(self, case: Case, content: Mapping[str, Any]) -> bool:
        """Whether more than the order is to be written."""
        follow_up = bool(content.get("recheck")) and not case.writer.can_create("ServiceRequest")
        return follow_up or not case.writer.can_create("Provenance")

    def write(self, case: Case, stored: StoredProposal, assessed: Assessed) -> None:
        """Exactly one writer an identifier: a second press waits for the first, and then changes nothing."""
        with self.holding.held(stored, patience=A_PRESS) as holder:
            if not holder:
                raise NotApprovable("This order is being written already. Wait a moment and look again.")
            fresh = self.proposals.get(stored.launch, stored.id)
            if fresh is None or fresh.state is not ProposalState.PROPOSED:
                return
            overtaken = self._overtaken(case, stored)
            if overtaken:
                self.transitions.move(
                    case, stored, ProposalState.EXPIRED, event="write withheld", outcome="overtaken", **overtaken
                )
                return
            approved = self._approved(case, stored, assessed)
            if approved is not None:
                self.sending.send(case, approved, holder)

    def _overtaken(self, case: Case, stored: StoredProposal) -> dict[str, str]:
        """Why another order stands in the way, with its reference; empty if none does."""
        if self.identifier(case, order_in(stored.content).basis) != stored.identifier:
            return {"reason": "The earlier order for this result is over: go back for a new proposal.", "reference": ""}
        begun = self.proposals.with_identifier(stored.identifier, BEGUN)
        others = [other for other in begun if other.id != stored.id]
        if not others:
            return {}
        reason = "An order for this result was already approved in another window."
        return {"reason": reason, "reference": str(others[0].content.get("reference", ""))}

    def _approved(self, case: Case, stored: StoredProposal, assessed: Assessed) -> StoredProposal | None:
        """The approval with all that will be sent, kept before anything is; None if it was decided meanwhile."""
        order = order_in(stored.content)
        rules = ", ".join(f"{rule} v{version}" for rule, version in order.rules)
        prepared = self._prepared(case, stored, order)
        sent = {name: json.loads(prepared[name]) for name in ("approved", "follow_up") if name in prepared}
        at = self.clock()
        receipt = receipt_of(case, stored, seen_in(assessed), action="approved", at=rfc3339(at), written=sent)
        return self.transitions.move(
            case,
            stored,
            ProposalState.APPROVED,
            event="approved",
            outcome=f"{order.product} {amount_text(order)} {rules}".strip(),
            decided_by=case.subject.user_name or case.subject.user,
            decided_at=at.timestamp(),
            receipt=self.receipts.keep(stored.id, receipt),
            **prepared,
        )

    def _prepared(self, case: Case, stored: StoredProposal, order: ProposedOrder) -> dict[str, Any]:
        """The order and its follow-up as they will be sent; what is left out is settled from the start."""
        ordering = self._ordering(case, stored)
        kept: dict[str, Any] = {
            "kind": self.resource_type(order),
            "approved": json.dumps(write_order(order, ordering)),
        }
        if stored.content.get("recheck") and not case.writer.can_create("ServiceRequest"):
            kept["follow_up"] = json.dumps(write_recheck(order, ordering))
        else:
            kept["recheck_reference"] = ""
        if case.writer.can_create("Provenance"):
            kept["provenance"] = ""
        return kept

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
