"""BLD-01 as it is said: recorded, not recorded, set by hand, not read."""

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import Bedside, BleedingLevel, Topic
from smartapp.clinical.terminology import ConditionKind
from tests.builders import a_condition, a_fibrinogen, a_picture, facts_of, unread


def said(**more: object) -> tuple[Assessment, list[tuple[str, str]]]:
    picture = a_picture(a_fibrinogen("2.4"), **more)  # type: ignore[arg-type]
    found = assess(picture, facts_of(picture).policy)
    return found, [(str(f.indicator), f.text) for f in found.findings if f.rule == "BLD-01"]


@pytest.mark.req("BLD-01")
def test_none_recorded_is_no_evidence_of_none() -> None:
    assert said()[1] == [("info", "Bleeding not recorded: confirm at the bedside")]


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("kind", "indicator", "level"),
    [
        (ConditionKind.BLEEDING_MINOR, "info", "minor"),
        (ConditionKind.BLEEDING_SIGNIFICANT, "warning", "significant"),
        (ConditionKind.BLEEDING_MAJOR, "warning", "major"),
    ],
)
def test_the_highest_level_is_told(kind: ConditionKind, indicator: str, level: str) -> None:
    assert said(conditions=[a_condition(kind)])[1] == [(indicator, f"Bleeding recorded: {level}")]


@pytest.mark.req("BLD-01")
def test_set_by_hand_to_none_there_is_nothing_to_confirm() -> None:
    bleeds = [a_condition(ConditionKind.BLEEDING_MAJOR)]
    found, texts = said(conditions=bleeds, bedside=Bedside(bleeding=BleedingLevel.NONE))
    assert (found.bleeding, texts) == (BleedingLevel.NONE, [])


@pytest.mark.req("BLD-01", "DQ-17")
def test_unread_conditions_cannot_tell() -> None:
    found, texts = said(unread=unread(Topic.CONDITIONS))
    assert (next(str(o.kind) for o in found.outcomes if o.rule == "BLD-01"), texts) == ("cannot_tell", [])
