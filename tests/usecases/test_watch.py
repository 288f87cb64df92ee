"""When the watch looks next (interfaces.md section 8: `probe_minutes`, MON-01, MON-06, RCK-01)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.usecases.watch import LookLimits, Why, next_look, retry

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LEAST = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("interval_h", "minutes"),
    [(6, 15), (8, 20), (12, 30), (24, 60), (72, 120)],
    ids=["below 1.0", "severe", "moderate", "mild", "none"],
)
def test_the_sicker_the_oftener(interval_h: int, minutes: int) -> None:
    due = NOW + timedelta(hours=interval_h)
    look = next_look(NOW, LookLimits(interval=timedelta(hours=interval_h), due=due), least=LEAST)
    assert (look.at, look.why) == (NOW + timedelta(minutes=minutes), Why.PROBE)


def test_a_limit_that_comes_sooner_is_a_reason_of_its_own() -> None:
    look = next_look(NOW, LookLimits(interval=timedelta(hours=24), due=NOW + timedelta(minutes=40)), least=LEAST)
    assert (look.at, look.why) == (NOW + timedelta(minutes=40), Why.DUE)


def test_a_result_that_becomes_stale_turns_the_answer() -> None:
    turn = NOW + timedelta(minutes=10)
    look = next_look(NOW, LookLimits(interval=timedelta(hours=72), turns=(turn,)), least=LEAST)
    assert (look.at, look.why) == (turn, Why.DUE)


def test_an_overdue_patient_is_looked_at_as_often_as_allowed() -> None:
    look = next_look(NOW, LookLimits(interval=timedelta(hours=72), due=NOW - timedelta(hours=3)), least=LEAST)
    assert (look.at, look.why) == (NOW + LEAST, Why.PROBE)


@given(st.integers(1, 100), st.integers(-100, 10_000), st.lists(st.integers(-100, 10_000), max_size=4))
def test_never_later_than_the_next_limit_and_never_at_once(interval: int, due: int, turns: list[int]) -> None:
    moments = tuple(NOW + timedelta(minutes=turn) for turn in turns)
    limits = LookLimits(interval=timedelta(hours=interval), due=NOW + timedelta(minutes=due), turns=moments)
    look = next_look(NOW, limits, least=LEAST)
    ahead = [moment for moment in (*moments, NOW + timedelta(minutes=due)) if moment > NOW]
    assert NOW < look.at <= NOW + timedelta(hours=2)
    assert look.at <= max(min(ahead, default=look.at), NOW + timedelta(seconds=1))


def test_failures_wait_longer_each_time_and_at_most_an_hour() -> None:
    waits = [(retry(NOW, failures, least=LEAST).at - NOW) / timedelta(minutes=1) for failures in range(8)]
    assert waits == [15, 15, 20, 40, 60, 60, 60, 60]
