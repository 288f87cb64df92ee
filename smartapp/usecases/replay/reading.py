"""The answers along one course: each record is decoded once, however often the course is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import ClinicalPicture
from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.chart import Chart
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.duplicate_keys import all_ambiguous, ambiguous
from smartapp.fhir.picture import read_records
from smartapp.fhir.resources import ChartRecords
from smartapp.usecases.assess import Site, rests_on
from smartapp.usecases.replay.course import Course

_READS = ("assume_fib_unit_if_missing", "crs_grade_codes")  # parameters that reading rests on


class _Reads(dict[str, Any]):
    """A policy's values, and which of them were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


@dataclass(slots=True)
class _Told:
    """An answer, under which policy, and which parameters it asked for."""

    reading: "_Reading"
    policy: SitePolicy
    asked: frozenset[str]
    answer: Assessment

    def also_for(self, policy: SitePolicy) -> bool:
        """Whether the answer under that policy is surely the same: the rules asked for nothing in which the two differ."""
        theirs, mine = policy.values, self.policy.values
        return policy.profile == self.policy.profile and all(theirs[name] == mine[name] for name in self.asked)


@dataclass(slots=True)
class _Reading:
    """One way of reading the course, and what it remembers."""

    site: Site
    memory: CourseMemory = field(default_factory=CourseMemory)


@dataclass(slots=True)
class CourseReader:
    """Answers about one course, the same as `assess_chart` gives for the records known at that moment. It remembers what it read as long as
    it is asked forward in time."""

    course: Course
    _readings: list[_Reading] = field(default_factory=list)
    _last: datetime | None = None

    def answers(self, at: datetime, sites: Sequence[Site]) -> tuple[Assessment, ...]:
        """One answer for each site's policy, in their order; what reads the same is read once."""
        if self._last is not None and at < self._last:
            self._readings.clear()
        self._last = at
        chart = self.course.chart_of(self.course.known_at(at))
        read: dict[int, tuple[ClinicalPicture, ChartRecords]] = {}
        told: list[_Told] = []
        for site in sites:
            reading = self._reading(site)
            same = next((one for one in told if one.reading is reading and one.also_for(site.policy)), None)
            if same is not None:
                told.append(replace(same, answer=replace(same.answer, policy=site.policy)))
                continue
            if id(reading) not in read:
                read[id(reading)] = _read(chart, at, site, reading.memory)
            told.append(_answer(chart, at, site, reading, *read[id(reading)]))
        return tuple(one.answer for one in told)

    def _reading(self, site: Site) -> _Reading:
        found = next((reading for reading in self._readings if reads_alike(reading.site, site)), None)
        if found is None:
            found = _Reading(site)
            self._readings.append(found)
        return found


def reads_alike(one: Site, other: Site) -> bool:
    """Whether both read a chart the same way: all but the policy, and of that the parameters that reading rests on."""
    parameters = all(one.policy.get(name) == other.policy.get(name) for name in _READS)
    return parameters and replace(one, policy=other.policy) == other


def _read(chart: Chart, at: datetime, site: Site, memory: CourseMemory | None) -> tuple[ClinicalPicture, ChartRecords]:
    return read_records(
        chart,
        at,
        site.zone,
        policy=site.policy,
        local_codes=site.local_codes,
        proposal_system=site.proposal_system,
        memory=memory,
    )


def _answer(
    chart: Chart, at: datetime, site: Site, reading: _Reading, picture: ClinicalPicture, records: ChartRecords
) -> _Told:
    """As `assess_chart`: if the answer would rest on a resource that names a member twice, all such are unreadable (CDS-73)."""
    values = _Reads(site.policy.values)
    told = assess(picture, replace(site.policy, values=values))
    if ambiguous(records, rests_on(told)):
        picture, _ = _read(replace(chart, ambiguous=all_ambiguous(records)), at, site, None)
        told = assess(picture, replace(site.policy, values=values))
    return _Told(reading, site.policy, frozenset(values.asked), replace(told, policy=site.policy))
