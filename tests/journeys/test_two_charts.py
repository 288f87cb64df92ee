"""Two charts in one browser never mix: interleaved launches, the back button, a replayed form, a relaunch with another patient."""

from typing import Any

import pytest
import requests

from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, CHILD, READ, all_well, press

__all__ = ["all_well"]
AMARA, ELIO = "Amara Lindqvist", "Elio Moreau"


def launch(page: Any, stack: Stack, patient: str) -> Any:
    """The app in the whole window, its reading complete."""
    page.goto(f"{stack.ehr}/chart/{patient}/launch")
    page.locator(READ).wait_for()
    return page


def tab(page: Any) -> Any:
    other = page.context.new_page()
    other.set_default_timeout(20_000)
    return other


def drafts(stack: Stack, patient: str) -> int:
    """How many orders the chart has beyond its story's."""
    chart = requests.get(f"{stack.ehr}/chart/{patient}", timeout=60).text
    orders = chart.split('<ul class="orders">')[1].split("</ul>")[0]
    return orders.count("· MedicationRequest/") - orders.count(f"· MedicationRequest/{patient}-")


@pytest.mark.req("SAL-14", "SAL-15")
def test_steps_in_two_tabs_each_stay_with_their_patient(page: Any, all_well: Stack) -> None:
    one, other = launch(page, all_well, ACT_NOW), launch(tab(page), all_well, CHILD)
    for words in ("What the calculation used", "as the EHR will store it"):
        press(one, words)
        press(other, words)
        assert AMARA in one.locator("main").inner_text() + one.locator("header").first.inner_text()
        assert AMARA not in other.content()
        assert ELIO not in one.content()
    assert AMARA in one.locator("form[action$='/approve'] button").first.inner_text()
    assert ELIO in other.locator("form[action$='/approve'] button").first.inner_text()
    press(other, "Saved as draft")
    assert (drafts(all_well, ACT_NOW), drafts(all_well, CHILD)) == (0, 1)


@pytest.mark.req("SAL-15", "FHIR-44")
def test_back_after_saving_writes_nothing_more(page: Any, all_well: Stack) -> None:
    launch(page, all_well, ACT_NOW)
    for words in ("What the calculation used", "as the EHR will store it", "Saved as draft"):
        press(page, words)
    for _ in range(3):
        page.go_back()
        page.locator(READ).wait_for()
        assert AMARA in page.content()
        assert page.locator("form[action$='/approve']").count() == 0
    page.reload()
    assert drafts(all_well, ACT_NOW) == 1


@pytest.mark.req("SAL-15", "FHIR-44")
def test_a_form_sent_again_ends_on_the_same_order(page: Any, all_well: Stack) -> None:
    launch(page, all_well, ACT_NOW)
    press(page, "What the calculation used")
    press(page, "as the EHR will store it")
    with page.expect_request(lambda request: request.method == "POST") as pressed:
        press(page, "Saved as draft")
    request = pressed.value
    headers = {**request.all_headers(), "origin": all_well.app, "sec-fetch-site": "same-origin"}
    kept = {name: value for name, value in headers.items() if not name.startswith(":") and name != "content-length"}
    again = requests.post(request.url, data=request.post_data, headers=kept, allow_redirects=False, timeout=30)
    assert again.status_code == 303
    assert drafts(all_well, ACT_NOW) == 1


@pytest.mark.req("SAL-15")
def test_a_relaunch_with_another_patient_leaves_the_old_tab_with_its_own(page: Any, all_well: Stack) -> None:
    old = launch(page, all_well, ACT_NOW)
    press(old, "What the calculation used")
    launch(tab(page), all_well, CHILD)
    press(old, "as the EHR will store it")
    button = old.locator("form[action$='/approve'] button").first
    assert AMARA in button.inner_text()
    button.click()
    old.get_by_text("Saved as draft").first.wait_for()
    assert (drafts(all_well, ACT_NOW), drafts(all_well, CHILD)) == (1, 0)


@pytest.mark.req("SAL-14", "SAL-15")
def test_one_tab_that_goes_from_chart_to_chart_and_back(page: Any, all_well: Stack) -> None:
    first = launch(page, all_well, ACT_NOW).url
    launch(page, all_well, CHILD)
    assert ELIO in page.content()
    page.goto(first)
    page.locator(READ).wait_for()
    assert AMARA in page.content()
    assert ELIO not in page.content()
