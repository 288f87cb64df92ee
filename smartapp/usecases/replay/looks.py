"""When a course is looked at: at each new record when it became known, and at each limit in time (interfaces.md section 9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.picture import ClinicalPicture
from smartapp.usecases.assess import Site
from smartapp.usecases.replay.course import AFTER_LAST_RECORD, Course
from smartapp.usecases.replay.limits import limits_between
from smartapp.usecases.replay.reading import CourseReader

MOST_LOOKS = 3000
"""A course with more new records than this is looked at each full hour with news, and told of."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when a course is looked at."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when, one answer for each site, and until when it stands."""

    at: datetime
    answers: tuple[Assessment, ...]
    until: datetime


def window_of(course: Course, picture: ClinicalPicture, sites: Sequence[Site]) -> Window | None:
    """From the readiness check before the first infusion until the window after the last one ends, but not longer than a day after the
    last record; None for a course in which nothing became known then. `picture` is the whole course's."""
    moments = course.moments
    if not moments:
        return None
    starts = [record.start.at for record in picture.infusions if record.start is not None]
    before = max(site.policy.span("pre_infusion_days") for site in sites)
    after = max(site.policy.span("window_extended_days") for site in sites)
    start = min(starts) - before if starts else moments[0]
    end = moments[-1] + AFTER_LAST_RECORD
    if starts:
        end = min(end, max(starts) + after + 2 * _DAY)
    return Window(start, end) if start < end else None


def looks_along(course: Course, reader: CourseReader, sites: Sequence[Site], window: Window) -> Iterator[Look]:
    """Every look of the window, in order."""
    moments = moments_in(course, window)
    is_dense = len(moments) >= MOST_LOOKS
    for place, at in enumerate(moments):
        following = moments[place + 1] if place + 1 < len(moments) else window.end
        yield from _until(reader, sites, at, following, limited=not is_dense)


def moments_in(course: Course, window: Window) -> list[datetime]:
    """When something became known within a window; full hours, where that is too often."""
    within = [at for at in course.moments if window.start <= at < window.end]
    if len(within) < MOST_LOOKS:
        return within
    hours = {_full_hour(at) for at in within}
    return sorted(hour for hour in hours if hour < window.end)


def is_thinned(course: Course, window: Window) -> bool:
    """Whether the course is looked at each full hour only."""
    return sum(window.start <= at < window.end for at in course.moments) >= MOST_LOOKS


def _full_hour(at: datetime) -> datetime:
    floor = at.replace(minute=0, second=0, microsecond=0)
    return floor if floor == at else floor + _HOUR


def _until(
    reader: CourseReader, sites: Sequence[Site], at: datetime, following: datetime, *, limited: bool
) -> Iterator[Look]:
    """The look at `at` and those at the limits in time before something else becomes known."""
    answers = reader.answers(at, sites)
    while True:
        limits = (limit for told in answers for limit in limits_between(told, at, following)) if limited else ()
        then = min(limits, default=following)
        yield Look(at, answers, then)
        if then >= following:
            return
        at, answers = then, reader.answers(then, sites)
