"""A downward trend (TRD-01)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.criteria.trend import TREND, Trend
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Bedside
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Drug, Variant
from tests.builders import a_fibrinogen, a_picture, an_exposure, facts_of


def trend(*labs: LabResult, policy: dict[str, object] | None = None, **more: Any) -> Trend:
    found = facts_of(a_picture(*labs, **more), **(policy or {})).get(TREND)
    assert not isinstance(found, Missing)
    return found


@pytest.mark.req("TRD-01")
@pytest.mark.parametrize(
    ("before", "now", "down"),
    [
        ("2.0", "1.5", True),
        ("2.0", "1.51", False),
        ("1.6", "1.2", True),
        ("1.6", "1.201", False),
        ("4.0", "3.5", True),
        ("4.0", "3.51", False),
        ("1.2", "1.2", False),
        ("1.0", "2.0", False),
    ],
)
def test_a_fall_of_a_quarter_or_of_half_a_gram(before: str, now: str, down: bool) -> None:
    assert trend(a_fibrinogen(now, 1), a_fibrinogen(before, 9)).down is down


@pytest.mark.req("TRD-01")
@pytest.mark.parametrize(("spacing", "down"), [(3.99, False), (4, True), (24, True), (24.01, False)])
def test_the_samples_are_4_to_24_hours_apart_both_ends_included(spacing: float, down: bool) -> None:
    assert trend(a_fibrinogen("1.0", 1), a_fibrinogen("2.0", 1 + spacing)).down is down


@pytest.mark.req("TRD-01")
@pytest.mark.parametrize(
    ("drug", "hours_ago", "down"),
    [
        (Drug.CRYOPRECIPITATE, 5, False),
        (Drug.FIBRINOGEN_CONCENTRATE, 5, False),
        (Drug.PLASMA, 5, True),
        (Drug.CRYOPRECIPITATE, 9, False),
        (Drug.CRYOPRECIPITATE, 1, False),
        (Drug.CRYOPRECIPITATE, 0.5, True),
        (Drug.CRYOPRECIPITATE, 11, True),
    ],
)
def test_a_product_started_between_the_samples_takes_the_comparison_away(
    drug: Drug, hours_ago: float, down: bool
) -> None:
    labs = (a_fibrinogen("1.0", 1), a_fibrinogen("2.0", 9))
    assert trend(*labs, exposures=[an_exposure(drug, hours_ago)]).down is down


@pytest.mark.req("TRD-01")
def test_any_earlier_result_of_the_window_will_do_and_the_newest_is_named() -> None:
    found = trend(a_fibrinogen("1.0", 1), a_fibrinogen("1.1", 6), a_fibrinogen("1.9", 12), a_fibrinogen("2.5", 20))
    assert found.previous is not None
    assert (str(found.previous.value), str(found.drop)) == ("1.9", "0.9")


@pytest.mark.req("TRD-01", "DQ-07")
def test_only_results_of_the_same_method_are_compared() -> None:
    assert not trend(a_fibrinogen("1.0", 1), a_fibrinogen("2.0", 9, variant=Variant.DERIVED)).down


@pytest.mark.req("TRD-01", "DQ-10")
def test_a_suspect_result_is_not_compared() -> None:
    old = a_fibrinogen("2.0", 9, source="Observation/odd")
    assert not trend(a_fibrinogen("1.0", 1), old, bedside=Bedside(suspects={"Observation/odd": "x"})).down


@pytest.mark.req("DQ-04")
@pytest.mark.parametrize(("now", "bound"), [("<0.6", True), ("0.6", False)])
def test_a_bound_counts_as_its_value_and_is_flagged(now: str, bound: bool) -> None:
    assert trend(a_fibrinogen(now, 1), a_fibrinogen("1.2", 9)).by_bound is bound


@pytest.mark.req("TRD-01")
def test_without_an_effective_result_there_is_no_trend_to_tell() -> None:
    assert isinstance(facts_of(a_picture(a_fibrinogen("0.9", 25))).get(TREND), Missing)


@pytest.mark.req("TRD-01")
def test_the_site_may_set_what_a_fall_is() -> None:
    labs = (a_fibrinogen("1.8", 1), a_fibrinogen("2.0", 9))
    assert trend(*labs, policy={"trend_rel_drop": 10}).down
    assert trend(*labs, policy={"trend_abs_drop": "0.2"}).down
    level = (a_fibrinogen("2.0", 1), a_fibrinogen("2.0", 9))
    assert trend(*level, policy={"trend_abs_drop": 0}) == Trend(
        down=False, previous=None, drop=Decimal(0), by_bound=False
    )
    assert not trend(a_fibrinogen("1.0", 1), a_fibrinogen("2.0", 9), policy={"trend_window_h": {"max": 6}}).down
