"""The four doors, each as the assessment that comes out of it, and their comparison member by member."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from smartapp.cdshooks.service_catalog import PATIENT_VIEW
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.ehr.client import FhirClient
from smartapp.ehr.deadline_source import HurriedSource
from smartapp.ehr.source import FhirChartSource
from smartapp.fhir.chart import Chart
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.queries import QUERIES
from smartapp.usecases.assess import Site, assess_chart, completed
from smartapp.usecases.hook_call import CalledChart
from tests import charts as c
from tests.doors.charts import chart
from tests.doors.habits import BASE, Habit, Server, as_file, prefetched

SITE = Site(policy=build_policy(), zone=UTC, queries=QUERIES)
_HOOKS = Site(policy=SITE.policy, zone=UTC, queries=tuple(query for query in QUERIES if query.name != "encounters"))
_SECONDS = 60.0


class _Token:
    """A token that does not end."""

    def current(self) -> str:
        return "token"

    def refreshed(self, stale: str) -> str | None:
        del stale
        return None


def _source(server: Server) -> FhirChartSource:
    return FhirChartSource(
        FhirClient(BASE, server, _Token()),  # type: ignore[arg-type]
        "P1",
        as_of=lambda: c.NOW,
        may_read=lambda _: "",
        seconds=_SECONDS,
    )


def _answer(read: Chart) -> Mapping[str, Any]:
    return as_json(assess_chart(read, site=SITE, as_of=c.NOW))


def from_file(resources: list[c.Resource]) -> Mapping[str, Any]:
    """`smartapp assess`."""
    return _answer(read_file(as_file(resources), "P1"))


def from_launch(server: Server) -> Mapping[str, Any]:
    """A SMART launch: all queries at once."""
    return _answer(completed(Chart.empty("P1", BASE), _source(server), QUERIES))


def from_hook(server: Server, prefetch: Mapping[str, bytes]) -> Mapping[str, Any] | None:
    """A hook; None where nothing tells of an infusion, so that nothing else was read."""
    source = HurriedSource(_source(server), time.monotonic() + _SECONDS)
    called = CalledChart(patient="P1", base=BASE, prefetch=prefetch, source=source)
    read = called.read(_HOOKS, c.NOW)
    return _answer(read) if read is not None else None


@dataclass(frozen=True)
class Difference:
    """Where two doors say something else."""

    number: int
    habit: Habit
    door: str
    member: str
    file: Any
    other: Any

    def __str__(self) -> str:
        return f"chart {self.number}, {self.habit}, {self.door}: {self.member} is {self.other!r}, by file {self.file!r}"


def differences(number: int) -> Iterator[Difference]:
    """One chart through all doors and habits."""
    resources = chart(number)
    told = from_file(resources)
    for habit in Habit:
        server = Server(habit, resources)
        for door, answer in {
            "launch": from_launch(server),
            "hook with its own queries": from_hook(server, {}),
            "hook with full prefetch": from_hook(server, prefetched(server, PATIENT_VIEW.prefetch)),
        }.items():
            yield from _compared(number, habit, door, told, answer)


def _compared(
    number: int, habit: Habit, door: str, told: Mapping[str, Any], answer: Mapping[str, Any] | None
) -> Iterator[Difference]:
    if answer is None:  # nothing told of an infusion, and nothing else was read
        told, answer = (
            {"action": told["action"], "infusion": told.get("infusion")},
            {"action": "NONE", "infusion": None},
        )
    for member in sorted({*told, *answer}):
        if told.get(member) != answer.get(member):
            yield Difference(number, habit, door, member, told.get(member), answer.get(member))
