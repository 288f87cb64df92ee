"""The screens as people use them: keyboard, paper, and a narrow panel."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, CHILD, READ, open_chart

PAGE_BREAK = b"/Type /Page\n"


@pytest.fixture
def app_page(page: Any, stack: Stack) -> Any:
    """The patient page of the first story in a window of its own."""
    requests.post(f"{stack.ehr}/reset", timeout=60)
    open_chart(page, stack, ACT_NOW)
    (app,) = [frame for frame in page.frames if frame.url.startswith(stack.app)]
    page.goto(app.url)
    page.locator(READ).wait_for()
    return page


def test_arrow_keys_walk_the_points_of_the_chart(app_page: Any) -> None:
    app_page.locator("svg.plot .point").last.focus()
    newest = app_page.evaluate("document.activeElement.getAttribute('aria-label')")
    app_page.keyboard.press("ArrowLeft")
    before = app_page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert newest.startswith("0.8 grams per litre, below 1.0, day +6")
    assert re.match(
        r"1\.16 grams per litre, below 1\.5, day \+[56]", before
    )  # twelve hours earlier may be the day before
    app_page.keyboard.press("Home")
    assert "day -" in app_page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_from_chart_to_draft_by_keyboard_alone(app_page: Any) -> None:
    for words in ("What the calculation used", "as the EHR will store it", "Saved as draft"):
        tab_to_approval(app_page)
        app_page.keyboard.press("Enter")
        app_page.get_by_text(words).first.wait_for()
    assert "MedicationRequest/" in app_page.locator("main").inner_text()


def tab_to_approval(page: Any) -> None:
    """Tab until the focus is on a button that leads to the write."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest(\"form[action$='/approve']\"))") and page.evaluate(
            "document.activeElement.matches('button.primary')"
        ):
            return
    raise AssertionError("no approval button can be reached by Tab")


@pytest.mark.parametrize("width", [640, 1280, 1920])
def test_no_width_needs_a_side_scroll(app_page: Any, width: int) -> None:
    app_page.set_viewport_size({"width": width, "height": 900})
    assert app_page.evaluate("document.documentElement.scrollWidth") <= width


def test_at_twice_the_size_nothing_is_cut_off(app_page: Any) -> None:
    app_page.set_viewport_size({"width": 320, "height": 450})  # what 640 px are at 200 % zoom
    assert app_page.evaluate("document.documentElement.scrollWidth") <= 320
    rows = app_page.locator("table.results tbody tr")
    assert "Previous 1.16 g/L 116 mg/dL" in rows.first.aria_snapshot()  # each cell stands in full, with its name
    squeezed = "all => all.filter(e => e.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(e).lineHeight)).length"
    assert app_page.locator("table.results tbody th").evaluate_all(squeezed) == 0


def test_the_answer_stands_above_the_fold(app_page: Any) -> None:
    box = app_page.locator("form[action$='/approve'] button").first.bounding_box()
    assert box["y"] + box["height"] < 900


def test_the_patient_page_prints_on_one_or_two_pages(app_page: Any, tmp_path: Path) -> None:
    app_page.emulate_media(media="print")
    printed = app_page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    assert 1 <= printed.count(PAGE_BREAK) <= 2
    text = app_page.locator("main").inner_text()
    for words in ("ACT NOW", "0.8 g/L", "Fibrinogen"):
        assert words in text


@pytest.mark.req("SAL-14", "SAL-15")
def test_two_charts_in_one_browser_never_mix(page: Any, stack: Stack) -> None:
    """Two launches, their pages and presses interleaved, and the back button: each order is for its own patient."""
    requests.post(f"{stack.ehr}/reset", timeout=60)
    open_chart(page, stack, ACT_NOW)
    (one,) = [frame.url for frame in page.frames if frame.url.startswith(stack.app)]
    open_chart(page, stack, CHILD)
    (other,) = [frame.url for frame in page.frames if frame.url.startswith(stack.app)]
    first, second = page.context.new_page(), page.context.new_page()
    for tab, address in ((first, one), (second, other)):
        tab.goto(address)
        tab.locator(READ).wait_for()
    for words in ("What the calculation used", "as the EHR will store it"):
        for tab, name in ((first, "Amara Lindqvist"), (second, "Elio Moreau")):
            tab.locator("form[action$='/approve'] button.primary").first.click()
            tab.get_by_text(words).first.wait_for()
            assert name in tab.locator("header").inner_text()
    first.go_back()
    first.go_forward()
    for tab, name in ((second, "Elio Moreau"), (first, "Amara Lindqvist")):
        assert name in tab.locator("form[action$='/approve'] button.primary").inner_text()
        tab.locator("form[action$='/approve'] button.primary").first.click()
        tab.get_by_text("Saved as draft").first.wait_for()
        assert name in tab.locator("main").inner_text()
    for patient, amount in ((ACT_NOW, "10 single-donor units"), (CHILD, "4 single-donor units")):
        page.goto(f"{stack.ehr}/chart/{patient}")
        assert f"Cryoprecipitate {amount}" in page.locator("main").inner_text()


def tab_to(page: Any, selector: str) -> None:
    """Tab until the focus is on what the selector names."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_the_keyboard_alone_adds_bleeding_and_it_is_marked_as_the_clinicians(app_page: Any) -> None:
    tab_to(app_page, "button[name=bleeding][value=major]")
    app_page.keyboard.press("Enter")
    app_page.get_by_text("bleeding major, at").wait_for()
    app_page.locator(".verdict").get_by_text("major bleeding").first.wait_for()
    assert app_page.locator("button[name=bleeding][aria-pressed=true]").inner_text().endswith("major")


def test_the_keyboard_alone_corrects_the_grade_beside_its_criteria(app_page: Any) -> None:
    tab_to(app_page, "button[name=crs_grade][value='4']")
    focused = "document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent"
    assert "two or more vasopressors" in app_page.evaluate(focused)
    app_page.keyboard.press("Enter")
    app_page.get_by_text("CRS grade 4, at").wait_for()
    app_page.locator(".verdict").get_by_text("CRS 4 (added by you)").wait_for()


def test_the_keyboard_alone_declines_with_one_reason(app_page: Any) -> None:
    tab_to(app_page, ".notnow summary")
    app_page.keyboard.press("Enter")
    tab_to(app_page, ".notnow button[name=reason]")
    app_page.keyboard.press("Enter")
    app_page.get_by_text("Not now: ").first.wait_for()


def test_one_point_of_the_chart_is_in_the_order_of_tab_and_its_words_stand_below(app_page: Any) -> None:
    assert app_page.locator("svg.plot [tabindex='0']").count() == 1
    tab_to(app_page, "svg.plot .point")
    spoken = app_page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert app_page.locator("[data-pointed]").inner_text() == spoken


def test_above_the_limit_the_button_is_off_and_says_why(app_page: Any) -> None:
    app_page.locator("form[action$='/approve'] button.primary").first.click()
    amount, button = app_page.get_by_label("Amount in single-donor units"), app_page.locator("button.primary")
    app_page.get_by_role("button", name="+ 1 single-donor unit").click()
    assert amount.input_value() == "11"
    assert button.is_disabled()
    assert (
        "11 single-donor units is above the limit for this patient, 10 single-donor units."
        in app_page.locator("main").inner_text()
    )
    app_page.get_by_role("button", name="− 1 single-donor unit").click()
    assert button.is_enabled()


def test_all_that_a_page_loads_weighs_little(app_page: Any) -> None:
    """Compressed as a server would: page, style, script and icon together."""
    loaded: list[bytes] = []
    app_page.on("response", lambda response: loaded.append(response.body()))
    app_page.reload(wait_until="networkidle")
    assert len(loaded) >= 3
    assert sum(len(gzip.compress(body)) for body in loaded) < 120 * 1024


def test_every_target_is_large_enough_to_hit(app_page: Any) -> None:
    sizes = "all => all.filter(e => e.offsetParent).map(e => [e.textContent.trim(), e.getBoundingClientRect().height])"
    for what, height in app_page.eval_on_selector_all("main button, main summary, main input, .ranges a", sizes):
        assert height >= 32, what


@pytest.mark.parametrize("path", ["/rules", "/rules/REP-05"])
def test_the_rules_print_with_nothing_cut_off(app_page: Any, stack: Stack, path: str, tmp_path: Path) -> None:
    app_page.goto(f"{stack.app}{path}")
    app_page.emulate_media(media="print")
    app_page.set_viewport_size({"width": 703, "height": 1000})  # A4 within its margins
    assert app_page.evaluate("document.documentElement.scrollWidth") <= 703
    assert app_page.pdf(path=str(tmp_path / "rules.pdf"), format="A4").count(PAGE_BREAK) >= 1


def test_no_width_makes_the_patient_page_scroll_sideways(app_page: Any) -> None:
    for width in range(640, 1921, 40):
        app_page.set_viewport_size({"width": width, "height": 900})
        over = app_page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{over} px at {width}"
