"""Find out what became of an order: left open by a process that died, not confirmed, or changed since at the EHR."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from smartapp.fhir.provenance import differences, over, status_of
from smartapp.usecases.orders.ledger import ProposalLedger
from smartapp.usecases.orders.order_lock import PRESS_SECONDS, VIEW_SECONDS, OrderLock
from smartapp.usecases.orders.proposal import BEGUN, OVER, Decided, Proposal, ProposalState, Route, Sent
from smartapp.usecases.orders.submit import Submission
from smartapp.usecases.ports import LaunchCase, WriteResult, WriteState

_INTERRUPTED = "The program was interrupted while it was writing."
_NOTHING_SENT = "The program was interrupted before anything was sent: nothing was written. Go back for a new proposal."
_NONE = "The EHR was searched: it has no such order. Nothing was saved."
_NOT_YET = "A search did not find it, but the EHR may still be storing it. Check again in a minute."
_FOLLOW_UP_MISSING = "not saved: order the follow-up fibrinogen yourself"
_FOLLOW_UP_OPEN = "not confirmed: look for it in the chart, and order it yourself if it is not there"
_MAY_STAND = ("not confirmed", _FOLLOW_UP_MISSING)
_PROVENANCE_MISSING = "not saved: the program was interrupted before it was sent; the record here stands"
_PROVENANCE_TOGETHER = "saved together with the order"


def is_unsettled(proposal: Proposal) -> bool:
    """Whether a part is still open: being written by a living process, or left so by a dead one."""
    if proposal.state in (ProposalState.APPROVED, ProposalState.WRITING):
        return True
    return proposal.state is ProposalState.WRITTEN and not proposal.sent.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Searches and tells; it sends only where the clinician pressed again on the receipt, and never an order.

    That a search finds nothing tells only once the EHR has had `late_seconds` to carry out what was sent.
    """

    ledger: ProposalLedger
    submission: Submission
    lock: OrderLock
    seconds: Callable[[], float]
    late_seconds: float

    def settle(self, case: LaunchCase, proposal: Proposal, *, pressed: bool = False) -> Proposal:
        """What a dead process left open, found out; as it stands while a living one holds the identifier."""
        if not is_unsettled(proposal):
            return proposal
        patience = PRESS_SECONDS if pressed else VIEW_SECONDS
        with self.lock.held(proposal.identifier, seconds=patience) as holder:
            fresh = self.ledger.stored(proposal)
            if not holder or not is_unsettled(fresh):
                return fresh
            if fresh.state is ProposalState.APPROVED:
                expired = Decided(state=ProposalState.EXPIRED, reason=_NOTHING_SENT, approval=fresh.approval)
                self.ledger.move(case, fresh, expired, event="write interrupted")
                return self.ledger.stored(proposal)
            if fresh.state is ProposalState.WRITING:
                fresh = self._search_interrupted(case, fresh)
            self._settle_company(case, fresh, holder, pressed=pressed)
            return self.ledger.stored(proposal)

    def _settle_company(self, case: LaunchCase, proposal: Proposal, holder: str, *, pressed: bool) -> None:
        """What belongs to a stored order: sent where the clinician pressed again on a receipt that is fresh, else told."""
        if proposal.state is not ProposalState.WRITTEN:
            return
        own = proposal.launch == case.subject.reference and proposal.expires_at > self.seconds()
        if pressed and own and proposal.sent.route is not Route.TOGETHER:
            self.submission.complete(case, self._search_follow_up(case, proposal), holder)
        else:
            self._tell_company(case, proposal)

    def _search_follow_up(self, case: LaunchCase, proposal: Proposal) -> Proposal:
        """A follow-up that may have been sent is searched for; it is sent again only if the EHR surely has none."""
        if proposal.sent.follow_up is not None or not proposal.sent.follow_up_begun_at:
            return proposal
        words = self._follow_up(case, proposal)
        if words == _FOLLOW_UP_MISSING:
            return proposal
        return self.ledger.update(case, proposal, replace(proposal.sent, follow_up=words), "follow-up searched")

    def _follow_up(self, case: LaunchCase, proposal: Proposal) -> str:
        """The follow-up's reference, or what is known of it."""
        approved = proposal.sent.approval.follow_up.encode()
        found = case.writer.find("ServiceRequest", self.submission.follow_up_token(proposal.identifier), approved)
        none = found.state is WriteState.REFUSED and not self._may_come(proposal.sent.follow_up_begun_at)
        return found.reference or (_FOLLOW_UP_MISSING if none else _FOLLOW_UP_OPEN)

    def search(self, case: LaunchCase, proposal: Proposal) -> None:
        """Only search for what was not confirmed; what belongs to the order is searched too, and not sent any more."""
        written = self._keep_found(case, proposal, self._find(case, proposal))
        if written is not None and written.state is ProposalState.WRITTEN:
            self._tell_company(case, written)

    def _keep_found(self, case: LaunchCase, proposal: Proposal, found: WriteResult) -> Proposal | None:
        """What a search told of the order."""
        sent = proposal.sent
        if found.state is WriteState.REFUSED and self._may_come(sent.unanswered_since):
            found = replace(found, state=WriteState.NOT_CONFIRMED, reason=_NOT_YET)
        if found.state is WriteState.NOT_CONFIRMED:
            open_still = replace(sent, reason=found.reason)
            return self.ledger.update(case, proposal, open_still, "searched", "not confirmed")
        if found.state is WriteState.WRITTEN and over(found.stored):
            return self.ledger.end(case, proposal, found)
        none = found.state is WriteState.REFUSED
        return self.submission.finish(case, proposal, sent, replace(found, reason=_NONE) if none else found)

    def _may_come(self, since: float) -> bool:
        """Whether the EHR may still carry out what was sent to it, or its searches may not show it yet."""
        return self.seconds() < since + self.late_seconds

    def follow(self, case: LaunchCase, proposal: Proposal) -> Proposal:
        """Where the written order stands at the EHR now: draft, signed, carried out, cancelled; changed by others.

        A status that came later is how orders go; one that the EHR gave it at once is a difference, and stays one.
        """
        if proposal.state is ProposalState.REFUSED:
            return self._follow_refused(case, proposal)
        if proposal.state is not ProposalState.WRITTEN:
            return proposal
        found, sent = self._find(case, proposal), proposal.sent
        if found.state is not WriteState.WRITTEN:
            status = "not found" if found.state is WriteState.REFUSED else "unknown"
            return self._keep_followed(case, proposal, replace(sent, ehr_status=status))
        if over(found.stored):
            return self.ledger.end(case, proposal, found) or self.ledger.stored(proposal)
        told = differences(found.stored, sent.approval.order.encode())
        followed = replace(
            sent,
            ehr_status=status_of(found.stored),
            version=found.version,
            differences=tuple(w for w in told if w in sent.differences or not w.startswith("status:")),
        )
        if sent.follow_up is not None and sent.follow_up.startswith(_MAY_STAND):
            followed = replace(followed, follow_up=self._follow_up(case, proposal))
        return self._keep_followed(case, proposal, followed)

    def _follow_refused(self, case: LaunchCase, proposal: Proposal) -> Proposal:
        """An order that a search did not find and that stands now after all, unless another proposal's stands there."""
        if self.ledger.proposals.with_identifier(proposal.identifier, (*BEGUN, *OVER)):
            return proposal
        found = self._find(case, proposal)
        if found.state is WriteState.WRITTEN:
            late = self._keep_found(case, proposal, found)
            if late is not None and late.state is ProposalState.WRITTEN:
                self._tell_company(case, late)
        return self.ledger.stored(proposal)

    def _keep_followed(self, case: LaunchCase, proposal: Proposal, followed: Sent) -> Proposal:
        if followed == proposal.sent:
            return proposal
        return self.ledger.update(case, proposal, followed, "order followed", followed.ehr_status)

    def _search_interrupted(self, case: LaunchCase, proposal: Proposal) -> Proposal:
        """The order may or may not have been stored when the writer died."""
        given_up = replace(
            proposal.sent,
            state=ProposalState.NOT_CONFIRMED,
            reason=_INTERRUPTED,
            unanswered_since=proposal.changed_at,
        )
        moved = self.ledger.move(case, proposal, given_up, event="write interrupted")
        if moved is not None:
            self._keep_found(case, moved, self._find(case, moved))
        return self.ledger.stored(proposal)

    def _tell_company(self, case: LaunchCase, proposal: Proposal) -> None:
        """What belongs to the order, by searching; what is missing is said."""
        sent = proposal.sent
        if sent.is_complete:
            return
        together = sent.route is Route.TOGETHER
        known = replace(
            sent,
            follow_up=self._follow_up(case, proposal) if sent.follow_up is None else sent.follow_up,
            provenance=(_PROVENANCE_TOGETHER if together else _PROVENANCE_MISSING)
            if sent.provenance is None
            else sent.provenance,
        )
        self.ledger.update(case, proposal, known, "interrupted write settled")

    def _find(self, case: LaunchCase, proposal: Proposal) -> WriteResult:
        token = self.submission.search_token(proposal.identifier)
        approval = proposal.sent.approval
        return case.writer.find(approval.resource_type, token, approval.order.encode())
