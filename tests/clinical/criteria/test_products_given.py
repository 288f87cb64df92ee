"""Fibrinogen products given or on order (REP-09, REP-11, SAF-06, RCK-01)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.criteria.products_given import (
    PRODUCT_ISSUES,
    RECENT_SUPPLY,
    RecentSupply,
    concentrate_mg_in_24h,
    doses_in_24h,
    last_dose_end,
)
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import OrderKind, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Drug
from tests.builders import a_fibrinogen, a_picture, an_exposure, an_infusion, an_order, before, facts_of, on_day, unread

FC, CRYO = Drug.FIBRINOGEN_CONCENTRATE, Drug.CRYOPRECIPITATE


def supply(*labs: Any, **more: Any) -> RecentSupply | Missing | None:
    return facts_of(a_picture(*labs, **more)).get(RECENT_SUPPLY)


@pytest.mark.req("REP-09")
@pytest.mark.parametrize(
    ("drug", "sample_hours", "dose_hours", "recent"),
    [
        (FC, 7, 6, True),
        (FC, 7, 6.01, False),
        (CRYO, 3, 2, True),
        (FC, 2, 2, False),
        (FC, 2, 3, False),
        (FC, 2, -0.5, False),
        (Drug.PLASMA, 3, 2, False),
        (FC, 25, 2, True),
        (FC, None, 6, True),
        (FC, None, 0, True),
        (FC, None, 6.01, False),
    ],
)
def test_a_product_started_after_the_sample_and_within_6_hours(
    drug: Drug, sample_hours: float | None, dose_hours: float, recent: bool
) -> None:
    labs = [] if sample_hours is None else [a_fibrinogen("0.8", sample_hours)]
    dose = an_exposure(drug, dose_hours)
    assert supply(*labs, exposures=[dose]) == (RecentSupply(given=dose) if recent else None)


@pytest.mark.req("REP-09")
def test_at_tx_there_is_no_sample_and_any_recent_dose_counts() -> None:
    dose = an_exposure(FC, 2)
    assert supply(a_fibrinogen("<2.0", 1), exposures=[dose]) == RecentSupply(given=dose)


@pytest.mark.req("REP-09")
@pytest.mark.parametrize(("day", "recent"), [(1, True), (0, False)])
def test_a_dose_known_only_by_its_day_may_be_recent(day: int, recent: bool) -> None:
    dose = an_exposure(FC, start=on_day(2026, 3, 1) if day else on_day(2026, 2, 28))
    assert (supply(a_fibrinogen("0.8", 1), exposures=[dose]) is not None) is recent


@pytest.mark.req("REP-09")
@pytest.mark.parametrize(
    ("order", "recent"),
    [
        (an_order(FC, 4), True),
        (an_order(FC, 4.01), False),
        (an_order(CRYO, 1, kind=OrderKind.SERVICE_REQUEST), True),
        (an_order(FC, 1, kind=OrderKind.MEDICATION_STATEMENT), False),
        (an_order(Drug.PLASMA, 1), False),
        (an_order(None, 1, fibrinogen_test=True), False),
        (an_order(FC, authored=None), True),
        (an_order(FC, authored=on_day(2026, 3, 1)), True),
        (an_order(FC, authored=on_day(2026, 2, 27)), False),
        (an_order(FC, -0.1), True),
    ],
)
def test_an_active_order_counts_for_4_hours(order: Any, recent: bool) -> None:
    assert supply(a_fibrinogen("0.8", 1), orders=[order]) == (RecentSupply(ordered=order) if recent else None)


@pytest.mark.req("REP-09")
def test_the_latest_dose_and_order_are_named() -> None:
    doses, orders = (
        [an_exposure(FC, 2), an_exposure(FC, 1)],
        [an_order(FC, 3), an_order(FC, 2), an_order(FC, authored=None)],
    )
    found = supply(a_fibrinogen("0.8", 5), exposures=doses, orders=orders)
    assert found == RecentSupply(given=doses[1], ordered=orders[1])
    assert isinstance(found, RecentSupply)
    assert found.at == doses[1].start.at
    assert RecentSupply(ordered=orders[1]).at == before(hours=2).at
    assert RecentSupply(ordered=orders[2]).at is None


@pytest.mark.req("REP-09", "DQ-17")
@pytest.mark.parametrize(
    "topic", [Topic.ADMINISTRATIONS, Topic.PROCEDURES, Topic.MEDICATION_REQUESTS, Topic.SERVICE_REQUESTS]
)
def test_unread_doses_or_orders_leave_it_unknown(topic: Topic) -> None:
    assert isinstance(supply(unread=unread(topic)), Missing)


@pytest.mark.req("REP-09")
def test_the_site_may_set_the_hours() -> None:
    picture = a_picture(a_fibrinogen("0.8", 9), exposures=[an_exposure(FC, 8)])
    assert facts_of(picture, recent_dose_h=8).get(RECENT_SUPPLY) is not None
    picture = a_picture(a_fibrinogen("0.8", 1), orders=[an_order(FC, 8)])
    assert facts_of(picture, pending_order_h=8).get(RECENT_SUPPLY) is not None


@pytest.mark.req("REP-11", "SAF-06")
def test_doses_of_24_hours_and_their_milligrams() -> None:
    doses = [
        an_exposure(FC, 24, dose_mg=Decimal(1000)),
        an_exposure(FC, 24.01, dose_mg=Decimal(4000)),
        an_exposure(FC, 3, dose_mg=Decimal(2000)),
        an_exposure(CRYO, 2, dose_mg=Decimal(500)),
        an_exposure(Drug.PLASMA, 2),
        an_exposure(FC, -1, dose_mg=Decimal(3000)),
    ]
    facts = facts_of(a_picture(exposures=doses))
    assert doses_in_24h(facts) == [doses[0], doses[2], doses[3]]
    assert concentrate_mg_in_24h(facts) == 3000


@pytest.mark.req("SAF-06")
def test_a_dose_of_concentrate_without_an_amount_is_named() -> None:
    doses = [an_exposure(FC, 3), an_exposure(CRYO, 3), an_exposure(FC, 30), an_exposure(FC, 2, dose_mg=Decimal(1000))]
    gaps = facts_of(a_picture(exposures=doses)).get(PRODUCT_ISSUES)
    assert not isinstance(gaps, Missing)
    assert [(gap.rule, gap.source) for gap in gaps] == [("SAF-06", doses[0].source)]


@pytest.mark.req("RCK-01")
@pytest.mark.parametrize(
    ("doses", "hours_ago"),
    [
        ([], None),
        ([an_exposure(FC, 3)], 3),
        ([an_exposure(FC, 3, end=before(hours=2.5))], 2.5),
        ([an_exposure(FC, 9), an_exposure(CRYO, 3, end=before(hours=2))], 2),
        ([an_exposure(FC, 9), an_exposure(CRYO, 1, running=True)], None),
        ([an_exposure(FC, 6 * 24 + 1)], None),
        ([an_exposure(Drug.PLASMA, 3)], None),
    ],
)
def test_the_end_of_the_last_dose_since_the_infusion(doses: list[Any], hours_ago: float | None) -> None:
    facts = facts_of(a_picture(exposures=doses, infusions=[an_infusion(6)]))
    assert last_dose_end(facts) == (None if hours_ago is None else before(hours=hours_ago).at)


@pytest.mark.req("RCK-01")
@pytest.mark.parametrize("order", [0, 1])
def test_of_two_doses_started_together_the_one_that_ended_later_is_the_last(order: int) -> None:
    sources = ["MedicationAdministration/a", "MedicationAdministration/b"]
    doses = [
        an_exposure(CRYO, 6, source=sources[order], end=before(hours=5.5)),
        an_exposure(FC, 6, source=sources[1 - order]),
    ]
    facts = facts_of(a_picture(exposures=doses, infusions=[an_infusion(6)]))
    assert last_dose_end(facts) == before(hours=5.5).at


def test_a_dose_before_the_infusion_on_the_same_day_is_no_dose_since() -> None:
    at = Moment(datetime(2026, 2, 23, 7, tzinfo=UTC))
    assert last_dose_end(facts_of(a_picture(exposures=[an_exposure(FC, start=at)]))) is None
