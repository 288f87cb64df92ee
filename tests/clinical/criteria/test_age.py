"""Age in completed years (DQ-12)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smartapp.clinical.criteria.age import AGE, AGE_ISSUES, crosses_limit, younger
from smartapp.clinical.derived_facts import Age
from smartapp.clinical.picture import BirthDate
from smartapp.clinical.rule import Missing
from tests.builders import NOW, a_picture, facts_of


def age(birth: BirthDate, as_of: datetime = NOW, zone: str = "UTC") -> Age:
    found = facts_of(a_picture(birth=birth, as_of=as_of, zone=ZoneInfo(zone))).get(AGE)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("DQ-12")
@pytest.mark.parametrize(
    ("birth", "years"),
    [
        (BirthDate(2016, 3, 1), 10),
        (BirthDate(2016, 3, 2), 9),
        (BirthDate(2014, 3, 1), 12),
        (BirthDate(2014, 3, 2), 11),
        (BirthDate(2008, 3, 1), 18),
        (BirthDate(2008, 3, 2), 17),
        (BirthDate(2024, 2, 29), 2),
        (BirthDate(2025, 3, 2), 0),
        (BirthDate(2026, 3, 1), 0),
    ],
)
def test_birthdays_count_on_the_day(birth: BirthDate, years: int) -> None:
    assert age(birth) == Age(low=years, high=years)


@pytest.mark.req("DQ-12")
def test_a_leap_day_birthday_comes_on_the_first_of_march() -> None:
    birth = BirthDate(2008, 2, 29)
    assert age(birth, datetime(2026, 2, 28, 12, tzinfo=UTC)).low == 17
    assert age(birth, datetime(2026, 3, 1, 12, tzinfo=UTC)).low == 18


@pytest.mark.req("DQ-12", "APP-02")
def test_the_birthday_begins_at_local_midnight() -> None:
    birth = BirthDate(2016, 3, 1)
    before_midnight_utc = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert age(birth, before_midnight_utc, "Europe/Oslo").low == 10
    assert age(birth, before_midnight_utc, "America/New_York").low == 9


@pytest.mark.req("DQ-12")
@pytest.mark.parametrize(
    ("birth", "low", "high", "crosses"),
    [
        (BirthDate(2016, 3), 9, 10, True),
        (BirthDate(2016, 2), 10, 10, False),
        (BirthDate(2016), 9, 10, True),
        (BirthDate(2014), 11, 12, True),
        (BirthDate(2008), 17, 18, True),
        (BirthDate(2001), 24, 25, False),
        (BirthDate(2015, 12), 10, 10, False),
        (BirthDate(2026), 0, 0, False),
    ],
)
def test_a_partial_birth_date_leaves_a_range(birth: BirthDate, low: int, high: int, crosses: bool) -> None:
    found = age(birth)
    assert (found.low, found.high, found.exact) == (low, high, low == high)
    assert younger(found) == low
    assert crosses_limit(found) is crosses
    gaps = facts_of(a_picture(birth=birth)).get(AGE_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [gap.rule for gap in gaps] == (["DQ-12"] if crosses else [])


@pytest.mark.req("DQ-12")
@pytest.mark.parametrize(
    ("birth", "today", "low", "high"),
    [
        (BirthDate(2016, 3), datetime(2026, 3, 30, 12, tzinfo=UTC), 9, 10),
        (BirthDate(2016, 3), datetime(2026, 3, 31, 12, tzinfo=UTC), 10, 10),
        (BirthDate(2015, 12), datetime(2025, 12, 30, 12, tzinfo=UTC), 9, 10),
        (BirthDate(2015, 12), datetime(2025, 12, 31, 12, tzinfo=UTC), 10, 10),
        (BirthDate(2015), datetime(2025, 1, 1, 12, tzinfo=UTC), 9, 10),
        (BirthDate(2015), datetime(2025, 12, 31, 12, tzinfo=UTC), 10, 10),
    ],
)
def test_a_month_or_a_year_ends_on_its_last_day(birth: BirthDate, today: datetime, low: int, high: int) -> None:
    assert age(birth, today) == Age(low=low, high=high)


@pytest.mark.req("DQ-12", "APP-06")
@pytest.mark.parametrize("birth", [None, BirthDate(2026, 3, 2), BirthDate(2031)])
def test_no_birth_date_or_one_in_the_future_is_missing_and_named(birth: BirthDate | None) -> None:
    facts = facts_of(a_picture(birth=birth))
    assert facts.get(AGE) == Missing(
        ("birth_date",), "the birth date is not recorded" if birth is None else "the birth date lies in the future"
    )
    gaps = facts.get(AGE_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [gap.rule for gap in gaps] == ["DQ-12"]
    assert gaps[0].text.startswith("The birth date ")
