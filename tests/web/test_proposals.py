"""Approving by the forms of interfaces.md section 4."""

import json
import re
from decimal import Decimal

import pytest

from smartapp.clinical.orders import Product
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.usecases.orders.proposal import ProposalState
from smartapp.usecases.ports import WriteResult, WriteState
from smartapp.web.launch import UserKind
from tests import charts
from tests.web.browsing import Browser, Form, Page
from tests.web.desk import LAUNCH, MemoryProposals, MemoryWriter, act_now, jane

AMOUNTS = {"dose_mg", "units"}


def approvals(page: Page) -> list[Form]:
    return [form for form in page.forms if form.action.endswith("/approve")]


def concentrate(page: Page) -> Form:
    return next(form for form in approvals(page) if "dose_mg" in form.fields)


def test_an_approval_form_stands_for_each_option_and_needs_no_script() -> None:
    page = Browser(act_now().app).get()
    assert [set(form.fields) for form in approvals(page)] == [
        {"csrf_token", "units", "recheck"},
        {"csrf_token", "dose_mg", "recheck"},
    ]
    assert all(re.fullmatch(rf"/l/{LAUNCH}/proposals/[^/]+/approve", form.action) for form in approvals(page))
    assert all(form.method == "post" and form.buttons for form in approvals(page))


@pytest.mark.req("FHIR-40", "SEC-04")
def test_three_presses_as_rendered_write_one_order_and_only_the_third_writes() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    review = browser.press(concentrate(browser.get()))
    assert "Dose review" in review.title
    assert "2882.4 mg is rounded to 3000 mg" in review.text
    receipt = browser.press(approvals(review)[0])
    assert "Create draft order for Jane DOE — concentrate 3000 mg" in receipt.text
    assert ward.writer.created == []
    saved = browser.press(approvals(receipt)[0])
    assert "Saved as draft" in saved.headings[0]
    assert "MedicationRequest/12" in saved.text
    assert len(ward.writer.orders) == 1
    assert json.loads(ward.writer.orders[0].body)["status"] == "draft"


@pytest.mark.req("FHIR-44")
def test_pressing_again_ends_on_the_same_result_with_one_order() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    first = browser.press(approvals(receipt)[0])
    again = browser.press(approvals(receipt)[0])
    assert first.headings == again.headings
    assert len(ward.writer.orders) == 1
    patient = browser.get()
    assert "Saved as draft" in patient.text
    assert "MedicationRequest/12" in patient.text
    assert not approvals(patient)


def test_a_double_click_on_the_dose_review_does_not_write() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    review = browser.press(concentrate(browser.get()))
    browser.press(approvals(review)[0])
    receipt = browser.press(approvals(review)[0])
    assert "Confirm" in receipt.headings[0]
    assert ward.writer.created == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("4001", "above the limit for this patient, 4000 mg"),
        ("3,000", "can be read as 3 or as 3000"),
        ("3.000", "can be read as 3 or as 3000"),
        ("0", "The amount is zero"),
        ("three", "is not an amount"),
        ("", "is not an amount"),
        ("-3000", "is not an amount"),
        ("1e3", "is not an amount"),
    ],
)
def test_an_amount_that_cannot_be_approved_is_refused_with_the_reason(typed: str, says: str) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    review = browser.press(concentrate(browser.get()))
    answer = browser.press(approvals(review)[0], dose_mg=typed)
    assert answer.status == 422
    assert says in answer.text
    assert ward.writer.created == []


@pytest.mark.parametrize(
    ("typed", "shown"), [("2500", "2500 mg"), ("2 500", "2500 mg"), ("2500,5", "2500.5 mg"), ("2500.5", "2500.5 mg")]
)
def test_an_amount_with_comma_or_point_stands_on_the_receipt(typed: str, shown: str) -> None:
    browser = Browser(act_now().app)
    review = browser.press(concentrate(browser.get()))
    assert shown in browser.press(approvals(review)[0], dose_mg=typed).text


def test_the_receipt_says_the_amount_in_letters_and_the_patient() -> None:
    browser = Browser(act_now().app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    assert "three thousand milligrams" in receipt.text
    assert receipt.text.count("Jane DOE") >= 3


def test_cryoprecipitate_is_asked_in_units() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    form = next(form for form in approvals(browser.get()) if "units" in form.fields)
    receipt = browser.press(approvals(browser.press(form))[0], units="8")
    assert "8 single-donor units" in receipt.text
    assert "Saved as draft" in browser.press(approvals(receipt)[0]).text


@pytest.mark.parametrize(
    ("ward", "reason"),
    [
        (lambda: jane(charts.fibrinogen("0.8"), charts.crs(3)), "Weight is not recorded"),
        (lambda: jane(charts.fibrinogen("0.8", hours_ago=13), charts.weight("70"), charts.crs(3)), "older than 12 h"),
        (
            lambda: act_now(writer=MemoryWriter(why_not="not permitted: MedicationRequest")),
            "Not permitted: MedicationRequest",
        ),
    ],
)
def test_where_no_draft_may_be_written_there_is_no_form_and_the_reason_stands(ward, reason: str) -> None:  # type: ignore[no-untyped-def]
    page = Browser(ward().app).get()
    assert not approvals(page)
    assert reason in page.text


@pytest.mark.req("FHIR-46")
def test_not_confirmed_has_a_button_that_only_searches() -> None:
    ward = act_now(
        writer=MemoryWriter(answer=WriteResult(state=WriteState.NOT_CONFIRMED, reason="The EHR did not answer."))
    )
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    result = browser.press(approvals(receipt)[0])
    assert result.headings == ["Not confirmed — check before retrying"]
    assert "Not confirmed" in browser.get().text
    written = len(ward.writer.created)
    assert browser.press(result.form("/check")).headings == ["Saved as draft"]
    assert len(ward.writer.created) == written


def test_not_saved_says_why() -> None:
    ward = act_now(writer=MemoryWriter(answer=WriteResult(state=WriteState.REFUSED, reason="The EHR refused: 422.")))
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    result = browser.press(approvals(receipt)[0])
    assert result.headings == ["Not saved"]
    assert "The EHR refused: 422." in result.text
    assert "Not saved" in browser.get().text


@pytest.mark.req("FHIR-43")
def test_a_new_result_since_the_review_stops_the_writing_and_is_named() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    ward.source.resources = (*ward.source.resources, charts.fibrinogen("1.62", hours_ago=0.2, id_="new"))
    result = browser.press(approvals(receipt)[0])
    assert result.headings == ["Not saved"]
    assert "1.62 g/L" in result.text
    assert ward.writer.created == []


@pytest.mark.req("SEC-07")
def test_a_proposal_of_another_launch_is_not_found() -> None:
    kept = MemoryProposals()
    mine, other = act_now(kept=kept), act_now(kept=kept, launch="launch-2")
    action = concentrate(Browser(mine.app).get()).action
    stranger = Browser(other.app)
    proposal = action.split("/")[-2]
    assert stranger.get(f"/l/launch-2/proposals/{proposal}").status == 404


@pytest.mark.req("SEC-04")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    form = concentrate(browser.get())
    refused = browser.client.post(form.action, data=form.fields, headers=headers)
    assert refused.status_code == 403


@pytest.mark.req("SEC-04")
def test_origin_null_from_the_same_origin_is_accepted() -> None:
    browser = Browser(act_now().app)
    page = browser.press(concentrate(browser.get()), {"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    assert page.status == 200


@pytest.mark.req("SEC-04")
def test_a_token_of_another_proposal_or_none_is_refused() -> None:
    browser = Browser(act_now().app)
    first, second = approvals(browser.get())
    assert browser.press(first, csrf_token=second.fields["csrf_token"]).status == 403
    assert browser.press(first, csrf_token="").status == 403
    assert browser.press(first, csrf_token="forged").status == 403


@pytest.mark.req("SAL-73")
def test_without_a_professional_nothing_can_be_approved() -> None:
    ward = act_now()
    form = concentrate(Browser(ward.app).get())
    for kind in (UserKind.UNKNOWN, UserKind.PATIENT):
        ward.user = kind
        browser = Browser(ward.app)
        assert not approvals(browser.get())
        assert browser.press(form).status == 403


def test_not_now_is_one_press_with_a_reason() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    form = browser.get().form("/decline")
    assert [value for name, value in form.buttons if name == "reason"] == [
        "indication-order-exists",
        "need-more-info",
        "risk-benefit-ratio",
        "expert-contradicts",
        "policy-contradicts",
        "service-not-available",
        "patient-ineligible",
    ]
    assert browser.press(form, reason="because").status == 400
    assert (
        "Not now: cryoprecipitate 10 single-donor units (= 2 pools of 5), repeat pending"
        in browser.press(form, reason="need-more-info").text
    )


def test_not_now_declines_all_that_the_page_shows_and_names_it() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    page = browser.get()
    assert (
        "Declines cryoprecipitate 10 single-donor units (= 2 pools of 5) and fibrinogen concentrate 3000 mg, because:"
        in page.text
    )
    after = browser.press(page.form("/decline"), reason="need-more-info").text
    for product in ("cryoprecipitate 10 single-donor units (= 2 pools of 5)", "fibrinogen concentrate 3000 mg"):
        assert f"Not now: {product}, repeat pending" in after
    assert [proposal.state for proposal in ward.kept.kept.values()][:2] == [ProposalState.DECLINED] * 2


def test_not_now_on_the_dose_review_declines_that_product_alone() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    review = browser.press(concentrate(browser.get()))
    assert "Declines fibrinogen concentrate 3000 mg, because:" in review.text
    after = browser.press(review.form("/decline"), reason="need-more-info").text
    assert "Not now: fibrinogen concentrate 3000 mg" in after
    assert "Not now: cryoprecipitate" not in after


def test_another_launchs_proposal_cannot_be_declined_along() -> None:
    kept = MemoryProposals()
    other = act_now(kept=kept, launch="launch-2")
    other.page.orders.offer(other.case, other.assessed())
    theirs = next(iter(kept.kept))
    browser = Browser(act_now(kept=kept).app)
    assert browser.press(browser.get().form("/decline"), reason="need-more-info", also=theirs).status == 404
    assert kept.kept[theirs].state is ProposalState.PROPOSED


def test_a_written_draft_can_be_withdrawn() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    saved = browser.press(approvals(receipt)[0])
    assert browser.press(saved.form("/withdraw")).headings == ["Withdrawn"]


def test_the_dose_can_be_changed_from_the_receipt() -> None:
    browser = Browser(act_now().app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    assert "Dose review" in browser.press(approvals(receipt)[1]).headings[0]


def test_the_products_are_those_of_the_guideline() -> None:
    assert {str(product) for product in Product} == {"cryoprecipitate", "fibrinogen_concentrate"}


def test_what_another_launch_wrote_for_the_same_result_is_shown_and_not_opened() -> None:
    kept = MemoryProposals()
    first = Browser(act_now(kept=kept).app)
    receipt = first.press(approvals(first.press(concentrate(first.get())))[0])
    first.press(approvals(receipt)[0])
    second = act_now(kept=kept, launch="launch-2")
    page = Browser(second.app).get("/l/launch-2/")
    assert "Saved as draft" in page.text
    assert "from another launch for the same result" in page.text
    assert "/proposals/" not in page.html
    assert not approvals(page)


@pytest.mark.req("FHIR-44")
def test_a_press_that_came_second_is_told_which_order_stands_and_not_that_none_does() -> None:
    kept = MemoryProposals()
    browsers = [Browser(act_now(kept=kept, launch=launch).app) for launch in (LAUNCH, "launch-2")]
    pages = [browsers[0].get(), browsers[1].get("/l/launch-2/")]
    receipts = [b.press(approvals(b.press(concentrate(page)))[0]) for b, page in zip(browsers, pages, strict=True)]
    browsers[0].press(approvals(receipts[0])[0])
    late = browsers[1].press(approvals(receipts[1])[0])
    assert late.headings[0] == "Not saved"
    assert "an order for the same result stands in the EHR, MedicationRequest/12" in late.text
    assert "No order was stored" not in late.text


@pytest.mark.req("FHIR-42")
def test_the_orders_note_says_that_the_clinician_chose_another_amount() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg="2000")
    browser.press(approvals(receipt)[0])
    (written,) = ward.writer.orders
    note = json.loads(written.body)["note"][0]["text"]
    assert "The clinician chose 2000 mg in the place of the calculated 3000 mg" in note


def test_the_result_tells_what_became_of_the_follow_up() -> None:
    browser = Browser(act_now().app)
    page = browser.get()
    for _ in range(3):
        page = browser.press(page.form("/approve"))
    assert "Follow-up fibrinogen: ordered as draft, ServiceRequest/12" in page.text


def test_the_dose_review_tells_what_was_given_and_what_to_be_careful_about() -> None:
    given = charts.given("dose", "B02BB01", hours_ago=9, dosage={"dose": {"value": 2000, "unit": "mg", "code": "mg"}})
    overload = charts.condition("wet", "E87.70", 5)
    chart = (charts.fibrinogen("0.8"), charts.crs(3), charts.weight("70"), given, overload)
    browser = Browser(jane(*chart).app)
    review = browser.press(browser.get().form("/approve"))
    assert "fibrinogen concentrate 2000 mg, 28 Feb 23:00, 9 h ago" in review.text
    assert "SAF-03" in review.text


@pytest.mark.req("DQ-02")
def test_a_dose_of_yesterday_without_a_time_is_not_left_out_of_the_dose_review() -> None:
    given = charts.given("dose", "B02BB01", effectiveDateTime="2026-02-28")
    browser = Browser(jane(charts.fibrinogen("0.8"), charts.crs(3), charts.weight("70"), given).app)
    review = browser.press(browser.get().form("/approve"))
    assert "28 Feb, time not recorded" in review.text
    assert "none recorded" not in review.text.partition("Given in the last 24 h")[2][:80]


def test_no_dose_recorded_is_said_on_the_dose_review() -> None:
    browser = Browser(act_now().app)
    assert "Given in the last 24 h none recorded" in " ".join(
        browser.press(browser.get().form("/approve")).text.split()
    )


def test_the_decision_receipt_is_linked_and_downloaded_once_decided() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    page = browser.press(browser.get().form("/approve"))
    address = page.form("/approve").action.replace("/approve", "/receipt.json")
    assert browser.client.get(address).status_code == 404
    for _ in range(2):
        page = browser.press(page.form("/approve"))
    assert address in page.html
    file = browser.client.get(address)
    assert (file.status_code, file.content_type) == (200, "application/json")
    assert "attachment" in file.headers["Content-Disposition"]


@pytest.mark.req("SAL-73")
def test_only_a_professional_takes_the_receipt() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    page = browser.get()
    for _ in range(3):
        address = page.form("/approve").action.replace("/approve", "/receipt.json")
        page = browser.press(page.form("/approve"))
    for kind in (UserKind.UNKNOWN, UserKind.PATIENT):
        ward.user = kind
        assert browser.client.get(address).status_code == 403


def test_the_page_follows_the_order_and_what_came_after_it() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    page = browser.get()
    for _ in range(3):
        page = browser.press(page.form("/approve"))
    assert "No dose is recorded as given since" in page.text
    ward.source.resources = (
        *ward.source.resources,
        charts.given("dose", "B02BB01", hours_ago=0, dosage={"dose": {"value": 3000, "unit": "mg", "code": "mg"}}),
        charts.fibrinogen("1.62", hours_ago=0, id_="after"),
    )
    page = browser.get(page.form("/withdraw").action.replace("/withdraw", ""))
    assert "Given: fibrinogen concentrate 3000 mg, 08:00" in page.text
    assert "Fibrinogen since: 1.62 g/L, drawn 08:00" in page.text


def test_the_review_shows_the_other_product_and_steps_in_whole_vials() -> None:
    browser = Browser(act_now().app)
    review = browser.press(concentrate(browser.get()))
    assert "The other product" in review.text
    assert "cryoprecipitate 10 single-donor units (= 2 pools of 5)" in review.text
    assert 'data-steps="1000" hidden>+ 1 vial' in review.html
    assert 'data-most="4000"' in review.html


@pytest.mark.req("SAF-06")
def test_the_other_product_is_chosen_within_the_review_by_one_press() -> None:
    browser = Browser(act_now().app)
    review = browser.press(concentrate(browser.get()))
    (_, other) = approvals(review)
    instead = browser.press(other)
    assert instead.headings[0] == "Dose review: cryoprecipitate 10 single-donor units (= 2 pools of 5)"
    assert "at most 10 single-donor units for this patient" in instead.text
    assert "ten single-donor units" in instead.text
    assert next(form.fields["units"] for form in approvals(instead)) == "10"
    saved = browser.press(approvals(browser.press(approvals(instead)[0]))[0])
    assert saved.headings[0] == "Saved as draft"
    assert "cryoprecipitate 10 single-donor units (= 2 pools of 5)" in saved.text


@pytest.mark.req("FC-04", "FHIR-42")
@pytest.mark.parametrize(
    ("typed", "says"),
    [("2500", "3 vials"), ("3500", "4 vials"), ("1000", "1 vial"), ("1001", "2 vials"), ("2000", "2 vials")],
)
def test_an_amount_of_ones_own_takes_as_many_vials_as_hold_it(typed: str, says: str) -> None:
    ward = act_now()
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg="2000")
    again = browser.press(approvals(browser.press(approvals(receipt)[-1]))[0], dose_mg=typed)
    browser.press(approvals(again)[0])
    (written,) = ward.writer.orders
    assert f"; {says};" in json.loads(written.body)["dosageInstruction"][0]["text"]


@pytest.mark.req("ORD-04")
def test_an_amount_far_from_the_computed_one_is_questioned_on_the_receipt() -> None:
    """A small amount may be meant."""
    browser = Browser(act_now().app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg="1000")
    assert "ORD-04" in receipt.text
    assert "Create draft order" in receipt.html


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2.5", "did you mean 2500 mg (2.5 g)?"),
        ("3", "did you mean 3000 mg (3 g)?"),
        ("300", "far below the computed dose: 3000 mg computed"),
        ("499", "far below the computed dose"),
    ],
)
def test_an_amount_that_slipped_shows_the_form_again_and_stores_nothing(typed: str, says: str) -> None:
    """Clinicians H7: 2.5 mg, thought in grams, was saved as a draft."""
    ward = act_now()
    browser = Browser(ward.app)
    again = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg=typed)
    assert (again.status, says in again.text) == (422, True)
    assert again.headings[0].startswith("Dose review")
    assert ward.writer.orders == []
    receipt = browser.press(approvals(again)[0], dose_mg="2500")
    assert "2500 mg" in receipt.headings[0]


@pytest.mark.req("FC-04")
def test_the_receipt_tells_the_level_that_the_chosen_amount_should_bring() -> None:
    """0.8 g/L, 70 kg, RiaSTAP (1.7 mg/dL per mg/kg): 1000 mg bring 24.3 mg/dL."""
    browser = Browser(act_now().app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg="1000")
    assert "about 1.04 g/L (104 mg/dL)" in receipt.text


def test_an_order_that_rests_on_what_was_entered_by_hand_says_so() -> None:
    ward = jane(charts.fibrinogen("0.8"), charts.crs(3))
    ward.bedside = Bedside(weight_kg=Decimal("82.5"), bleeding=BleedingLevel.MAJOR)
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0])
    words = "Entered by the clinician, not from the record: weight 82.5 kg, bleeding major"
    browser.press(approvals(receipt)[0])
    assert words in json.loads(ward.writer.orders[0].body)["note"][0]["text"]


@pytest.mark.req("FHIR-42")
def test_another_amount_leaves_the_mark_of_what_was_entered_by_hand_and_is_told_once() -> None:
    """Chosen twice, the second amount counts; the calculated one again is no choice."""
    ward = jane(charts.fibrinogen("0.8"), charts.crs(3))
    ward.bedside = Bedside(weight_kg=Decimal("82.5"))
    browser = Browser(ward.app)
    receipt = browser.press(approvals(browser.press(concentrate(browser.get())))[0], dose_mg="2000")
    again = browser.press(approvals(browser.press(approvals(receipt)[-1]))[0], dose_mg="2500")
    browser.press(approvals(again)[0])
    note = json.loads(ward.writer.orders[0].body)["note"][0]["text"]
    assert "not from the record: weight 82.5 kg" in note
    assert note.count("The clinician chose") == 1
    assert "chose 2500 mg" in note
