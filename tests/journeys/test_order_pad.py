"""The demo EHR's order pad in a real browser: cards while ordering, what mends them, and the app's record of the answers."""

from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe

from smartapp.storage.database import Database
from smartapp.storage.feedback_export import rates
from tests.conftest import Stack
from tests.journeys.test_launch_to_draft import ACT_NOW, all_well, open_chart

__all__ = ["all_well"]


def pad(page: Any) -> Any:
    return page.get_by_role("region", name="Order pad")


def select(page: Any, product: str, amount: str, unit: str) -> Any:
    """One order put on the pad, by its words; the pad as it is then."""
    form = page.get_by_role("form", name="New order")
    form.get_by_label("Product").select_option(label=product)
    form.get_by_label("Amount").fill(amount)
    form.get_by_label("Unit").select_option(unit)
    form.get_by_role("button", name="Select").click()
    pad(page).get_by_text("on the pad").first.wait_for()
    return pad(page)


def recorded(stack: Stack, rule: str) -> tuple[int, int]:
    """How often cards of this rule were accepted and overridden, by the app's own record."""
    database = Database(f"sqlite:///{stack.data / 'smartapp.db'}")
    rows = [row for row in rates(database, since=0, until=float("inf")) if row["rule"] == rule]
    database.close()
    return sum(int(row["accepted"]) for row in rows), sum(int(row["overridden"]) for row in rows)


@pytest.mark.req("CDS-11", "CDS-12", "CDS-46", "CDS-60", "CDS-84", "ORD-05")
def test_a_wrong_amount_is_mended_by_its_card_and_signed(page: Any, all_well: Stack) -> None:
    before = recorded(all_well, "ORD-05")
    open_chart(page, all_well, ACT_NOW)
    shown = select(page, "Fibrinogen concentrate (Fibryga)", "3000000", "mg")
    assert "Unit or per-kg mix-up?" in shown.inner_text()
    shown.get_by_role("button", name="Change to").click()
    shown = pad(page)
    shown.get_by_text("Done: Change to").wait_for()
    assert shown.get_by_label("New amount").input_value() == "3000"
    shown.get_by_role("button", name="Sign", exact=True).click()
    pad(page).get_by_text("Signed: 1 order in the chart.").wait_for()
    order = page.get_by_role("region", name="Orders").locator("li", has_text="Fibryga").first.inner_text()
    assert "active order" in order
    assert "3000 mg" in order
    console = requests.get(f"{all_well.ehr}/console", timeout=20).text
    for words in ("coagulopathy-order-select", "coagulopathy-order-sign", "coagulopathy-order-select/feedback"):
        assert words in console
    assert "<b>401</b>" not in console
    assert recorded(all_well, "ORD-05") == (before[0] + 1, before[1])


@pytest.mark.req("CDS-49", "CDS-60", "DSI-05", "ORD-03")
def test_keyboard_alone_overrides_with_a_reason_and_signs(page: Any, all_well: Stack) -> None:
    before = recorded(all_well, "ORD-03")
    open_chart(page, all_well, ACT_NOW)
    select(page, "Fibrinogen concentrate (RiaSTAP)", "9", "g")
    pad(page).get_by_role("button", name="Sign", exact=True).press("Enter")
    pad(page).get_by_text("Not signed yet").wait_for()
    card = pad(page).get_by_role("article")
    assert Axe().run(page).response["violations"] == []
    card.get_by_label("Reason").select_option(label="Advised by senior")
    card.get_by_label("Comment").press("Enter")
    pad(page).get_by_text("Overridden.").wait_for()
    pad(page).get_by_role("button", name="Sign", exact=True).press("Enter")
    pad(page).get_by_text("Signed: 1 order in the chart.").wait_for()
    assert recorded(all_well, "ORD-03") == (before[0], before[1] + 1)
    assert "9 g" in page.get_by_role("region", name="Orders").inner_text()


@pytest.mark.req("CDS-46", "CDS-54", "CDS-60")
def test_a_suggestion_of_the_chart_becomes_drafts_in_it_and_its_card_rests(page: Any, all_well: Stack) -> None:
    open_chart(page, all_well, ACT_NOW)
    cards = page.get_by_role("region", name="Decision support")
    cards.get_by_role("button", name="Draft Fibrinogen concentrate 3000 mg").click()
    pad(page).get_by_text("Done: Draft Fibrinogen concentrate 3000 mg").wait_for()
    drafts = page.get_by_role("region", name="Orders").locator("li", has_text="draft proposal").all_inner_texts()
    assert len(drafts) == 2
    assert "3000 mg" in drafts[0] + drafts[1]
    assert "Replacement advised: fibrinogen" not in cards.inner_text()
