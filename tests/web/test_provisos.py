"""Provisos (guideline section 10) on the pages: in the core's words and order; what stands; what is not called preferred."""

import html
import json
import re
from decimal import Decimal

import pytest

from smartapp.clinical.picture import Bedside
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
    assert "The newest fibrinogen (drawn 07:30) has no unit: ring the laboratory or repeat now" in told
    assert "could not be used" not in told


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
    assert "Product given at 07:06: recheck before another dose." in said(page)


@pytest.mark.req("REP-09")
def test_the_verdict_itself_says_recheck_first_where_a_product_is_on_order() -> None:
    ward = act_now()
    coded = charts.given("order", "B02BB01", status="active", intent="order", authoredOn=charts.ago(hours=2))
    order = {**coded, "resourceType": "MedicationRequest"}
    ward.source.resources = (*ward.source.resources, order)
    assert "Product ordered at 06:00: recheck before another dose." in said(Browser(ward.app).get())


@pytest.mark.req("REP-09", "DQ-02")
def test_a_dose_dated_to_the_day_is_given_after_the_sample_too() -> None:
    ward = act_now()
    dose = charts.given("dose", "B02BB01", effectiveDateTime="2026-03-01")
    ward.source.resources = (*ward.source.resources, dose)
    told = said(Browser(ward.app).get())
    assert "recheck before another dose." in told


def in_order(text: str, words: list[str]) -> bool:
    places = [text.find(each) for each in words]
    return -1 not in places and places == sorted(places)


@pytest.mark.req("CRS-03", "BLD-01", "RCK-01", "SAF-01")
def test_provisos_stand_in_one_order_on_page_review_confirm_result_and_texts() -> None:
    """SAF-01 beside major bleeding blocks no draft, and is told first; then what the core says next."""
    ward = act_now()
    bleed = charts.condition(
        "bleed", "K92.0", 2, severity={"coding": [{"system": "http://snomed.info/sct", "code": "24484000"}]}
    )
    ward.source.resources = (*ward.source.resources, bleed, charts.condition("dvt", "I82.401", 24))
    browser = Browser(ward.app)
    page = browser.get()
    told = "Weigh against bleeding: I82.401 24 h ago."
    assert told in said(page)
    assert page.text.count(told) >= 3  # the verdict, the handoff line and the note
    assert "preferred" not in page.text
    form = next(form for form in page.forms if "dose_mg" in form.fields)
    review = browser.press(form)
    confirm = browser.press(next(form for form in review.forms if form.action.endswith("/approve")))
    result = browser.press(next(form for form in confirm.forms if form.action.endswith("/approve")))
    for step in (review, confirm, result):
        assert told in step.text
        assert "preferred" not in step.text
    assert result.text.count(told) == 2  # the result and its text for the note


@pytest.mark.req("SAF-01", "BLD-01")
def test_provisos_keep_the_order_of_the_guideline() -> None:
    ward = act_now()
    ward.source.resources = (*ward.source.resources, charts.condition("dvt", "I82.401", 24))
    words = ["Ask haematology first: I82.401 24 h ago.", "Bleeding not recorded: confirm at the bedside."]
    page = Browser(ward.app).get()
    assert in_order(said(page), words)
    assert in_order(page.text.partition("Handoff line")[2], words)
    assert "preferred" not in page.text
    assert "preferred" in Browser(act_now().app).get().text


@pytest.mark.req("PRD-05", "RCK-02", "FHIR-42")
@pytest.mark.parametrize("amount", ["units", "dose_mg"])
def test_what_confirm_shows_is_what_is_stored_word_for_word(amount: str) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    review = browser.press(next(form for form in browser.get().forms if amount in form.fields))
    confirm = browser.press(next(form for form in review.forms if form.action.endswith("/approve")))
    browser.press(next(form for form in confirm.forms if form.action.endswith("/approve")))
    order, recheck = (json.loads(request.body) for request in ward.writer.created[:2])
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", confirm.html)
    shown = {name: html.unescape(words) for name, words in pairs}
    assert shown["In full"] == order["dosageInstruction"][0]["text"]
    assert shown["Product"] == order["medicationCodeableConcept"]["text"]
    assert shown["Priority"] == order["priority"]
    assert shown["Reason"] == order["reasonCode"][0]["text"]
    assert shown["Note"] == order["note"][0]["text"]
    assert "Weight 70 kg." in shown["Note"]
    assert shown["Recheck"] == recheck["occurrenceTiming"]["code"]["text"]
    assert shown["Recheck note"] == recheck["note"][0]["text"]


@pytest.mark.req("REP-13")
def test_what_stands_is_said_on_dose_review_and_confirm_too() -> None:
    """Left standing by a press: the draft may be written beside it, and every step still names it."""
    ward = act_now()
    coded = charts.given("colleague", "B02BB01", status="draft", intent="proposal", authoredOn=charts.ago(hours=2))
    ward.source.resources = (*ward.source.resources, {**coded, "resourceType": "MedicationRequest"})
    ward.bedside = Bedside(standing=frozenset({"MedicationRequest/colleague"}))
    browser = Browser(ward.app)
    page = browser.get()
    line = "Fibrinogen concentrate drafted 06:00, not signed: sign or withdraw it first · MedicationRequest/colleague"
    assert line in page.text
    review = browser.press(next(form for form in page.forms if "dose_mg" in form.fields))
    confirm = browser.press(next(form for form in review.forms if form.action.endswith("/approve")))
    assert f"Standing: {line}" in review.text
    assert f"Standing: {line}" in confirm.text
