"""From the demo EHR's patient list to a draft order in the chart, in a real browser."""

import re
from typing import Any

import pytest
import requests

from smartapp.fhir.queries import QUERIES
from tests.conftest import Stack

ACT_NOW, CHILD, NO_WEIGHT, LOOK_ALIKE, RECOVERED = "lindqvist", "moreau", "petrov", "brandt", "haddad"


READ = "main:not(:has([role=status]))"  # a page that still reads says so in a status line


def open_chart(page: Any, stack: Stack, patient: str, until: str = READ) -> Any:
    """The chart with the app launched inside it, its reading complete; the app's frame."""
    page.goto(f"{stack.ehr}/chart/{patient}")
    frame = page.frame_locator("iframe")
    frame.locator(until).wait_for()
    return frame


def press(frame: Any, words: str) -> None:
    frame.locator("form[action$='/approve'] button").first.click()
    frame.get_by_text(words).first.wait_for()


def turn(stack: Stack, *faults: str) -> None:
    """Turn these faults on and all others off."""
    requests.post(f"{stack.ehr}/faults", data=[("on", fault) for fault in faults], timeout=10)


@pytest.fixture
def all_well(stack: Stack) -> Any:
    requests.post(f"{stack.ehr}/reset", timeout=60)
    yield stack
    turn(stack)


def test_three_presses_from_the_chart_to_a_draft(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    assert "ACT NOW" in frame.locator("main").inner_text()
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    press(frame, "Saved as draft")
    saved = frame.locator("main").inner_text()
    page.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    orders = page.locator("main").inner_text()
    reference = next(word for word in saved.split() if word.startswith("MedicationRequest/"))
    assert reference in orders
    assert orders.count("Cryoprecipitate") >= 1


def test_a_double_click_makes_one_order(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    frame.locator("form[action$='/approve'] button").first.dblclick()
    frame.get_by_text("Saved as draft").first.wait_for()
    page.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    text = page.locator("main").inner_text()
    assert text.count("draft proposal") + text.count("draft\u00a0proposal") in (1, 2)  # the order, and its follow-up
    assert text.count("MedicationRequest/") - text.count("lindqvist-medicationrequest") == 1


def test_a_written_order_is_not_offered_again(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    press(frame, "Saved as draft")
    frame = open_chart(page, all_well, ACT_NOW)
    assert "Saved as draft" in frame.locator("main").inner_text()
    assert frame.locator("form[action$='/approve']").count() == 0


def test_the_look_alike_gets_no_card_and_no_advice(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, LOOK_ALIKE)
    assert "OUTSIDE SCOPE" in frame.locator("main").inner_text()
    assert "nothing to say for this patient" in page.locator("main").inner_text()
    assert frame.locator("form[action$='/approve']").count() == 0


def test_the_unweighed_patient_is_asked_not_guessed(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, NO_WEIGHT)
    text = frame.locator("main").inner_text()
    assert "Weight is not recorded" in text
    assert frame.locator("form[action$='/approve']").count() == 0
    field = frame.locator("input[name='weight_kg']").first
    field.fill("82")
    field.press("Enter")
    frame.locator("form[action$='/approve']").first.wait_for()


def test_a_new_result_in_the_chart_moves_page_and_card(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    page.get_by_label("Value").fill("2.6")
    page.get_by_role("button", name="Add result").click()
    frame = page.frame_locator("iframe")
    frame.get_by_text("RECHECK").first.wait_for()
    assert "2.6 g/L" in frame.locator("main").inner_text()
    assert frame.locator("form[action$='/approve']").count() == 0
    assert "2.6 g/L" in page.locator("main").inner_text()


def test_a_result_that_arrives_before_the_last_press_stops_the_write(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    other = page.context.new_page()
    other.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    other.get_by_label("Value").fill("1.9")
    other.get_by_role("button", name="Add result").click()
    other.wait_for_load_state()
    frame.locator("form[action$='/approve'] button").first.click()
    frame.get_by_text("Not saved").first.wait_for()
    assert "1.9 g/L" in frame.locator("main").inner_text()
    page.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    text = page.locator("main").inner_text()
    assert text.count("MedicationRequest/") == text.count("lindqvist-medicationrequest")


def test_the_chart_of_a_patient_who_recovered_calls_for_no_replacement(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, RECOVERED)
    assert "NO REPLACEMENT ADVISED" in frame.locator("main").inner_text()
    assert "Replacement advised" not in page.locator("main").inner_text()


def test_the_childs_dose_names_the_cap_that_acted(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, CHILD)
    press(frame, "What the calculation used")
    assert "at most 4" in frame.locator("main").inner_text()


@pytest.mark.req("SAL-53")
def test_a_missing_write_scope_is_told_before_the_click(page: Any, all_well: Stack) -> None:
    turn(all_well, "no_order_scope")
    frame = open_chart(page, all_well, ACT_NOW)
    assert "not permitted" in frame.locator("main").inner_text()
    # cryoprecipitate may still go out as a ServiceRequest (interfaces.md section 6)
    assert frame.locator("form[action$='/approve']").count() == 1


@pytest.mark.req("SAL-53", "FHIR-29")
def test_without_observations_there_is_no_all_clear(page: Any, all_well: Stack) -> None:
    turn(all_well, "no_observation_scope")
    frame = open_chart(page, all_well, ACT_NOW)
    text = frame.locator("main").inner_text()
    assert "CANNOT ASSESS" in text
    assert "not permitted" in text


@pytest.mark.req("SAL-51", "SAL-58", "FHIR-14")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("token_html", "not JSON"),
        ("no_patient", "named no patient"),
        ("fhir_500", "could not be read"),
        ("expired_token", "could not be read"),
    ],
)
def test_a_failing_ehr_is_named_and_nothing_reads_as_normal(page: Any, all_well: Stack, fault: str, words: str) -> None:
    turn(all_well, fault)
    page.goto(f"{all_well.ehr}/chart/{RECOVERED}")
    frame = page.frame_locator("iframe")
    frame.locator(READ).wait_for()
    text = frame.locator("main").inner_text()
    assert words in text or (fault == "expired_token" and "not permitted" in text)
    assert "NO REPLACEMENT ADVISED" not in text
    assert frame.locator("form[action$='/approve']").count() == 0


@pytest.mark.req("FHIR-46")
def test_a_lost_answer_ends_on_the_truth(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    turn(all_well, "dropped_response")
    press(frame, "Saved as draft")
    turn(all_well)
    page.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    assert "MedicationRequest/" in page.locator("main").inner_text()


@pytest.mark.req("FHIR-48")
def test_a_changed_dose_is_shown(page: Any, all_well: Stack) -> None:
    turn(all_well, "altered_write")
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    press(frame, "as the EHR will store it")
    press(frame, "stored order differs")


@pytest.mark.req("FHIR-03")
def test_one_broken_observation_is_named_and_the_rest_is_used(page: Any, all_well: Stack) -> None:
    turn(all_well, "broken_observation")
    frame = open_chart(page, all_well, RECOVERED)
    assert "could not be read" in frame.locator("main").inner_text().lower()


def slow(stack: Stack, resource: str, seconds: int) -> None:
    """Hold back every request for one type of resource."""
    fields = {"on": "slow_fhir", "resource": resource, "seconds": str(seconds)}
    requests.post(f"{stack.ehr}/faults", data=fields, timeout=10)


def test_a_search_held_back_does_not_hold_back_the_verdict(page: Any, all_well: Stack) -> None:
    slow(all_well, "AllergyIntolerance", 9)
    frame = open_chart(page, all_well, ACT_NOW, until="main")
    frame.get_by_text("ACT NOW").first.wait_for()
    assert "Still reading: allergies." in frame.locator("main").inner_text()
    assert frame.locator("form[action$='/approve']").count() == 0
    frame.locator("form[action$='/approve'] button").first.wait_for()
    assert "Still reading" not in frame.locator("main").inner_text()


def test_a_search_the_verdict_needs_is_awaited_by_name(page: Any, all_well: Stack) -> None:
    slow(all_well, "Condition", 4)
    frame = open_chart(page, all_well, ACT_NOW, until="main")
    first = frame.locator("main").inner_text()
    assert "READING" in first
    assert "conditions" in first
    assert "ACT NOW" not in first
    frame.get_by_text("ACT NOW").first.wait_for()


def test_the_patient_line_sent_ahead_gives_way_to_the_page(page: Any, all_well: Stack) -> None:
    open_chart(page, all_well, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(all_well.app)]
    address = app.url
    slow(all_well, "Condition", 6)
    page.goto(address)
    assert "Amara Lindqvist" in page.locator(".arrival").inner_html()
    assert not page.locator(".arrival").is_visible()
    assert "Amara Lindqvist" in page.locator("body > header").inner_text()
    assert page.title() == "READING — no verdict yet: Amara Lindqvist · Fibrinogen Watch"


def test_without_script_the_page_goes_on_by_itself_too(chromium: Any, all_well: Stack) -> None:
    context = chromium.new_context(java_script_enabled=False)
    slow(all_well, "AllergyIntolerance", 4)
    frame = open_chart(context.new_page(), all_well, ACT_NOW, until="main")
    assert "Still reading" in frame.locator("main").inner_text()
    frame.locator("form[action$='/approve'] button").first.wait_for()
    context.close()


def test_the_count_of_searches_is_sent_as_they_come_and_needs_no_script(page: Any, all_well: Stack) -> None:
    open_chart(page, all_well, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(all_well.app)]
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    slow(all_well, "Condition", 4)
    sent = requests.get(app.url, headers={"Cookie": cookies, "Accept-Encoding": ""}, timeout=20).text
    counts = [(int(come), int(of)) for come, of in re.findall(r"reading results (\d+) of (\d+)", sent)]
    assert counts == sorted(set(counts))
    assert counts[-1] == (len(QUERIES) - 1, len(QUERIES))
    assert sent.count("</html>") == 1


def test_the_other_product_is_chosen_within_the_review(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    press(frame, "What the calculation used")
    frame.get_by_role("button", name="Review this instead").click()
    frame.get_by_role("heading", name="Dose review: fibrinogen concentrate").wait_for()
    press(frame, "as the EHR will store it")
    press(frame, "Saved as draft")
    assert "fibrinogen concentrate" in frame.locator("main").inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_while_the_chart_is_read_the_patient_and_the_count_are_seen(
    chromium: Any, all_well: Stack, script: bool
) -> None:
    """Seen, not only sent: a style that hides the line until the page is whole once kept it from every reader."""
    context = chromium.new_context(java_script_enabled=script)
    page = context.new_page()
    open_chart(page, all_well, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(all_well.app)]
    slow(all_well, "Condition", 4)
    page.goto(app.url, wait_until="commit")
    page.locator(".arrival > p:visible").wait_for()
    assert "Amara Lindqvist" in page.locator(".arrival > header").inner_text()
    page.locator("main").wait_for()
    assert not page.locator(".arrival").is_visible()
    context.close()
