"""From a card to the page that speaks of the same evaluation, and from a decision there back to the next call."""

from typing import Any

import pytest

from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, all_well, open_chart

__all__ = ["all_well"]


@pytest.mark.req("SAL-62", "CDS-50")
def test_the_page_opened_from_a_card_speaks_of_it(page: Any, all_well: Stack) -> None:
    open_chart(page, all_well, ACT_NOW)
    page.get_by_role("button", name="Open Fibrinogen Watch").first.click()
    frame = page.frame_locator("iframe")
    frame.get_by_text("The card spoke of fibrinogen").wait_for()


@pytest.mark.req("CDS-54", "DSI-05")
def test_a_proposal_declined_in_the_app_silences_its_card(page: Any, all_well: Stack) -> None:
    frame = open_chart(page, all_well, ACT_NOW)
    before = page.locator("main").inner_text()
    assert "Replacement advised: fibrinogen" in before
    frame.locator("summary", has_text="Not now").first.click()
    frame.locator("form[action$='/decline'] button").first.click()
    frame.get_by_text("Not now: ").first.wait_for()
    page.goto(f"{all_well.ehr}/chart/{ACT_NOW}")
    page.frame_locator("iframe").locator("main").wait_for()
    assert "Replacement advised: fibrinogen" not in page.locator("main").inner_text()
