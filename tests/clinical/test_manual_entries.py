"""Which entries by hand count beside what the chart records (interfaces.md section 4, BLD-01)."""

from datetime import timedelta
from typing import Any

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.manual_entries import ENTERED, counting
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalPicture
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import CarTProduct, ConditionKind
from tests.builders import NOW, a_condition, a_crs, a_fibrinogen, a_picture, a_weight, an_infusion, before


def entered(hours_ago: float, **known: Any) -> Bedside:
    """Entries made so long ago."""
    names = ["infusion" if name == "infusion_date" else name for name in known if name != "infusion_product"]
    return Bedside(**known, times=dict.fromkeys(names, NOW - timedelta(hours=hours_ago)))


def counted(picture: ClinicalPicture, **site: Any) -> Bedside:
    return counting(picture, build_policy(None, site)).bedside


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("hours_ago", "site", "counts"),
    [
        (12, {}, True),
        (12.001, {}, False),
        (6.001, {"manual_entry_hours": "6"}, False),
        (100, {"manual_entry_hours": "0"}, True),  # they end with their launch
    ],
)
def test_bleeding_grade_and_weight_count_for_their_hours(hours_ago: float, site: dict[str, Any], counts: bool) -> None:
    known = {"bleeding": BleedingLevel.MAJOR, "crs_grade": 3, "weight_kg": 62}
    left = counted(a_picture(bedside=entered(hours_ago, **known)), **site)
    assert bool(left.added) is counts


@pytest.mark.req("CRS-02")
@pytest.mark.parametrize(("record_hours_ago", "grade"), [(1, None), (3, 3)])
def test_a_later_crs_record_is_not_hidden(record_hours_ago: float, grade: int | None) -> None:
    picture = a_picture(crs=[a_crs(1, hours_ago=record_hours_ago)], bedside=entered(2, crs_grade=3))
    assert counted(picture).crs_grade == grade


@pytest.mark.req("DQ-11")
@pytest.mark.parametrize(("taken_days_ago", "kg"), [(0.01, None), (1, 62)])
def test_a_later_weight_is_not_hidden(taken_days_ago: float, kg: int | None) -> None:
    picture = a_picture(a_weight("70", days_ago=taken_days_ago), bedside=entered(2, weight_kg=62))
    assert counted(picture).weight_kg == kg


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(
    ("by_hand", "recorded_hours_ago", "kind", "level"),
    [
        (BleedingLevel.MINOR, 1, ConditionKind.BLEEDING_MAJOR, BleedingLevel.MAJOR),
        (BleedingLevel.NONE, 1, ConditionKind.BLEEDING_MINOR, BleedingLevel.MINOR),
        (BleedingLevel.MAJOR, 1, ConditionKind.BLEEDING_MINOR, BleedingLevel.MAJOR),
        (BleedingLevel.MINOR, 3, ConditionKind.BLEEDING_MAJOR, BleedingLevel.MINOR),
    ],
)
def test_of_bleeding_the_higher_counts_from_a_later_record_on(
    by_hand: BleedingLevel, recorded_hours_ago: float, kind: ConditionKind, level: BleedingLevel
) -> None:
    bleed = a_condition(kind, hours_ago=recorded_hours_ago, recorded=before(hours=recorded_hours_ago))
    picture = a_picture(a_fibrinogen("1.2"), conditions=[bleed], bedside=entered(2, bleeding=by_hand))
    policy = build_policy(None, {})
    assert assess(counting(picture, policy), policy).bleeding is level


def with_infusion(days_ago: int, **more: Any) -> ClinicalPicture:
    given = (NOW - timedelta(days=days_ago)).date()
    known = {"infusion_product": CarTProduct.TISAGENLECLEUCEL, "infusion_date": given}
    return a_picture(a_fibrinogen("0.8"), bedside=entered(1, **known), **more)


@pytest.mark.req("APP-01")
def test_an_infusion_entered_by_hand_is_strong_evidence() -> None:
    policy = build_policy(None, {})
    answer = assess(counting(with_infusion(6, infusions=[]), policy), policy)
    assert answer.infusion is not None
    assert (answer.infusion.day, answer.infusion.strong, answer.infusion.source) == (6, True, ENTERED)
    assert str(answer.action) == "REPLACE"


@pytest.mark.req("APP-01", "APP-03")
@pytest.mark.parametrize(("days_ago", "counts"), [(90, True), (91, False)])
def test_it_counts_until_the_window_ends(days_ago: int, counts: bool) -> None:
    left = counting(with_infusion(days_ago, infusions=[]), build_policy(None, {}))
    assert bool(left.infusions) is counts


@pytest.mark.req("APP-01")
def test_an_infusion_recognised_in_the_chart_takes_its_place() -> None:
    left = counting(with_infusion(6, infusions=[an_infusion(day=4)]), build_policy(None, {}))
    assert [record.source for record in left.infusions] == [an_infusion(day=4).source]
    assert "infusion" not in left.bedside.added


def test_a_result_marked_suspect_stays_so() -> None:
    suspect = Bedside(suspects={"Observation/1": "clotted"}, times={"Observation/1": NOW - timedelta(hours=100)})
    assert counted(a_picture(bedside=suspect)).suspects == {"Observation/1": "clotted"}
