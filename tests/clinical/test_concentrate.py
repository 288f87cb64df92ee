"""FC-01 to FC-06 and the licence line: every number of guideline 4.2 and 4.3 below, at and above its limit."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.concentrate import concentrate, licence
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import DoseInput
from smartapp.clinical.orders import Brand
from smartapp.clinical.policy import build_policy


def dose(kg: str, age: int, level: str | None, target: str = "1.5", *, bleeds: bool = False, **site: Any) -> Option:
    given = DoseInput(
        weight_kg=Decimal(kg),
        age=age,
        level=None if level is None else Decimal(level),
        target=Decimal(target),
        serious=bleeds,
        low_tier=level is None or Decimal(level) < 1,
    )
    return concentrate(given, build_policy(None, site), serious=bleeds, adult_without_weight=False)


def mg(option: Option) -> str:
    return "none" if option.dose_mg is None else f"{option.dose_mg:f}"


@pytest.mark.req("PRD-02")
@pytest.mark.parametrize(
    ("brand", "region", "bleeds", "line"),
    [
        (Brand.FIBRYGA, "US", True, "labelled indication (US)"),
        (Brand.FIBRYGA, "US", False, "off-label: not bleeding"),
        (Brand.FIBRYGA, "UK", True, "off-label here"),
        (Brand.FIBRYGA, "UK", False, "off-label here"),
        (Brand.FIBRYGA, "EU", True, "off-label here"),
        (Brand.FIBRYGA, "other", True, "off-label here"),
        (Brand.RIASTAP, "US", True, "off-label"),
        (Brand.RIASTAP, "US", False, "off-label"),
        (Brand.RIASTAP, "EU", False, "off-label"),
    ],
)
def test_the_licence_line(brand: Brand, region: str, bleeds: bool, line: str) -> None:
    assert licence(brand, region, serious=bleeds) == line


@pytest.mark.req("FC-01")
@pytest.mark.parametrize(
    ("product", "age", "per_kg"),
    [
        ("riastap", 11, "50 mg/dL / 1.7 = 29.41 mg/kg"),
        ("riastap", 30, "50 mg/dL / 1.7 = 29.41 mg/kg"),
        ("fibryga", 11, "50 mg/dL / 1.4 = 35.71 mg/kg"),
        ("fibryga", 12, "50 mg/dL / 1.8 = 27.78 mg/kg"),
    ],
)
def test_the_dose_by_level(product: str, age: int, per_kg: str) -> None:
    assert any(per_kg in step for step in dose("30", age, "1.0", fc_product=product).steps)


@pytest.mark.req("FC-01", "FC-04")
@pytest.mark.parametrize(
    ("level", "floored", "expected"),
    [("1.1", True, "1000"), ("1.0", False, "1000"), ("0.99", False, "1000"), ("0.6", False, "1600")],
)
def test_the_smallest_planned_increment(level: str, floored: bool, expected: str) -> None:
    """30 kg, 1.7 mg/dL per mg/kg: 50 mg/dL is 882.4 mg, 90 mg/dL 1588.2 mg."""
    found = dose("30", 15, level, fc_product="riastap", fc_vial_mg=1000)
    assert ("increment_floor" in found.flags) is floored
    assert mg(found) == {"1000": "900", "1600": "1600"}[expected]


@pytest.mark.req("FC-01")
def test_an_increment_of_zero_turns_the_floor_off() -> None:
    found = dose("30", 15, "1.4", fc_product="riastap", min_planned_increment=0)
    assert (mg(found), found.flags) == ("200", ())


@pytest.mark.req("FC-02", "V08", "V09", "V10")
@pytest.mark.parametrize(
    ("age", "kg", "expected"),
    [(18, "80", "4000"), (18, "45", "4000"), (17, "45", "3000"), (12, "30", "1500"), (11, "30", "2100")],
)
def test_the_label_while_bleeding(age: int, kg: str, expected: str) -> None:
    """45 kg at 17 y: 2250 mg, up to 3000 (limit 3150)."""
    found = dose(kg, age, "1.1", bleeds=True)
    assert (mg(found), found.max_rate_ml_per_min) == (expected, Decimal(20))


@pytest.mark.req("FC-02", "FC-04")
@pytest.mark.parametrize(("cap", "expected"), [("2000", "2000"), ("4000", "4000"), ("8000", "4000")])
def test_a_higher_cap_does_not_raise_the_labelled_adult_dose(cap: str, expected: str) -> None:
    assert mg(dose("80", 30, "1.1", bleeds=True, fc_cap_mg=cap)) == expected


@pytest.mark.req("FC-03", "REP-10")
@pytest.mark.parametrize(
    ("product", "kg", "age", "expected"),
    [
        ("riastap", "50", 30, "3000"),
        ("riastap", "60", 30, "4000"),
        ("riastap", "20", 8, "1400"),
        ("fibryga", "60", 30, "4000"),
    ],
)
def test_the_dose_without_a_level(product: str, kg: str, age: int, expected: str) -> None:
    """70 mg/kg: 50 kg is 3500 mg, whose limit rounds down to 3000; nothing is predicted."""
    found = dose(kg, age, None, "2.0", bleeds=True, fc_product=product)
    assert (mg(found), found.predicted_g_per_l) == (expected, None)


@pytest.mark.req("FC-04")
@pytest.mark.parametrize(
    ("kg", "expected", "step"), [("39.9", "1200", "50"), ("40", "2000", "1000"), ("40.1", "2000", "1000")]
)
def test_whole_vials_from_forty_kilograms(kg: str, expected: str, step: str) -> None:
    found = dose(kg, 15, "1.0", fc_product="riastap")
    assert (mg(found), f"{found.step_mg}") == (expected, step)


@pytest.mark.req("FC-04")
def test_rounding_to_the_nearest_step_takes_half_up_and_at_least_one() -> None:
    site = {"fc_product": "riastap", "fc_vial_rounding": "nearest", "min_planned_increment": 0}
    doses = [mg(dose("68", 30, level, **site)) for level in ("1.49", "1.12", "1.125", "1.13")]
    assert doses == ["1000", "2000", "2000", "1000"]


@pytest.mark.req("FC-04")
@pytest.mark.parametrize(
    ("kg", "level", "flagged"),
    [("60", "1.0", False), ("55", "1.0", False), ("42", "1.0", True), ("45.34", "1.0", False), ("45.3", "1.0", True)],
)
def test_rounding_that_adds_more_than_half_is_flagged(kg: str, level: str, flagged: bool) -> None:
    """29.41 mg/kg: at 45.33 kg exactly 1333.3 mg, to which rounding to 2000 adds half."""
    assert ("rounding_excess" in dose(kg, 15, level, fc_product="riastap").flags) is flagged


@pytest.mark.req("FC-04")
@pytest.mark.parametrize(("level", "flagged"), [("0.9", False), ("0.91", True)])
def test_rounding_that_adds_exactly_half_is_not_flagged(level: str, flagged: bool) -> None:
    """60 mg/dL / 1.8 x 40 kg is a third above 1333 mg, to which 2000 adds exactly half."""
    assert ("rounding_excess" in dose("40", 40, level, fc_product="fibryga").flags) is flagged


@pytest.mark.req("FC-04")
@pytest.mark.parametrize(
    ("kg", "level", "target", "expected", "capped"),
    [
        ("100", "0.1", "1.5", "4000", True),
        ("100", "0.9", "1.5", "4000", False),
        ("30", "0.2", "1.5", "2100", True),
        ("30", "0.31", "1.5", "2100", False),
    ],
)
def test_the_cap_and_what_it_leaves_short(kg: str, level: str, target: str, expected: str, capped: bool) -> None:
    """30 kg: at most 2100 mg, a rise of 119 mg/dL; 130 mg/dL from 0.2 needs 2294 mg."""
    found = dose(kg, 15, level, target, fc_product="riastap")
    assert (mg(found), "capped_below_target" in found.flags) == (expected, capped)


@pytest.mark.req("FC-04")
def test_a_limit_below_one_step_gives_no_number() -> None:
    found = dose("5", 0, "0.8", fc_product="riastap", fc_whole_vial_from_kg=0)
    assert (found.dose_mg, found.vials) == (None, None)
    assert "less than one step" in found.steps[-1]


@pytest.mark.req("FC-05")
@pytest.mark.parametrize(
    ("product", "bleeds", "rate"),
    [("riastap", False, "5"), ("riastap", True, "5"), ("fibryga", False, "5"), ("fibryga", True, "20")],
)
def test_the_highest_rate(product: str, bleeds: bool, rate: str) -> None:
    found = dose("70", 30, "0.8", bleeds=bleeds, fc_product=product)
    assert found.volume_ml is not None
    assert (found.max_rate_ml_per_min, found.min_minutes) == (Decimal(rate), found.volume_ml / Decimal(rate))


@pytest.mark.req("FC-06")
@pytest.mark.parametrize(
    ("product", "bleeds", "adult", "expected"),
    [
        ("fibryga", True, True, "4000"),
        ("fibryga", False, True, "none"),
        ("fibryga", True, False, "none"),
        ("riastap", True, True, "none"),
    ],
)
def test_without_a_weight(product: str, bleeds: bool, adult: bool, expected: str) -> None:
    policy = build_policy(None, {"fc_product": product})
    found = concentrate(None, policy, serious=bleeds, adult_without_weight=adult)
    assert (mg(found), found.dose_mg_per_kg) == (expected, None)


@pytest.mark.req("FC-06")
def test_a_raised_cap_leaves_the_fixed_dose() -> None:
    policy = build_policy(None, {"fc_cap_mg": 6000})
    assert mg(concentrate(None, policy, serious=True, adult_without_weight=True)) == "4000"
