"""What would change the advice: each stated change flips it, a smaller one does not, and nothing unsaid does (interfaces.md section 5)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.criteria.levels import turning_levels
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Bedside, BleedingLevel, ClinicalPicture
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rule import Facts
from smartapp.clinical.terminology import Analyte, ConditionKind, Drug
from smartapp.clinical.would_change import Change, change_words, would_change
from tests.builders import (
    a_condition,
    a_crs,
    a_fibrinogen,
    a_lab,
    a_picture,
    a_weight,
    an_exposure,
    an_infusion,
)

POLICY = build_policy()
STEP = Decimal("0.01")


def answer(picture: ClinicalPicture) -> tuple[str, str]:
    told = assess(picture, POLICY)
    return str(told.action), str(told.indicator)


def changes(*labs: LabResult, **more: Any) -> list[tuple[str, str, str, str, str]]:
    told = would_change(assess(a_picture(*labs, **more), POLICY))
    return [(c.input, c.before, c.to, str(c.action), str(c.indicator)) for c in told]


def of(name: str, found: list[tuple[str, str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    return [(*each[1:],) for each in found if each[0] == name]


@pytest.mark.parametrize(
    ("value", "grade", "expected"),
    [
        ("0.8", 3, [("0.8", "1", "REPLACE", "warning")]),  # REP-03 to REP-05; down nothing is worse
        ("1.2", 3, [("1.2", "0.99", "REPLACE", "critical"), ("1.2", "1.5", "MONITOR", "info")]),
        (
            "1.2",
            1,
            [("1.2", "0.99", "REPLACE", "critical")],
        ),  # REP-07 info and REP-08 MONITOR info are one answer, up to
        ("1.5", 3, [("1.5", "1.49", "REPLACE", "warning")]),  # exactly 1.5 is T0
        ("2", 1, [("2", "1.99", "MONITOR", "info")]),  # REP-08: MONITOR below 2.0
        ("1", 2, [("1", "0.99", "REPLACE", "critical"), ("1", "1.5", "MONITOR", "info")]),  # exactly 1.0 is T1
    ],
)
@pytest.mark.req("REP-03", "REP-05", "REP-07", "REP-08", "TIER-01")
def test_fibrinogen_turns_at_the_limits(value: str, grade: int, expected: list[tuple[str, str, str, str]]) -> None:
    found = of("fibrinogen", changes(a_fibrinogen(value), crs=[a_crs(grade)]))
    assert found[: len(expected)] == expected


@pytest.mark.req("REP-02")
def test_a_limit_that_counts_itself_is_named_itself() -> None:
    bleeding = [a_condition(ConditionKind.BLEEDING_MAJOR)]
    found = of("fibrinogen", changes(a_fibrinogen("2.5"), crs=[a_crs(1)], conditions=bleeding))
    assert found[0] == ("2.5", "2", "CONSIDER", "warning")


@pytest.mark.req("TRD-01", "REP-08")
def test_a_level_is_compared_with_those_before_it() -> None:
    """From 2.40 a fall of 25 % or of 0.5 g/L within a day makes a trend: 1.90 is the first."""
    found = of("fibrinogen", changes(a_fibrinogen("2.3"), a_fibrinogen("2.4", 10), crs=[a_crs(1)]))
    assert found == [("2.3", "1.99", "MONITOR", "info")]
    steep = of("fibrinogen", changes(a_fibrinogen("2.9"), a_fibrinogen("3", 10), crs=[a_crs(3)]))
    assert steep == [("2.9", "2.5", "MONITOR", "warning")]


@pytest.mark.req("REP-05", "REP-06", "REP-07", "CRS-02")
def test_the_grade_turns_up_and_down() -> None:
    assert of("crs_grade", changes(a_fibrinogen("1.2"), crs=[a_crs(2)])) == [
        ("2", "1", "MONITOR", "info"),
        ("2", "3", "REPLACE", "warning"),
    ]


@pytest.mark.req("CRS-02", "REP-07")
def test_an_unknown_grade_has_a_line_for_each_other_answer() -> None:
    assert of("crs_grade", changes(a_fibrinogen("1.2"))) == [
        ("unknown", "0", "MONITOR", "info"),
        ("unknown", "3", "REPLACE", "warning"),
    ]


@pytest.mark.req("BLD-01", "REP-01", "REP-06")
def test_bleeding_turns_up_and_down() -> None:
    significant = [a_condition(ConditionKind.BLEEDING_SIGNIFICANT)]
    assert of("bleeding", changes(a_fibrinogen("1.2"), crs=[a_crs(1)])) == [
        ("none_recorded", "minor", "CONSIDER", "warning")
    ]
    assert of("bleeding", changes(a_fibrinogen("1.2"), crs=[a_crs(1)], conditions=significant)) == [
        ("significant", "minor", "CONSIDER", "warning")
    ]


@pytest.mark.req("MOD-01", "REP-06")
def test_modifiers_are_taken_away_and_added() -> None:
    low = a_lab(Analyte.PLATELETS, "49")
    assert changes(a_fibrinogen("1.2"), low, crs=[a_crs(1)])[-1] == (
        "platelets_lt_50",
        "present",
        "absent",
        "MONITOR",
        "info",
    )
    added = changes(a_fibrinogen("1.2"), a_lab(Analyte.PLATELETS, "50"), crs=[a_crs(1)])
    assert ("platelets_lt_50", "absent", "present", "CONSIDER", "warning") in added
    assert ("dic_overt", "unknown", "present", "CONSIDER", "warning") in added


@pytest.mark.req("REP-12", "DQ-16")
def test_without_a_level_each_level_that_would_tell_is_named() -> None:
    assert of("fibrinogen", changes(a_weight(), crs=[a_crs(3)])) == [
        ("unknown", "0.99", "REPLACE", "critical"),
        ("unknown", "1.49", "REPLACE", "warning"),
        ("unknown", "1.5", "MONITOR", "info"),
    ]


@pytest.mark.req("APP-01")
def test_an_infusion_without_a_date_is_missing_its_date() -> None:
    undated = [replace(an_infusion(), start=None)]
    assert of("infusion_date", changes(a_fibrinogen("0.8"), crs=[a_crs(3)], infusions=undated)) == [
        ("unknown", "2026-03-01", "REPLACE", "critical")
    ]


@pytest.mark.req("APP-03")
def test_after_the_window_a_lower_level_opens_it_again() -> None:
    assert of("fibrinogen", changes(a_fibrinogen("2.5"), infusions=[an_infusion(45)])) == [
        ("2.5", "1.49", "MONITOR", "warning")
    ]


@pytest.mark.req("APP-01", "APP-06")
@pytest.mark.parametrize("more", [{"infusions": []}, {"deceased": True, "crs": [a_crs(3)]}])
def test_where_no_change_can_be_wished_for_none_is_named(more: dict[str, Any]) -> None:
    assert changes(a_fibrinogen("0.8"), **more) == []


def test_a_change_is_told_in_words() -> None:
    (first, *_) = would_change(assess(a_picture(a_fibrinogen("1.2"), crs=[a_crs(3)]), POLICY))
    assert change_words(first) == "fibrinogen 0.99 g/L instead of 1.2: REPLACE (critical)"


def turning(*labs: LabResult) -> set[Decimal] | None:
    told = assess(a_picture(*labs), POLICY)
    found = turning_levels(Facts(told.picture, POLICY), told.fibrinogen.result if told.fibrinogen else None)
    return None if found is None else set(found)


@pytest.mark.req("TRD-01")
def test_an_earlier_result_sets_limits_only_while_it_is_compared() -> None:
    alone, within, beyond = (
        turning(a_fibrinogen("1"), *more) for more in ([], [a_fibrinogen("3", 24)], [a_fibrinogen("3", 26)])
    )
    assert alone is not None
    assert within is not None
    assert alone == beyond
    assert {Decimal(3), Decimal("2.25"), Decimal("2.5")} <= within - alone


@pytest.mark.req("DQ-08")
def test_beside_a_result_that_may_be_of_the_same_sample_no_level_is_left_out() -> None:
    assert turning(a_fibrinogen("1"), a_fibrinogen("1.1", 0.9)) is None


LEVELS = st.integers(0, 400).map(lambda number: Decimal(number) / 100)


@st.composite
def patients(draw: st.DrawFn) -> ClinicalPicture:
    """Patients near every limit that the decision knows."""
    labs = [a_fibrinogen(draw(LEVELS), draw(st.sampled_from([0.5, 11, 23])))]
    labs += [
        a_fibrinogen(draw(LEVELS), hours) for hours in draw(st.sets(st.sampled_from([0.7, 6, 20, 30]), max_size=2))
    ]
    labs += [
        a_lab(Analyte.PLATELETS, value) for value in draw(st.lists(st.sampled_from(["20", "49", "50"]), max_size=1))
    ]
    bleed = draw(st.sampled_from([None, *list(ConditionKind)[:3]]))
    return a_picture(
        *labs,
        crs=[a_crs(grade) for grade in draw(st.lists(st.integers(0, 4), max_size=1))],
        conditions=[a_condition(bleed)] if bleed else [],
        exposures=[an_exposure(Drug.TOCILIZUMAB, 30)] if draw(st.booleans()) else [],
        infusions=[an_infusion(draw(st.sampled_from([2, 30, 31])))],
    )


def with_level(told: Assessment, value: Decimal) -> ClinicalPicture:
    """The chart as it would be with this level in place of the result that counted."""
    assert told.fibrinogen is not None
    old = told.fibrinogen.result
    labs = [result for series in told.picture.labs.values() for result in series if result is not old]
    new = replace(old, value=value, reported=f"{value} g/L")
    return replace(a_picture(*labs, new), **{name: getattr(told.picture, name) for name in KEPT})


KEPT = ("crs_records", "conditions", "exposures", "infusions", "patient", "bedside")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(patients())
def test_each_stated_level_flips_the_answer_and_no_nearer_one_does(picture: ClinicalPicture) -> None:
    told = assess(picture, POLICY)
    if told.fibrinogen is None:
        return
    now, value = answer(picture), told.fibrinogen.g_per_l
    stated = [change for change in would_change(told) if change.input == "fibrinogen"]
    for change in stated:
        assert answer(with_level(told, Decimal(change.to))) == (str(change.action), str(change.indicator)) != now
    down = max((Decimal(c.to) for c in stated if Decimal(c.to) < value), default=-STEP)
    up = min((Decimal(c.to) for c in stated if Decimal(c.to) > value), default=Decimal(5))
    between = [Decimal(n) / 100 for n in range(int(down * 100) + 1, int(up * 100)) if down < Decimal(n) / 100 < up]
    assert {answer(with_level(told, level)) for level in between} <= {now}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(patients())
def test_each_stated_grade_and_bleeding_flips_the_answer_and_no_nearer_one_does(picture: ClinicalPicture) -> None:
    told, now = assess(picture, POLICY), answer(picture)
    by_input: dict[str, list[Change]] = {}
    for change in would_change(told):
        by_input.setdefault(change.input, []).append(change)

    def with_grade(grade: int) -> ClinicalPicture:
        return replace(picture, crs_records=(a_crs(grade),), bedside=Bedside(crs_grade=grade))

    def with_bleeding(level: str) -> ClinicalPicture:
        return replace(picture, bedside=Bedside(bleeding=BleedingLevel(level)))

    for change in by_input.get("crs_grade", []):
        assert answer(with_grade(int(change.to))) == (str(change.action), str(change.indicator)) != now
        if change.before != "unknown":
            old, new = int(change.before), int(change.to)
            nearer = range(min(old, new) + 1, max(old, new))
            assert {answer(with_grade(grade)) for grade in nearer} <= {now}
    for change in by_input.get("bleeding", []):
        assert answer(with_bleeding(change.to)) == (str(change.action), str(change.indicator)) != now
    order = ["none", "minor", "significant", "major"]
    place = order.index(str(told.bleeding)) if told.bleeding in order else 0
    stated = {order.index(change.to) for change in by_input.get("bleeding", [])}
    low, high = max((n for n in stated if n < place), default=-1), min((n for n in stated if n > place), default=4)
    assert {answer(with_bleeding(order[n])) for n in range(low + 1, high) if n != place} <= {now}
    if told.crs is not None and told.crs.grade is not None:
        found = {int(change.to) for change in by_input.get("crs_grade", [])}
        low = max((n for n in found if n < told.crs.grade), default=-1)
        high = min((n for n in found if n > told.crs.grade), default=5)
        assert {answer(with_grade(n)) for n in range(low + 1, high) if n != told.crs.grade} <= {now}
