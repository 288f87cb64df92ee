"""Taking back what was written, while it is a draft; the EHR's copies are cancelled, never deleted (FHIR-51)."""

from dataclasses import dataclass

from smartapp.fhir.provenance import differences, over, status_of
from smartapp.usecases.beside import Case
from smartapp.usecases.holding import A_PRESS, Holding
from smartapp.usecases.ports import ProposalState, StoredProposal, WriteResult, WriteState
from smartapp.usecases.transitions import Transitions
from smartapp.usecases.writing import NotApprovable

_BUSY = "This order is being written. Wait a moment and look again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing:
    """Cancels the order, then the follow-up that was ordered with it."""

    transitions: Transitions
    holding: Holding

    def withdraw(self, case: Case, stored: StoredProposal) -> None:
        """`NotApprovable` says why not; an order that was changed in the EHR meanwhile is shown again first."""
        refused = case.writer.can_update(str(stored.content.get("kind", "MedicationRequest")))
        if refused:
            raise NotApprovable(f"The order cannot be withdrawn from here: {refused}. Cancel it in the EHR.")
        with self.holding.held(stored, patience=A_PRESS) as holder:
            if not holder:
                raise NotApprovable(_BUSY)
            result = case.writer.cancel(str(stored.content["reference"]), str(stored.content.get("version", "")))
            if result.state is WriteState.WRITTEN:
                self._withdrawn(case, stored, result)
            elif result.stored and over(result.stored):
                self.transitions.ended(case, stored, result)
            elif result.stored:
                self._reloaded(case, stored, result)
            else:
                raise NotApprovable(_not_withdrawn(result))

    def _withdrawn(self, case: Case, stored: StoredProposal, result: WriteResult) -> None:
        beside, outcome = self._follow_up(case, str(stored.content.get("recheck_reference", ""))), result.reference
        self.transitions.move(
            case, stored, ProposalState.WITHDRAWN, event="order withdrawn", outcome=outcome, reason=beside
        )

    def _follow_up(self, case: Case, followed: str) -> str:
        """What became of the follow-up, in a sentence; empty where there was none."""
        if not followed.startswith("ServiceRequest/"):
            return ""
        why = case.writer.can_update("ServiceRequest")
        if not why:
            result = case.writer.cancel(followed)
            if result.state is WriteState.WRITTEN:
                return f"The follow-up {followed} was withdrawn too."
            why = result.reason
        return f"The follow-up {followed} still stands in the EHR: {why}."

    def _reloaded(self, case: Case, stored: StoredProposal, result: WriteResult) -> None:
        """Not cancelled: what the EHR has now is shown, and the clinician decides again."""
        approved = str(stored.content.get("approved", "")).encode()
        again = (
            "Look at it below; press again to withdraw it as it is now." if _is_draft(result) else "Look at it there."
        )
        self.transitions.keep(
            case,
            stored,
            "withdrawal refused",
            result.reason,
            reason=f"The order was not withdrawn: {result.reason}. {again}",
            differs=list(differences(result.stored, approved)) if approved else [],
            standing=status_of(result.stored),
            version=result.version or stored.content.get("version", ""),
        )


def _is_draft(result: WriteResult) -> bool:
    return status_of(result.stored) == "draft"


def _not_withdrawn(result: WriteResult) -> str:
    if result.state is WriteState.NOT_CONFIRMED:
        return f"It is not confirmed that the order was withdrawn: {result.reason}. Press again to look."
    return f"The order could not be withdrawn: {result.reason}. Look at it in the EHR."
