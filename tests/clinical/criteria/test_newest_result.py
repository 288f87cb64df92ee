"""The newest result speaks: DQ-17, DQ-21, DQ-22, and the draw that a fall calls for (MON-06)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.gaps import Gap, GapKind, Topic, UnusableReason, UnusableResult
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalPicture
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.terminology import Analyte, Drug, Variant
from tests.builders import NOW, a_crs, a_fibrinogen, a_lab, a_picture, a_weight, an_exposure, before

FC = Drug.FIBRINOGEN_CONCENTRATE
BLEEDS = Bedside(bleeding=BleedingLevel.SIGNIFICANT)


def unusable(reason: UnusableReason = UnusableReason.UNIT_MISSING, hours_ago: float = 1, **more: Any) -> UnusableResult:
    defaults: dict[str, Any] = {
        "source": "Observation/new",
        "reason": reason,
        "rule": "DQ-05",
        "why": "it cannot be used",
        "reported": "1.10",
        "value": Decimal("1.10"),
        "collected": before(hours=hours_ago),
        "status": "final",
        "variant": Variant.CLAUSS,
    }
    return UnusableResult(**(defaults | more))


def incomplete(*, only_older: bool = False) -> dict[str, Any]:
    gap = Gap(kind=GapKind.INCOMPLETE, rule="DQ-17", text="Laboratory results incomplete", only_older=only_older)
    return {"fibrinogen_unread": gap, "unread": {Topic.LABORATORY: gap}}


def told(*labs: LabResult, grade: int = 2, site: dict[str, Any] | None = None, **more: Any) -> Assessment:
    picture: ClinicalPicture = a_picture(*labs, a_weight("70"), crs=[a_crs(grade)], **more)
    return assess(picture, build_policy(None, site or {}))


def rules_of(assessment: Assessment) -> set[str]:
    return {finding.rule for finding in assessment.findings}


@pytest.mark.req("DQ-17", "V24")
def test_incomplete_fibrinogen_results_are_never_calm() -> None:
    answer = told(a_fibrinogen("2.4"), **incomplete())
    assert (str(answer.action), str(answer.indicator), str(answer.tier)) == ("CANNOT_ASSESS", "warning", "T0")
    assert answer.underlying is not None
    assert (answer.underlying.row, "DQ-17" in rules_of(answer)) == ("REP-08", True)
    assert [proviso.rule for proviso in answer.provisos][:1] == ["DQ-17"]
    low = told(a_fibrinogen("0.8"), **incomplete())
    assert (str(low.action), str(low.indicator), low.options, low.draft_allowed) == ("REPLACE", "critical", (), False)


@pytest.mark.req("DQ-17")
def test_where_only_older_results_are_missing_dose_and_draft_stand() -> None:
    calm = told(a_fibrinogen("2.4"), **incomplete(only_older=True))
    assert (str(calm.action), calm.underlying) == ("MONITOR", None)
    low = told(a_fibrinogen("0.8"), **incomplete(only_older=True))
    assert (bool(low.options), low.draft_allowed) == (True, True)


@pytest.mark.req("DQ-21")
@pytest.mark.parametrize(
    ("reason", "speaks"),
    [
        (reason, reason not in (UnusableReason.NO_VALUE_FOR_A_REASON, UnusableReason.NO_TIME))
        for reason in UnusableReason
    ],
)
def test_which_reasons_speak(reason: UnusableReason, speaks: bool) -> None:
    answer = told(a_fibrinogen("2.4", 7), unusable_fibrinogen=[unusable(reason)])
    assert (str(answer.action) == "CANNOT_ASSESS") is speaks
    assert ("DQ-21" in rules_of(answer)) is speaks


@pytest.mark.req("DQ-21")
@pytest.mark.parametrize(
    ("hours_ago", "more", "speaks"),
    [
        (6.9, {}, True),
        (7, {}, False),
        (8, {}, False),
        (1, {"variant": None}, True),
        (1, {"variant": Variant.ANTIGEN}, False),
        (1, {"variant": Variant.DERIVED}, False),  # gives way to the Clauss of six hours before (DQ-07)
        (1, {"collected": None, "issued": NOW - timedelta(hours=2)}, True),
        (1, {"collected": None}, False),
    ],
)
def test_only_what_is_newer_and_may_be_tiered_speaks(hours_ago: float, more: dict[str, Any], speaks: bool) -> None:
    answer = told(a_fibrinogen("2.4", 7), unusable_fibrinogen=[unusable(hours_ago=hours_ago, **more)])
    assert (answer.newest_unusable is not None) is speaks


@pytest.mark.req("DQ-21", "REP-12")
@pytest.mark.parametrize(("hours_ago", "speaks"), [(23.9, True), (24, True), (24.1, False)])
def test_without_a_level_it_stays_rep_12_and_is_a_warning(hours_ago: float, speaks: bool) -> None:
    answer = told(grade=1, unusable_fibrinogen=[unusable(hours_ago=hours_ago)])
    assert answer.decision is not None
    assert (answer.decision.row, str(answer.action)) == ("REP-12", "CANNOT_ASSESS")
    assert (str(answer.indicator), answer.underlying) == ("warning" if speaks else "info", None)
    assert ("newest_unusable" in as_json(answer)) is speaks


@pytest.mark.req("DQ-21")
def test_with_bleeding_it_is_critical_and_a_draft_stands() -> None:
    calm = told(a_fibrinogen("2.4", 7), unusable_fibrinogen=[unusable()], bedside=BLEEDS)
    assert (str(calm.action), str(calm.indicator)) == ("CANNOT_ASSESS", "critical")
    low = told(a_fibrinogen("0.8", 7), unusable_fibrinogen=[unusable()], bedside=BLEEDS)
    assert (str(low.action), low.draft_allowed, low.provisos[0].rule) == ("REPLACE", True, "DQ-21")
    quiet = told(a_fibrinogen("0.8", 7), unusable_fibrinogen=[unusable()])
    assert "DQ-21" in {blocker.rule for blocker in quiet.draft_blockers}


@pytest.mark.req("DQ-21", "DQ-05", "DQ-06")
@pytest.mark.parametrize(
    ("reason", "value", "meant"),
    [
        (UnusableReason.UNIT_MISSING, "1.10", [("g/L", "1.1", "CONSIDER")]),
        (UnusableReason.UNIT_SUSPECT, "0.9", [("g/L", "0.9", "REPLACE")]),
        (UnusableReason.UNIT_CONTRADICTORY, "15", [("g/L", "15", "MONITOR"), ("mg/dL", "0.15", "REPLACE")]),
        (UnusableReason.UNIT_MISSING, "150", [("mg/dL", "1.5", "MONITOR")]),
        (UnusableReason.UNIT_MISSING, "2001", []),
        (UnusableReason.UNIT_NOT_ACCEPTED, "1.1", []),
        (UnusableReason.SPECIMEN, "1.1", []),
    ],
)
def test_what_the_number_would_mean(reason: UnusableReason, value: str, meant: list[tuple[str, str, str]]) -> None:
    """1.6 g/L seven hours before: 1.1 would be a fall, and so a reason to weigh."""
    result = unusable(reason, value=Decimal(value))
    newest = as_json(told(a_fibrinogen("1.6", 7), unusable_fibrinogen=[result]))["newest_unusable"]
    assert [(m["unit"], m["g_per_l"], m["action"]) for m in newest["would_mean"]] == meant


@pytest.mark.req("DQ-21")
def test_a_result_marked_suspect_speaks_as_unusable() -> None:
    newer = a_fibrinogen("0.7", 1)
    answer = told(a_fibrinogen("2.4", 7), newer, bedside=Bedside(suspects={newer.source: "clotted"}))
    assert answer.newest_unusable is not None
    assert (answer.newest_unusable.source, str(answer.action)) == (newer.source, "CANNOT_ASSESS")


@pytest.mark.req("DQ-21", "MON-02")
def test_the_next_draw_is_due_now_unless_it_was_before() -> None:
    fresh = told(a_fibrinogen("2.4", 7), unusable_fibrinogen=[unusable()]).monitoring
    late = told(a_fibrinogen("2.4", 14), unusable_fibrinogen=[unusable()]).monitoring
    assert fresh is not None
    assert late is not None
    assert (fresh.due, fresh.due_rule) == (NOW, "DQ-21")
    assert (late.due, late.due_rule) == (NOW - timedelta(hours=2), "MON-01")


@pytest.mark.req("DQ-22", "V29")
@pytest.mark.parametrize(
    ("earlier", "now", "hours", "doses", "jumps"),
    [
        ("2.1", "1.0", 5, (), True),
        ("2.0", "1.0", 5, (), False),  # exactly 1.0 g/L
        ("2.02", "1.01", 5, (), False),  # exactly 50 %
        ("3.0", "1.6", 5, (), False),  # less than half
        ("2.1", "1.0", 6, (), True),
        ("2.1", "1.0", 6.01, (), False),
        ("1.0", "1.61", 2, (), True),
        ("1.0", "1.6", 2, (), False),
        ("2.8", "3.5", 2, (), False),  # exactly 25 %
        ("1.0", "2.0", 2, (an_exposure(FC, 2),), False),
        ("1.0", "2.0", 2, (an_exposure(FC, 5, end=before(hours=3)),), False),
        ("1.0", "2.0", 2, (an_exposure(FC, 5, end=before(hours=3.1)),), True),
        ("1.0", "2.0", 2, (an_exposure(FC, 5, running=True),), False),
        ("2.1", "1.0", 2, (an_exposure(FC, 2),), True),
        ("1.0", "2.0", 2, (an_exposure(Drug.PLASMA, 2),), True),
    ],
)
def test_the_delta_check(earlier: str, now: str, hours: float, doses: tuple[Any, ...], jumps: bool) -> None:
    answer = told(a_fibrinogen(earlier, 1 + hours), a_fibrinogen(now, 1), exposures=doses)
    assert ("delta" in (answer.fibrinogen.flags if answer.fibrinogen else ())) is jumps
    assert ("DQ-22" in {proviso.rule for proviso in answer.provisos}) is jumps
    assert ("DQ-22" in rules_of(answer)) is jumps


@pytest.mark.req("DQ-22", "DQ-08")
def test_what_a_conflict_set_aside_is_not_the_result_before() -> None:
    aside = a_fibrinogen("2.8", 5, source="Observation/aside")
    counted = a_fibrinogen("1.4", 5.1)
    assert told(aside, counted, a_fibrinogen("1.0", 1)).delta is None


@pytest.mark.req("DQ-22")
@pytest.mark.parametrize(("platelets", "unchanged"), [("100", True), ("90", True), ("89", False)])
def test_a_fall_says_where_nothing_else_changed(platelets: str, unchanged: bool) -> None:
    then = [a_lab(Analyte.PLATELETS, "100", 6), a_lab(Analyte.INR, "1.2", 6), a_lab(Analyte.APTT, "30", 6)]
    now = [a_lab(Analyte.PLATELETS, platelets, 1), a_lab(Analyte.INR, "1.2", 1), a_lab(Analyte.APTT, "31", 1)]
    answer = told(a_fibrinogen("2.95", 6), a_fibrinogen("0.8", 1), *then, *now)
    (text,) = [proviso.text for proviso in answer.provisos if proviso.rule == "DQ-22"]
    assert text.startswith("fell by 2.15 g/L in 5 h")
    assert ("while platelets, INR and aPTT are unchanged" in text) is unchanged


@pytest.mark.req("MON-06", "V33")
@pytest.mark.parametrize(
    ("site", "rule"),
    [
        ({}, "MON-06"),
        ({"draw_early": "false"}, "MON-01"),
        ({"draw_early_min_h": "12"}, "MON-01"),
        ({"draw_early_fraction": "1"}, "MON-06"),
        ({"trend_window_h": {"max": 10}}, "MON-01"),
    ],
)
def test_a_fall_asks_for_an_earlier_draw(site: dict[str, Any], rule: str) -> None:
    monitoring = told(a_fibrinogen("3.0", 12), a_fibrinogen("2.0", 0), site=site).monitoring
    assert monitoring is not None
    assert monitoring.due_rule == rule


@pytest.mark.req("MON-06")
@pytest.mark.parametrize(
    ("labs", "speaks"),
    [
        ((a_fibrinogen("1.95", 12), a_fibrinogen("1.75", 0)), True),
        ((a_fibrinogen("1.94", 12), a_fibrinogen("1.75", 0)), False),  # less than 0.2 g/L
        ((a_fibrinogen("1.4", 12), a_fibrinogen("0.99", 0)), False),  # below 1.0 already
        ((a_fibrinogen(">3.0", 12), a_fibrinogen("2.0", 0)), False),
        ((a_fibrinogen("3.0", 12), a_fibrinogen(">2.0", 0)), False),
        ((a_fibrinogen("3.0", 12, variant=Variant.DERIVED), a_fibrinogen("2.0", 0)), False),
        ((a_fibrinogen("3.0", 24.1), a_fibrinogen("2.0", 0)), False),
    ],
)
def test_what_a_fall_is(labs: tuple[LabResult, ...], speaks: bool) -> None:
    monitoring = told(*labs, grade=1, site={"monitor_interval_h": {"t1": 24, "mild": 36}}).monitoring
    assert monitoring is not None
    assert (monitoring.early is not None) is speaks


@pytest.mark.req("MON-06")
def test_with_severe_crs_a_fall_is_a_warning() -> None:
    answer = told(a_fibrinogen("2.6", 12), a_fibrinogen("2.0", 0), grade=3, site={"draw_early_min_h": 1})
    loud = told(a_fibrinogen("3.4", 12), a_fibrinogen("2.0", 0), grade=3, site={"draw_early_min_h": 1})
    assert "MON-06" not in rules_of(answer)  # 10 h to go, times 0.8: as long as the eight hours of severe CRS
    assert {str(f.indicator) for f in loud.findings if f.rule == "MON-06"} == {"warning"}


@pytest.mark.req("DQ-21")
def test_the_older_verdict_stands_beneath() -> None:
    body = as_json(told(a_fibrinogen("2.4", 7), unusable_fibrinogen=[unusable()]))
    assert body["underlying"] == {"rule": "REP-08", "action": "MONITOR", "indicator": "info"}
    outcomes = {each["rule"]: each["outcome"] for each in body["rules"]}
    assert (outcomes["REP-08"], outcomes["DQ-21"]) == ("applies", "applies")
    assert [finding["rule"] for finding in body["findings"]].count("DQ-21") == 1
    assert "underlying" not in as_json(told(a_fibrinogen("2.4", 7)))


def test_a_picture_without_doubt_is_answered_as_before() -> None:
    picture = a_picture(a_fibrinogen("2.4", 7), crs=[a_crs(2)])
    assert assess(picture, build_policy()).findings == assess(replace(picture), build_policy()).findings
