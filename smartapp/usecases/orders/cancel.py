"""Take back what was written, while it is a draft; the EHR's copies are cancelled, never deleted (FHIR-51)."""

from dataclasses import dataclass, replace

from smartapp.fhir.provenance import differences, over, status_of
from smartapp.usecases.orders.ledger import ProposalLedger
from smartapp.usecases.orders.order_lock import PRESS_SECONDS, OrderLock
from smartapp.usecases.orders.proposal import Proposal, ProposalState
from smartapp.usecases.ports import LaunchCase, WriteResult, WriteState

_BUSY = "This order is being written. Wait a moment and look again."


class NotWithdrawn(Exception):
    """An order that was not taken back; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Cancels the order, then the follow-up that was ordered with it."""

    ledger: ProposalLedger
    lock: OrderLock

    def withdraw(self, case: LaunchCase, proposal: Proposal) -> None:
        """Cancel a written order; `NotWithdrawn` says why not. One that was changed in the EHR meanwhile is shown again first."""
        sent = proposal.sent
        refused = case.writer.can_update(sent.approval.resource_type)
        if refused:
            raise NotWithdrawn(f"The order cannot be withdrawn from here: {refused}. Cancel it in the EHR.")
        with self.lock.held(proposal.identifier, seconds=PRESS_SECONDS) as holder:
            if not holder:
                raise NotWithdrawn(_BUSY)
            result = case.writer.cancel(sent.reference, sent.version)
            if result.state is WriteState.WRITTEN:
                self._withdrawn(case, proposal, result)
            elif result.stored and over(result.stored):
                self.ledger.end(case, proposal, result)
            elif result.stored:
                self._reloaded(case, proposal, result)
            else:
                raise NotWithdrawn(_why_not(result))

    def withdraw_unknown(self, case: LaunchCase, reference: str, identifier: str) -> None:
        """Cancel a draft of ours of which no proposal is stored: one that was taken from a card."""
        refused = case.writer.can_update(reference.partition("/")[0])
        if refused:
            raise NotWithdrawn(f"The order cannot be withdrawn from here: {refused}. Cancel it in the EHR.")
        with self.lock.held(identifier, seconds=PRESS_SECONDS) as holder:
            if not holder:
                raise NotWithdrawn(_BUSY)
            result = case.writer.cancel(reference)
            if result.state is not WriteState.WRITTEN:
                raise NotWithdrawn(_why_not(result))

    def _withdrawn(self, case: LaunchCase, proposal: Proposal, result: WriteResult) -> None:
        reason = self._withdraw_follow_up(case, proposal.sent.follow_up or "")
        withdrawn = replace(proposal.sent, state=ProposalState.WITHDRAWN, reason=reason)
        self.ledger.move(case, proposal, withdrawn, event="order withdrawn", outcome=result.reference)

    def _withdraw_follow_up(self, case: LaunchCase, follow_up: str) -> str:
        """What became of the follow-up, in a sentence; empty where there was none."""
        if not follow_up.startswith("ServiceRequest/"):
            return ""
        why = case.writer.can_update("ServiceRequest")
        if not why:
            result = case.writer.cancel(follow_up)
            if result.state is WriteState.WRITTEN:
                return f"The follow-up {follow_up} was withdrawn too."
            why = result.reason
        return f"The follow-up {follow_up} still stands in the EHR: {why}."

    def _reloaded(self, case: LaunchCase, proposal: Proposal, result: WriteResult) -> None:
        """Not cancelled: what the EHR has now is shown, and the clinician decides again."""
        sent, status = proposal.sent, status_of(result.stored)
        again = (
            "Look at it below; press again to withdraw it as it is now." if status == "draft" else "Look at it there."
        )
        reloaded = replace(
            sent,
            reason=f"The order was not withdrawn: {result.reason}. {again}",
            differences=differences(result.stored, sent.approval.order.encode()),
            ehr_status=status,
            version=result.version or sent.version,
        )
        self.ledger.update(case, proposal, reloaded, "withdrawal refused", result.reason)


def _why_not(result: WriteResult) -> str:
    if result.state is WriteState.NOT_CONFIRMED:
        return f"It is not confirmed that the order was withdrawn: {result.reason}. Press again to look."
    return f"The order could not be withdrawn: {result.reason}. Look at it in the EHR."
