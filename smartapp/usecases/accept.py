"""From an offered proposal to one written order: offer, choose, re-check, write, and what became of it.

What a page calls: `offer` makes or finds the proposals of an assessment; `step` takes a press on a form, the last of
which writes, after reading everything again; `look` tells the truth about a proposal, `follow` also
where its order stands at the EHR now; `check_again` only searches; `decline` keeps a reason; `withdraw` takes a draft back.
Nothing is written without the press on the receipt, and at most once an identifier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.report import rfc3339
from smartapp.fhir.chart import Chart
from smartapp.fhir.proposals import amount_text
from smartapp.usecases.assess import Assessed, Site, assess_patient
from smartapp.usecases.beside import Case
from smartapp.usecases.holding import Holding
from smartapp.usecases.offering import Offering
from smartapp.usecases.ports import AssessmentLog, Proposals, ProposalState, Receipts, StoredProposal
from smartapp.usecases.proposal import ProposalView, Stage, changes, order_in, packed, view_of
from smartapp.usecases.receipts import receipt_of
from smartapp.usecases.sending import Sending
from smartapp.usecases.settling import Settling
from smartapp.usecases.transitions import Transitions
from smartapp.usecases.withdrawing import Withdrawing
from smartapp.usecases.writing import NotApprovable, OrderWriting


class NoSuchProposal(Exception):
    """Not one of this launch."""


@dataclass(slots=True, kw_only=True)
class Acceptance:
    """The use case with what it needs; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    proposals: Proposals
    site: Site
    log: AssessmentLog
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    transitions: Transitions
    writing: OrderWriting
    settling: Settling
    holding: Holding
    minutes: float = 30.0

    def offer(self, case: Case, assessed: Assessed) -> tuple[ProposalView, ...]:
        """The proposals of this assessment: those under way for its basis, else one for each option."""
        offering = Offering(
            proposals=self.proposals,
            writing=self.writing,
            settling=self.settling,
            seconds=self.seconds,
            minutes=self.minutes,
        )
        return tuple(self._view(case, stored) for stored in offering.of(case, assessed))

    def finished(self, case: Case) -> tuple[ProposalView, ...]:
        """What this launch has written, or tried to."""
        decided = [state for state in ProposalState if state is not ProposalState.PROPOSED]
        done = self.proposals.of_launch(case.subject.reference, decided)
        return tuple(self._view(case, proposal) for proposal in done)

    def glance(self, case: Case, proposal: str) -> ProposalView:
        """A proposal as it is kept; nothing is asked."""
        return self._view(case, self._own(case, proposal))

    def look(self, case: Case, proposal: str) -> ProposalView:
        """The truth about a proposal; what a dead process left open is found out by searching."""
        return self._view(case, self.settling.settled(case, self._own(case, proposal)))

    def follow(self, case: Case, proposal: str) -> ProposalView:
        """The same, and where a written order stands at the EHR now."""
        settled = self.settling.settled(case, self._own(case, proposal))
        return self._view(case, self.settling.followed(case, settled))

    def beside(self, case: Case, proposal: str) -> tuple[ProposalView, ...]:
        """What was offered for the same result instead of this proposal and may still be chosen."""
        own = self._own(case, proposal)
        others = [p for p in self.proposals.of_launch(case.subject.reference) if p.id != own.id and _alike(p, own)]
        choosable = (p for p in others if p.state is ProposalState.PROPOSED and p.expires_at > self.seconds())
        return tuple(self._view(case, stored) for stored in choosable)

    def step(self, case: Case, proposal: str, stage: Stage, *, order: ProposedOrder, recheck: bool) -> ProposalView:
        """A press on a form made for `stage`: it opens the dose review, keeps the amount for the receipt, or writes.

        A press on a proposal that is decided changes nothing, but what a dead process left unsent beside the order is sent
        by pressing again on the receipt; a press on a form whose stage is past changes nothing either.
        """
        stored = self._own(case, proposal)
        if stored.state is not ProposalState.PROPOSED:
            again = stage is Stage.CONFIRMING
            return self._view(case, self.settling.settled(case, stored, pressed=again))
        self._check_age(case, stored)
        if stage is Stage.PROPOSED:
            return self._staged(case, stored, "dose review", stage=Stage.REVIEWING, order=packed(order))
        if stage is Stage.REVIEWING:
            chosen = {"stage": Stage.CONFIRMING, "order": packed(order), "recheck": recheck}
            return self._staged(case, stored, "amount chosen", amount_text(order), **chosen)
        if stored.content["stage"] != Stage.CONFIRMING:
            return self._view(case, stored)
        if (packed(order), recheck) != (stored.content["order"], stored.content["recheck"]):
            raise NotApprovable("The order is not the one on the receipt: go back to the dose review.")
        return self._write(case, stored)

    def _staged(self, case: Case, stored: StoredProposal, event: str, outcome: str = "", **kept: Any) -> ProposalView:
        return self._view(case, self.transitions.keep(case, stored, event, outcome, **kept))

    def decline(self, case: Case, proposal: str, *, reason: str, comment: str) -> ProposalView:
        """Keep why not; nothing is written. What was decided already stays as it is."""
        stored = self._own(case, proposal)
        if stored.state is ProposalState.PROPOSED:
            kept = {"reason": reason, "comment": comment[:500], "receipt": self._refusal(case, stored, reason)}
            self.transitions.move(
                case, stored, ProposalState.DECLINED, event="proposal declined", outcome=reason, **kept
            )
        return self._view(case, self._own(case, proposal))

    def _refusal(self, case: Case, stored: StoredProposal, reason: str) -> str:
        """The receipt of a refusal rests on what was shown; the comment stays with the feedback."""
        at = rfc3339(self.clock())
        receipt = receipt_of(case, stored, stored.content.get("seen", {}), action="declined", at=at, reason=reason)
        return self.writing.receipts.keep(stored.id, receipt)

    def receipt(self, case: Case, proposal: str) -> bytes | None:
        """The signed receipt of the decision on a proposal of this launch; None before there is one."""
        stored = self._own(case, proposal)
        return self.writing.receipts.file(stored.id, str(stored.content.get("receipt", "")))

    def _write(self, case: Case, stored: StoredProposal) -> ProposalView:
        """Read everything again; if nothing moved, write the order of this receipt once, its follow-up and its provenance."""
        refused = self.writing.cannot_write(case, order_in(stored.content))
        if refused:
            raise NotApprovable(refused)
        assessed = self._assessed_again(case)
        moved = changes(assessed.assessment, stored.content)
        if moved:
            return self._withheld(case, stored, moved)
        self.writing.write(case, stored, assessed)
        return self.look(case, stored.id)

    def withdraw(self, case: Case, proposal: str) -> ProposalView:
        """Take back what was written, while it is a draft."""
        stored = self.settling.settled(case, self._own(case, proposal))
        if stored.state is ProposalState.WRITTEN:
            Withdrawing(transitions=self.transitions, holding=self.holding).withdraw(case, stored)
        return self.look(case, proposal)

    def check_again(self, case: Case, proposal: str) -> ProposalView:
        """Only search for what was not confirmed."""
        stored = self.settling.settled(case, self._own(case, proposal))
        if stored.state is ProposalState.NOT_CONFIRMED:
            self.settling.searched(case, stored)
        return self._view(case, self._own(case, proposal))

    def _assessed_again(self, case: Case) -> Assessed:
        """Read and assess again, right before writing (FHIR-43)."""
        return assess_patient(
            case.subject,
            sent=Chart.empty(case.subject.patient, case.subject.fhir_base),
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event="re-checked before writing",
            bedside=case.bedside,
        )

    def _withheld(self, case: Case, stored: StoredProposal, moved: tuple[str, ...]) -> ProposalView:
        kept = {"changes": list(moved), "reason": "New since you reviewed: nothing was written."}
        self.transitions.move(
            case, stored, ProposalState.EXPIRED, event="write withheld", outcome="basis changed", **kept
        )
        return self._view(case, self._own(case, stored.id))

    def _own(self, case: Case, proposal: str) -> StoredProposal:
        stored = self.proposals.get(case.subject.reference, proposal)
        if stored is None:
            raise NoSuchProposal("There is no such proposal in this launch.")
        return stored

    def _check_age(self, case: Case, stored: StoredProposal) -> None:
        if stored.expires_at <= self.seconds():
            why = f"This proposal is older than {self.minutes:.0f} minutes. Go back to the patient page for a new one."
            self.transitions.move(case, stored, ProposalState.EXPIRED, event="proposal expired", reason=why)
            raise NotApprovable(why)

    def _view(self, case: Case, stored: StoredProposal) -> ProposalView:
        beside = ("ServiceRequest", "Provenance") if stored.content.get("recheck") else ("Provenance",)
        return view_of(
            stored,
            left_out=tuple(why for kind in beside if (why := case.writer.can_create(kind))),
            cannot_write=self.writing.cannot_write(case, order_in(stored.content)),
            together=case.writer.transacts() and self.writing.has_company(case, stored.content),
            conditional=case.writer.conditions(self.writing.resource_type(order_in(stored.content))),
        )


def _alike(one: StoredProposal, other: StoredProposal) -> bool:
    """Whether both rest on the same result and the same facts."""
    return one.identifier == other.identifier and one.content["fingerprint"] == other.content["fingerprint"]


def make_acceptance(
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
) -> Acceptance:
    """The use case joined from its parts; `pause` waits, `late_seconds` is how late an EHR may still carry a request out."""
    transitions = Transitions(proposals=proposals)
    holding = Holding(proposals=proposals, pause=pause)
    sending = Sending(
        transitions=transitions, clock=clock, seconds=seconds, base_url=base_url, organization=organization
    )
    writing = OrderWriting(
        proposals=proposals,
        policy=site.policy,
        transitions=transitions,
        holding=holding,
        sending=sending,
        clock=clock,
        receipts=receipts,
        base_url=base_url,
    )
    return Acceptance(
        proposals=proposals,
        site=site,
        log=log,
        clock=clock,
        seconds=seconds,
        transitions=transitions,
        writing=writing,
        settling=Settling(
            transitions=transitions, sending=sending, holding=holding, seconds=seconds, late_seconds=late_seconds
        ),
        holding=holding,
        minutes=minutes,
    )
