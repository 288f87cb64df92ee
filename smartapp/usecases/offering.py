"""Which proposals an assessment gives: those under way for its result, else one for each option that may be drafted."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.usecases.assess import Assessed
from smartapp.usecases.beside import Case
from smartapp.usecases.ports import Noted, Proposals, ProposalState, StoredProposal
from smartapp.usecases.proposal import (
    Stage,
    basis_of,
    basis_text,
    can_be_ordered,
    fingerprint,
    order_of,
    packed,
)
from smartapp.usecases.receipts import seen_in
from smartapp.usecases.settling import Settling
from smartapp.usecases.transitions import BEGUN
from smartapp.usecases.writing import OrderWriting


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """Makes proposals that may be approved for `minutes`; `seconds` gives epoch seconds of real time."""

    proposals: Proposals
    writing: OrderWriting
    settling: Settling
    seconds: Callable[[], float]
    minutes: float

    def of(self, case: Case, assessed: Assessed) -> Sequence[StoredProposal]:
        """What stands for this result, in this launch or another; else new proposals, or those already offered."""
        assessment = assessed.assessment
        basis = basis_of(assessment)
        self._found_out(case, self.writing.identifier(case, basis))
        identifier = self.writing.identifier(case, basis)
        begun = self.proposals.with_identifier(identifier, BEGUN)
        own = [known for known in begun if known.launch == case.subject.reference]
        if begun or not assessment.draft_allowed:
            return own or begun
        contents = [_content(assessment, option) for option in assessment.options if can_be_ordered(option)]
        open_here = self.proposals.of_launch(case.subject.reference, [ProposalState.PROPOSED])
        known = [self._known(open_here, identifier, content) for content in contents]
        seen = {} if all(known) else seen_in(assessed)  # long, and the same for every option
        return [
            found or self._added(case, identifier, {**content, "seen": seen})
            for found, content in zip(known, contents, strict=True)
        ]

    def _found_out(self, case: Case, identifier: str) -> None:
        """Settle what a dead process left open under an identifier, in any launch, and follow what was written under it.

        What another launch could not confirm is searched for: nobody may be there any more to press *Check again*.
        """
        for stored in self.proposals.with_identifier(identifier, (*BEGUN, ProposalState.REFUSED)):
            settled = self.settling.settled(case, stored)
            if settled.state is ProposalState.NOT_CONFIRMED and settled.launch != case.subject.reference:
                self.settling.searched(case, settled)
            else:
                self.settling.followed(case, settled)

    def _known(
        self, open_here: Sequence[StoredProposal], identifier: str, content: Mapping[str, Any]
    ) -> StoredProposal | None:
        """The one that this launch was offered before and may still approve."""
        for known in open_here:
            same = all(known.content.get(part) == content[part] for part in ("fingerprint", "option"))
            if same and known.expires_at > self.seconds() and known.identifier == identifier:
                return known
        return None

    def _added(self, case: Case, identifier: str, content: Mapping[str, Any]) -> StoredProposal:
        proposal = StoredProposal(
            id=secrets.token_urlsafe(12).replace("_", "-"),
            launch=case.subject.reference,
            identifier=identifier,
            state=ProposalState.PROPOSED,
            expires_at=self.seconds() + self.minutes * 60,
            changed_at=self.seconds(),
            content=content,
        )
        outcome = f"{proposal.id} {content['option']['product']}"
        self.proposals.add(proposal, Noted(subject=case.subject, event="proposal offered", outcome=outcome))
        return proposal


def _content(assessment: Assessment, option: Option) -> dict[str, Any]:
    return {
        "order": packed(order_of(assessment, option)),
        "option": packed(option),
        "basis_text": basis_text(assessment),
        "fingerprint": fingerprint(assessment),
        "recheck": True,
        "stage": Stage.PROPOSED,
    }
