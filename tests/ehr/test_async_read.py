"""A reading that does not make the page wait (interfaces.md section 3: the first answer)."""

from collections.abc import Iterable
from concurrent.futures import Future

import pytest

from smartapp.ehr.async_read import AsyncRead, FirstAnswers, Readings
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import BY_NAME, Query

PATIENT, ALLERGIES = BY_NAME["patient"], BY_NAME["allergies"]
BUDGET = 20.0


def an_answer(query: str) -> Answer:
    return Answer(query=query, state=AnswerState.COMPLETE)


class SlowSource:
    """Answers what is not held back; counts how often it is asked."""

    def __init__(self, held: str) -> None:
        self.held = held
        self.begun = 0
        self.waiting: Future[Answer] = Future()

    def begin(self, queries: Iterable[Query]) -> AsyncRead:
        self.begun += 1
        return AsyncRead({query.name: self._future(query.name) for query in queries})

    def _future(self, name: str) -> Future[Answer]:
        if name == self.held:
            return self.waiting
        done: Future[Answer] = Future()
        done.set_result(an_answer(name))
        return done


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def states(source: SlowSource, readings: Readings, *, again: bool, seconds: float | None = 0.0) -> dict[str, str]:
    first = FirstAnswers(source=source, readings=readings, launch="l1", seconds=seconds, again=again)
    return {answer.query: str(answer.state) for answer in first.answer((PATIENT, ALLERGIES))}


def test_what_has_come_is_given_and_the_rest_is_awaited() -> None:
    assert states(SlowSource("allergies"), Readings(BUDGET), again=False) == {
        "patient": "complete",
        "allergies": "awaited",
    }


def test_the_next_look_goes_on_with_the_same_reading() -> None:
    source, readings = SlowSource("allergies"), Readings(BUDGET)
    states(source, readings, again=False)
    source.waiting.set_result(an_answer("allergies"))
    assert states(source, readings, again=True) == {"patient": "complete", "allergies": "complete"}
    assert source.begun == 1


def test_the_first_look_goes_on_with_what_was_asked_ahead_and_only_once() -> None:
    source, readings = SlowSource("none"), Readings(BUDGET)
    first = FirstAnswers(source=source, readings=readings, launch="l1", seconds=0.0, again=False)
    first.ahead((PATIENT, ALLERGIES))
    assert set(states(source, readings, again=False).values()) == {"complete"}
    assert source.begun == 1
    states(source, readings, again=False)
    assert source.begun == 2


def test_what_was_asked_ahead_of_another_launch_is_not_taken() -> None:
    source, readings = SlowSource("none"), Readings(BUDGET)
    FirstAnswers(source=source, readings=readings, launch="l2", seconds=0.0, again=False).ahead((PATIENT,))
    assert set(states(source, readings, again=False)) == {"patient", "allergies"}


def test_a_fresh_look_reads_anew() -> None:
    source, readings = SlowSource("allergies"), Readings(BUDGET)
    states(source, readings, again=False)
    states(source, readings, again=False)
    assert source.begun == 2


def test_a_reading_is_believed_once_and_not_for_long() -> None:
    source, clock = SlowSource("allergies"), Clock()
    readings = Readings(BUDGET, clock)
    states(source, readings, again=False)
    clock.now = BUDGET
    states(source, readings, again=True)
    assert source.begun == 2


@pytest.mark.req("FHIR-15")
def test_the_last_look_waits_for_what_is_left() -> None:
    source = SlowSource("")
    assert set(states(source, Readings(BUDGET), again=False, seconds=None).values()) == {"complete"}


def test_one_answer_is_given_while_the_others_are_awaited() -> None:
    first = FirstAnswers(
        source=SlowSource("allergies"), readings=Readings(BUDGET), launch="l1", seconds=0.0, again=False
    )
    reading = first.begin((PATIENT, ALLERGIES))
    assert not reading.come_within(0.0)
    assert reading.one("patient", 0.0).state is AnswerState.COMPLETE
    assert reading.one("allergies", 0.0).state is AnswerState.AWAITED


def test_the_count_of_answers_is_told_at_once_and_as_they_come() -> None:
    source = SlowSource("allergies")
    first = FirstAnswers(source=source, readings=Readings(BUDGET), launch="l1", seconds=BUDGET, again=False)
    counts = first.begin((PATIENT, ALLERGIES)).coming()
    assert next(counts) == (1, 2)
    source.waiting.set_result(an_answer("allergies"))
    assert list(counts) == [(2, 2)]


def test_counting_ends_when_the_page_goes_on_without_the_rest() -> None:
    first = FirstAnswers(
        source=SlowSource("allergies"), readings=Readings(BUDGET), launch="l1", seconds=0.0, again=False
    )
    assert list(first.begin((PATIENT, ALLERGIES)).coming()) == [(1, 2)]
