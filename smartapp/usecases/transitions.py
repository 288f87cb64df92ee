"""Every change of a proposal's state: compare-and-set, together with its record in the audit trail (docs/writing-back.md)."""

from dataclasses import dataclass, replace
from typing import Any

from smartapp.fhir.provenance import over
from smartapp.usecases.beside import Case
from smartapp.usecases.ports import Noted, Proposals, ProposalState, StoredProposal, WriteResult

BEGUN = (ProposalState.APPROVED, ProposalState.WRITING, ProposalState.WRITTEN, ProposalState.NOT_CONFIRMED)
"""States in which an order stands, or may stand, at the EHR."""

OVER = (ProposalState.WITHDRAWN, ProposalState.CANCELLED, ProposalState.COMPLETED)
"""States of an order that was written and is over: the next for the same result has another identifier."""

_P = ProposalState
LEADS_TO = {
    _P.PROPOSED: (_P.DECLINED, _P.APPROVED, _P.EXPIRED),
    _P.APPROVED: (_P.WRITING, _P.EXPIRED),
    _P.WRITING: (_P.WRITTEN, _P.REFUSED, _P.NOT_CONFIRMED, _P.CANCELLED, _P.COMPLETED),
    _P.NOT_CONFIRMED: (_P.WRITTEN, _P.REFUSED, _P.CANCELLED, _P.COMPLETED),
    _P.REFUSED: (_P.WRITTEN, _P.CANCELLED, _P.COMPLETED),
    _P.WRITTEN: (_P.WITHDRAWN, _P.CANCELLED, _P.COMPLETED),
}
"""Which state may follow which; the others are final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """The only way a proposal changes after it was offered."""

    proposals: Proposals

    def move(
        self, case: Case, stored: StoredProposal, target: ProposalState, *, event: str, outcome: str = "", **kept: Any
    ) -> StoredProposal | None:
        """The proposal in its new state with more content; None if it is no longer in the state that `stored` says."""
        if target is not stored.state and target not in LEADS_TO.get(stored.state, ()):
            raise ValueError(f"a proposal that is {stored.state} cannot become {target}")
        content = {**stored.content, **kept}
        change = "" if target is stored.state else f"{stored.state} → {target}"
        words = " ".join(part for part in (stored.id, change, outcome) if part)
        noted = Noted(subject=case.subject, event=event, outcome=words)
        if not self.proposals.move(stored.id, source=stored.state, target=target, content=content, noted=noted):
            return None
        return replace(stored, state=target, content=content)

    def keep(self, case: Case, stored: StoredProposal, event: str, outcome: str = "", **kept: Any) -> StoredProposal:
        """More content in the same state; as it stands if another changed it meanwhile."""
        moved = self.move(case, stored, stored.state, event=event, outcome=outcome, **kept)
        return moved or self.proposals.get(stored.launch, stored.id) or stored

    def ended(self, case: Case, stored: StoredProposal, found: WriteResult) -> StoredProposal | None:
        """The EHR has the order as over: carried out, or cancelled there."""
        status = over(found.stored)
        target = ProposalState.COMPLETED if status == "completed" else ProposalState.CANCELLED
        reason = f"The EHR has this order as {status}."
        outcome = f"{found.reference} {status}"
        return self.move(
            case,
            stored,
            target,
            event="order over",
            outcome=outcome,
            reference=found.reference,
            reason=reason,
            standing=status,
        )
