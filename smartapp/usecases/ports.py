"""The ports: what the use cases ask of the world, and who is asking about whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.fhir.chart import Answer
from smartapp.fhir.queries import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose chart, and who is asking. `user` is the reference of fhirUser (`Practitioner/7`), empty if not known.

    `reference` is the launch id or the hookInstance: it ties audit records of one case together. `fhir_base` is the FHIR server
    of the chart: references absolute to it are the patient's own too.
    """

    ehr: str
    patient: str
    user: str = ""
    user_name: str = ""
    encounter: str = ""
    reference: str = ""
    fhir_base: str = ""


class ChartSource(Protocol):
    """Where a chart's queries are answered: an EHR behind a session's or a hook's token."""

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """Ask all of them at once within one deadline; every query gets an Answer, failures included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One resource to create: its JSON, and the identifier (`system|value`) under which it exists at most once ("" : none).

    `full_url` is the `urn:uuid` by which the other resources of a transaction name it.
    """

    resource_type: str
    body: bytes
    identifier: str = ""
    full_url: str = ""


class WriteState(StrEnum):
    """What is known of a write: done (or done earlier), refused for sure, or unknown until a search tells (FHIR-45, 46)."""

    WRITTEN = "written"
    REFUSED = "refused"
    NOT_CONFIRMED = "not confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """The outcome for one resource: its reference (`MedicationRequest/12`) and version when written, else the reason in a
    sentence. `stored` is the resource as the EHR has it, read back (FHIR-48). `earlier`: it stood there
    before this was sent."""

    state: WriteState
    reference: str = ""
    version: str = ""
    reason: str = ""
    stored: bytes = b""
    earlier: bool = False


class ChartWriter(Protocol):
    """Where approved orders are written; never called without an approval."""

    def can_create(self, resource_type: str) -> str:
        """Empty if the granted scopes and the EHR allow it, else why not, in a sentence; asked before the click."""

    def create(self, request: WriteRequest) -> WriteResult:
        """Create at most once by identifier; after an ambiguous failure the identifier is searched, never sent again."""

    def transacts(self) -> bool:
        """Whether the EHR says that it takes transactions."""

    def conditions(self, resource_type: str) -> bool:
        """Whether a create may carry the condition that there be only one: not where the EHR says it has none."""

    def together(self, requests: Sequence[WriteRequest]) -> tuple[WriteResult, ...] | None:
        """All of them in one transaction, or none; the first one's identifier tells after an ambiguous failure.

        None: surely not performed, because the EHR takes no transactions.
        """

    def can_update(self, resource_type: str) -> str:
        """Empty if the granted scopes and the EHR allow changing one, else why not, in a sentence."""

    def cancel(self, reference: str, version: str = "") -> WriteResult:
        """Cancel what was written, if it is still a draft, and the version that was last seen if one is told: read, change, update
        with its version (FHIR-51).

        Refused with `stored`: it is no longer a draft, or was changed meanwhile; nothing was cancelled.
        """

    def find(self, resource_type: str, identifier: str) -> WriteResult:
        """Only search: written with its reference, refused if the EHR surely has none, else not confirmed."""


class AssessmentLog(Protocol):
    """The audit trail (SEC-32): appends, never changes."""

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        """Record that this answer was given: rule ids and versions, policy hash, input digest, action, indicator; `read` says for
        each type of resource how many were read, and what was not."""

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Record any other event: launch, approval, write attempt, result, sign-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What the audit trail says of a change: who did it at whom, what it was, and its outcome in a few words."""

    subject: Subject
    event: str
    outcome: str


class ProposalState(StrEnum):
    """The states of a proposal; the words stand on pages (docs/writing-back.md draws how one leads to another)."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    APPROVED = "approved"  # decided and kept; nothing was sent yet
    WRITING = "writing"  # being sent: it may stand at the EHR
    WRITTEN = "written"
    NOT_CONFIRMED = "not confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # taken back by us
    CANCELLED = "cancelled"  # ended at the EHR without being carried out
    COMPLETED = "completed"  # carried out, as the EHR says


ANY_STATE = tuple(ProposalState)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProposal:
    """A proposal as kept: `content` is what was offered, chosen and found out; `identifier` makes the order unique."""

    id: str
    launch: str
    identifier: str
    state: ProposalState
    expires_at: float
    changed_at: float
    content: Mapping[str, Any] = field(default_factory=dict)


class Proposals(Protocol):
    """Where proposals are kept; every change is compare-and-set on the state, and kept together with its record of the audit
    trail, or neither is."""

    def add(self, proposal: StoredProposal, noted: Noted) -> None:
        """Keep a new one."""

    def get(self, launch: str, proposal: str) -> StoredProposal | None:
        """One of this launch; None for another launch's."""

    def of_launch(self, launch: str, states: Collection[ProposalState] = ANY_STATE) -> Sequence[StoredProposal]:
        """All of a launch that are in one of these states, oldest first."""

    def with_identifier(self, identifier: str, states: Collection[ProposalState]) -> Sequence[StoredProposal]:
        """Those in one of these states that would write the same order, of any launch, oldest first."""

    def move(
        self,
        proposal: str,
        *,
        source: ProposalState,
        target: ProposalState,
        content: Mapping[str, Any],
        noted: Noted,
    ) -> bool:
        """From `source` to `target` (which may be equal) if it is still in `source`; whether it was. If not, nothing is noted."""

    def lock(self, identifier: str, holder: str) -> bool:
        """Hold the identifier for one writer; whether it was free, or its holder is surely dead or silent for two minutes."""

    def renew(self, identifier: str, holder: str) -> bool:
        """Say that the holder lives; False if another took the identifier over."""

    def unlock(self, identifier: str, holder: str) -> None:
        """Release it, if it is still this holder's."""


class Receipts(Protocol):
    """Where decision receipts are kept, signed and addressed by their content."""

    def keep(self, proposal: str, receipt: Mapping[str, Any]) -> str:
        """Sign and keep; its address."""

    def file(self, proposal: str, address: str) -> bytes | None:
        """The signed file of a proposal's receipt."""
