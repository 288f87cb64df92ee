"""A course that is remembered gives exactly the answers of a chart that is read anew (speed.md)."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.usecases.assess import assess_chart
from smartapp.usecases.replay.course import build_course
from smartapp.usecases.replay.reading import CourseReader
from tests.charts import dumps
from tests.cohort.exports import HOUR, UTC, a_course, a_site, records, resource

SITES = (a_site(), a_site(replace_below__severe="1.2"), a_site(assume_fib_unit_if_missing="g/L", t1_below="1.6"))


def _same(course, at, reader) -> None:
    told = reader.answers(at, SITES)
    for site, answer in zip(SITES, told, strict=True):
        fresh = assess_chart(course.chart_of(course.known_at(at)), site=site, as_of=at)
        assert answer.picture == fresh.picture
        assert (answer.outcomes, answer.findings, answer.gaps, answer.options) == (
            fresh.outcomes,
            fresh.findings,
            fresh.gaps,
            fresh.options,
        )
        assert answer == fresh


@given(number=st.integers(0, 40), steps=st.lists(st.integers(1, 60 * 40), min_size=3, max_size=12), data=st.data())
@settings(max_examples=12, deadline=None)
def test_every_answer_is_that_of_a_fresh_reading(number, steps, data) -> None:
    chance = Random(data.draw(st.integers(0, 10_000)))
    course = build_course(
        f"synthetic-{number:06d}", [_moved(raw, chance) for raw in records(number)], lag=HOUR, zone=UTC
    )
    reader, at = CourseReader(course), course.moments[0]
    for minutes in steps:
        at += timedelta(minutes=minutes * 3)
        _same(course, at, reader)


def _moved(raw: bytes, chance: Random) -> bytes:
    """One record in ten tells of a time that lies days after it became known, or is in an odd form."""
    if chance.random() > 0.1:
        return raw
    record = resource(raw)
    kind = chance.randrange(4)
    if kind == 0 and "effectiveDateTime" in record:
        record["issued"] = record["effectiveDateTime"]
        record["effectiveDateTime"] = record["effectiveDateTime"][:8] + "28T10:00:00Z"
    elif kind == 1:
        record["status"] = "in-progress"
        record["effectivePeriod"] = {"start": "2025-02-01", "end": "2025-12-01"}
    elif kind == 2:
        record["meta"] = {"lastUpdated": "2025-03-01T00:00:00Z", "versionId": "3"}
    else:
        record["code"] = "x"
    return dumps(record)


def test_looking_back_in_time_forgets_what_was_remembered() -> None:
    course = a_course(2)
    reader = CourseReader(course)
    for at in (course.moments[-1], course.moments[3], course.moments[20]):
        _same(course, at, reader)


@pytest.mark.req("CDS-73")
def test_a_result_that_names_a_member_twice_is_not_believed() -> None:
    raws = [
        raw.replace(b'"status":', b'"status": "final", "status":', 1) if b"fib-" in raw else raw for raw in records(3)
    ]
    course = build_course("synthetic-000003", raws, lag=HOUR, zone=UTC)
    reader = CourseReader(course)
    for at in course.moments[10:40:10]:
        _same(course, at, reader)
