"""The order pad as it is pressed: what the app is sent at each press, and what stands on the pad and in the chart after it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from tests.demo.visits import APP, BASE, Visit, an_order

HOOKS = ("patient-view", "order-select", "order-sign")
DISCOVERY = {"services": [{"hook": hook, "id": f"coagulopathy-{hook}", "prefetch": {}} for hook in HOOKS]}
REASON = {"code": "need-more-info", "system": "s", "display": "Repeat pending"}
ORDER = {"product": "fibryga", "amount": "9000", "unit": "mg"}


class App:
    """An app that gives these cards at these hooks, and keeps what it was sent."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.cards: dict[str, list[dict[str, Any]]] = {}
        self.sent: dict[str, list[dict[str, Any]]] = {}
        self.feedback: list[dict[str, Any]] = []
        self.down = False
        mock.get(f"{APP}/cds-services", json=DISCOVERY)
        for hook in HOOKS:
            mock.add_callback("POST", f"{APP}/cds-services/coagulopathy-{hook}", self._answer)
            mock.add_callback("POST", f"{APP}/cds-services/coagulopathy-{hook}/feedback", self._heard)

    def _answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        self.sent.setdefault(body["hook"], []).append(body)
        cards = self.cards.get(body["hook"], [])
        return (503 if self.down else 200), {}, json.dumps({"cards": cards})

    def _heard(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.feedback += json.loads(request.body)["feedback"]
        return (503 if self.down else 200), {}, "{}"


@pytest.fixture
def app(visit: Visit) -> Iterator[App]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield App(mock)
    visit.demo.hospital.pads.clear()
    visit.demo.hospital.waiting.clear()


def press(visit: Visit, what: str, **form: str) -> str:
    """One press; the chart it leads back to."""
    answer = visit.post(f"/chart/lindqvist/{what}", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/chart/lindqvist#pad")
    return visit.client.get("/chart/lindqvist", base_url=BASE).get_data(as_text=True)


def drafts(visit: Visit) -> dict[str, Any]:
    return dict(visit.demo.hospital.pads.of("lindqvist").drafts)


def orders(visit: Visit, status: str) -> list[str]:
    """The doses of the chart's orders of this status; the story's own have none."""
    stored = visit.demo.hospital.server.everything("MedicationRequest", [("patient", "lindqvist"), ("status", status)])
    rates = [rate for one in stored for rate in one["dosageInstruction"][0].get("doseAndRate", ())]
    return [str(rate["doseQuantity"]["value"]) for rate in rates]


def a_card(uuid: str = "c1", actions: Any = (), **more: Any) -> dict[str, Any]:
    suggestion = {"uuid": f"{uuid}-s", "label": "Change to 3000 mg", "actions": list(actions)}
    body = {"uuid": uuid, "summary": "Too much", "indicator": "critical", "source": {"label": "App"}}
    return {**body, "suggestions": [suggestion], "overrideReasons": [REASON], **more}


@pytest.mark.req("CDS-11")
def test_select_sends_the_draft_and_chooses_it(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    press(visit, "pad/select", **{**ORDER, "product": "heparin", "amount": "5000", "unit": "units"})
    first, second = (call["context"] for call in app.sent["order-select"])
    assert len(first["draftOrders"]["entry"]) == 1
    named = [f"MedicationRequest/{entry['resource']['id']}" for entry in second["draftOrders"]["entry"]]
    assert len(set(named)) == 2
    assert second["selections"] == named[1:]
    assert second["draftOrders"]["entry"][0]["resource"]["status"] == "draft"
    assert orders(visit, "active") == []


@pytest.mark.parametrize("wrong", [{"amount": "3,000"}, {"amount": "much"}, {"unit": "kg"}, {"product": "water"}])
def test_what_means_nothing_is_said_and_not_sent(visit: Visit, app: App, wrong: dict[str, str]) -> None:
    assert "plain number such as 3000" in press(visit, "pad/select", **{**ORDER, **wrong})
    assert drafts(visit) == {}
    assert "order-select" not in app.sent


@pytest.mark.req("CDS-12")
def test_signing_without_cards_stores_active_orders(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    assert "Signed: 1 order in the chart." in press(visit, "pad/sign")
    assert orders(visit, "active") == ["9000"]
    assert drafts(visit) == {}
    assert "nothing on the pad" in press(visit, "pad/sign")
    assert orders(visit, "active") == ["9000"]
    assert len(app.sent["order-sign"]) == 1


@pytest.mark.req("CDS-46", "CDS-60")
def test_a_suggestion_mends_the_draft_once_and_is_reported(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    (reference,) = drafts(visit)
    mended = {**an_order(), "id": reference.partition("/")[2]}
    app.cards["order-sign"] = [a_card(actions=[{"type": "update", "description": "x", "resource": mended}])]
    assert "Not signed yet" in press(visit, "pad/sign")
    assert "Done: Change to 3000 mg." in press(visit, "cards/accept", card="c1", suggestion="c1-s")
    assert "was answered before" in press(visit, "cards/accept", card="c1", suggestion="c1-s")
    app.cards = {}
    press(visit, "pad/sign")
    assert orders(visit, "active") == ["3000"]
    (entry,) = app.feedback
    assert (entry["card"], entry["outcome"], entry["acceptedSuggestions"]) == ("c1", "accepted", [{"id": "c1-s"}])
    assert entry["outcomeTimestamp"].endswith("Z")


@pytest.mark.req("CDS-49", "CDS-60")
def test_an_overridden_card_lets_the_order_be_signed(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    app.cards["order-sign"] = [a_card("c1")]
    press(visit, "pad/sign")
    assert orders(visit, "active") == []
    press(visit, "cards/override", card="c1", reason="need-more-info", comment="as agreed")
    app.cards["order-sign"] = [a_card("c2")]
    assert "Signed: 1 order" in press(visit, "pad/sign")
    (entry,) = app.feedback
    assert entry["overrideReason"] == {"reason": REASON, "userComment": "as agreed"}
    assert (entry["card"], entry["outcome"]) == ("c1", "overridden")


def test_a_changed_amount_is_asked_about_again(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    (reference,) = drafts(visit)
    press(visit, "pad/change", draft=reference, amount="4", unit="g")
    changed = app.sent["order-select"][1]["context"]
    assert changed["selections"] == [reference]
    dosage = changed["draftOrders"]["entry"][0]["resource"]["dosageInstruction"][0]
    assert (dosage["text"], dosage["doseAndRate"][0]["doseQuantity"]["code"]) == ("4 g intravenously, once", "g")
    press(visit, "pad/remove", draft=reference)
    assert drafts(visit) == {}
    assert "no longer on the pad" in press(visit, "pad/change", draft=reference, amount="4", unit="g")


@pytest.mark.req("CDS-46", "CDS-60")
def test_a_suggestion_of_the_chart_writes_drafts_into_it(visit: Visit, app: App) -> None:
    app.cards["patient-view"] = [a_card(actions=[{"type": "create", "description": "x", "resource": an_order()}])]
    visit.client.get("/chart/lindqvist", base_url=BASE)
    press(visit, "cards/accept", card="c1", suggestion="c1-s")
    assert orders(visit, "draft") == ["3000"]
    assert app.feedback[0]["acceptedSuggestions"] == [{"id": "c1-s"}]


def test_a_suggestion_that_cannot_be_applied_is_said_and_waits(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    app.cards["order-sign"] = [a_card(actions=[{"type": "create", "description": "x", "resource": an_order("tanaka")}])]
    press(visit, "pad/sign")
    assert "about another patient" in press(visit, "cards/accept", card="c1", suggestion="c1-s")
    assert "no such suggestion" in press(visit, "cards/accept", card="c1", suggestion="other")
    assert "Overridden." in press(visit, "cards/override", card="c1")
    assert [(entry["outcome"], "overrideReason" in entry) for entry in app.feedback] == [("overridden", False)]


def test_without_the_app_nothing_is_signed_until_the_clinician_says_so(visit: Visit, app: App) -> None:
    app.down = True
    assert "on the pad, not checked" in press(visit, "pad/select", **ORDER)
    press(visit, "pad/sign", unchecked="yes")
    page = visit.client.get("/chart/lindqvist", base_url=BASE).get_data(as_text=True)
    assert "Sign without the check" in page
    assert orders(visit, "active") == []
    press(visit, "pad/sign", unchecked="yes")
    assert orders(visit, "active") == ["9000"]


def test_an_answer_that_does_not_reach_the_app_is_said(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    app.cards["order-sign"] = [a_card()]
    press(visit, "pad/sign")
    app.down = True
    assert "did not reach it" in press(visit, "cards/override", card="c1", reason="need-more-info")


@pytest.mark.parametrize("what", ["pad/select", "pad/sign", "cards/accept", "cards/override"])
def test_an_unknown_chart_has_no_pad(visit: Visit, what: str) -> None:
    assert visit.post(f"/chart/nobody/{what}", {}).status_code == 404


def test_reset_empties_the_pads(visit: Visit, app: App) -> None:
    press(visit, "pad/select", **ORDER)
    visit.post("/reset", {})
    assert drafts(visit) == {}
    assert len(app.sent["order-select"]) == 1
