"""One clinician with one patient's chart and the use case that accepts a proposal, over ports in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Any

from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart import Chart
from smartapp.fhir.queries import QUERIES
from smartapp.usecases.assess import Site, assess_patient
from smartapp.usecases.orders.approve import make_approval
from smartapp.usecases.orders.proposal import Proposal, Stage
from smartapp.usecases.ports import LaunchCase, Subject
from tests import charts as c
from tests.fakes import MemoryChart, MemoryLog, MemoryProposals, MemoryReceipts, MemoryWriter

BASE = "https://app.example.org"


def a_chart(**more: Any) -> MemoryChart:
    """V01: REPLACE, 3000 mg of RiaSTAP, a draft is allowed."""
    return MemoryChart(
        [
            c.patient("2001-02-10"),
            c.infusion(6),
            c.crs(3),
            c.fibrinogen(more.pop("value", "0.8"), **more),
            c.weight("70"),
        ]
    )


@dataclass
class Clinician:
    """`launch` is this browser's; another clinician over the same `proposals`, `chart` and `writer` is another window."""

    chart: MemoryChart = field(default_factory=a_chart)
    writer: MemoryWriter = field(default_factory=MemoryWriter)
    proposals: MemoryProposals = field(default_factory=MemoryProposals)
    receipts: MemoryReceipts = field(default_factory=MemoryReceipts)
    launch: str = "launch-1"
    patient: str = "P1"
    now: float = 1000.0
    paused: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    settings: dict[str, Any] = field(default_factory=lambda: {"fc_product": "riastap", "cryo_available": False})

    def __post_init__(self) -> None:
        policy = build_policy(None, self.settings)
        self.site = Site(policy=policy, zone=UTC, queries=QUERIES)
        self.proposals.clock = lambda: self.now
        self.use_case = make_approval(
            proposals=self.proposals,
            site=self.site,
            log=self.log,
            clock=lambda: c.NOW,
            seconds=lambda: self.now,
            receipts=self.receipts,
            pause=self.pause,
            base_url=BASE,
            organization="St X",
        )

    def pause(self, seconds: float) -> None:
        """Waiting takes no time here."""
        self.paused.append(seconds)
        self.meanwhile()

    @property
    def log(self) -> MemoryLog:
        """The one trail of all desks over the same proposals."""
        return self.proposals.log

    @property
    def case(self) -> LaunchCase:
        subject = Subject(
            ehr="st-x",
            patient=self.patient,
            user="Practitioner/7",
            user_name="Dr Roe",
            encounter="E1",
            reference=self.launch,
        )
        return LaunchCase(subject=subject, source=self.chart, writer=self.writer)

    def offered(self) -> tuple[Proposal, ...]:
        """The patient page."""
        assessed = assess_patient(
            self.case.subject,
            sent=Chart.empty(self.patient),
            source=self.chart,
            site=self.site,
            as_of=c.NOW,
            log=self.log,
            event="page",
        )
        return self.use_case.offer(self.case, assessed)

    def press(self, view: Proposal, stage: Stage, **more: Any) -> Proposal:
        """One press on a form as rendered for `stage`."""
        order, follow_up = more.get("order", view.order), more.get("follow_up", view.follow_up)
        return self.use_case.press(self.case, view.id, stage, order=order, follow_up=follow_up)

    def on_receipt(self, **more: Any) -> Proposal:
        """A proposal whose receipt is shown: the next press writes."""
        (view,) = self.offered()
        self.press(view, Stage.PROPOSED)
        return self.press(view, Stage.REVIEWING, **more)

    def written(self, **more: Any) -> Proposal:
        """Three presses."""
        return self.press(self.on_receipt(**more), Stage.CONFIRMING)


def a_new_result(value: str, unit: str = "g/L", hours_ago: float = 0.2) -> dict[str, Any]:
    """A fibrinogen that came after the proposal."""
    return c.fibrinogen(value, unit, hours_ago, id_="newer")


def milligrams(order: dict[str, Any]) -> Decimal:
    """The dose of a MedicationRequest."""
    return Decimal(str(order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]))
