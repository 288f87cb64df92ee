"""Cards as they come from any app: shown as words, answered once, whatever shape they have."""

from typing import Any

import pytest

from smartapp.demo.cards import ShownCard, Waiting, in_words, override

REASON = {"code": "need-more-info", "system": "s", "display": "Repeat pending"}


def a_card(patient: str = "lindqvist", **body: Any) -> ShownCard:
    return ShownCard(patient, "coagulopathy-patient-view", "patient-view", {"uuid": "1", **body})


def test_a_card_is_answered_once_and_only_in_its_own_chart() -> None:
    waiting = Waiting()
    waiting.show([a_card()])
    assert waiting.take("tanaka", "1") is None
    assert waiting.take("lindqvist", "1") is not None
    assert waiting.take("lindqvist", "1") is None


def test_a_card_without_a_uuid_waits_for_no_answer() -> None:
    waiting = Waiting()
    waiting.show([ShownCard("lindqvist", "s", "patient-view", {"summary": "x"})])
    assert waiting.take("lindqvist", "") is None


@pytest.mark.req("CDS-49")
def test_an_override_holds_the_whole_reason_and_a_short_comment() -> None:
    card = a_card(overrideReasons=[REASON])
    assert override(card, "need-more-info", f" {'x' * 900} ").reason == REASON
    assert len(override(card, "need-more-info", "x" * 900).comment) == 500
    assert override(card, "not-offered", "").reason is None


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"suggestions": "x", "links": None, "source": "x", "overrideReasons": [1], "indicator": ["x"]},
        {"suggestions": [None, {"actions": "x"}], "links": [{"type": "absolute", "url": "javascript:x"}]},
    ],
)
def test_any_shape_becomes_words(odd: dict[str, Any]) -> None:
    words = in_words(a_card(**odd))
    assert words["indicator"] == "info"
    assert words["absolute"] == []
