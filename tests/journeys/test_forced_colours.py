"""Where the reader's system chooses all colours, and where it asks for less motion (screens.md section 1)."""

from typing import Any

import pytest
import requests

from tests.conftest import Stack
from tests.journeys.test_axe import findings, own_window

STYLE = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
FOCUS = (
    "(e => { const s = getComputedStyle(e); return [e.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]; })"
    "(document.activeElement)"
)
MOVES = (
    "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);"
    " return parseFloat(s.transitionDuration) || s.animationName !== 'none' || s.scrollBehavior === 'smooth'; }).length"
)


@pytest.fixture
def forced(page: Any, stack: Stack) -> Any:
    """The patient page of the first story, in colours of the system's choice, with less motion."""
    requests.post(f"{stack.ehr}/reset", timeout=60)
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    own_window(page, stack)
    return page


def style(page: Any, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(STYLE, name))


def test_states_are_told_by_words_shapes_and_borders(forced: Any) -> None:
    assert forced.locator(".verdict h1").inner_text() == "■ ACT NOW"
    assert style(forced, ".answer", "border-top-style") == "solid"
    assert style(forced, ".answer", "border-top-width") == "3px"
    forced.locator("button[name=bleeding][value=minor]").click()
    forced.locator("button[aria-pressed=true]").wait_for()
    assert style(forced, "button[aria-pressed=true]", "border-top-width") == "3px"
    assert style(forced, "button[aria-pressed=false]", "border-top-width") == "1px"
    assert findings(forced) == []


def test_the_chart_is_drawn_in_the_readers_colours_and_its_lines_differ_in_kind(forced: Any) -> None:
    paper = style(forced, "body", "background-color")
    for drawn in (".plot .series", ".plot line.limit.warning", ".plot line.limit.critical", ".plot .crs rect"):
        assert style(forced, drawn, "stroke") not in (paper, "none"), drawn
    for drawn in (".plot .point circle", ".plot text.limit", ".plot .crs text", ".plot text.axis"):
        assert style(forced, drawn, "fill") not in (paper, "none"), drawn
    assert style(forced, ".plot line.limit.warning", "stroke-dasharray") != "none"
    assert style(forced, ".plot line.limit.critical", "stroke-dasharray") == "none"


def test_the_focus_is_seen_wherever_tab_leads(forced: Any) -> None:
    seen = set()
    for _ in range(25):
        forced.keyboard.press("Tab")
        name, line, width = forced.evaluate(FOCUS)
        assert line == "solid", name
        assert width >= 2, name
        seen.add(name)
    assert {"A", "BUTTON", "SUMMARY", "g"} <= seen


def test_nothing_moves(forced: Any) -> None:
    assert forced.evaluate(MOVES) == 0
    assert forced.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
