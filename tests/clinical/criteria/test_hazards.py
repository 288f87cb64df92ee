"""What stands against replacement (SAF-01, SAF-02, SAF-03, SAF-05, APP-06)."""

from datetime import timedelta
from typing import Any

import pytest

from smartapp.clinical.criteria.hazards import (
    BLOCKED_BY_ALLERGY,
    DYSFIBRINOGENAEMIA,
    FLUID_OVERLOAD,
    THROMBOSIS,
    congenital,
)
from smartapp.clinical.orders import Product
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import ClinicalStatus, Topic
from smartapp.clinical.rule import Missing, Need
from smartapp.clinical.terminology import Allergen, ConditionKind
from tests.builders import NOW, a_condition, a_picture, an_allergy, before, facts_of, unread

CLOT = ConditionKind.THROMBOSIS
CRYO, FC = Product.CRYOPRECIPITATE, Product.FIBRINOGEN_CONCENTRATE


@pytest.mark.req("SAF-01", "V20")
@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"onset": Moment(NOW - timedelta(days=30))}, True),
        ({"onset": Moment(NOW - timedelta(days=30, seconds=1))}, False),
        ({"status": ClinicalStatus.NOT_STATED}, True),
        ({"status": ClinicalStatus.OVER}, False),
        ({"has_abatement": True, "abated": before(hours=1)}, False),
        ({"has_abatement": True, "abated": Moment(NOW)}, False),
        ({"has_abatement": True}, False),
        ({"has_abatement": True, "abated": before(hours=-1)}, True),
        ({"onset": None}, True),
    ],
)
def test_an_active_thrombosis_of_the_last_30_days(more: dict[str, Any], found: bool) -> None:
    clot = a_condition(CLOT, **more)
    assert facts_of(a_picture(conditions=[clot])).get(THROMBOSIS) == (clot if found else None)


@pytest.mark.req("SAF-01")
def test_the_latest_thrombosis_is_named() -> None:
    clots = [a_condition(CLOT, hours_ago=hours, source=f"Condition/{hours}") for hours in (200, 20, 90)]
    assert facts_of(a_picture(conditions=clots)).get(THROMBOSIS) == clots[1]


@pytest.mark.req("SAF-03", "SAF-05")
@pytest.mark.parametrize(
    ("need", "kind"),
    [(FLUID_OVERLOAD, ConditionKind.FLUID_OVERLOAD), (DYSFIBRINOGENAEMIA, ConditionKind.DYSFIBRINOGENAEMIA)],
)
def test_conditions_that_count_while_active(need: Need[Any], kind: ConditionKind) -> None:
    now, over = a_condition(kind), a_condition(kind, status=ClinicalStatus.OVER)
    assert facts_of(a_picture(conditions=[now])).get(need) == now
    assert facts_of(a_picture(conditions=[over])).get(need) is None
    assert isinstance(facts_of(a_picture(unread=unread(Topic.CONDITIONS))).get(need), Missing)


@pytest.mark.req("DQ-17")
def test_unread_conditions_leave_thrombosis_unknown() -> None:
    assert isinstance(facts_of(a_picture(unread=unread(Topic.CONDITIONS))).get(THROMBOSIS), Missing)


@pytest.mark.req("APP-06")
def test_a_congenital_disorder_counts_while_active() -> None:
    disorder = a_condition(ConditionKind.CONGENITAL_FIBRINOGEN_DISORDER)
    assert congenital(facts_of(a_picture(conditions=[disorder]))) == disorder
    assert congenital(facts_of(a_picture())) is None


@pytest.mark.req("SAF-02")
@pytest.mark.parametrize(
    ("allergies", "blocked"),
    [
        ([], set()),
        ([an_allergy(Allergen.PLASMA_DERIVED)], {CRYO, FC}),
        ([an_allergy(Allergen.NAMED_CONCENTRATE)], {FC}),
        ([an_allergy(Allergen.NAMED_CONCENTRATE), an_allergy(Allergen.PLASMA_DERIVED)], {CRYO, FC}),
        ([an_allergy(Allergen.PLASMA_DERIVED, severe=False)], set()),
    ],
)
def test_a_severe_allergy_blocks_products(allergies: list[Any], blocked: set[Product]) -> None:
    found = facts_of(a_picture(allergies=allergies)).get(BLOCKED_BY_ALLERGY)
    assert not isinstance(found, Missing)
    assert set(found) == blocked


@pytest.mark.req("SAF-02", "DQ-17")
def test_unread_allergies_are_unknown() -> None:
    assert isinstance(facts_of(a_picture(unread=unread(Topic.ALLERGIES))).get(BLOCKED_BY_ALLERGY), Missing)
