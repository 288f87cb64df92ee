"""The ports of the order steps: where proposals and receipts are stored."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from smartapp.usecases.orders.proposal import ANY_STATE, Proposal, ProposalState
from smartapp.usecases.ports import AuditEntry


class Proposals(Protocol):
    """Where proposals are stored; every change is compare-and-set on the state, and stored together with its record of the
    audit trail, or neither is."""

    def add(self, proposal: Proposal, entry: AuditEntry) -> None:
        """Store a new one."""

    def get(self, launch: str, proposal: str) -> Proposal | None:
        """One of this launch; None for another launch's."""

    def of_launch(self, launch: str, states: Collection[ProposalState] = ANY_STATE) -> Sequence[Proposal]:
        """All of a launch that are in one of these states, oldest first."""

    def with_identifier(self, identifier: str, states: Collection[ProposalState]) -> Sequence[Proposal]:
        """Those in one of these states that would write the same order, of any launch, oldest first."""

    def move(self, proposal: Proposal, *, source: ProposalState, entry: AuditEntry) -> bool:
        """Store the proposal as it is now if the stored one is still in `source` (which may be its state now); whether it was.
        If not, nothing is recorded."""

    def lock(self, identifier: str, holder: str) -> bool:
        """Hold the identifier for one writer; whether it was free, or its holder is surely dead or silent for two minutes."""

    def renew(self, identifier: str, holder: str) -> bool:
        """Say that the holder lives; False if another took the identifier over."""

    def unlock(self, identifier: str, holder: str) -> None:
        """Release it, if it is still this holder's."""


class Receipts(Protocol):
    """Where decision receipts are stored, signed and addressed by their content."""

    def keep(self, proposal: str, receipt: Mapping[str, Any]) -> str:
        """Sign and store; its address."""

    def file(self, proposal: str, address: str) -> bytes | None:
        """The signed file of a proposal's receipt."""
