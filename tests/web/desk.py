"""A desk over ports in memory, and an app that shows its pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from flask import Flask

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rules import all_rules
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import QUERIES, Query
from smartapp.usecases.accept import Acceptance
from smartapp.usecases.assess import Site
from smartapp.usecases.ports import ProposalState, StoredProposal, Subject, WriteRequest, WriteResult, WriteState
from smartapp.usecases.writing import Case, OrderWriting
from smartapp.web import operations, pages, proposals, rules
from smartapp.web.desk import Desk, Observed, OpenLaunch, UserKind
from smartapp.web.problems import PageProblem, handle
from smartapp.web.protection import FormTokens, protect
from tests import charts

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

    def assessed(self, subject: Subject, assessment: Assessment, event: str) -> None:
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

    def create(self, request: WriteRequest) -> WriteResult:
        self.created.append(request)
        stored = WriteResult(state=WriteState.WRITTEN, reference=f"{request.resource_type}/12", stored=request.body)
        return self.answer or stored

    def find(self, resource_type: str, identifier: str) -> WriteResult:
        return WriteResult(state=WriteState.WRITTEN, reference=f"{resource_type}/12")

    def cancel(self, reference: str) -> WriteResult:
        return WriteResult(state=WriteState.WRITTEN, reference=reference)

    @property
    def orders(self) -> list[WriteRequest]:
        return [request for request in self.created if request.resource_type == "MedicationRequest"]


class MemoryProposals:
    """Proposals by id."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredProposal] = {}

    def add(self, proposal: StoredProposal) -> None:
        self.kept[proposal.id] = proposal

    def get(self, launch: str, proposal: str) -> StoredProposal | None:
        found = self.kept.get(proposal)
        return found if found and found.launch == launch else None

    def of_launch(self, launch: str) -> Sequence[StoredProposal]:
        return [proposal for proposal in self.kept.values() if proposal.launch == launch]

    def with_identifier(self, identifier: str) -> Sequence[StoredProposal]:
        return [proposal for proposal in self.kept.values() if proposal.identifier == identifier]

    def move(
        self, proposal: str, *, source: ProposalState, target: ProposalState, content: Mapping[str, Any] | None = None
    ) -> bool:
        found = self.kept[proposal]
        if found.state is not source:
            return False
        self.kept[proposal] = replace(found, state=target, content=found.content if content is None else content)
        return True

    def lock(self, identifier: str, proposal: str) -> bool:
        return True

    def unlock(self, identifier: str) -> None:
        return None


class Ward:
    """One launch of one patient, and what became of it."""

    def __init__(
        self,
        *resources: charts.Resource,
        user: UserKind = UserKind.PROFESSIONAL,
        writer: MemoryWriter | None = None,
        refused: Mapping[str, AnswerState] | None = None,
        launch: str = LAUNCH,
        kept: MemoryProposals | None = None,
        **policy: object,
    ) -> None:
        self.source = BundleSource(*resources, refused=refused)
        self.writer = writer or MemoryWriter()
        self.log = MemoryLog()
        self.kept = kept or MemoryProposals()
        self.user = user
        self.launch = launch
        self.bedside = Bedside()
        self.observed: list[Observed] = []
        self.ended = False
        self.policy = build_policy(None, {"fc_product": "riastap", **policy})
        self.app = an_app(self.desk())

    def desk(self) -> Desk:
        site = Site(policy=self.policy, zone=UTC, queries=QUERIES)
        writing = OrderWriting(
            proposals=self.kept, policy=self.policy, log=self.log, clock=lambda: charts.NOW, base_url=ORIGIN
        )
        acceptance = Acceptance(
            proposals=self.kept,
            site=site,
            writing=writing,
            log=self.log,
            clock=lambda: charts.NOW,
            seconds=charts.NOW.timestamp,
        )
        return Desk(
            enter=self._enter,
            keep=lambda _, observed: self.observed.append(observed),
            end=self._end,
            acceptance=acceptance,
            site=site,
            log=self.log,
            clock=lambda: charts.NOW,
        )

    def _enter(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        if launch != self.launch or cookies.get("launch") != COOKIE or self.ended:
            raise EndedLaunch(
                "There is no live launch for this browser.", "Open the app again from the patient's chart."
            )
        who = Subject(ehr="demo", patient="P1", user="Practitioner/1", user_name="Dr N Osei", reference=self.launch)
        case = Case(subject=who, source=self.source, writer=self.writer, bedside=self.bedside)
        return OpenLaunch(launch=launch, ehr="demo", user=self.user, case=case, binding=COOKIE)

    def _end(self, opened: OpenLaunch) -> None:
        self.ended = True


def jane(*resources: charts.Resource, **ward: Any) -> Ward:
    """Jane Doe, 30 y, day 6 after tisagenlecleucel."""
    return Ward(charts.patient("1996-01-01", **NAMED), charts.infusion(), *resources, **ward)


def act_now(**ward: Any) -> Ward:
    """Jane with 0.8 g/L, CRS 3 and a weight: a draft may be written."""
    return jane(charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3), **ward)


def an_app(desk: Desk) -> Flask:
    """The pages over a desk, wired as the factory does it."""
    app = Flask("pages", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    handle(app, lambda *_: None)
    protect(app, {"demo": ["http://ehr.example"]})
    shown = {"organization": "St X", "development": False}
    app.register_blueprint(
        pages.create_blueprint(desk=desk, tokens=TOKENS, own_origin=ORIGIN, standalone=["demo"], shown=shown)
    )
    app.register_blueprint(proposals.create_blueprint(desk=desk, tokens=TOKENS, own_origin=ORIGIN))
    app.register_blueprint(operations.create_blueprint(list))
    app.register_blueprint(rules.create_blueprint([(rule, "") for rule in all_rules()], build_policy()))
    return app
