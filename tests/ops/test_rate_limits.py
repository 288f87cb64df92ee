"""Rates: counted for each who, shared among workers, off when empty."""

import pytest

from smartapp.ops.rate_limits import Rate, make_limiter


def passed(rate: str, *, workers: int = 1, tries: int = 300, who: str = "a") -> int:
    counted = Rate(make_limiter(), "hooks", rate, workers)
    return sum(counted.wait(who) == 0 for _ in range(tries))


@pytest.mark.req("SEC-31")
@pytest.mark.parametrize(
    ("rate", "workers", "let"),
    [
        ("6000/minute", 1, 300),
        ("6000/minute", 4, 300),
        ("40/minute", 1, 40),
        ("40/minute", 4, 10),
        ("1/hour", 4, 1),
        ("", 1, 300),
    ],
)
def test_a_burst_is_let_through_up_to_the_rate(rate: str, workers: int, let: int) -> None:
    assert passed(rate, workers=workers) == let


@pytest.mark.req("SEC-31")
def test_each_has_its_own_count_and_is_told_how_long_to_wait() -> None:
    counted = Rate(make_limiter(), "hooks", "1/minute", 1)
    assert (counted.wait("a"), counted.wait("b")) == (0, 0)
    assert 1 <= counted.wait("a") <= 60
