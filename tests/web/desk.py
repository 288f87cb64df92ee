"""A desk over ports in memory, and an app that shows its pages."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from flask import Flask

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rules import all_rules
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.identity import Identity, read_identity
from smartapp.fhir.queries import QUERIES, Query, words_of
from smartapp.usecases.accept import Acceptance, NoSuchProposal, make_acceptance
from smartapp.usecases.assess import Assessed, Site, assess_patient, awaited_queries
from smartapp.usecases.beside import Case
from smartapp.usecases.looking import Look
from smartapp.usecases.ports import (
    ANY_STATE,
    Noted,
    ProposalState,
    StoredProposal,
    Subject,
    WriteRequest,
    WriteResult,
    WriteState,
)
from smartapp.usecases.proposal import ProposalView as Stored
from smartapp.usecases.proposal import Stage
from smartapp.web import operations, pages, proposals, receipts, rules
from smartapp.web.decisions import Observed, OpenLaunch, ProposalView, Proposed, Reviewed, State, UserKind
from smartapp.web.problems import NotFound, PageProblem, handle
from smartapp.web.protection import FormTokens, protect
from smartapp.web.static_files import serve_static
from tests import charts
from tests.fakes import MemoryReceipts

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost"
LAUNCH = "launch-1"
COOKIE = "key-1"
TOKENS = FormTokens(["a-key-for-tests"])
NAMED = {"name": [{"text": "Jane DOE"}], "gender": "female", "identifier": [{"value": "4821"}]}


class EndedLaunch(PageProblem):
    """No such launch for this browser."""

    status = 401
    title = "This session has ended"


class MemoryLog:
    """What was recorded."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        self.events.append(event)

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        self.events.append(event)


class BundleSource:
    """A chart given as resources; `refused` queries answer with that state."""

    def __init__(self, *resources: charts.Resource, refused: Mapping[str, AnswerState] | None = None) -> None:
        self.resources = resources
        self.refused = refused or {}

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        return tuple(self._one(query) for query in queries)

    def _one(self, query: Query) -> Answer:
        """Codes are not looked at: the first query for a type gets all resources of it."""
        if query.name in self.refused:
            return Answer(query=query.name, state=self.refused[query.name], reason="the EHR did not answer")
        first = next(known for known in QUERIES if known.resource == query.resource)
        mine = [r for r in self.resources if r["resourceType"] == query.resource] if query is first else []
        return Answer(query=query.name, state=AnswerState.COMPLETE, resources=tuple(map(charts.dumps, mine)))


class MemoryWriter:
    """An EHR that stores what it is given; `results` replaces the answer for an order."""

    def __init__(self, *, why_not: str = "", answer: WriteResult | None = None) -> None:
        self.why_not = why_not
        self.answer = answer
        self.created: list[WriteRequest] = []

    def can_create(self, resource_type: str) -> str:
        return self.why_not

    def can_update(self, resource_type: str) -> str:
        return self.why_not

    def conditions(self, resource_type: str) -> bool:
        return True

    def transacts(self) -> bool:
        return False

    def together(self, requests: Sequence[WriteRequest]) -> tuple[WriteResult, ...] | None:
        return None

    def create(self, request: WriteRequest) -> WriteResult:
        self.created.append(request)
        stored = WriteResult(state=WriteState.WRITTEN, reference=f"{request.resource_type}/12", stored=request.body)
        return self.answer or stored

    def find(self, resource_type: str, identifier: str) -> WriteResult:
        if self.answer and self.answer.state is WriteState.REFUSED:
            return WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")
        return WriteResult(state=WriteState.WRITTEN, reference=f"{resource_type}/12")

    def cancel(self, reference: str, version: str = "") -> WriteResult:
        return WriteResult(state=WriteState.WRITTEN, reference=reference)

    @property
    def orders(self) -> list[WriteRequest]:
        return [request for request in self.created if request.resource_type == "MedicationRequest"]


class MemoryProposals:
    """Proposals by id."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredProposal] = {}
        self.log = MemoryLog()

    def add(self, proposal: StoredProposal, noted: Noted) -> None:
        self.log.noted(noted.subject, noted.event, noted.outcome)
        self.kept[proposal.id] = replace(proposal, content=_as_stored(proposal.content))

    def get(self, launch: str, proposal: str) -> StoredProposal | None:
        found = self.kept.get(proposal)
        return found if found and found.launch == launch else None

    def of_launch(self, launch: str, states: Collection[ProposalState] = ANY_STATE) -> Sequence[StoredProposal]:
        return [proposal for proposal in self.kept.values() if proposal.launch == launch and proposal.state in states]

    def with_identifier(self, identifier: str, states: Collection[ProposalState]) -> Sequence[StoredProposal]:
        found = [proposal for proposal in self.kept.values() if proposal.identifier == identifier]
        return [proposal for proposal in found if proposal.state in states]

    def move(
        self,
        proposal: str,
        *,
        source: ProposalState,
        target: ProposalState,
        content: Mapping[str, Any],
        noted: Noted,
    ) -> bool:
        found = self.kept[proposal]
        if found.state is not source:
            return False
        self.log.noted(noted.subject, noted.event, noted.outcome)
        self.kept[proposal] = replace(found, state=target, content=_as_stored(content))
        return True

    def lock(self, identifier: str, holder: str) -> bool:
        return True

    def renew(self, identifier: str, holder: str) -> bool:
        return True

    def unlock(self, identifier: str, holder: str) -> None:
        return None


def _as_stored(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """As a store gives it back: through JSON."""
    return dict(json.loads(json.dumps(content)))


class Ward:
    """One launch of one patient with the use cases behind its pages (a `Desk`), and what became of it."""

    def __init__(
        self,
        *resources: charts.Resource,
        user: UserKind = UserKind.PROFESSIONAL,
        writer: MemoryWriter | None = None,
        refused: Mapping[str, AnswerState] | None = None,
        launch: str = LAUNCH,
        kept: MemoryProposals | None = None,
        zone: tzinfo = UTC,
        **policy: object,
    ) -> None:
        self.source = BundleSource(*resources, refused=refused)
        self.writer = writer or MemoryWriter()
        self.kept = kept or MemoryProposals()
        self.log = self.kept.log
        self.receipts = MemoryReceipts()
        self.user = user
        self.launch = launch
        self.bedside = Bedside()
        self.observed: list[Observed] = []
        self.looked: list[int] = []
        self.looked_before: Look | None = None
        self.ended = False
        self.slow = False
        self.counts = [(4, 11), (9, 11)]
        self.breaks = False
        self.policy = build_policy(None, {"fc_product": "riastap", **policy})
        self.site = Site(policy=self.policy, zone=zone, queries=QUERIES)
        self.acceptance = self._acceptance()
        self.app = an_app(self)

    def _acceptance(self) -> Acceptance:
        return make_acceptance(
            proposals=self.kept,
            site=self.site,
            log=self.log,
            clock=lambda: charts.NOW,
            seconds=charts.NOW.timestamp,
            receipts=self.receipts,
            pause=lambda _: None,
            base_url=ORIGIN,
        )

    @property
    def case(self) -> Case:
        who = Subject(ehr="demo", patient="P1", user="Practitioner/1", user_name="Dr N Osei", reference=self.launch)
        return Case(subject=who, source=self.source, writer=self.writer, bedside=self.bedside)

    def assessed(self) -> Assessed:
        return assess_patient(
            self.case.subject,
            sent=Chart.empty("P1"),
            source=self.source,
            site=self.site,
            as_of=charts.NOW,
            log=self.log,
            event="assessed",
            bedside=self.bedside,
        )

    def open(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        if launch != self.launch or cookies.get("launch") != COOKIE or self.ended:
            raise EndedLaunch("There is no live launch for this browser.", "Open the app again from the chart.")
        return OpenLaunch(launch=launch, ehr="demo", user=self.user, user_name="Dr N Osei", binding=COOKIE)

    def begin(self, opened: OpenLaunch, looks: int = 0) -> "Ward":
        self.looked.append(looks)
        return self

    def come_within(self, seconds: float) -> bool:
        return not self.slow

    def identity(self, seconds: float) -> Identity:
        return read_identity(self.assessed().chart)

    def coming(self) -> Iterator[tuple[int, int]]:
        return iter(self.counts)

    def review(self) -> Reviewed:
        if self.breaks:
            raise RuntimeError("secret words of the record")
        assessed = self.assessed()
        assessment = assessed.assessment
        awaited = awaited_queries(assessed.chart, QUERIES)
        no_write = self.writer.why_not if assessment.draft_allowed else ""
        offered = () if no_write or awaited else self.acceptance.offer(self.case, assessed)
        done = {view.id: view for view in self.acceptance.finished(self.case)}
        fresh = [view for view in offered if view.id not in done]
        others = [replace(shown(view), elsewhere=view.state is not ProposalState.PROPOSED) for view in fresh]
        return Reviewed(
            assessment=assessment,
            identity=read_identity(assessed.chart),
            proposals=(*others, *map(shown, done.values())),
            no_write=no_write,
            awaited=words_of(awaited),
            undecided=any(query.decides for query in awaited),
            looked=self.looked_before,
        )

    def look(self, opened: OpenLaunch, proposal: str) -> tuple[ProposalView, Option]:
        view = self._looked(proposal)
        return shown(view), view.option

    def _looked(self, proposal: str) -> Stored:
        try:
            return self.acceptance.follow(self.case, proposal)
        except NoSuchProposal:
            raise NotFound("There is no such proposal in this launch.", "Open the patient page.") from None

    def proposal(self, opened: OpenLaunch, proposal: str) -> Proposed:
        view = self._looked(proposal)
        assessed = self.assessed()
        return Proposed(
            proposal=shown(view),
            option=view.option,
            assessment=assessed.assessment,
            identity=read_identity(assessed.chart),
            others=tuple(map(shown, self.acceptance.beside(self.case, proposal))),
        )

    def advance(self, opened: OpenLaunch, proposal: str, state: State, order: ProposedOrder, recheck: bool) -> None:
        self.acceptance.step(self.case, proposal, Stage(state), order=order, recheck=recheck)

    def check_again(self, opened: OpenLaunch, proposal: str) -> None:
        self.acceptance.check_again(self.case, proposal)

    def decline(self, opened: OpenLaunch, proposal: str, reason: str, comment: str) -> None:
        self._looked(proposal)
        self.acceptance.decline(self.case, proposal, reason=reason, comment=comment)

    def withdraw(self, opened: OpenLaunch, proposal: str) -> None:
        self.acceptance.withdraw(self.case, proposal)

    def receipt(self, opened: OpenLaunch, proposal: str) -> bytes:
        file = self.acceptance.receipt(self.case, proposal)
        if file is None:
            raise NotFound("There is no decision receipt for this proposal.", "Open the patient page.")
        return file

    def observe(self, opened: OpenLaunch, observed: Observed) -> None:
        self.observed.append(observed)

    def sign_out(self, opened: OpenLaunch) -> None:
        self.ended = True


def shown(view: Stored) -> ProposalView:
    """As the factory's desk shows it."""
    undecided = view.state is ProposalState.PROPOSED
    return ProposalView(
        id=view.id,
        state=State(view.stage) if undecided else State(view.state),
        order=view.order,
        recheck=view.recheck,
        reason=view.reason,
        reference=view.reference,
        route="Draft MedicationRequest at St X: you sign it there",
        followed=view.recheck_reference,
        differences=view.differs,
        moved=view.changes,
        decided_by=view.decided_by,
        decided_at=None if undecided else datetime.fromtimestamp(view.decided_at, UTC),
        standing=view.standing,
        provenance=view.provenance,
        receipt=view.receipt,
    )


def jane(*resources: charts.Resource, **ward: Any) -> Ward:
    """Jane Doe, 30 y, day 6 after tisagenlecleucel."""
    return Ward(charts.patient("1996-01-01", **NAMED), charts.infusion(), *resources, **ward)


def act_now(**ward: Any) -> Ward:
    """Jane with 0.8 g/L, CRS 3 and a weight: a draft may be written."""
    return jane(charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3), **ward)


def an_app(desk: Ward) -> Flask:
    """The pages over a ward, wired as the factory does it."""
    app = Flask("pages", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    handle(app, lambda *_: None)
    serve_static(app, ROOT / "static")
    protect(app, {"demo": ["http://ehr.example"]})
    shown = {"organization": "St X", "development": False}
    app.register_blueprint(
        pages.create_blueprint(desk=desk, tokens=TOKENS, own_origin=ORIGIN, standalone=["demo"], shown=shown)
    )
    app.register_blueprint(proposals.create_blueprint(desk=desk, tokens=TOKENS, own_origin=ORIGIN))
    app.register_blueprint(receipts.create_blueprint(desk=desk, keys=lambda: [{"kid": "one"}]))
    app.register_blueprint(operations.create_blueprint(list, bytes))
    app.register_blueprint(rules.create_blueprint(all_rules(), build_policy()))
    return app
