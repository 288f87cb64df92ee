"""What the pages ask of the rest of the program; the factory gives them one object that answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.fhir.identity import Identity
from smartapp.usecases.looking import Look


class UserKind(StrEnum):
    """Who is signed in, by the type of fhirUser (SAL-73)."""

    PROFESSIONAL = "professional"
    PATIENT = "patient"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where a proposal stands; the first three each show their own form, the rest say what became of it."""

    PROPOSED = "proposed"
    REVIEWING = "reviewing"
    CONFIRMING = "confirming"
    APPROVED = "approved"
    WRITING = "writing"
    WRITTEN = "written"
    NOT_CONFIRMED = "not confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


_OPEN = frozenset({State.PROPOSED, State.REVIEWING, State.CONFIRMING})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLaunch:
    """A live launch of this browser; `binding` is an opaque value of its session that form tokens are tied to."""

    launch: str
    ehr: str
    user: UserKind
    user_name: str = ""
    binding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposal as pages show it: `route` says where it goes, `left_out` what is not written with it and why,
    `followed` what became of the follow-up that was ordered with it (its reference, or why there is none).

    `differences` are where the stored order differs from the approved one; `moved` what changed since it was reviewed;
    `preview` the order as the EHR will store it, as (name, value) lines; `elsewhere`: another launch's, shown but not opened;
    `standing` the status of the written order at the EHR; `provenance` what became of it; `receipt` the decision receipt's address;
    `chosen_before` the order with another amount, chosen on the same facts in a launch that timed out.
    """

    id: str
    state: State
    order: ProposedOrder
    recheck: bool = True
    reason: str = ""
    reference: str = ""
    route: str = ""
    left_out: tuple[str, ...] = ()
    followed: str = ""
    differences: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    expires: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    preview: tuple[tuple[str, str], ...] = ()
    elsewhere: bool = False
    standing: str = ""
    provenance: str = ""
    receipt: str = ""
    chosen_before: ProposedOrder | None = None

    @property
    def decided(self) -> bool:
        """Whether nothing is left to approve."""
        return self.state not in _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What this user added by hand in a launch of this patient that timed out `minutes` ago; it does not count now."""

    minutes: int
    bleeding: str = ""
    crs_grade: str = ""
    weight_kg: str = ""
    suspects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A patient as assessed now, with this launch's proposals.

    `no_write` is why this session can write nothing at all (scope, write-back off); there are no open proposals then.
    `awaited` names the parts of the chart that are still being read (nothing is offered meanwhile); `undecided`: the verdict
    rests on one of them. `looked` is what this user saw in an earlier launch, `spoken_of` what the card said
    that this launch was opened from; `left` what a launch that timed out left to be used again.
    """

    assessment: Assessment
    identity: Identity
    proposals: tuple[ProposalView, ...] = ()
    no_write: str = ""
    awaited: tuple[str, ...] = ()
    undecided: bool = False
    looked: Look | None = None
    spoken_of: Look | None = None
    left: Left | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One proposal, the option it came from, and the patient as assessed; `others` may be chosen instead."""

    proposal: ProposalView
    option: Option
    assessment: Assessment
    identity: Identity
    others: tuple[ProposalView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the clinician adds by hand (`/observe`), or takes back (its name, or the reference of a suspect); None: not given."""

    bleeding: str | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspect: str | None = None
    reason: str = ""
    take_back: str | None = None


class Opening(Protocol):
    """A patient page whose chart is being read."""

    def come_within(self, seconds: float) -> bool:
        """Whether all has come after at most so long."""

    def identity(self, seconds: float) -> Identity:
        """Who the patient is, as soon as that has come; no words where it does not within so long, or could not be read."""

    def coming(self) -> Iterator[tuple[int, int]]:
        """How many searches have come, of how many: at once and each time that more come, until the page goes on."""

    def review(self) -> Reviewed:
        """Assess on what has come in time, and make or refresh the proposals."""


class Desk(Protocol):
    """The use cases behind the pages. Each raises problems with `status`, `title`, `what` and `advice`."""

    def open(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        """The live launch that this browser's cookie belongs to; 401 otherwise."""

    def begin(self, opened: OpenLaunch, looks: int = 0) -> Opening:
        """Begin to read the chart; `looks`: how often the page has looked before."""

    def proposal(self, opened: OpenLaunch, proposal: str) -> Proposed:
        """A proposal of this launch; 404 for any other."""

    def look(self, opened: OpenLaunch, proposal: str) -> tuple[ProposalView, Option]:
        """A proposal of this launch as it is kept, with the option it came from; the EHR is not asked. 404 for any other."""

    def advance(self, opened: OpenLaunch, proposal: str, state: State, order: ProposedOrder, recheck: bool) -> None:
        """A press on a form made for `state`.

        PROPOSED leads to the dose review (also back from the receipt), REVIEWING keeps the amount and leads to the
        receipt, CONFIRMING writes what the receipt showed, once. On a decided proposal a press changes nothing; 409 if
        it may no longer be approved.
        """

    def check_again(self, opened: OpenLaunch, proposal: str) -> None:
        """Only search for what may have been written."""

    def decline(self, opened: OpenLaunch, proposal: str, reason: str, comment: str) -> None:
        """Remember why not."""

    def withdraw(self, opened: OpenLaunch, proposal: str) -> None:
        """Take back what was written, while it is still a draft."""

    def receipt(self, opened: OpenLaunch, proposal: str) -> bytes:
        """The signed receipt of the decision on a proposal; 404 before there is one."""

    def observe(self, opened: OpenLaunch, observed: Observed) -> None:
        """Keep what the clinician adds for this launch."""

    def sign_out(self, opened: OpenLaunch) -> None:
        """End the launch."""
