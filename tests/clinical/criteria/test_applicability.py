"""Whether the therapy rules run (APP-01, APP-03, APP-04, APP-06, CRS-02)."""

from typing import Any

import pytest

from smartapp.clinical.criteria.applicability import APPLICABILITY
from smartapp.clinical.derived_facts import Action, Applicability
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalPicture, ClinicalStatus, Gap, GapKind, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import CarTProduct, ConditionKind
from tests.builders import a_condition, a_crs, a_fibrinogen, a_picture, an_infusion, facts_of, unread


def verdict(picture: ClinicalPicture, **policy: object) -> Applicability:
    found = facts_of(picture, **policy).get(APPLICABILITY)
    assert not isinstance(found, Missing)
    return found


def at_day(day: int, *labs: Any, **more: Any) -> ClinicalPicture:
    return a_picture(*labs, infusions=[an_infusion(day)], **more)


@pytest.mark.req("APP-03")
@pytest.mark.parametrize(("day", "runs"), [(0, True), (30, True), (31, False), (90, False), (91, False)])
def test_the_active_window_is_30_days_inclusive(day: int, runs: bool) -> None:
    found = verdict(at_day(day))
    assert found.runs is runs
    assert runs or (found.rule, found.action) == ("APP-03", Action.NONE)


@pytest.mark.req("APP-03")
@pytest.mark.parametrize(
    ("reason", "runs"),
    [
        ({"labs": [a_fibrinogen("1.49")]}, True),
        ({"labs": [a_fibrinogen("1.5")]}, False),
        ({"labs": [a_fibrinogen("0.9", hours_ago=25)]}, False),
        ({"crs": [a_crs(1)]}, True),
        ({"crs": [a_crs(4)]}, True),
        ({"crs": [a_crs(None)]}, True),
        ({"crs": [a_crs(0)]}, False),
        ({"crs": [a_crs(3, over=True)]}, False),
        ({"conditions": [a_condition(ConditionKind.BLEEDING_MINOR)]}, True),
        ({"bedside": Bedside(bleeding=BleedingLevel.MINOR)}, True),
        ({"bedside": Bedside(bleeding=BleedingLevel.NONE)}, False),
        ({"unread": unread(Topic.CONDITIONS)}, True),
        ({"unread": unread(Topic.LABORATORY)}, True),
    ],
)
@pytest.mark.parametrize("day", [31, 90, 91])
def test_after_the_window_only_a_low_level_active_crs_or_bleeding_keeps_the_rules_running(
    reason: dict[str, Any], runs: bool, day: int
) -> None:
    more = dict(reason)
    labs = more.pop("labs", [])
    assert verdict(at_day(day, *labs, **more)).runs is (runs and day <= 90)


@pytest.mark.req("APP-03")
def test_the_site_may_set_the_window() -> None:
    assert verdict(at_day(45), window_days=45).runs
    assert not verdict(at_day(46), window_days=45).runs
    assert verdict(at_day(100, a_fibrinogen("1.0")), window_extended_days=100).runs


@pytest.mark.req("APP-01")
@pytest.mark.parametrize(
    ("infusions", "action", "reason"),
    [
        ([], Action.NONE, "no CAR-T infusion found"),
        ([an_infusion(-3, strong=False, planned=True)], Action.NONE, "planned"),
        ([an_infusion(6, strong=False)], Action.CANNOT_ASSESS, "infusion date not found"),
        ([an_infusion(start=None)], Action.CANNOT_ASSESS, "infusion date not found"),
    ],
)
def test_without_a_dated_infusion_the_rules_do_not_run(infusions: list[Any], action: Action, reason: str) -> None:
    found = verdict(a_picture(a_fibrinogen("0.5"), infusions=infusions))
    assert (found.runs, found.rule, found.action) == (False, "APP-01", action)
    assert reason in found.reason


@pytest.mark.req("APP-01", "DQ-17", "DQ-19")
@pytest.mark.parametrize(
    ("rule", "topic", "kind", "doubted"),
    [
        ("DQ-17", Topic.PROCEDURES, GapKind.UNREADABLE, True),
        ("DQ-17", Topic.ADMINISTRATIONS, GapKind.UNREADABLE, True),
        ("DQ-19", Topic.LABORATORY, GapKind.UNREADABLE, True),
        ("DQ-06", Topic.LABORATORY, GapKind.UNREADABLE, False),
        ("DQ-17", Topic.PROCEDURES, GapKind.NOTED, False),
    ],
)
def test_a_record_that_might_have_told_of_an_infusion_leaves_a_doubt(
    rule: str, topic: Topic, kind: GapKind, doubted: bool
) -> None:
    gap = Gap(kind=kind, rule=rule, text="left out", source="Procedure/x", topic=topic)
    found = verdict(a_picture(infusions=[], gaps=(gap,)))
    assert (found.action, "among the records that could be read" in found.reason) == (Action.NONE, doubted)


@pytest.mark.req("APP-01", "DQ-17")
def test_records_that_could_not_be_read_are_no_reason_to_be_calm() -> None:
    found = verdict(a_picture(infusions=[], unread=unread(Topic.PROCEDURES)))
    assert (found.runs, found.action) == (False, Action.CANNOT_ASSESS)
    assert "could not be read" in found.reason


@pytest.mark.req("APP-04")
@pytest.mark.parametrize(
    ("product", "setting", "runs"),
    [
        (CarTProduct.TISAGENLECLEUCEL, "off", True),
        (CarTProduct.UNKNOWN, "off", True),
        (CarTProduct.AXICABTAGENE, "off", False),
        (CarTProduct.CILTACABTAGENE, "extrapolate", True),
    ],
)
def test_other_products_run_unless_the_site_says_off(product: CarTProduct, setting: str, runs: bool) -> None:
    found = verdict(a_picture(infusions=[an_infusion(product=product)]), other_cart_policy=setting)
    assert found.runs is runs
    assert runs or (found.rule, found.action) == ("APP-04", Action.NONE)


@pytest.mark.req("APP-06")
def test_a_deceased_patient_gets_nothing() -> None:
    found = verdict(a_picture(a_fibrinogen("0.5"), deceased=True))
    assert (found.runs, found.rule, found.action) == (False, "APP-06", Action.NONE)


@pytest.mark.req("APP-06")
@pytest.mark.parametrize(
    ("status", "runs"),
    [(ClinicalStatus.ACTIVE, False), (ClinicalStatus.NOT_STATED, False), (ClinicalStatus.OVER, True)],
)
def test_an_active_congenital_disorder_is_for_a_specialist(status: ClinicalStatus, runs: bool) -> None:
    disorder = a_condition(ConditionKind.CONGENITAL_FIBRINOGEN_DISORDER, status=status, hours_ago=9000)
    found = verdict(a_picture(a_fibrinogen("0.5"), conditions=[disorder]))
    assert found.runs is runs
    assert runs or (found.rule, found.action) == ("APP-06", Action.MONITOR)


@pytest.mark.req("APP-03", "APP-06")
def test_long_after_the_infusion_a_congenital_disorder_is_not_spoken_of() -> None:
    disorder = a_condition(ConditionKind.CONGENITAL_FIBRINOGEN_DISORDER)
    assert verdict(at_day(91, conditions=[disorder])).action is Action.NONE


@pytest.mark.req("CRS-02")
def test_grade_5_stops_every_recommendation() -> None:
    found = verdict(a_picture(a_fibrinogen("0.5"), crs=[a_crs(5)]))
    assert (found.runs, found.rule, found.action) == (False, "CRS-02", Action.NONE)


@pytest.mark.req("APP-06")
def test_no_birth_date_does_not_stop_the_rules() -> None:
    assert verdict(a_picture(birth=None)).runs
