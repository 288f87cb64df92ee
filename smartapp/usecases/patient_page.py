"""What the patient page asks for: review, enter by hand, decide on a proposal, sign out. No Flask, no session, no cookie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.clinical.standing_orders import OrderState
from smartapp.fhir.chart import Chart
from smartapp.fhir.identity import Identity, read_identity
from smartapp.fhir.queries import words_of
from smartapp.usecases.assess import Assessed, Site, assess_patient, awaited_queries
from smartapp.usecases.feedback import ACCEPTED, OVERRIDDEN, FeedbackEvent, FeedbackService
from smartapp.usecases.last_viewed import LastView, LastViews, look_of
from smartapp.usecases.manual_entries import LeftEntries, ManualEntry, left_over, merged, names_of
from smartapp.usecases.orders.approve import OrderApproval
from smartapp.usecases.orders.cancel import NotWithdrawn
from smartapp.usecases.orders.offer import is_same_offer
from smartapp.usecases.orders.plan import WritePlan
from smartapp.usecases.orders.proposal import Proposal, ProposalState, Stage
from smartapp.usecases.override_reasons import SYSTEM
from smartapp.usecases.ports import AssessmentLog, ChartReading, LaunchCase, Subject


class NoReceipt(Exception):
    """A proposal that is not decided yet, or was decided before receipts were stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOutLaunch:
    """A launch that nobody signed out of: when it was last used (epoch seconds), and what was entered by hand."""

    launch: str
    seen_at: float
    entries: Bedside


class Launches(Protocol):
    """The live launches and what belongs to them."""

    def check(self, launch: str) -> None:
        """Raise the problem that says why, if the launch is over."""

    def enter(self, subject: Subject, before: Bedside, after: Bedside) -> None:
        """Store what was entered by hand for the patient, and forget what was taken back; what stands beside ends with the launch."""

    def timed_out(self, resume_key: str) -> TimedOutLaunch | None:
        """The last launch of the same user and patient that timed out lately."""

    def end(self, launch: str) -> None:
        """End the launch: its tokens and what was entered by hand are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A patient as assessed now, with this launch's proposals.

    `no_write` is why this session can write nothing at all (scope, write-back off); there are no open proposals then.
    `unwritable` says of each option that it cannot write why not.
    `awaited` names the parts of the chart that are still being read (nothing is offered meanwhile); `undecided`: the verdict
    rests on one of them. `last_view` is what this user saw in an earlier launch, `card_view` what the card said that this launch
    was opened from; `left` what was entered in a launch that timed out, `chosen_before` (by proposal) the order with another
    amount that was chosen in it on the same facts.
    """

    launch: str
    assessment: Assessment
    identity: Identity
    proposals: tuple[Proposal, ...] = ()
    no_write: str = ""
    unwritable: Mapping[Product, str] = field(default_factory=dict)
    awaited: tuple[str, ...] = ()
    undecided: bool = False
    last_view: LastView | None = None
    card_view: LastView | None = None
    left: LeftEntries | None = None
    chosen_before: Mapping[str, ProposedOrder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One proposal, how it would be written, and the patient as assessed; `others` may be chosen instead. `ehr` is where it goes."""

    ehr: str
    proposal: Proposal
    plan: WritePlan
    assessment: Assessment
    identity: Identity
    others: tuple[Proposal, ...] = ()


def identity_within(case: LaunchCase, reading: ChartReading, seconds: float) -> Identity:
    """Who the patient is, as soon as that has come; no words where it does not within so long, or could not be read."""
    return read_identity(Chart.empty(case.subject.patient).with_answers(reading.one("patient", seconds)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPage:
    """The use case; `clock` gives the clinical now, `seconds` epoch seconds of real time."""

    site: Site
    log: AssessmentLog
    orders: OrderApproval
    feedback: FeedbackService
    launches: Launches
    last_views: LastViews
    clock: Callable[[], datetime]
    seconds: Callable[[], float]

    def review(self, case: LaunchCase) -> Reviewed:
        """Read, assess, offer; what this launch decided before stands beside it. Nothing is offered on an unfinished reading."""
        assessed = self._assessed(case, "page assessed")
        assessment = assessed.assessment
        awaited = awaited_queries(assessed.chart, self.site.queries)
        reviewed = Reviewed(
            launch=case.subject.reference,
            assessment=assessment,
            identity=read_identity(assessed.chart),
            proposals=self.orders.decided(case),
            awaited=words_of(awaited),
            undecided=any(query.decides for query in awaited),
        )
        return reviewed if awaited else self._with_offers(case, assessed, reviewed)

    def _with_offers(self, case: LaunchCase, assessed: Assessed, reviewed: Reviewed) -> Reviewed:
        """The page of a chart that was read to its end: with what may be decided, and what was left or seen before."""
        assessment = assessed.assessment
        refused = self.orders.write_blocker(case, assessed)
        offered = () if refused else self.orders.offer(case, assessed)
        if offered:
            self.feedback.offered(case.subject, assessment, [proposal.id for proposal in offered])
        decided = self.orders.decided(case)
        known = {proposal.id for proposal in decided}
        fresh = tuple(proposal for proposal in offered if proposal.id not in known)
        earlier = self.launches.timed_out(case.resume_key)
        return replace(
            reviewed,
            proposals=(*fresh, *decided),
            no_write=refused,
            unwritable=self.orders.unwritable(case, assessed),
            last_view=self.last_views.since(case.subject, look_of(assessment)),
            card_view=self.feedback.spoken_of(case.subject, case.opened_from) if case.opened_from else None,
            left=self._left(case, earlier),
            chosen_before=self._chosen_before(earlier, fresh),
        )

    def proposal(self, case: LaunchCase, proposal: str) -> Proposed:
        """One proposal with the patient as assessed now."""
        followed = self.orders.follow(case, proposal)
        assessed = self._assessed(case, "proposal assessed")
        return Proposed(
            ehr=case.subject.ehr,
            proposal=followed,
            plan=self.orders.plan(case, followed),
            assessment=assessed.assessment,
            identity=read_identity(assessed.chart),
            others=self.orders.alternatives(case, proposal),
        )

    def press(
        self, case: LaunchCase, proposal: str, stage: Stage, *, order: ProposedOrder, follow_up: bool
    ) -> Proposal:
        """A press on a form made for `stage`; `NotApprovable` where the proposal may no longer be approved."""
        pressed = self.orders.press(case, proposal, stage, order=order, follow_up=follow_up)
        if pressed.state is ProposalState.WRITTEN:
            self.feedback.decided(FeedbackEvent(card=proposal, outcome=ACCEPTED, at=pressed.changed_at))
        return pressed

    def decline(self, case: LaunchCase, proposal: str, *, reason: str, comment: str) -> None:
        """Remember why not; it answers the card too."""
        declined = self.orders.decline(case, proposal, reason=reason, comment=comment)
        if declined.state is ProposalState.DECLINED:
            event = FeedbackEvent(
                card=proposal,
                outcome=OVERRIDDEN,
                at=declined.changed_at,
                reason_system=SYSTEM if reason else "",
                reason_code=reason,
                comment=comment,
            )
            self.feedback.decided(event)

    def withdraw_standing(self, case: LaunchCase, reference: str) -> None:
        """Take back a draft of ours that stands, from whichever launch or card (REP-13); `NotWithdrawn` says why not."""
        stands = next(
            (order for order in self._assessed(case, "page assessed").assessment.standing if order.source == reference),
            None,
        )
        if stands is None or not stands.ours or stands.state is not OrderState.DRAFT:
            raise NotWithdrawn("This is no draft of this app that stands in the chart now. LastView at it in the EHR.")
        own = next(token for token in stands.identifiers if token.startswith(f"{self.site.proposal_system}|"))
        self.orders.withdraw_standing(case, reference, own.rpartition("|")[2])

    def receipt(self, case: LaunchCase, proposal: str) -> bytes:
        """The signed receipt of the decision on a proposal; `NoReceipt` before there is one."""
        file = self.orders.receipt(case, proposal)
        if file is None:
            raise NoReceipt("There is no decision receipt for this proposal.")
        self.log.noted(case.subject, "receipt read", proposal)
        return file

    def enter_by_hand(self, case: LaunchCase, entry: ManualEntry) -> None:
        """Store what the clinician enters for this patient, marked with name, role and time; it is audited."""
        entries = merged(case.entries, entry, self.clock(), _signature(case.subject))
        self.launches.enter(case.subject, case.entries, entries)
        event = (
            "taken back" if entry.take_back else "another order wanted beside" if entry.standing else "added by hand"
        )
        self.log.noted(case.subject, event, entry.take_back or ", ".join(entry.standing) or names_of(entries))

    def sign_out(self, case: LaunchCase, revoke: Callable[[], None]) -> None:
        """End the launch here first, then tell the EHR by `revoke`."""
        self.launches.end(case.subject.reference)
        self.log.noted(case.subject, "signed out", "ended")
        revoke()

    def _assessed(self, case: LaunchCase, event: str) -> Assessed:
        assessed = assess_patient(
            case.subject,
            sent=Chart.empty(case.subject.patient, case.subject.fhir_base),
            source=case.source,
            site=self.site,
            as_of=self.clock(),
            log=self.log,
            event=event,
            bedside=case.entries,
        )
        self.launches.check(case.subject.reference)  # a refresh found it over, or the user signed out meanwhile
        return assessed

    def _left(self, case: LaunchCase, earlier: TimedOutLaunch | None) -> LeftEntries | None:
        """What was entered in a launch that timed out, and has not been entered in this one (SEC-03)."""
        left = left_over(earlier.entries, case.entries) if earlier else None
        if earlier is None or left is None:
            return None
        return LeftEntries(minutes=int((self.seconds() - earlier.seen_at) // 60), entries=left)

    def _chosen_before(
        self, earlier: TimedOutLaunch | None, fresh: tuple[Proposal, ...]
    ) -> Mapping[str, ProposedOrder]:
        """By proposal, the amount chosen in the launch that timed out, where all that the proposal rests on is the same now."""
        untouched = [proposal for proposal in fresh if proposal.stage is Stage.PROPOSED]
        if earlier is None or not untouched:
            return {}
        before = self.orders.proposals.of_launch(earlier.launch, [ProposalState.PROPOSED])
        found: dict[str, ProposedOrder] = {}
        for now in untouched:
            for old in before:
                same = old.identifier == now.identifier and is_same_offer(old.offer, now.offer)
                if same and old.order != now.order:
                    found[now.id] = old.order
        return found


def _signature(subject: Subject) -> str:
    """Name and role: `Dr N Osei, Practitioner`."""
    return ", ".join(
        part for part in (subject.user_name or subject.user, subject.user_name and subject.user_role) if part
    )
