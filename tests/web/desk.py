"""A desk over ports in memory, and an app that shows its pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from flask import Flask

from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rules import all_rules
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.queries import QUERIES, Query
from smartapp.usecases.assess import Assessed, Site, assess_patient
from smartapp.usecases.feedback import Acknowledgement, AssessmentRecord, FeedbackService, KeptEvent, ShownCard
from smartapp.usecases.last_viewed import LastView
from smartapp.usecases.orders.approve import make_approval
from smartapp.usecases.patient_page import PatientPage, TimedOutLaunch
from smartapp.usecases.ports import LaunchCase, Subject, WriteRequest, WriteResult, WriteState
from smartapp.web import operations, pages, proposals, receipts, rules
from smartapp.web.launch import OpenLaunch, UserKind
from smartapp.web.problems import PageProblem, handle
from smartapp.web.protection import FormTokens, protect
from smartapp.web.static_files import serve_static
from tests import charts
from tests.fakes import MemoryProposals, MemoryReceipts

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

    def find(self, resource_type: str, identifier: str, sent: bytes = b"") -> WriteResult:
        del sent
        if self.answer and self.answer.state is WriteState.REFUSED:
            return WriteResult(state=WriteState.REFUSED, reason="the EHR has no such order")
        return WriteResult(state=WriteState.WRITTEN, reference=f"{resource_type}/12")

    def cancel(self, reference: str, version: str = "") -> WriteResult:
        return WriteResult(state=WriteState.WRITTEN, reference=reference)

    @property
    def orders(self) -> list[WriteRequest]:
        return [request for request in self.created if request.resource_type == "MedicationRequest"]


class MemoryAnswers:
    """Feedback that nobody asks for again; `card_view` is what the card said that a launch was opened from."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.kept: list[KeptEvent] = []

    def show(self, cards: Sequence[ShownCard]) -> None:
        self.shown += [card.card for card in cards]

    def card(self, card: str) -> ShownCard | None:
        return None

    def latest(self, likeness: str, since: float) -> ShownCard | None:
        return None

    def keep(self, kept: KeptEvent) -> bool:
        self.kept.append(kept)
        return True

    def acknowledged(self, likenesses: Sequence[str], since: float) -> Mapping[str, Sequence[Acknowledgement]]:
        return {}

    def accepted(self, ehr: str, patient: str, since: float) -> Sequence[str]:
        return ()


class Ward:
    """One launch of one patient with the page's use case, and what became of it: it is the door, the stored launches, and the
    reading of the chart too."""

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
        self.kept = kept or MemoryProposals(clock=charts.NOW.timestamp)
        self.log = self.kept.log
        self.receipts = MemoryReceipts()
        self.user = user
        self.launch = launch
        self.bedside = Bedside()
        self.entered: list[Bedside] = []
        self.looked: list[int] = []
        self.looked_before: LastView | None = None
        self.earlier: TimedOutLaunch | None = None
        self.ended = False
        self.slow = False
        self.counts = [(4, 11), (9, 11)]
        self.breaks = False
        self.policy = build_policy(None, {"fc_product": "riastap", **policy})
        self.site = Site(policy=self.policy, zone=zone, queries=QUERIES)
        self.page = self._page()
        self.app = an_app(self)

    def _page(self) -> PatientPage:
        clock, seconds, feedback = (lambda: charts.NOW), charts.NOW.timestamp, MemoryAnswers()
        orders = make_approval(
            proposals=self.kept,
            site=self.site,
            log=self.log,
            clock=clock,
            seconds=seconds,
            receipts=self.receipts,
            pause=lambda _: None,
            base_url=ORIGIN,
        )
        return PatientPage(
            site=self.site,
            log=self.log,
            orders=orders,
            feedback=FeedbackService(feedback=feedback, log=self.log, answered=NobodyAsks(), seconds=seconds),
            launches=self,
            last_views=self,
            clock=clock,
            seconds=seconds,
        )

    @property
    def case(self) -> LaunchCase:
        who = Subject(ehr="demo", patient="P1", user="Practitioner/1", user_name="Dr N Osei", reference=self.launch)
        return LaunchCase(subject=who, source=self.source, writer=self.writer, entries=self.bedside, resume_key="jane")

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

    def __call__(self, launch: str, cookies: Mapping[str, str]) -> OpenLaunch:
        if launch != self.launch or cookies.get("launch") != COOKIE or self.ended:
            raise EndedLaunch("There is no live launch for this browser.", "Open the app again from the chart.")
        return OpenLaunch(
            launch=launch,
            ehr="demo",
            user=self.user,
            case=self.case,
            read=self.read,
            revoke=lambda: None,
            user_name="Dr N Osei",
            binding=COOKIE,
        )

    def read(self, looks: int) -> "Ward":
        self.looked.append(looks)
        return self

    def come_within(self, seconds: float) -> bool:
        return not self.slow

    def coming(self) -> Iterator[tuple[int, int]]:
        return iter(self.counts)

    def one(self, query: str, seconds: float) -> Answer:
        (answer,) = self.source.answer(known for known in QUERIES if known.name == query)
        return answer

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        if self.breaks:
            raise RuntimeError("secret words of the record")
        return self.source.answer(queries)

    def since(self, subject: Subject, look: LastView) -> LastView | None:
        return self.looked_before

    def check(self, launch: str) -> None:
        if self.ended:
            raise EndedLaunch("The launch is over.")

    def enter(self, subject: Subject, before: Bedside, after: Bedside) -> None:
        self.entered.append(after)

    def timed_out(self, resume_key: str) -> TimedOutLaunch | None:
        return self.earlier

    def end(self, launch: str) -> None:
        self.ended = True


class NobodyAsks:
    """No hook is called here."""

    def keep(self, told: AssessmentRecord, notes: Sequence[tuple[str, str]], cards: Sequence[ShownCard]) -> None:
        raise AssertionError


def jane(*resources: charts.Resource, **ward: Any) -> Ward:
    """Jane Doe, 30 y, day 6 after tisagenlecleucel."""
    return Ward(charts.patient("1996-01-01", **NAMED), charts.infusion(), *resources, **ward)


def act_now(**ward: Any) -> Ward:
    """Jane with 0.8 g/L, CRS 3 and a weight: a draft may be written."""
    return jane(charts.fibrinogen("0.8"), charts.weight("70"), charts.crs(3), **ward)


def an_app(ward: Ward) -> Flask:
    """The pages over a ward, wired as the factory does it."""
    app = Flask("pages", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    handle(app, lambda *_: None)
    serve_static(app, ROOT / "static")
    protect(app, {"demo": ["http://ehr.example"]})
    shown = {"organization": "St X", "development": False}
    app.register_blueprint(
        pages.create_blueprint(
            door=ward, page=ward.page, tokens=TOKENS, own_origin=ORIGIN, standalone=["demo"], shown=shown
        )
    )
    app.register_blueprint(proposals.create_blueprint(door=ward, page=ward.page, tokens=TOKENS, own_origin=ORIGIN))
    app.register_blueprint(
        proposals.create_standing_blueprint(door=ward, page=ward.page, tokens=TOKENS, own_origin=ORIGIN)
    )
    app.register_blueprint(receipts.create_blueprint(door=ward, page=ward.page, keys=lambda: [{"kid": "one"}]))
    app.register_blueprint(operations.create_blueprint(list, bytes))
    app.register_blueprint(rules.create_blueprint(all_rules(), build_policy()))
    return app
