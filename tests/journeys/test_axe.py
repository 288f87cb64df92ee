"""Every page of the product and of the demo EHR, seen by axe."""

import threading
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from werkzeug.serving import make_server

from smartapp.web.launch import UserKind
from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, LOOK_ALIKE, NO_WEIGHT, READ, RECOVERED, open_chart, slow, turn
from tests.web.desk import COOKIE, LAUNCH, act_now

PUBLIC = (
    "/",
    "/rules",
    "/rules/REP-03",
    "/no-such-page",
    "/launch",
    "/launch?iss=https://other.example.org/fhir&launch=x",
    "/callback?state=x&code=y",
    "/l/no-such-launch/",
)


@pytest.fixture
def well(stack: Stack) -> Any:
    requests.post(f"{stack.ehr}/reset", timeout=60)
    yield stack
    turn(stack)


def findings(seen: Any) -> list[str]:
    """axe's findings in a page or frame, one line each."""
    found = Axe().run(seen).response
    assert len(found["passes"]) > 5, "axe saw no page"
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


def violations(page: Any, stack: Stack) -> list[str]:
    """axe's findings in the app's own frame."""
    (app,) = [frame for frame in page.frames if frame.url.startswith(stack.app)]
    return findings(app)


@pytest.mark.parametrize("patient", [ACT_NOW, NO_WEIGHT, LOOK_ALIKE, RECOVERED])
def test_the_patient_page_passes_axe(page: Any, well: Stack, patient: str) -> None:
    open_chart(page, well, patient)
    assert violations(page, well) == []


def test_every_step_passes_axe_in_both_themes_and_at_every_width(page: Any, well: Stack) -> None:
    own_window(page, well)
    for words in ("What the calculation used", "as the EHR will store it", ""):
        seen_by_axe(page)
        if words:
            page.locator("form[action$='/approve'] button.primary").first.click()
            page.get_by_text(words).first.wait_for()


def seen_by_axe(page: Any) -> None:
    """One page, light and dark, on a wide screen, in a side panel of 640 px, and in that panel at 200 % zoom."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1280, 640, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert findings(page) == [], f"{page.title()} {theme} {width}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def own_window(page: Any, stack: Stack) -> None:
    """The patient page outside the chart's frame."""
    open_chart(page, stack, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(stack.app)]
    page.goto(app.url)
    page.locator(READ).wait_for()


def to_the_receipt(page: Any) -> None:
    for words in ("What the calculation used", "as the EHR will store it"):
        page.locator("form[action$='/approve'] button.primary").first.click()
        page.get_by_text(words).first.wait_for()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({}, "Saved as draft"),
        ({"on": ["no_transaction", "refused_write"], "resource": "MedicationRequest", "status": "422"}, "Not saved"),
        ({"on": ["altered_write"]}, "stored order differs"),
        (
            {"on": ["no_transaction", "failed_answer", "lagging_search"], "resource": "MedicationRequest"},
            "Not confirmed",
        ),
        ({"on": ["duplicate_order"]}, "New since you reviewed"),
    ],
)
def test_every_result_passes_axe(page: Any, well: Stack, fault: dict[str, str | list[str]], words: str) -> None:
    own_window(page, well)
    to_the_receipt(page)
    requests.post(f"{well.ehr}/faults", data=fault, timeout=10)
    page.locator("form[action$='/approve'] button.primary").first.click()
    page.get_by_text(words).first.wait_for()
    seen_by_axe(page)


def test_an_order_taken_back_passes_axe(page: Any, well: Stack) -> None:
    own_window(page, well)
    to_the_receipt(page)
    page.locator("form[action$='/approve'] button.primary").first.click()
    page.locator("form[action$='/withdraw'] button").first.click()
    page.get_by_text("Withdrawn").first.wait_for()
    seen_by_axe(page)


def test_a_refusal_passes_axe(page: Any, well: Stack) -> None:
    own_window(page, well)
    page.get_by_text("Not now").first.click()
    page.locator("form[action$='/decline'] button").first.click()
    page.get_by_text("Not now: ").first.wait_for()
    seen_by_axe(page)


def test_signing_out_and_the_page_of_an_ended_launch_pass_axe(page: Any, well: Stack) -> None:
    own_window(page, well)
    ended = page.url
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("This launch has ended").wait_for()
    seen_by_axe(page)
    page.goto(ended)
    page.get_by_text("Reference number").wait_for()
    seen_by_axe(page)


def test_an_amount_above_the_limit_passes_axe(page: Any, well: Stack) -> None:
    own_window(page, well)
    page.locator("form[action$='/approve'] button.primary").first.click()
    page.locator("input#amount").fill("12")
    page.evaluate("document.querySelector('input#amount').form.submit()")  # as without script
    page.locator("[role=alert]").first.wait_for()
    seen_by_axe(page)


@pytest.mark.parametrize(
    ("user", "words"), [(UserKind.PATIENT, "for health-care professionals"), (UserKind.UNKNOWN, "Read only")]
)
def test_the_page_of_who_may_not_act_passes_axe(page: Any, user: UserKind, words: str) -> None:
    server = make_server("127.0.0.1", 0, act_now(user=user).app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.port}"
        page.context.add_cookies([{"name": "launch", "value": COOKIE, "url": address}])
        page.goto(f"{address}/l/{LAUNCH}/")
        page.get_by_text(words).first.wait_for()
        seen_by_axe(page)
    finally:
        server.shutdown()


def test_a_page_that_still_reads_passes_axe(page: Any, well: Stack) -> None:
    slow(well, "Condition", 8)
    open_chart(page, well, ACT_NOW, until="main [role=status]")
    assert violations(page, well) == []


def test_the_page_of_a_failing_launch_passes_axe(page: Any, well: Stack) -> None:
    turn(well, "no_patient")
    open_chart(page, well, ACT_NOW)
    assert violations(page, well) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_without_a_patient_passes_axe(page: Any, well: Stack, path: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{well.app}{path}")
    for width in (1280, 640, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert findings(page) == [], f"{path} {theme} {width}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/faults", f"/chart/{ACT_NOW}", "/console"])
def test_the_demo_ehr_passes_axe(page: Any, well: Stack, path: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"{well.ehr}{path}")
    page.locator("main").wait_for()
    assert findings(page) == []
