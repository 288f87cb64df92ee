"""Shapes of the chart: places, kinds and spoken words."""

from decimal import Decimal

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.picture import Bedside, Gap, GapKind
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte, ConditionKind, Drug
from smartapp.web.axes import BOTTOM, LEFT, TOP, WIDTH
from smartapp.web.plots import Plot, fibrinogen_plot
from tests.builders import a_condition, a_crs, a_fibrinogen, a_picture, an_exposure, before


def a_plot(*labs, chosen: str = "all", policy=None, **more) -> Plot:
    return fibrinogen_plot(assess(a_picture(*labs, **more), build_policy(None, policy or {})), chosen)


def test_a_point_is_spoken_with_value_limit_day_and_age() -> None:
    plot = a_plot(a_fibrinogen("0.94"))
    assert plot.points[0].label == "0.94 grams per litre, below 1.0, day +6, 07:00, 60 min ago"
    assert plot.points[0].kind == "result"


def test_everything_lies_inside_the_view_box() -> None:
    plot = a_plot(
        a_fibrinogen("12", 100), a_fibrinogen("0.1", 1), a_fibrinogen("3", 160), crs=[a_crs(3, 50), a_crs(1, 130)]
    )
    for point in plot.points:
        assert LEFT <= point.x <= WIDTH
        assert TOP <= point.y <= BOTTOM
    assert all(mark.x >= LEFT and mark.x + mark.width <= WIDTH for mark in plot.crs)


@pytest.mark.parametrize(("value", "kind"), [("<0.6", "below"), (">4", "above")])
def test_a_bound_is_an_arrow_and_not_part_of_the_line(value: str, kind: str) -> None:
    plot = a_plot(a_fibrinogen(value), a_fibrinogen("2", 5))
    assert plot.points[-1].kind == kind
    assert plot.path.count(",") == 1


def test_a_suspect_result_is_hollow_and_not_part_of_the_line() -> None:
    lab = a_fibrinogen("0.4")
    plot = a_plot(lab, a_fibrinogen("2", 5), bedside=Bedside(suspects={lab.source: "clotted"}))
    assert plot.points[-1].kind == "suspect"
    assert "suspect" in plot.points[-1].label
    assert plot.path.count(",") == 1


def test_an_unreadable_result_is_a_cross_at_its_time() -> None:
    gap = Gap(
        kind=GapKind.UNREADABLE,
        rule="DQ-05",
        text="no unit",
        analyte=Analyte.FIBRINOGEN,
        at=before(hours=2),
        reported="94",
    )
    plot = a_plot(a_fibrinogen("1.4", 5), gaps=[gap])
    assert [(point.kind, point.label) for point in plot.points][-1] == ("unread", "94: no unit, 06:00")


def test_doses_carry_amount_and_time() -> None:
    given = an_exposure(Drug.FIBRINOGEN_CONCENTRATE, 3, dose_mg=Decimal(2000))
    plot = a_plot(a_fibrinogen("1.4"), exposures=[given, an_exposure(Drug.HEPARIN, 3)])
    assert [(mark.kind, mark.text, mark.label) for mark in plot.doses] == [
        ("fc", "2000 mg", "concentrate 2000 mg, 05:00, 3 h ago")
    ]


@pytest.mark.parametrize(
    ("policy", "limits"),
    [
        ({}, ["1.5: replace if CRS ≥ 3", "1.0: replace if any CRS"]),
        ({"profile": "restrictive_1_0"}, ["1.0: replace if any CRS"]),
        ({"profile": "bleeding_only"}, ["1.5: replace if bleeding"]),
        (
            {"replace_below.moderate": "1.2"},
            ["1.5: replace if CRS ≥ 3", "1.2: replace if CRS ≥ 2", "1.0: replace if any CRS"],
        ),
    ],
)
def test_limits_are_the_sites_own_and_named_by_their_condition(policy, limits: list[str]) -> None:
    assert [mark.text for mark in a_plot(policy=policy).limits] == limits


def test_each_grade_lasts_until_the_next() -> None:
    plot = a_plot(crs=[a_crs(1, 100), a_crs(3, 20)])
    assert [(mark.kind, mark.text) for mark in plot.crs] == [("grade-1", "1"), ("grade-3", "3")]
    assert plot.crs[0].x + plot.crs[0].width == plot.crs[1].x


def test_a_range_shows_only_its_results() -> None:
    labs = [a_fibrinogen("2", 100), a_fibrinogen("1.4", 30), a_fibrinogen("1.2", 1)]
    assert [len(a_plot(*labs, chosen=chosen).points) for chosen in ("24h", "72h", "all")] == [1, 2, 3]


def test_without_results_it_says_so() -> None:
    assert a_plot().summary == "No fibrinogen result in this range."


def test_icans_bleeding_and_an_overdue_result_stand_on_the_chart() -> None:
    bleed = a_condition(ConditionKind.BLEEDING_SIGNIFICANT, hours_ago=5, label="Haematemesis")
    icans = a_condition(ConditionKind.ICANS, hours_ago=30, grade=3)
    plot = a_plot(a_fibrinogen("1.6", 23), crs=[a_crs(3)], conditions=[bleed, icans])
    assert [mark.label for mark in plot.icans] == ["ICANS grade 3, recorded"]
    assert plot.icans[0].kind == "grade-3"
    assert [mark.label for mark in plot.bleeds] == ["bleeding: Haematemesis, 03:00, 5 h ago"]
    assert [mark.text for mark in plot.overdue] == ["due"]


def test_without_them_the_chart_has_none() -> None:
    plot = a_plot(a_fibrinogen("1.6", 1), crs=[a_crs(3)])
    assert (plot.icans, plot.bleeds, plot.overdue) == ((), (), ())


def test_the_legend_tells_what_is_drawn_and_nothing_else() -> None:
    given = an_exposure(Drug.CRYOPRECIPITATE, 3, units=Decimal(10))
    plot = a_plot(a_fibrinogen("1.4"), exposures=[given], crs=[a_crs(3)])
    assert plot.legend == ("● result", "▲ cryoprecipitate", "filled grade: recorded")


def test_outside_the_guidelines_scope_no_limit_and_no_suggested_grade_is_drawn() -> None:
    plot = a_plot(a_fibrinogen("0.9"), infusions=())
    assert (plot.limits, plot.crs) == ((), ())
    assert plot.ranges[-1] == ("all", "all results")


def test_the_other_axis_gives_the_other_unit() -> None:
    assert [(mark.text, mark.label) for mark in a_plot(a_fibrinogen("1.4")).levels] == [
        ("0", "0"),
        ("1", "100"),
        ("2", "200"),
    ]


def test_since_infusion_begins_with_the_last_results_before_it() -> None:
    plot = a_plot(a_fibrinogen("3", 24 * 20), a_fibrinogen("2.8", 24 * 7), a_fibrinogen("1.2", 1))
    assert len(plot.points) == 2
