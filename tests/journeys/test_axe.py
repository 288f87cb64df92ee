"""Every page of the product and of the demo EHR, seen by axe."""

from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, LOOK_ALIKE, NO_WEIGHT, READ, RECOVERED, open_chart, slow, turn

PUBLIC = ("/", "/rules", "/rules/REP-03", "/no-such-page", "/launch?iss=https://other.example.org/fhir&launch=x")


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
    """Light and dark; a wide screen, a side panel of 640 px, and that panel at 200 % zoom."""
    open_chart(page, well, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(well.app)]
    page.goto(app.url)
    page.locator(READ).wait_for()
    for words in ("What the calculation used", "as the EHR will store it", "Saved as draft", ""):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in (1280, 640, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert findings(page) == [], f"{page.title()} {theme} {width}"
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        if words:
            page.locator("form[action$='/approve'] button.primary").first.click()
            page.get_by_text(words).first.wait_for()


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


@pytest.mark.parametrize("path", ["/", f"/chart/{ACT_NOW}", "/console"])
def test_the_demo_ehr_passes_axe(page: Any, well: Stack, path: str) -> None:
    page.goto(f"{well.ehr}{path}")
    page.locator("main").wait_for()
    assert findings(page) == []
