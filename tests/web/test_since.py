"""What is new since the last look, in one line."""

from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal

import pytest

from smartapp.clinical.picture import Bedside
from smartapp.usecases.last_viewed import LastView
from smartapp.web.presenters.changes_since_last_view import PriorVerdict, card_words, since_words
from smartapp.web.presenters.words import Clock
from tests.builders import NOW
from tests.web.browsing import Browser
from tests.web.desk import act_now

BEFORE = LastView(
    at=NOW - timedelta(hours=9),
    action="MONITOR",
    indicator="info",
    bleeding="none_recorded",
    fibrinogen=Decimal("1.31"),
    collected=NOW - timedelta(hours=10),
    crs_grade=2,
)


def words(**now: object) -> str:
    return since_words(BEFORE, replace(BEFORE, at=NOW, **now), Clock(NOW, UTC, None))


def test_nothing_new_is_said() -> None:
    assert words() == "Since you looked 9 h ago: nothing new."


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"fibrinogen": Decimal("0.94"), "collected": NOW}, "fibrinogen 1.31 g/L → 0.94 g/L"),
        ({"fibrinogen": Decimal("0.6"), "collected": NOW, "bound": "<"}, "fibrinogen 1.31 g/L → <0.6 g/L"),
        ({"fibrinogen": None, "collected": None}, "fibrinogen 1.31 g/L → none usable"),
        ({"collected": NOW}, "fibrinogen again 1.31 g/L"),
        ({"crs_grade": 3}, "CRS 2 → 3"),
        ({"crs_grade": None}, "CRS 2 → unknown"),
        ({"bleeding": "major"}, "bleeding none recorded → major"),
        ({"doses": frozenset({"a", "b"})}, "2 doses of a fibrinogen product given"),
        ({"action": "REPLACE", "indicator": "critical"}, "advice now ACT NOW"),
    ],
)
def test_each_change_is_told(now: dict[str, object], told: str) -> None:
    assert words(**now) == f"Since you looked 9 h ago: {told}."


@pytest.mark.req("DQ-17")
def test_a_level_that_was_not_read_is_not_called_unusable() -> None:
    now = replace(BEFORE, at=NOW, fibrinogen=None, collected=None)
    told = since_words(BEFORE, now, Clock(NOW, UTC, None), PriorVerdict(unread="could not be read"))
    assert told == "Since you looked 9 h ago: fibrinogen 1.31 g/L → could not be read."


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (
            {"bleeding": "major", "by_hand": frozenset({"bleeding"})},
            {},
            "major → none recorded (what you had added has expired)",
        ),
        ({}, {"bleeding": "major", "by_hand": frozenset({"bleeding"})}, "none recorded → major (added by you)"),
        ({"crs_grade": 4, "by_hand": frozenset({"crs_grade"})}, {}, "CRS 4 → 2 (what you had added has expired)"),
        (
            {"fibrinogen": Decimal("0.92")},
            {"by_hand": frozenset({"Observation/1"})},
            "0.92 g/L → 1.31 g/L (another result counts: you marked one suspect)",
        ),
        (
            {"fibrinogen": Decimal("1.5"), "by_hand": frozenset({"Observation/1"})},
            {},
            "1.5 g/L → 1.31 g/L (a result that you had marked suspect counts again)",
        ),
    ],
)
def test_a_change_that_only_the_user_made_is_told_as_theirs(
    before: dict[str, object], now: dict[str, object], told: str
) -> None:
    said = since_words(replace(BEFORE, **before), replace(BEFORE, at=NOW, **now), Clock(NOW, UTC, None))
    assert f"{told}." in said


def test_the_advice_is_told_in_the_word_of_the_verdict() -> None:
    ward = act_now()
    ward.looked_before, ward.bedside = BEFORE, Bedside(crs_grade=5)
    text = Browser(ward.app).get().text
    assert "advice now OUTSIDE SCOPE" in text
    assert "NO REPLACEMENT ADVISED" not in text


def test_nothing_new_within_the_hour_is_no_news() -> None:
    now = replace(BEFORE, at=BEFORE.at + timedelta(minutes=59))
    assert since_words(BEFORE, now, Clock(now.at, UTC, None)) == ""


def test_a_first_look_says_nothing() -> None:
    assert since_words(None, BEFORE, Clock(NOW, UTC, None)) == ""


def test_the_line_stands_on_the_page() -> None:
    ward = act_now()
    ward.looked_before = replace(BEFORE, fibrinogen=Decimal("1.31"))
    assert "fibrinogen 1.31 g/L → 0.8 g/L" in Browser(ward.app).get().text


@pytest.mark.req("SAL-62")
def test_the_evaluation_a_card_spoke_of_and_what_moved_since() -> None:
    clock, now = Clock(NOW, UTC, None), replace(BEFORE, at=NOW, crs_grade=3)
    said = card_words(BEFORE, now, clock)
    assert said == "The card spoke of fibrinogen 1.31 g/L, CRS 2, 9 h ago. Since then: CRS 2 → 3."
    assert card_words(BEFORE, replace(BEFORE, at=NOW), clock).endswith("Since then: nothing new.")
    assert card_words(None, now, clock) == ""
