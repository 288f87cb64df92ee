"""A course is looked at whenever the answer may change: between two looks it does not (interfaces.md section 9)."""

from datetime import timedelta
from itertools import pairwise

import pytest

from smartapp.usecases.replay.decision import decision_of
from smartapp.usecases.replay.looks import Look, looks_along, window_of
from smartapp.usecases.replay.reading import CourseReader
from tests.cohort.exports import a_short_course, a_site

SITES = (a_site(), a_site(fib_tier_max_age_h="20", monitor_interval_h__mild="16", recent_dose_h="4"))
MINUTE = timedelta(minutes=1)  # a limit is looked at in the next whole minute


def looks(number: int) -> list[Look]:
    course = a_short_course(number)
    (last,) = CourseReader(course).answers(course.moments[-1], SITES[:1])
    window = window_of(course, last.picture, SITES)
    assert window is not None
    return list(looks_along(course, CourseReader(course), SITES, window))


@pytest.mark.parametrize("number", [0, 3])
def test_nothing_moves_between_two_looks(number: int) -> None:
    reader = CourseReader(a_short_course(number))
    found = [look for look in looks(number) if look.until - look.at > 2 * MINUTE]
    assert len(found) > 20
    for look in found:
        shortly_before = look.until - MINUTE
        for told, then in zip(look.answers, reader.answers(shortly_before, SITES), strict=True):
            assert decision_of(then).compared == decision_of(told).compared, f"{look.at} {shortly_before}"


@pytest.mark.req("APP-03")
def test_each_new_record_and_each_limit_is_a_look_once_and_in_order_within_the_window() -> None:
    course, found = a_short_course(1), looks(1)
    times = [look.at for look in found]
    assert times == sorted(set(times))
    assert {at for at in course.moments if found[0].at <= at < found[-1].until} <= set(times)
    assert all(look.until == then.at for look, then in pairwise(found))
    assert len(times) > len({at for at in course.moments if at >= found[0].at})
    infused = found[-1].answers[0].infusion
    assert infused is not None
    assert infused.start is not None
    assert times[0] >= infused.start - timedelta(days=7)
    assert found[-1].until <= course.moments[-1] + timedelta(hours=24)
