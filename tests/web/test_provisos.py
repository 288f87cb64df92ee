"""What stands in the verdict's own box beside the answer: a newer level that was not used, a recheck that comes first."""

import re
from decimal import Decimal

import pytest

from tests import charts
from tests.web.browsing import Browser, Page
from tests.web.desk import act_now, jane


def said(page: Page) -> str:
    """The verdict's own box, in words."""
    box = page.html.partition('<div class="verdict')[2].partition("</div>")[0]
    return re.sub(r"<[^>]+>", "", box)


@pytest.mark.req("DQ-05", "DQ-17")
def test_the_verdict_itself_says_that_a_newer_result_could_not_be_used_and_why() -> None:
    lost = charts.fibrinogen("0.5", hours_ago=0.5, id_="lost", valueQuantity={"value": Decimal("0.5")})
    told = said(Browser(jane(charts.fibrinogen("1.6", hours_ago=3), lost, charts.crs(2)).app).get())
    assert "A newer fibrinogen, drawn 07:30, 30 min ago, could not be used: Fibrinogen 0.5 could not be read" in told


@pytest.mark.req("DQ-05")
def test_an_older_result_that_could_not_be_read_is_not_in_the_verdict() -> None:
    lost = charts.fibrinogen("0.5", hours_ago=5, id_="lost", valueQuantity={"value": Decimal("0.5")})
    assert "could not be used" not in said(Browser(jane(charts.fibrinogen("1.6"), lost, charts.crs(2)).app).get())


@pytest.mark.req("REP-09", "RCK-01")
def test_the_verdict_itself_says_recheck_first_with_the_dose_above_the_products() -> None:
    ward = act_now()
    dose = charts.given("dose", "B02BB01", hours_ago=0.9, dosage={"dose": {"value": 3000, "unit": "mg", "code": "mg"}})
    ward.source.resources = (*ward.source.resources, dose)
    page = Browser(ward.app).get()
    assert page.headings == ["■ ACT NOW"]
    assert "Recheck first. Given after this sample: fibrinogen concentrate 3000 mg, 07:06, 54 min ago." in said(page)
    assert "Recheck due 08:06." in said(page)


@pytest.mark.req("REP-09")
def test_the_verdict_itself_says_recheck_first_where_a_product_is_on_order() -> None:
    ward = act_now()
    coded = charts.given("order", "B02BB01", status="active", intent="order", authoredOn=charts.ago(hours=2))
    order = {**coded, "resourceType": "MedicationRequest"}
    ward.source.resources = (*ward.source.resources, order)
    assert "Recheck first. Product ordered at 06:00: recheck before another dose." in said(Browser(ward.app).get())


@pytest.mark.req("REP-09", "DQ-02")
def test_a_dose_dated_to_the_day_is_given_after_the_sample_too() -> None:
    ward = act_now()
    dose = charts.given("dose", "B02BB01", effectiveDateTime="2026-03-01")
    ward.source.resources = (*ward.source.resources, dose)
    told = said(Browser(ward.app).get())
    assert "Given after this sample: fibrinogen concentrate amount not recorded, 1 Mar, time not recorded." in told
