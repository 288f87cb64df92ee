"""order-select and order-sign: only what touches a draft, at most one card each, and what would mend it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from smartapp.factory import create_app
from smartapp.fhir.models import validated
from smartapp.storage.database import Database
from tests import charts as c
from tests.cdshooks.calls import ACT, call, context, prefetch, url
from tests.sites import open_settings

FC = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B02BB01"}], "text": "Fibrinogen concentrate"}
CRYO = {"coding": [{"system": "http://snomed.info/sct", "code": "256401009"}], "text": "Cryoprecipitate"}
TOCI = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L04AC07"}], "text": "Tocilizumab"}


def an_app(folder: Path, **site: str) -> FlaskClient:
    settings = open_settings(folder)
    Database(settings.database).upgrade()
    return create_app(settings.model_copy(update={"site": site}), now=lambda: c.NOW).test_client()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return an_app(tmp_path_factory.mktemp("orders"))


def a_draft(id_: str = "d1", concept: Any = FC, mg: Any = 3000, **more: Any) -> c.Resource:
    dose = [{"doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg"}}]}]
    body = {"status": "draft", "intent": "order", "subject": {"reference": "Patient/P1"}, "dosageInstruction": dose}
    return {"resourceType": "MedicationRequest", "id": id_, "medicationCodeableConcept": concept, **body, **more}


def cards(
    client: FlaskClient, *drafts: c.Resource, hook: str = "order-sign", selections: Any = ..., chart: Any = ACT
) -> list[dict[str, Any]]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": draft} for draft in drafts]}
    chosen = {"selections": selections} if hook == "order-select" else {}
    body = call(hook, context=context(hook, draftOrders=bundle, **chosen), prefetch=prefetch(*chart))
    answer = client.post(url(hook), data=c.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.json["cards"]
    return found


@pytest.mark.req("CDS-12")
@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
def test_a_correct_draft_gets_no_card(client: FlaskClient, hook: str) -> None:
    assert cards(client, a_draft(), hook=hook, selections=["MedicationRequest/d1"]) == []
    assert cards(client, hook=hook, selections=[]) == []


@pytest.mark.req("ORD-03", "ORD-05", "CDS-46", "CDS-47")
def test_one_card_for_a_draft_with_the_worst_row_and_the_amount_put_right(client: FlaskClient) -> None:
    (card,) = cards(client, a_draft(mg=Decimal("3000000"), priority="stat", note=[{"text": "as agreed"}]))
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Unit or per-kg mix-up?")
    assert "ORD-03" in card["detail"]
    ((action,),) = [suggestion["actions"] for suggestion in card["suggestions"]]
    changed = action["resource"]
    assert action["type"] == "update"
    assert (changed["id"], changed["priority"], changed["note"]) == ("d1", "stat", [{"text": "as agreed"}])
    assert changed["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 3000
    assert validated(changed)


@pytest.mark.req("ORD-05", "CDS-46", "CDS-47")
@pytest.mark.parametrize(
    ("ndc", "types"),
    [("68982-347", ["update"]), ("68982-349-01", ["update"]), ("63833-891", ["delete", "create", "create"])],
)
def test_an_amount_computed_for_one_brand_is_not_written_into_an_order_for_another(
    client: FlaskClient, ndc: str, types: list[str]
) -> None:
    concept = {"coding": [*FC["coding"], {"system": "http://hl7.org/fhir/sid/ndc", "code": ndc}]}
    (card,) = cards(client, a_draft(concept=concept, mg=3000000))
    assert [action["type"] for action in card["suggestions"][0]["actions"]] == types


@pytest.mark.req("CDS-11", "ORD-11")
def test_order_select_looks_at_the_selected_orders_only(client: FlaskClient) -> None:
    drafts = (a_draft("wrong", mg=9000), a_draft("right"))
    (together,) = cards(client, *drafts, hook="order-select", selections=["MedicationRequest/right"])
    assert together["summary"].startswith("Together about")  # the set is judged whole (ORD-11)
    assert len(cards(client, *drafts, hook="order-select", selections=["MedicationRequest/wrong"])) == 2
    assert cards(client, a_draft("wrong", mg=9000), hook="order-select", selections=[]) == []
    assert len(cards(client, *drafts)) == 2


@pytest.mark.req("CDS-11")
def test_a_selection_that_is_not_in_the_bundle_is_refused(client: FlaskClient) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": a_draft()}]}
    body = call("order-select", context=context("order-select", draftOrders=bundle, selections=["MedicationRequest/x"]))
    answer = client.post(url("order-select"), data=c.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert "selections" in answer.json["issue"][0]["details"]["text"]


@pytest.mark.req("ORD-07", "CDS-46", "CDS-47", "CDS-48")
def test_a_product_the_site_does_not_have_is_replaced_whole(tmp_path: Path) -> None:
    (card,) = cards(an_app(tmp_path, cryo_available="false"), a_draft(concept=CRYO, mg=100))
    assert "consider fibrinogen concentrate" in card["detail"]
    (suggestion,) = card["suggestions"]
    delete, create, follow = suggestion["actions"]
    assert delete == {"type": "delete", "description": "Remove this draft order", "resourceId": "MedicationRequest/d1"}
    assert (create["type"], create["resource"]["status"], create["resource"]["intent"]) == (
        "create",
        "draft",
        "proposal",
    )
    assert "requester" not in create["resource"]
    assert follow["resource"]["resourceType"] == "ServiceRequest"


@pytest.mark.req("ORD-10")
def test_tocilizumab_brings_a_fibrinogen_check_unless_one_is_ordered(client: FlaskClient) -> None:
    (card,) = cards(client, a_draft(concept=TOCI))
    assert card["indicator"] == "info"
    ((action,),) = [suggestion["actions"] for suggestion in card["suggestions"]]
    assert action["resource"]["code"]["coding"][0]["code"] == "3255-7"
    assert action["resource"]["occurrenceDateTime"] == "2026-03-02T08:00:00Z"


@pytest.mark.req("CDS-12")
@pytest.mark.parametrize(
    "odd",
    [
        {"intent": None, "status": None},
        {"medicationCodeableConcept": None},
        {"category": {"text": "inpatient"}},
        {"dosageInstruction": [{"text": "3000 mg"}]},
        {"status": "active"},
    ],
)
def test_odd_drafts_are_read_leniently(client: FlaskClient, odd: dict[str, Any]) -> None:
    assert cards(client, {**a_draft(), **odd}) == []


@pytest.mark.req("APP-01", "ORD-01")
def test_no_card_about_a_patient_without_car_t(client: FlaskClient) -> None:
    chart = tuple(resource for resource in ACT if resource["id"] != "cart")
    assert cards(client, a_draft(mg=90000), chart=chart) == []


@pytest.mark.req("CDS-45", "DSI-12")
def test_every_order_card_is_complete_and_asks_rather_than_orders(client: FlaskClient) -> None:
    for draft in (a_draft(mg=9000), a_draft(mg=1), a_draft(concept=TOCI)):
        for card in cards(client, draft):
            assert card["source"]["url"].startswith("http://127.0.0.1:8000/rules/ORD-")
            assert len(card["overrideReasons"]) == 7
            assert ("suggestions" in card) == ("selectionBehavior" in card)
            assert "verify before acting" in card["detail"]


def answered(client: FlaskClient, card: dict[str, Any]) -> None:
    entry = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-01T08:00:00Z"}
    assert client.post(f"{url('order-select')}/feedback", json={"feedback": [entry]}).status_code == 200


@pytest.mark.req("CDS-54")
def test_an_answer_silences_that_draft_at_that_amount_and_never_at_signing(tmp_path: Path) -> None:
    client = an_app(tmp_path)
    first, second = a_draft("d1", mg=9000), a_draft("d2", mg=9000)

    def selected(*drafts: c.Resource) -> list[dict[str, Any]]:
        chosen = [f"MedicationRequest/{draft['id']}" for draft in drafts]
        return cards(client, *drafts, hook="order-select", selections=chosen)

    answered(client, selected(first)[0])
    assert selected(first) == []
    assert len(selected(second)) == 1
    assert len(selected(a_draft("d1", mg=8000))) == 1
    assert len(cards(client, first)) == 1


@pytest.mark.req("CRY-03", "CDS-48")
def test_a_card_offers_a_dose_by_volume_as_the_app_does(tmp_path: Path) -> None:
    client = an_app(tmp_path, cryo_method="ml_per_kg", fc_available="false")
    answer = client.post(url(), data=c.dumps(call()), content_type="application/json")
    suggested = [each["label"] for card in answer.json["cards"] for each in card.get("suggestions", ())]
    assert any("mL" in label for label in suggested)
