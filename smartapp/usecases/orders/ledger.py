"""Every change of a proposal: compare-and-set on its state, together with its record in the audit trail (docs/writing-back.md)."""

from dataclasses import dataclass, replace

from smartapp.fhir.provenance import over
from smartapp.usecases.orders.ports import Proposals
from smartapp.usecases.orders.proposal import Proposal, ProposalState, Status
from smartapp.usecases.ports import AuditEntry, LaunchCase, WriteResult

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
class ProposalLedger:
    """The only way a proposal changes after it was offered."""

    proposals: Proposals

    def move(
        self, case: LaunchCase, before: Proposal, after: Proposal | Status, *, event: str, outcome: str = ""
    ) -> Proposal | None:
        """Store `after` (or `before` in that status) if the stored proposal is still in the state of `before`; None if it is not."""
        changed = after if isinstance(after, Proposal) else replace(before, status=after)
        if changed.state is not before.state and changed.state not in LEADS_TO.get(before.state, ()):
            raise ValueError(f"a proposal that is {before.state} cannot become {changed.state}")
        change = "" if changed.state is before.state else f"{before.state} → {changed.state}"
        words = " ".join(part for part in (before.id, change, outcome) if part)
        entry = AuditEntry(subject=case.subject, event=event, outcome=words)
        return changed if self.proposals.move(changed, source=before.state, entry=entry) else None

    def update(
        self, case: LaunchCase, before: Proposal, after: Proposal | Status, event: str, outcome: str = ""
    ) -> Proposal:
        """The same for a change within one state; as it stands if another changed it meanwhile."""
        return self.move(case, before, after, event=event, outcome=outcome) or self.stored(before)

    def end(self, case: LaunchCase, proposal: Proposal, found: WriteResult) -> Proposal | None:
        """The EHR has the order as over: carried out, or cancelled there."""
        status = over(found.stored)
        sent = replace(
            proposal.sent,
            state=ProposalState.COMPLETED if status == "completed" else ProposalState.CANCELLED,
            reference=found.reference,
            reason=f"The EHR has this order as {status}.",
            ehr_status=status,
        )
        return self.move(case, proposal, sent, event="order over", outcome=f"{found.reference} {status}")

    def stored(self, proposal: Proposal) -> Proposal:
        """The proposal as it stands now."""
        return self.proposals.get(proposal.launch, proposal.id) or proposal
