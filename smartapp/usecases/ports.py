"""The ports: what the use cases ask of the world, and who is asking about whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.picture import Bedside
from smartapp.fhir.chart import Answer
from smartapp.fhir.queries import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose chart, and who is asking. `user` is the reference of fhirUser (`Practitioner/7`), empty if not known.

    `reference` is the launch id or the hookInstance: it ties audit records of one case together. `fhir_base` is the FHIR server
    of the chart: references absolute to it are the patient's own too. `same_as` is the EHR that reaches the same records under
    its own name, empty where `ehr` is that one itself.
    """

    ehr: str
    patient: str
    user: str = ""
    user_name: str = ""
    encounter: str = ""
    reference: str = ""
    fhir_base: str = ""
    same_as: str = ""

    @property
    def records(self) -> str:
        """The EHR whose records these are: one identifier, one lock, one set of entries by hand, under however many addresses."""
        return self.same_as or self.ehr

    @property
    def user_role(self) -> str:
        """The kind of user that fhirUser names: `Practitioner`, `PractitionerRole`; empty if not known."""
        return self.user.partition("/")[0] if "/" in self.user else ""


class ChartSource(Protocol):
    """Where a chart's queries are answered: an EHR behind a session's or a hook's token."""

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """Ask all of them at once within one deadline; every query gets an Answer, failures included."""


class ChartReading(ChartSource, Protocol):
    """A chart that is being read for a page: it answers with what has come in time, the rest is awaited."""

    def come_within(self, seconds: float) -> bool:
        """Whether all has come after at most so long."""

    def coming(self) -> Iterator[tuple[int, int]]:
        """How many answers have come, of how many: at once and each time that more come, until the page goes on."""

    def one(self, query: str, seconds: float) -> Answer:
        """The answer to one query, as soon as it is there, or awaited after so long."""


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

    def find(self, resource_type: str, identifier: str, sent: bytes = b"") -> WriteResult:
        """Only search: written with its reference, refused if the EHR surely has none, else not confirmed. `sent` is the resource as it
        was sent, by which it is known where the EHR dropped its identifier."""


class AssessmentLog(Protocol):
    """The audit trail (SEC-32): appends, never changes."""

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        """Record that this answer was given: rule ids and versions, policy hash, input digest, action, indicator; `read` says for
        each type of resource how many were read, and what was not."""

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Record any other event: launch, approval, write attempt, result, sign-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What the audit trail says of a change: who did it at whom, what it was, and its outcome in a few words."""

    subject: Subject
    event: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCase:
    """One clinician at one patient in one launch: who, with which source and writer, and what was entered by hand.

    `resume_key` is the same for the same user and patient, empty if nobody is known; `opened_from` the deduplication key of the
    card that the launch was opened from, empty if it was none of ours.
    """

    subject: Subject
    source: ChartSource
    writer: ChartWriter
    entries: Bedside = field(default_factory=Bedside)
    resume_key: str = ""
    opened_from: str = ""
