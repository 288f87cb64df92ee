"""A proposal: one order that was offered in one launch, what was chosen, and what became of it. Frozen and typed from offer to receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder


class ProposalState(StrEnum):
    """The states of a proposal; the words stand on pages (docs/writing-back.md draws how one leads to another)."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    APPROVED = "approved"  # decided and stored; nothing was sent yet
    WRITING = "writing"  # being sent: it may stand at the EHR
    WRITTEN = "written"
    NOT_CONFIRMED = "not confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # taken back by us
    CANCELLED = "cancelled"  # ended at the EHR without being carried out
    COMPLETED = "completed"  # carried out, as the EHR says


ANY_STATE = tuple(ProposalState)

BEGUN = (ProposalState.APPROVED, ProposalState.WRITING, ProposalState.WRITTEN, ProposalState.NOT_CONFIRMED)
"""States in which an order stands, or may stand, at the EHR."""

OVER = (ProposalState.WITHDRAWN, ProposalState.CANCELLED, ProposalState.COMPLETED)
"""States of an order that was written and is over: the next for the same result has another identifier."""


class Stage(StrEnum):
    """How far the clinician has come with a proposal that is still open."""

    PROPOSED = "proposed"
    REVIEWING = "reviewing"
    CONFIRMING = "confirming"


class Route(StrEnum):
    """How an order goes to the EHR with what belongs to it (FHIR-50)."""

    TOGETHER = "transaction"
    IN_ORDER = "creates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What was offered, and on what it rests; never changes.

    `fingerprint` names what must not move until the press that writes, each part in words. `evidence` is the part of a receipt
    that says what was shown (`orders.receipt.evidence_of`): it is stored and copied, never read here.
    """

    option: Option
    basis_text: str
    fingerprint: Mapping[str, str]
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Nothing is decided yet."""

    stage: Stage = Stage.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved, when (epoch seconds), under which receipt; the resources as they are sent, as JSON text.

    `follow_up` is empty where none is ordered or its scope was not granted; `provenance`: whether one is to be written.
    """

    by: str
    at: float
    receipt: str
    resource_type: str
    order: str
    follow_up: str = ""
    provenance: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Declined, expired, or approved and not sent yet.

    `changes` is what moved since it was offered; `instead` the reference of another window's order that stands in its way.
    `approval` is missing where nothing was approved.
    """

    state: ProposalState
    reason: str = ""
    comment: str = ""
    receipt: str = ""
    changes: tuple[str, ...] = ()
    instead: str = ""
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An approved order that was sent, and what is known of it.

    `differences` are where the stored order differs from the approved one; `ehr_status` its status when it was last read, or
    `not found`, `unknown`; `unanswered_since` (epoch seconds) from when the EHR may still have been storing it. `follow_up` and
    `provenance` are the reference of what was written with it, or why there is none; empty where none was to be written, None
    while it is not known. `follow_up_begun_at` is when it was sent, 0 before.
    """

    state: ProposalState
    approval: Approval
    route: Route
    reference: str = ""
    version: str = ""
    reason: str = ""
    differences: tuple[str, ...] = ()
    ehr_status: str = ""
    unanswered_since: float = 0.0
    follow_up: str | None = None
    follow_up_version: str = ""
    follow_up_begun_at: float = 0.0
    provenance: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it is known what became of all that belongs to the order."""
        return self.follow_up is not None and self.provenance is not None


Status = Open | Decided | Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One order offered in one launch. `order` and `follow_up` (whether a follow-up fibrinogen is ordered with it) are as chosen
    so far; `identifier` makes the order unique at the EHR; `expires_at` and `changed_at` are epoch seconds."""

    id: str
    launch: str
    identifier: str
    expires_at: float
    changed_at: float
    offer: Offer
    order: ProposedOrder
    follow_up: bool = True
    status: Status = field(default_factory=Open)

    @property
    def state(self) -> ProposalState:
        """Where it stands."""
        match self.status:
            case Open():
                return ProposalState.PROPOSED
            case Decided() | Sent():
                return self.status.state
            case _:
                assert_never(self.status)

    @property
    def stage(self) -> Stage | None:
        """How far the clinician has come; None once it is decided."""
        return self.status.stage if isinstance(self.status, Open) else None

    @property
    def is_decided(self) -> bool:
        """Whether nothing is left to approve."""
        return not isinstance(self.status, Open)

    @property
    def sent(self) -> Sent:
        """What is known of the order at the EHR; `TypeError` for one that was never sent: its state tells before."""
        if not isinstance(self.status, Sent):
            raise TypeError(f"a proposal that is {self.state} was not sent")
        return self.status

    @property
    def approval(self) -> Approval | None:
        """Its approval, if it was approved."""
        return None if isinstance(self.status, Open) else self.status.approval

    @property
    def reference(self) -> str:
        """The EHR's id of the order, also of one that another window wrote instead; empty if none is known."""
        match self.status:
            case Sent():
                return self.status.reference
            case Decided():
                return self.status.instead
            case Open():
                return ""
            case _:
                assert_never(self.status)

    @property
    def reason(self) -> str:
        """Why it stands as it does: a sentence, or the code of the reason why it was declined."""
        return "" if isinstance(self.status, Open) else self.status.reason

    @property
    def receipt(self) -> str:
        """The address of the decision receipt; empty before there is one."""
        if self.approval is not None:
            return self.approval.receipt
        return self.status.receipt if isinstance(self.status, Decided) else ""

    @property
    def decided_at(self) -> float:
        """Epoch seconds of the approval, else of the last change."""
        return self.approval.at if self.approval is not None else self.changed_at

    @property
    def decided_by(self) -> str:
        """Who approved; empty where nobody did."""
        return self.approval.by if self.approval is not None else ""

    @property
    def changes(self) -> tuple[str, ...]:
        """What moved since it was offered, where that is why nothing was written."""
        return self.status.changes if isinstance(self.status, Decided) else ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Where the stored order differs from the approved one."""
        return self.status.differences if isinstance(self.status, Sent) else ()

    @property
    def ehr_status(self) -> str:
        """The order's status at the EHR when it was last read."""
        return self.status.ehr_status if isinstance(self.status, Sent) else ""
