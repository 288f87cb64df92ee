"""One EHR is asked no more than it, or the site, allows; where it is silent it is left alone, and it alone (issue: throttling)."""

import time

import pytest

from smartapp.ehr.client import FhirClient
from smartapp.ehr.errors import Busy, EhrError
from smartapp.ehr.throttle import SILENT_REQUESTS, Budget, CircuitState, Throttle, Throttles
from tests.ehr.fhir_stub import BASE, LOST, FhirStub, OneToken, outcome, reply


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def silenced(throttle: Throttle) -> None:
    for _ in range(SILENT_REQUESTS):
        throttle.admit(10)
        throttle.silent(5.0)


def why(throttle: Throttle) -> str:
    with pytest.raises(Busy) as refused:
        throttle.admit(10)
    return str(refused.value)


@pytest.mark.parametrize(
    ("budget", "seconds", "span"), [(Budget(per_minute=3), 60, "minute"), (Budget(per_day=3), 86400, "day")]
)
def test_a_budget_is_kept_and_begins_anew(clock: Clock, budget: Budget, seconds: float, span: str) -> None:
    told: list[str] = []
    throttle = Throttle(budget, told.append, clock)
    for _ in range(3):
        assert throttle.admit(10) == 0
        throttle.sent()
    assert span in why(throttle)
    assert told == ["budget"]
    clock.now += seconds
    assert throttle.admit(10) == 0


def test_an_answer_in_between_keeps_the_circuit_closed(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    for _ in range(3):
        for _ in range(SILENT_REQUESTS - 1):
            throttle.silent(5.0)
        throttle.answered()
    assert throttle.state is CircuitState.CLOSED


def test_a_silent_ehr_is_left_alone_then_tried_by_one_request(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    silenced(throttle)
    assert throttle.state is CircuitState.OPEN
    assert "asked again in 5 s" in why(throttle)
    clock.now += 5
    assert throttle.state is CircuitState.HALF_OPEN
    assert throttle.admit(10) == 0
    assert "one request is trying" in why(throttle)
    throttle.silent(0.1)
    assert "asked again in 10 s" in why(throttle)
    clock.now += 10
    throttle.admit(10)
    throttle.answered()
    assert (throttle.state, throttle.admit(10), throttle.admit(10)) == (CircuitState.CLOSED, 0, 0)


def test_a_try_of_which_nothing_was_heard_is_forgotten(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    silenced(throttle)
    clock.now += 5
    throttle.admit(10)
    clock.now += 15
    assert throttle.admit(10) == 0


def test_our_own_haste_is_not_the_ehrs_silence(clock: Clock) -> None:
    throttle = Throttle(clock=clock)
    for _ in range(3 * SILENT_REQUESTS):
        throttle.silent(0.2)
    assert throttle.state is CircuitState.CLOSED


@pytest.mark.req("FHIR-14")
@pytest.mark.parametrize(
    ("asked", "waits"), [((4.0,), 4.0), ((999.0,), 30.0), ((None,), 1.0), ((None, None), 2.0), ((None,) * 9, 30.0)]
)
def test_a_busy_ehr_is_given_rest(clock: Clock, asked: tuple[float | None, ...], waits: float) -> None:
    throttle = Throttle(clock=clock)
    for seconds in asked:
        throttle.rest(seconds)
    assert throttle.admit(60) == waits
    with pytest.raises(Busy, match="left alone for longer"):
        throttle.admit(waits - 0.5)
    clock.now += waits
    assert throttle.admit(0) == 0


def test_a_client_asks_no_more_than_it_may_and_writes_all_the_same() -> None:
    throttle = Throttle(Budget(per_minute=1))
    stub = FhirStub()
    client = FhirClient(BASE, stub, OneToken(), sleep=lambda _: None, throttle=throttle)  # type: ignore[arg-type]
    until = time.monotonic() + 10
    client.search("Observation", [("patient", "P1")], until)
    with pytest.raises(Busy):
        client.search("Observation", [("patient", "P1")], until)
    assert client.create("MedicationRequest", b'{"resourceType":"MedicationRequest"}', if_none_exist="", deadline=until)
    assert [asked.method for asked in stub.asked] == ["GET", "POST"]


def test_a_busy_answer_makes_the_next_request_wait() -> None:
    waited: list[float] = []
    stub = FhirStub(on_search=[reply(429, outcome("slow down"), retry_after="2")])
    client = FhirClient(BASE, stub, OneToken(), sleep=waited.append)  # type: ignore[arg-type]
    client.search_by_post("Observation", [("patient", "P1")], time.monotonic() + 10)
    assert len(waited) == 2
    assert 1.9 < waited[0] < 2.3


def test_silence_is_told_by_name_and_lost_answers_count() -> None:
    throttles = Throttles()
    stub = FhirStub(on_search=[LOST] * SILENT_REQUESTS)
    client = FhirClient(BASE, stub, OneToken(), throttle=throttles.of("st-x"))  # type: ignore[arg-type]
    for _ in range(SILENT_REQUESTS):
        with pytest.raises(EhrError):
            client.search_by_post("Observation", [("patient", "P1")], time.monotonic() + 10)
    assert throttles.troubled() == {}, "an answer that broke off at once is not silence"
    assert throttles.of("another").state is CircuitState.CLOSED
    silenced(throttles.of("st-x"))
    assert throttles.troubled() == {"st-x": "open"}
