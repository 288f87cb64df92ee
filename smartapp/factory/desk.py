"""The desk behind the pages: a browser's launch → a session → the use cases, and back as what pages show."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.ehr.async_read import FirstAnswers
from smartapp.factory.bedside import TIMES, bedside_of, merged
from smartapp.factory.endings import ended
from smartapp.factory.problems import CannotApprove, CannotWithdraw, NoReceipt, NotInThisLaunch
from smartapp.factory.resuming import Resuming
from smartapp.factory.showing import shown
from smartapp.factory.visits import Visit
from smartapp.fhir.chart import Chart
from smartapp.fhir.identity import Identity, read_identity
from smartapp.fhir.queries import words_of
from smartapp.smart.session import SmartSession, restored
from smartapp.smart.views import cookie_name
from smartapp.storage.session_store import LaunchStore, ResumableEntry
from smartapp.usecases.accept import Acceptance, NoSuchProposal
from smartapp.usecases.assess import Assessed, Site, assess_patient, awaited_queries
from smartapp.usecases.beside import Case
from smartapp.usecases.declining import SYSTEM
from smartapp.usecases.feedback import ACCEPTED, LONGEST_COMMENT, OVERRIDDEN, Answers, FeedbackEvent
from smartapp.usecases.looking import Look, Looks, look_of
from smartapp.usecases.ports import AssessmentLog, ChartSource, ChartWriter, ProposalState, Subject
from smartapp.usecases.proposal import ProposalView as Stored
from smartapp.usecases.proposal import Stage, order_of
from smartapp.usecases.writing import NotApprovable
from smartapp.web.decisions import Observed, OpenLaunch, ProposalView, Proposed, Reviewed, State, UserKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLaunch(OpenLaunch):
    """An open launch with its session."""

    session: SmartSession


@dataclass(slots=True, kw_only=True)
class ClinicalDesk:
    """A `Desk`; `source_of` and `writer_of` turn a session into what reads and writes its chart, `first_of` into what gives a
    page the answers that have come (the number is how often the page has looked before)."""

    store: LaunchStore
    site: Site
    log: AssessmentLog
    acceptance: Acceptance
    answers: Answers
    referred: Callable[[str], str]
    clock: Callable[[], datetime]
    source_of: Callable[[SmartSession], ChartSource]
    first_of: Callable[[SmartSession, int], FirstAnswers]
    writer_of: Callable[[SmartSession], ChartWriter]
    signed_out: Callable[[SmartSession], None]
    looks: Looks
    resuming: Resuming
    idle_minutes: float

    def open(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        """The live launch of this browser; `NoSuchLaunch` (401) otherwise."""
        cookie = cookies.get(cookie_name(launch), "")
        payload = self.store.find(launch, cookie, self.idle_minutes) if cookie else None
        if payload is None:
            raise ended(self.store, launch, self.idle_minutes)
        session = restored(payload)
        return SessionLaunch(
            launch=launch,
            ehr=session.ehr,
            user=_kind(session),
            user_name=session.user.name or session.user.reference,
            binding=hashlib.sha256(cookie.encode()).hexdigest()[:16],
            session=session,
        )

    def begin(self, opened: OpenLaunch, looks: int = 0) -> Visit:
        """Begin to read; the page is then made of what has come."""
        session = _session(opened)
        reading = self.first_of(session, looks).begin(self.site.queries)
        return Visit(session.patient, reading, lambda: self.reviewed(opened, reading))

    def reviewed(self, opened: OpenLaunch, source: ChartSource) -> Reviewed:
        """Read, assess, offer; what this launch wrote before stands beside it. Nothing is offered on an unfinished reading."""
        case = self._case(opened)
        assessed = self._assessed(replace(case, source=source), "page assessed")
        assessment = assessed.assessment
        awaited = awaited_queries(assessed.chart, self.site.queries)
        refused = "" if awaited else self._refused(case, assessed)
        offered = () if refused or awaited else self.acceptance.offer(case, assessed)
        if offered:
            self.answers.offered(case.subject, assessment, [view.id for view in offered])
        done = {view.id: view for view in self.acceptance.finished(case)}
        session, kept = _session(opened), None if awaited else self.resuming.kept(_session(opened))
        fresh = tuple(self._offered(opened, view, kept) for view in offered if view.id not in done)
        views = (*fresh, *(self._shown(opened, view) for view in done.values()))
        return Reviewed(
            assessment=assessment,
            identity=_identity(assessed),
            proposals=views,
            no_write=refused,
            awaited=words_of(awaited),
            undecided=any(query.decides for query in awaited),
            looked=None if awaited else self.looks.since(case.subject, look_of(assessment)),
            spoken_of=None if awaited else self._spoken_of(opened),
            left=self.resuming.added(kept, session),
        )

    def _spoken_of(self, opened: OpenLaunch) -> Look | None:
        """What the card said from which this launch was opened; a reference that is not ours is as none (SAL-62)."""
        session = _session(opened)
        likeness = self.referred(session.app_context)
        return self.answers.spoken_of(subject_of(session), likeness) if likeness else None

    def _offered(self, opened: OpenLaunch, view: Stored, kept: ResumableEntry | None) -> ProposalView:
        """Of this launch while it is open; one that is decided and not ours was decided in another launch."""
        return replace(
            self._shown(opened, view),
            elsewhere=view.state is not ProposalState.PROPOSED,
            chosen_before=self.resuming.chosen(kept, opened.launch, view.id),
        )

    def proposal(self, opened: OpenLaunch, proposal: str) -> Proposed:
        """One proposal with the patient as assessed now."""
        case = self._case(opened)
        view = self._looked(case, proposal, self.acceptance.follow)
        assessed = self._assessed(case, "proposal assessed")
        return Proposed(
            proposal=self._shown(opened, view),
            option=view.option,
            assessment=assessed.assessment,
            identity=_identity(assessed),
            others=tuple(self._shown(opened, other) for other in self.acceptance.beside(case, proposal)),
        )

    def look(self, opened: OpenLaunch, proposal: str) -> tuple[ProposalView, Option]:
        """One proposal as it is kept, without asking the EHR."""
        view = self._looked(self._case(opened), proposal, self.acceptance.glance)
        return self._shown(opened, view), view.option

    def advance(self, opened: OpenLaunch, proposal: str, state: State, order: ProposedOrder, recheck: bool) -> None:
        """A press on a form; 409 where the proposal may no longer be approved."""
        stage = Stage(state)
        view = self._done(
            lambda case: self.acceptance.step(case, proposal, stage, order=order, recheck=recheck), opened
        )
        if view.state is ProposalState.WRITTEN:
            self.answers.decided(FeedbackEvent(card=proposal, outcome=ACCEPTED, at=view.changed_at))

    def check_again(self, opened: OpenLaunch, proposal: str) -> None:
        """Only search."""
        self._done(lambda case: self.acceptance.check_again(case, proposal), opened)

    def decline(self, opened: OpenLaunch, proposal: str, reason: str, comment: str) -> None:
        """Remember why not."""
        view = self._done(lambda case: self.acceptance.decline(case, proposal, reason=reason, comment=comment), opened)
        if view.state is ProposalState.DECLINED:
            system = SYSTEM if reason else ""
            event = FeedbackEvent(
                card=proposal,
                outcome=OVERRIDDEN,
                at=view.changed_at,
                reason_system=system,
                reason_code=reason,
                comment=comment[:LONGEST_COMMENT],
            )
            self.answers.decided(event)

    def withdraw(self, opened: OpenLaunch, proposal: str) -> None:
        """Take back a draft."""
        self._done(lambda case: self.acceptance.withdraw(case, proposal), opened, CannotWithdraw)

    def receipt(self, opened: OpenLaunch, proposal: str) -> bytes:
        """The signed receipt of the decision on a proposal; 404 before there is one."""
        try:
            file = self.acceptance.receipt(self._case(opened), proposal)
        except NoSuchProposal:
            raise NotInThisLaunch from None
        if file is None:
            raise NoReceipt
        self.log.noted(subject_of(_session(opened)), "receipt read", proposal)
        return file

    def observe(self, opened: OpenLaunch, observed: Observed) -> None:
        """Keep what the clinician adds for this launch; it is theirs, and audited."""
        session = _session(opened)
        kept = merged(session.bedside, observed, self.clock())
        self.store.add_bedside(session.launch, kept)
        event = "taken back" if observed.take_back else "added by hand"
        self.log.noted(subject_of(session), event, observed.take_back or ", ".join(sorted(set(kept) - {TIMES})))

    def sign_out(self, opened: OpenLaunch) -> None:
        """End the launch here first, then tell the EHR."""
        session = _session(opened)
        self.store.end(session.launch)
        self.log.noted(subject_of(session), "signed out", "ended")
        self.signed_out(session)

    def _done(
        self, act: Callable[[Case], Stored], opened: OpenLaunch, refused: type[CannotApprove] = CannotApprove
    ) -> Stored:
        try:
            return act(self._case(opened))
        except NoSuchProposal:
            raise NotInThisLaunch from None
        except NotApprovable as problem:
            raise refused(str(problem)) from None

    def _looked(self, case: Case, proposal: str, look: Callable[[Case, str], Stored]) -> Stored:
        try:
            return look(case, proposal)
        except NoSuchProposal:
            raise NotInThisLaunch from None

    def _case(self, opened: OpenLaunch) -> Case:
        session = _session(opened)
        return Case(
            subject=subject_of(session),
            source=self.source_of(session),
            writer=self.writer_of(session),
            bedside=bedside_of(session.bedside),
        )

    def _assessed(self, case: Case, event: str) -> Assessed:
        assessed = assess_patient(
            case.subject,
            sent=Chart.empty(case.subject.patient, case.subject.fhir_base),
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event=event,
            bedside=case.bedside,
        )
        if self.store.kept(case.subject.reference) is None:  # a refresh found it over, or the user signed out meanwhile
            raise ended(self.store, case.subject.reference, self.idle_minutes)
        return assessed

    def _shown(self, opened: OpenLaunch, view: Stored) -> ProposalView:
        return shown(view, self.site.policy, opened.ehr)

    def _refused(self, case: Case, assessed: Assessed) -> str:
        """Why nothing can be written, where a draft would be allowed: told before the click."""
        assessment = assessed.assessment
        if not assessment.draft_allowed or not assessment.options:
            return ""
        return self.acceptance.writing.cannot_write(case, order_of(assessment, assessment.options[0]))


def _session(opened: OpenLaunch) -> SmartSession:
    if not isinstance(opened, SessionLaunch):
        raise TypeError("a launch that this desk did not open")
    return opened.session


def subject_of(session: SmartSession) -> Subject:
    """Whose chart, and who is asking."""
    return Subject(
        ehr=session.ehr,
        patient=session.patient,
        user=session.user.reference,
        user_name=session.user.name,
        encounter=session.encounter,
        reference=session.launch,
        fhir_base=session.fhir_base,
    )


def _kind(session: SmartSession) -> UserKind:
    if session.user.is_professional:
        return UserKind.PROFESSIONAL
    return UserKind.PATIENT if session.user.is_patient_side else UserKind.UNKNOWN


def _identity(assessed: Assessed) -> Identity:
    return read_identity(assessed.chart)
