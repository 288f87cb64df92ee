"""One launch at work: read and assess, offer and decide, add by hand; what the views call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import BleedingLevel
from smartapp.fhir.chart import Chart
from smartapp.fhir.identity import Identity, read_identity
from smartapp.usecases.accept import Acceptance
from smartapp.usecases.assess import Site, assess_patient
from smartapp.usecases.ports import AssessmentLog, ProposalState
from smartapp.usecases.proposal import ProposalView, Stage
from smartapp.usecases.writing import Case


class UserKind(StrEnum):
    """Who is signed in, by the type of fhirUser (SAL-73)."""

    PROFESSIONAL = "professional"
    PATIENT = "patient"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLaunch:
    """A live launch of this browser; `binding` is an opaque value of its session that form tokens are tied to."""

    launch: str
    ehr: str
    user: UserKind
    case: Case
    binding: str

    @property
    def user_name(self) -> str:
        """Who is signed in, in words; empty if not known."""
        return self.case.subject.user_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A patient as assessed now; `proposals` are this launch's, `elsewhere` those of other launches for this result."""

    assessment: Assessment
    identity: Identity
    proposals: tuple[ProposalView, ...] = ()
    elsewhere: tuple[ProposalView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One proposal, and the patient as assessed now."""

    proposal: ProposalView
    assessment: Assessment
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the clinician adds by hand (`/observe`); None: not given. `suspect` is an Observation, `reason` why."""

    bleeding: BleedingLevel | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspect: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The use cases of one launch.

    `enter(launch, cookies)` gives the live launch of this browser or raises; `keep` remembers what was added by hand;
    `end` ends a launch and revokes its tokens.
    """

    enter: Callable[[str, Mapping[str, str]], OpenLaunch]
    keep: Callable[[OpenLaunch, Observed], None]
    end: Callable[[OpenLaunch], None]
    acceptance: Acceptance
    site: Site
    log: AssessmentLog
    clock: Callable[[], datetime]

    def review(self, opened: OpenLaunch) -> Reviewed:
        """Read the chart, assess, and make or find the proposals."""
        reviewed = self._assessed(opened, "page assessed")
        offered = self.acceptance.offer(opened.case, reviewed.assessment)
        finished = {proposal.id: proposal for proposal in self.acceptance.finished(opened.case)}
        fresh = [proposal for proposal in offered if proposal.id not in finished]
        open_ones = tuple(proposal for proposal in fresh if proposal.state is ProposalState.PROPOSED)
        return replace(
            reviewed,
            proposals=(*finished.values(), *open_ones),
            elsewhere=tuple(proposal for proposal in fresh if proposal not in open_ones),
        )

    def proposal(self, opened: OpenLaunch, proposal: str) -> Proposed:
        """A proposal of this launch, with the patient as assessed now."""
        view = self.acceptance.look(opened.case, proposal)
        reviewed = self._assessed(opened, "proposal shown")
        return Proposed(proposal=view, assessment=reviewed.assessment, identity=reviewed.identity)

    def look(self, opened: OpenLaunch, proposal: str) -> ProposalView:
        """A proposal of this launch, without reading the chart."""
        return self.acceptance.look(opened.case, proposal)

    def step(self, opened: OpenLaunch, proposal: str, stage: Stage, order: ProposedOrder, *, recheck: bool) -> None:
        """A press on the form made for `stage`."""
        self.acceptance.step(opened.case, proposal, stage, order=order, recheck=recheck)

    def check_again(self, opened: OpenLaunch, proposal: str) -> None:
        """Only search for what may have been written."""
        self.acceptance.check_again(opened.case, proposal)

    def decline(self, opened: OpenLaunch, proposal: str, reason: str, comment: str) -> None:
        """Remember why not."""
        self.acceptance.decline(opened.case, proposal, reason=reason, comment=comment)

    def withdraw(self, opened: OpenLaunch, proposal: str) -> None:
        """Take back what was written, while it is still a draft."""
        self.acceptance.withdraw(opened.case, proposal)

    def observe(self, opened: OpenLaunch, observed: Observed) -> None:
        """Keep what the clinician adds, for this launch; that it was added is audited, not its words."""
        self.keep(opened, observed)
        given = (
            name for name in ("bleeding", "crs_grade", "weight_kg", "suspect") if getattr(observed, name) is not None
        )
        self.log.noted(opened.case.subject, "added by hand", " ".join(given))

    def sign_out(self, opened: OpenLaunch) -> None:
        """End the launch."""
        self.end(opened)
        self.log.noted(opened.case.subject, "signed out", "")

    def _assessed(self, opened: OpenLaunch, event: str) -> Reviewed:
        case = opened.case
        assessed = assess_patient(
            case.subject,
            sent=Chart.empty(case.subject.patient),
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event=event,
            bedside=case.bedside,
        )
        return Reviewed(assessment=assessed.assessment, identity=read_identity(assessed.chart))
