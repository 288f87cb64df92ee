"""What the advice would have been along one course: at each new record and each limit in time (interfaces.md section 2)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from smartapp.clinical.assessment import Assessment
from smartapp.fhir.chart import AnswerState, Chart
from smartapp.fhir.course_records import read_owner
from smartapp.usecases.assess import Site
from smartapp.usecases.replay.course import Course, Entry, build_course
from smartapp.usecases.replay.decision import ReplayedDecision, decision_of
from smartapp.usecases.replay.looks import Window, looks_along, window_of
from smartapp.usecases.replay.reading import CourseReader


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLook:
    """One look: when, until when it stood, what became known then (`Type/id`), and what was advised."""

    at: datetime
    until: datetime
    news: tuple[str, ...]
    decision: ReplayedDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All looks of one course, and the answer at its end, which has the doses and what they did."""

    looks: tuple[TimelineLook, ...]
    last: Assessment

    @property
    def stretches(self) -> Iterator[TimelineLook]:
        """Looks in a row with the same decision as one, with the news of the first."""
        held: TimelineLook | None = None
        for look in self.looks:
            if held is None or held.decision.compared != look.decision.compared:
                if held is not None:
                    yield held
                held = look
            else:
                held = TimelineLook(at=held.at, until=look.until, news=held.news, decision=held.decision)
        if held is not None:
            yield held


def course_of(chart: Chart, site: Site, lag: timedelta) -> Course:
    """The course in a chart that was read from a file."""
    records = [raw for answer in chart.answers.values() for raw in answer.resources]
    addresses = {
        raw: address for a in chart.answers.values() for raw, address in zip(a.resources, a.full_urls, strict=False)
    }
    unfinished = [answer for answer in chart.answers.values() if answer.state is not AnswerState.COMPLETE]
    beside = [replace(answer, resources=(), full_urls=()) for answer in unfinished]
    return build_course(
        chart.patient,
        records,
        lag=lag,
        zone=site.zone,
        aliases=chart.aliases,
        base=chart.base,
        beside=beside,
        addresses=addresses,
    )


def timeline_of(course: Course, site: Site, now: datetime) -> Timeline:
    """Every look of the course under the site's policy; none in a course in which nothing became known by `now`."""
    reader, sites = CourseReader(course), (site,)
    end = course.moments[-1] if course.moments else now
    (last,) = reader.answers(end, sites)
    window = window_of(course, last.picture, sites) or Window(end, end)
    looks = tuple(
        TimelineLook(at=look.at, until=look.until, news=_news(course, look.at), decision=decision_of(look.answers[0]))
        for look in looks_along(course, reader, sites, window)
    )
    return Timeline(looks=looks, last=last)


def _news(course: Course, at: datetime) -> tuple[str, ...]:
    return tuple(_name(entry) for entry in course.entries if entry.known == at)


def _name(entry: Entry) -> str:
    return f"{entry.kind}/{read_owner(entry.raw).id}" if entry.kind else "a record that could not be read"
