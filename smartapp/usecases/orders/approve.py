"""From an offered proposal to one written order: choose, confirm (read again, write), decline, and what became of it.

`press` takes a press on a form, the last of which writes, after reading everything again; `look` tells the truth about a
proposal, `follow` also where its order stands at the EHR now; `check_again` only searches. Nothing is written without the press
on the receipt, and at most once an identifier.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.clinical.report_members import rfc3339
from smartapp.fhir.chart import Chart
from smartapp.fhir.proposals import amount_text
from smartapp.usecases.assess import Assessed, Site, assess_patient
from smartapp.usecases.feedback import LONGEST_COMMENT
from smartapp.usecases.orders.basis import changes, order_of
from smartapp.usecases.orders.cancel import Cancellation
from smartapp.usecases.orders.ledger import ProposalLedger
from smartapp.usecases.orders.offer import Offers
from smartapp.usecases.orders.order_lock import PRESS_SECONDS, OrderLock
from smartapp.usecases.orders.plan import OrderWriting, WritePlan
from smartapp.usecases.orders.ports import Proposals, Receipts
from smartapp.usecases.orders.proposal import BEGUN, Decided, Open, Proposal, ProposalState, Stage
from smartapp.usecases.orders.receipt import evidence_of, receipt_of
from smartapp.usecases.orders.reconcile import Reconciliation
from smartapp.usecases.orders.submit import Submission
from smartapp.usecases.ports import AssessmentLog, LaunchCase

_OVERTAKEN = "The earlier order for this result is over: go back for a new proposal."
_ELSEWHERE = "An order for this result was already approved in another window."


class NoSuchProposal(Exception):
    """Not one of this launch."""


class NotApprovable(Exception):
    """A proposal that can no longer be approved; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderApproval:
    """The steps on proposals with what they need; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    proposals: Proposals
    receipts: Receipts
    site: Site
    log: AssessmentLog
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    ledger: ProposalLedger
    lock: OrderLock
    writing: OrderWriting
    submission: Submission
    reconciliation: Reconciliation
    offers: Offers

    def offer(self, case: LaunchCase, assessed: Assessed) -> tuple[Proposal, ...]:
        """The proposals of this assessment: those under way for its basis, else one for each option."""
        return tuple(self.offers.of(case, assessed, self.unwritable(case, assessed)))

    def write_blocker(self, case: LaunchCase, assessed: Assessed) -> str:
        """Why this session can write nothing, where a draft would be allowed: told before the click; empty if it can write one of
        the options."""
        refused = self.unwritable(case, assessed)
        written = [option for option in assessed.assessment.options if option.product not in refused]
        return "" if written or not refused else next(iter(refused.values()))

    def unwritable(self, case: LaunchCase, assessed: Assessed) -> dict[Product, str]:
        """The options that this session cannot write, each with why: they stand on the page as text to copy."""
        assessment = assessed.assessment
        if not assessment.draft_allowed:
            return {}
        told = {
            option.product: self.writing.write_blocker(case, order_of(assessment, option))
            for option in assessment.options
        }
        return {product: why for product, why in told.items() if why}

    def decided(self, case: LaunchCase) -> tuple[Proposal, ...]:
        """What this launch has written, tried to, or declined."""
        states = [state for state in ProposalState if state is not ProposalState.PROPOSED]
        return tuple(self.proposals.of_launch(case.subject.reference, states))

    def find(self, case: LaunchCase, proposal: str) -> Proposal:
        """A proposal of this launch as it is stored; nothing is asked. `NoSuchProposal` for any other."""
        found = self.proposals.get(case.subject.reference, proposal)
        if found is None:
            raise NoSuchProposal("There is no such proposal in this launch.")
        return found

    def look(self, case: LaunchCase, proposal: str) -> Proposal:
        """The truth about a proposal; what a dead process left open is found out by searching."""
        return self.reconciliation.settle(case, self.find(case, proposal))

    def follow(self, case: LaunchCase, proposal: str) -> Proposal:
        """The same, and where a written order stands at the EHR now."""
        return self.reconciliation.follow(case, self.look(case, proposal))

    def plan(self, case: LaunchCase, proposal: Proposal) -> WritePlan:
        """What a press on this proposal would write."""
        return self.writing.plan(case, proposal)

    def alternatives(self, case: LaunchCase, proposal: str) -> tuple[Proposal, ...]:
        """What was offered for the same result instead of this proposal and may still be chosen."""
        own = self.find(case, proposal)
        open_ones = self.proposals.of_launch(case.subject.reference, [ProposalState.PROPOSED])
        return tuple(
            other
            for other in open_ones
            if other.id != own.id and other.expires_at > self.seconds() and _rests_on_the_same(other, own)
        )

    def press(
        self, case: LaunchCase, proposal: str, stage: Stage, *, order: ProposedOrder, follow_up: bool
    ) -> Proposal:
        """A press on a form made for `stage`: it opens the dose review, keeps the amount for the receipt, or writes.

        A press on a proposal that is decided changes nothing, but what a dead process left unsent beside the order is sent
        by pressing again on the receipt; a press on a form whose stage is past changes nothing either.
        """
        own = self.find(case, proposal)
        if own.is_decided:
            return self.reconciliation.settle(case, own, pressed=stage is Stage.CONFIRMING)
        self._check_age(case, own)
        if stage is Stage.PROPOSED:
            reviewing = replace(own, order=order, status=Open(stage=Stage.REVIEWING))
            return self.ledger.update(case, own, reviewing, "dose review")
        if stage is Stage.REVIEWING:
            chosen = replace(own, order=order, follow_up=follow_up, status=Open(stage=Stage.CONFIRMING))
            return self.ledger.update(case, own, chosen, "amount chosen", amount_text(order))
        if own.stage is not Stage.CONFIRMING:
            return own
        if (order, follow_up) != (own.order, own.follow_up):
            raise NotApprovable("The order is not the one on the receipt: go back to the dose review.")
        return self._confirm(case, own)

    def decline(self, case: LaunchCase, proposal: str, *, reason: str, comment: str) -> Proposal:
        """Keep why not; nothing is written. What was decided already stays as it is.

        The receipt of a refusal rests on what was shown; the comment stays with the feedback.
        """
        own = self.find(case, proposal)
        if own.is_decided:
            return own
        at = rfc3339(self.clock())
        receipt = receipt_of(case, own, own.offer.evidence, action="declined", at=at, reason=reason)
        declined = Decided(
            state=ProposalState.DECLINED,
            reason=reason,
            comment=comment[:LONGEST_COMMENT],
            receipt=self.receipts.keep(own.id, receipt),
        )
        self.ledger.move(case, own, declined, event="proposal declined", outcome=reason)
        return self.find(case, proposal)

    def withdraw(self, case: LaunchCase, proposal: str) -> Proposal:
        """Take back what was written, while it is a draft."""
        own = self.look(case, proposal)
        if own.state is ProposalState.WRITTEN:
            Cancellation(ledger=self.ledger, lock=self.lock).withdraw(case, own)
        return self.look(case, proposal)

    def withdraw_standing(self, case: LaunchCase, reference: str, identifier: str) -> None:
        """Take back a draft of ours that stands in the chart, whichever launch or card wrote it; `NotWithdrawn` says why not."""
        known = self.proposals.with_identifier(identifier, [ProposalState.WRITTEN])
        own = next((proposal for proposal in known if proposal.reference == reference), None)
        cancellation = Cancellation(ledger=self.ledger, lock=self.lock)
        if own is not None:
            cancellation.withdraw(case, own)
        else:
            cancellation.withdraw_unknown(case, reference, identifier)
            self.log.noted(case.subject, "standing draft withdrawn", reference)

    def check_again(self, case: LaunchCase, proposal: str) -> Proposal:
        """Only search for what was not confirmed."""
        own = self.look(case, proposal)
        if own.state is ProposalState.NOT_CONFIRMED:
            self.reconciliation.search(case, own)
        return self.find(case, proposal)

    def receipt(self, case: LaunchCase, proposal: str) -> bytes | None:
        """The signed receipt of the decision on a proposal of this launch; None before there is one."""
        own = self.find(case, proposal)
        return self.receipts.file(own.id, own.receipt)

    def _confirm(self, case: LaunchCase, own: Proposal) -> Proposal:
        """Read everything again (FHIR-43); if nothing moved, write the order of this receipt once, with what belongs to it."""
        refused = self.writing.write_blocker(case, own.order)
        if refused:
            raise NotApprovable(refused)
        assessed = assess_patient(
            case.subject,
            sent=Chart.empty(case.subject.patient, case.subject.fhir_base),
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event="re-checked before writing",
            bedside=case.entries,
        )
        moved = changes(assessed.assessment, own.offer.fingerprint)
        if moved:
            reason = "New since you reviewed: nothing was written."
            expired = Decided(state=ProposalState.EXPIRED, reason=reason, changes=moved)
            self.ledger.move(case, own, expired, event="write withheld", outcome="basis changed")
            return self.find(case, own.id)
        self._write(case, own, assessed)
        return self.look(case, own.id)

    def _write(self, case: LaunchCase, own: Proposal, assessed: Assessed) -> None:
        """Exactly one writer an identifier: a second press waits for the first, and then changes nothing."""
        with self.lock.held(own.identifier, seconds=PRESS_SECONDS) as holder:
            if not holder:
                raise NotApprovable("This order is being written already. Wait a moment and look again.")
            if self.ledger.stored(own).is_decided:
                return
            overtaken = self._overtaken(case, own, assessed)
            if overtaken is not None:
                self.ledger.move(case, own, overtaken, event="write withheld", outcome="overtaken")
                return
            approved = self._approve(case, own, assessed)
            if approved is not None and approved.approval is not None:
                self.submission.submit(case, approved, approved.approval, holder)

    def _overtaken(self, case: LaunchCase, own: Proposal, assessed: Assessed) -> Decided | None:
        """Why another order stands in the way, with its reference; None if none does."""
        standing = assessed.assessment.standing
        identifier = self.offers.identifier(case.subject, own.order.basis, standing, case.entries.standing)
        if identifier != own.identifier:
            return Decided(state=ProposalState.EXPIRED, reason=_OVERTAKEN)
        begun = self.proposals.with_identifier(own.identifier, BEGUN)
        others = [other for other in begun if other.id != own.id]
        if not others:
            return None
        return Decided(state=ProposalState.EXPIRED, reason=_ELSEWHERE, instead=others[0].reference)

    def _approve(self, case: LaunchCase, own: Proposal, assessed: Assessed) -> Proposal | None:
        """The approval with all that will be sent, stored before anything is; None if it was decided meanwhile."""
        at = self.clock()
        approval = self.writing.approval(case, own, at)
        sent = {"approved": json.loads(approval.order)}
        sent |= {"follow_up": json.loads(approval.follow_up)} if approval.follow_up else {}
        receipt = receipt_of(case, own, evidence_of(assessed), action="approved", at=rfc3339(at), written=sent)
        approved = Decided(
            state=ProposalState.APPROVED, approval=replace(approval, receipt=self.receipts.keep(own.id, receipt))
        )
        rules = ", ".join(f"{rule} v{version}" for rule, version in own.order.rules)
        outcome = f"{own.order.product} {amount_text(own.order)} {rules}".strip()
        return self.ledger.move(case, own, approved, event="approved", outcome=outcome)

    def _check_age(self, case: LaunchCase, own: Proposal) -> None:
        if own.expires_at <= self.seconds():
            why = f"This proposal is older than {self.offers.minutes:.0f} minutes. Go back to the patient page for a new one."
            expired = Decided(state=ProposalState.EXPIRED, reason=why)
            self.ledger.move(case, own, expired, event="proposal expired")
            raise NotApprovable(why)


def _rests_on_the_same(one: Proposal, other: Proposal) -> bool:
    """Whether both rest on the same result and the same facts."""
    return one.identifier == other.identifier and one.offer.fingerprint == other.offer.fingerprint


def make_approval(
    *,
    proposals: Proposals,
    site: Site,
    log: AssessmentLog,
    clock: Callable[[], datetime],
    seconds: Callable[[], float],
    receipts: Receipts,
    pause: Callable[[float], None],
    base_url: str,
    organization: str = "",
    minutes: float = 30.0,
    late_seconds: float = 60.0,
) -> OrderApproval:
    """The use case joined from its parts; `pause` waits, `late_seconds` is how late an EHR may still carry a request out."""
    ledger, lock = ProposalLedger(proposals=proposals), OrderLock(proposals=proposals, pause=pause)
    submission = Submission(ledger=ledger, clock=clock, seconds=seconds, base_url=base_url, organization=organization)
    reconciliation = Reconciliation(
        ledger=ledger, submission=submission, lock=lock, seconds=seconds, late_seconds=late_seconds
    )
    return OrderApproval(
        proposals=proposals,
        receipts=receipts,
        site=site,
        log=log,
        clock=clock,
        seconds=seconds,
        ledger=ledger,
        lock=lock,
        writing=OrderWriting(policy=site.policy, clock=clock, base_url=base_url),
        submission=submission,
        reconciliation=reconciliation,
        offers=Offers(proposals=proposals, reconciliation=reconciliation, seconds=seconds, minutes=minutes),
    )
