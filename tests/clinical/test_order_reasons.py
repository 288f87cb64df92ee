"""Why and how urgently something is ordered, and when an amount slipped (PRD-05, ORD-12)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.amount_slips import is_slip, meant_in_grams
from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.labs import Comparator
from smartapp.clinical.order_reasons import clinical_reason, fibrinogen_priority, priority_of, stated
from smartapp.clinical.orders import Priority, Product, ProposedOrder
from smartapp.clinical.picture import Bedside, BleedingLevel, Topic
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import CarTProduct
from tests.builders import a_crs, a_fibrinogen, a_picture, a_weight, an_infusion, unread


def answer(level: str = "0.8", bleeding: BleedingLevel | None = None, grade: int = 3, **more: Any) -> Assessment:
    """Day 6, 70 kg; `bleeding` as added by hand, since that is how every level is had."""
    labs = [a_fibrinogen(level, **more.pop("lab", {})), a_weight("70")]
    picture = a_picture(*labs, crs=[a_crs(grade)], bedside=Bedside(bleeding=bleeding), **more)
    return assess(picture, build_policy(None, {}))


@pytest.mark.req("PRD-05")
@pytest.mark.parametrize(
    ("level", "bleeding", "reason"),
    [
        ("1.3", BleedingLevel.MAJOR, "hypofibrinogenaemia 1.3 g/L, major bleeding, day 6 after tisagenlecleucel"),
        ("0.8", None, "hypofibrinogenaemia 0.8 g/L, bleeding not recorded, day 6 after tisagenlecleucel"),
        (
            "0.8",
            BleedingLevel.NONE,
            "hypofibrinogenaemia 0.8 g/L, no bleeding (entered by hand), day 6 after tisagenlecleucel",
        ),
        ("1.8", BleedingLevel.MAJOR, "fibrinogen 1.8 g/L, major bleeding, day 6 after tisagenlecleucel"),
    ],
)
def test_the_reason_is_the_patient_s_state(level: str, bleeding: BleedingLevel | None, reason: str) -> None:
    assert clinical_reason(answer(level, bleeding)) == reason


@pytest.mark.req("PRD-05", "DQ-04", "DQ-17")
def test_a_bound_an_unread_part_and_an_unknown_product_are_told_as_such() -> None:
    bound = answer("0.6", lab={"comparator": Comparator.BELOW})
    assert clinical_reason(bound).startswith("hypofibrinogenaemia <0.6 g/L")
    assert "bleeding not known" in clinical_reason(answer(unread=unread(Topic.CONDITIONS)))
    unknown = answer(infusions=[an_infusion(product=CarTProduct.UNKNOWN)])
    assert clinical_reason(unknown).endswith("day 6 after CAR-T cells (product not identified)")
    assert clinical_reason(answer(lab={"hours_ago": 30})).startswith("fibrinogen not known")


@pytest.mark.req("PRD-05")
@pytest.mark.parametrize(
    ("level", "bleeding", "grade", "priority"),
    [
        ("1.3", BleedingLevel.MAJOR, 2, Priority.STAT),
        ("1.3", BleedingLevel.SIGNIFICANT, 2, Priority.STAT),
        ("0.8", None, 3, Priority.ASAP),
        ("0.8", BleedingLevel.MINOR, 3, Priority.ASAP),
        ("1.2", None, 3, Priority.URGENT),
        ("1.8", BleedingLevel.MAJOR, 2, Priority.URGENT),
        ("2.5", None, 1, Priority.ROUTINE),
    ],
)
def test_how_soon_follows_bleeding_and_the_indicator(
    level: str, bleeding: BleedingLevel | None, grade: int, priority: Priority
) -> None:
    assert priority_of(answer(level, bleeding, grade)) is priority


@pytest.mark.req("PRD-05")
def test_a_fibrinogen_without_a_level_to_rely_on_is_wanted_soon() -> None:
    assert fibrinogen_priority(answer()) is Priority.ASAP
    assert fibrinogen_priority(answer(bleeding=BleedingLevel.MAJOR)) is Priority.STAT


@pytest.mark.req("PRD-05")
def test_an_order_carries_what_its_option_and_its_patient_are() -> None:
    assessment = answer()
    cryo = next(option for option in assessment.options if option.product is Product.CRYOPRECIPITATE)
    order = stated(ProposedOrder(product=cryo.product, reason="low", units=cryo.units), assessment, cryo)
    assert (order.pools, order.units_per_pool, order.weight_kg, order.priority) == (2, 5, 70, Priority.ASAP)


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("amount", "computed", "vial", "slipped"),
    [
        ("499", "2000", "1000", True),
        ("500", "2000", "1000", False),
        ("499", "1000", "1000", True),
        ("499", "999", "1000", False),  # less than a vial was computed: only the tenth counts
        ("99.9", "999", "1000", True),
        ("100", "999", "1000", False),
        ("1", "10", None, True),
        ("1", "9", None, False),
    ],
)
def test_an_amount_slips_below_half_a_vial_or_at_a_tenth(
    amount: str, computed: str, vial: str | None, slipped: bool
) -> None:
    assert is_slip(Decimal(amount), Decimal(computed), Decimal(vial) if vial else None) is slipped


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("amount", "computed", "meant"),
    [("2.5", "2000", 2500), ("1", "2000", 1000), ("4", "2000", 4000), ("0.99", "2000", None), ("4.01", "2000", None)],
)
def test_grams_are_what_was_meant_between_half_and_twice_the_computed_dose(
    amount: str, computed: str, meant: int | None
) -> None:
    assert meant_in_grams(Decimal(amount), Decimal(computed)) == meant
