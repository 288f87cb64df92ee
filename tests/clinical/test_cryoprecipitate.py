"""CRY-01 to CRY-05: every number of guideline 4.4 below, at and above its limit."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.cryoprecipitate import LICENCE, cryoprecipitate
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import DoseInput
from smartapp.clinical.policy import build_policy


def dose(
    kg: str,
    level: str | None = "1.2",
    hct: str | None = None,
    age: int = 30,
    target: str = "1.5",
    *,
    bleeds: bool = False,
    **site: Any,
) -> Option:
    given = DoseInput(
        weight_kg=Decimal(kg),
        age=age,
        level=None if level is None else Decimal(level),
        target=Decimal(target),
        serious=bleeds,
        low_tier=level is None or Decimal(level) < 1,
        haematocrit=None if hct is None else Decimal(hct),
    )
    return cryoprecipitate(given, build_policy(None, site), serious=bleeds, adult_without_weight=False)


@pytest.mark.req("CRY-01", "V02")
def test_by_plasma_volume() -> None:
    found = dose("20", "1.2", "0.28", 7)
    assert (found.units, found.cap_units, found.volume_ml) == (3, 4, Decimal(45))
    assert found.predicted_g_per_l is not None
    assert round(found.predicted_g_per_l, 2) == Decimal("1.89")


@pytest.mark.req("CRY-01")
@pytest.mark.parametrize(("age", "volume"), [(12, "70 mL/kg"), (11, "75 mL/kg"), (1, "75 mL/kg"), (0, "80 mL/kg")])
def test_the_blood_volume_by_age(age: int, volume: str) -> None:
    assert any(volume in step for step in dose("10", hct="0.3", age=age).steps)


@pytest.mark.req("CRY-01")
@pytest.mark.parametrize(
    ("kg", "level", "units", "capped"),
    [("50", "0.1", 10, True), ("100", "0.1", 10, True), ("10", "0.1", 2, True), ("10", "1.4", 1, False)],
)
def test_the_cap_by_weight_and_by_ten(kg: str, level: str, units: int, capped: bool) -> None:
    found = dose(kg, level, "0.3", 15)
    assert (found.units, "capped_below_target" in found.flags) == (units, capped)


@pytest.mark.req("CRY-01")
@pytest.mark.parametrize(("recovery", "units", "predicted"), [("1", 7, "1.56"), ("0.5", 10, "1.4")])
def test_recovery_changes_dose_and_prediction(recovery: str, units: int, predicted: str) -> None:
    """70 kg, Hct 0.36: 31.36 dL, so 50 mg/dL are 1568 mg; with half the recovery 3136 mg, capped at 10 units."""
    found = dose("70", "1.0", "0.36", cryo_recovery=recovery)
    assert found.predicted_g_per_l is not None
    assert (found.units, f"{round(found.predicted_g_per_l, 2).normalize()}") == (units, predicted)


@pytest.mark.req("CRY-01")
def test_at_least_one_unit() -> None:
    assert dose("3", "1.49", "0.5", min_planned_increment=0).units == 1


@pytest.mark.req("CRY-02")
@pytest.mark.parametrize(
    ("kg", "level", "bleeds", "units"),
    [
        ("40", "1.0", False, 4),
        ("41", "1.0", False, 5),
        ("40", "0.99", False, 8),
        ("40", "1.2", True, 8),
        ("40", None, True, 8),
        ("51", "0.9", False, 10),
        ("120", "1.2", False, 10),
        ("4", "1.2", False, 1),
    ],
)
def test_by_weight(kg: str, level: str | None, bleeds: bool, units: int) -> None:
    found = dose(kg, level, bleeds=bleeds)
    assert (found.units, found.predicted_g_per_l) == (units, None)
    assert found.expected_rise_mg_per_dl == (Decimal(60), Decimal(100))


@pytest.mark.req("CRY-02")
def test_a_site_may_dose_by_weight_and_an_unknown_level_always_does() -> None:
    assert dose("40", "1.2", "0.3", cryo_method="weight").units == 4
    assert dose("40", None, "0.3", bleeds=True).units == 8


@pytest.mark.req("CRY-03")
@pytest.mark.parametrize(
    ("kg", "level", "bleeds", "volume"),
    [
        ("30", "1.2", False, "150"),
        ("30", "0.9", False, "300"),
        ("30", "1.6", True, "300"),
        ("30", None, True, "300"),
        ("40", "0.9", False, "400"),
        ("41", "0.9", False, "400"),
        ("90", "1.2", False, "400"),
    ],
)
def test_by_volume_only(kg: str, level: str | None, bleeds: bool, volume: str) -> None:
    found = dose(kg, level, bleeds=bleeds, cryo_method="ml_per_kg")
    assert (found.volume_ml, found.units, found.pools, found.predicted_g_per_l) == (Decimal(volume), None, None, None)


@pytest.mark.req("CRY-04")
@pytest.mark.parametrize(
    ("kg", "age", "units", "pools"),
    [("24.9", 8, 5, None), ("25", 8, 5, 1), ("26", 8, 6, 2), ("50", 30, 10, 2), ("90", 30, 10, 2)],
)
def test_pools(kg: str, age: int, units: int, pools: int | None) -> None:
    found = dose(kg, "0.9", age=age)
    assert (found.units, found.pools) == (units, pools)


@pytest.mark.req("CRY-04")
@pytest.mark.parametrize(("age", "pools"), [(17, 4), (18, 2)])
def test_an_adult_gets_two_pools_at_most(age: int, pools: int) -> None:
    found = dose("90", "0.9", age=age, cryo_cap_units=20)
    assert (found.units, found.pools) == (18, pools)


@pytest.mark.req("CRY-05", "PRD-02")
@pytest.mark.parametrize("method", ["plasma_volume", "weight", "ml_per_kg"])
def test_how_it_is_given_and_that_it_is_a_component(method: str) -> None:
    found = dose("40", "1.2", "0.3", cryo_method=method)
    assert "within 4 h" in found.steps[-1]
    assert "170-200" in found.steps[-1]
    assert "site's protocol" in found.steps[-1]
    assert found.licence == LICENCE == "component use per transfusion policy"


@pytest.mark.req("CRY-05")
@pytest.mark.parametrize(("unit_ml", "volume"), [("15", 60), ("43", 172)])
def test_the_volume_of_units(unit_ml: str, volume: int) -> None:
    assert dose("40", "1.2", cryo_unit_ml=unit_ml).volume_ml == volume


@pytest.mark.req("FC-06")
@pytest.mark.parametrize(("bleeds", "adult", "units"), [(True, True, 10), (False, True, None), (True, False, None)])
def test_without_a_weight(bleeds: bool, adult: bool, units: int | None) -> None:
    policy = build_policy(None, {"cryo_cap_units": 20})
    assert cryoprecipitate(None, policy, serious=bleeds, adult_without_weight=adult).units == units
