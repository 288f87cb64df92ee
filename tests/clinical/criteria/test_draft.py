"""What may be drafted, and every reason why not (guideline section 10)."""

from typing import Any

import pytest

from smartapp.clinical.criteria.draft import BLOCKERS, draft_allowed
from smartapp.clinical.labs import ResultStatus
from smartapp.clinical.picture import BirthDate, ClinicalPicture, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import ConditionKind, Variant
from tests.builders import (
    NOW,
    a_condition,
    a_crs,
    a_fibrinogen,
    a_picture,
    a_weight,
    an_exposure,
    an_order,
    facts_of,
    on_day,
    unread,
)

BLEED = a_condition(ConditionKind.BLEEDING_SIGNIFICANT)


def chart(*labs: Any, **more: Any) -> ClinicalPicture:
    results = labs or (a_fibrinogen("0.8"),)
    return a_picture(*results, *more.pop("weights", [a_weight()]), crs=[a_crs(3)], **more)


def blockers(picture: ClinicalPicture, **site: Any) -> set[str]:
    facts = facts_of(picture, **site)
    found = facts.get(BLOCKERS)
    assert not isinstance(found, Missing)
    assert draft_allowed(facts) is (not found)
    assert all(blocker.text for blocker in found)
    return {blocker.rule for blocker in found}


@pytest.mark.req("DQ-01", "DQ-02", "DQ-03", "DQ-07", "DQ-11", "DQ-12", "REP-09", "PRD-01", "SAF-01", "SAF-05")
@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (chart(), set()),
        (chart(a_fibrinogen("0.8", status=ResultStatus.PRELIMINARY)), {"DQ-01"}),
        (chart(a_fibrinogen("0.8", collected=on_day(2026, 3, 1))), {"DQ-02"}),
        (chart(a_fibrinogen("0.8", 12)), set()),
        (chart(a_fibrinogen("0.8", 12.01)), {"DQ-03"}),
        (chart(a_fibrinogen("0.8", variant=Variant.DERIVED)), {"DQ-07"}),
        (chart(weights=[]), {"DQ-11"}),
        (chart(weights=[a_weight(days_ago=31)]), {"DQ-11"}),
        (chart(birth=None), {"DQ-12"}),
        (chart(birth=None, weights=[]), {"DQ-11", "DQ-12"}),
        (chart(exposures=[an_exposure(hours_ago=0.5)]), {"REP-09"}),
        (chart(orders=[an_order(hours_ago=1)]), {"REP-09"}),
        (chart(orders=[an_order(authored=None)]), {"REP-09"}),
        (chart(conditions=[a_condition(ConditionKind.THROMBOSIS)]), {"SAF-01"}),
        (chart(conditions=[a_condition(ConditionKind.DYSFIBRINOGENAEMIA)]), {"SAF-05"}),
        (chart(unread=unread(Topic.ALLERGIES)), {"DQ-17"}),
        (chart(unread=unread(Topic.LABORATORY)), {"DQ-17"}),
    ],
)
def test_each_reason_alone(picture: ClinicalPicture, expected: set[str]) -> None:
    assert blockers(picture) == expected


@pytest.mark.req("DQ-01", "DQ-02", "DQ-03", "DQ-07")
@pytest.mark.parametrize(
    ("fibrinogen", "expected"),
    [
        (a_fibrinogen("0.8", 24), set()),
        (a_fibrinogen("0.8", variant=Variant.DERIVED), set()),
        (a_fibrinogen("0.8", status=ResultStatus.PRELIMINARY), {"DQ-01"}),
        (a_fibrinogen("0.8", collected=on_day(2026, 3, 1)), {"DQ-02"}),
    ],
)
def test_bleeding_excepts_an_older_and_a_derived_sample_only(fibrinogen: Any, expected: set[str]) -> None:
    assert blockers(chart(fibrinogen, conditions=[BLEED])) == expected


@pytest.mark.req("REP-10", "DQ-11")
def test_without_a_sample_none_of_its_reasons_holds() -> None:
    major = a_condition(ConditionKind.BLEEDING_MAJOR)
    stale = a_fibrinogen("0.8", 30, status=ResultStatus.PRELIMINARY)
    assert blockers(chart(stale, conditions=[major]), draft_on_consider="true") == {"REP-10"}


@pytest.mark.req("PRD-01", "FC-04")
def test_no_source_and_no_dose() -> None:
    assert blockers(chart(), cryo_available="false", fc_available="false") == {"PRD-01"}
    infant = chart(weights=[a_weight("5")], birth=BirthDate(NOW.year - 1, 1, 1))
    assert blockers(infant, cryo_available="false", fc_whole_vial_from_kg=0) == {"FC-04"}


@pytest.mark.parametrize("level", ["1.5", "2.4"])
def test_where_no_dose_is_in_question_there_is_nothing_to_block(level: str) -> None:
    facts = facts_of(chart(a_fibrinogen(level), weights=[]))
    assert facts.get(BLOCKERS) == ()
    assert not draft_allowed(facts)
