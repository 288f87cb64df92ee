"""Which proposals an assessment gives: those under way for its result, else one for each option that may be drafted."""

import hashlib
import secrets
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import Product
from smartapp.clinical.standing_orders import StandingOrder
from smartapp.usecases.assess import Assessed
from smartapp.usecases.orders.basis import basis_of, basis_text, fingerprint, order_of
from smartapp.usecases.orders.ports import Proposals
from smartapp.usecases.orders.proposal import BEGUN, OVER, Offer, Proposal, ProposalState
from smartapp.usecases.orders.receipt import evidence_of
from smartapp.usecases.orders.reconcile import Reconciliation
from smartapp.usecases.ports import AuditEntry, LaunchCase, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Makes proposals that may be approved for `minutes`; `seconds` gives epoch seconds of real time."""

    proposals: Proposals
    reconciliation: Reconciliation
    seconds: Callable[[], float]
    minutes: float

    def identifier(
        self, subject: Subject, basis: str, standing: Sequence[StandingOrder] = (), wanted: frozenset[str] = frozenset()
    ) -> str:
        """Deterministic from EHR, patient, basis (none: the launch) and how many of our orders on that basis are over, or were named by
        a `standing` press of this launch (REP-13).

        Not from product or dose, so that two launches cannot both write for one result (interfaces.md section 6). `standing` are the
        orders in the chart: one that a card drafted is known by its identifier there; `wanted` names those of the press.
        """
        named = {
            token.rpartition("|")[2] for order in standing if order.source in wanted for token in order.identifiers
        }
        what = [subject.records, subject.patient, basis or subject.reference]
        number = 0
        while True:
            value = hashlib.sha256("\n".join([*what, str(number)]).encode()).hexdigest()[:40]
            begun = self.proposals.with_identifier(value, BEGUN)
            beside = value in named or any(proposal.reference in wanted for proposal in begun if proposal.reference)
            if not beside and not self.proposals.with_identifier(value, OVER):
                return value
            number += 1

    def of(self, case: LaunchCase, assessed: Assessed, unwritable: Container[Product] = ()) -> Sequence[Proposal]:
        """What stands for this result, in this launch or another; else new proposals, or those already offered; none for a product
        that this session cannot write."""
        assessment = assessed.assessment
        basis = basis_of(assessment)
        facts = (case.subject, basis, assessment.standing, case.entries.standing)
        self._reconcile(case, self.identifier(*facts))
        identifier = self.identifier(*facts)
        begun = self.proposals.with_identifier(identifier, BEGUN)
        own = [known for known in begun if known.launch == case.subject.reference]
        if begun or not assessment.draft_allowed:
            return own or begun
        writable = [option for option in assessment.options if option.product not in unwritable]
        offers = [_offer(assessment, option) for option in writable if option.may_be_ordered]
        open_here = self.proposals.of_launch(case.subject.reference, [ProposalState.PROPOSED])
        known = [self._known(open_here, identifier, offer) for offer in offers]
        evidence = {} if all(known) else evidence_of(assessed)  # long, and the same for every option
        return [
            found or self._add(case, identifier, assessment, replace(offer, evidence=evidence))
            for found, offer in zip(known, offers, strict=True)
        ]

    def _reconcile(self, case: LaunchCase, identifier: str) -> None:
        """Settle what a dead process left open under an identifier, in any launch, and follow what was written under it.

        What another launch could not confirm is searched for: nobody may be there any more to press *Check again*.
        """
        for proposal in self.proposals.with_identifier(identifier, (*BEGUN, ProposalState.REFUSED)):
            settled = self.reconciliation.settle(case, proposal)
            if settled.state is ProposalState.NOT_CONFIRMED and settled.launch != case.subject.reference:
                self.reconciliation.search(case, settled)
            else:
                self.reconciliation.follow(case, settled)

    def _known(self, open_here: Sequence[Proposal], identifier: str, offer: Offer) -> Proposal | None:
        """The one that this launch was offered before and may still approve."""
        for known in open_here:
            same = known.identifier == identifier and is_same_offer(known.offer, offer)
            if same and known.expires_at > self.seconds():
                return known
        return None

    def _add(self, case: LaunchCase, identifier: str, assessment: Assessment, offer: Offer) -> Proposal:
        proposal = Proposal(
            id=secrets.token_urlsafe(12).replace("_", "-"),
            launch=case.subject.reference,
            identifier=identifier,
            expires_at=self.seconds() + self.minutes * 60,
            changed_at=self.seconds(),
            offer=offer,
            order=order_of(assessment, offer.option),
        )
        outcome = f"{proposal.id} {offer.option.product}"
        self.proposals.add(proposal, AuditEntry(subject=case.subject, event="proposal offered", outcome=outcome))
        return proposal


def _offer(assessment: Assessment, option: Option) -> Offer:
    return Offer(option=option, basis_text=basis_text(assessment), fingerprint=fingerprint(assessment))


def is_same_offer(one: Offer, other: Offer) -> bool:
    """Whether both offer the same on the same facts, whenever they were made."""
    return (one.option, one.fingerprint) == (other.option, other.fingerprint)
