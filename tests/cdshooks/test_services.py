"""The four services: which hooks there are, what each context must hold, and that all show the same patient."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import charts as c
from tests.cdshooks import calls
from tests.stories.hooked import app_client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return app_client(Path(tmp_path_factory.mktemp("services")))


def post(client: FlaskClient, body: dict[str, Any], hook: str) -> Any:
    return client.post(calls.url(hook), data=c.dumps(body), content_type="application/json")


@pytest.mark.req("CDS-01", "CDS-05")
def test_one_service_a_hook_with_an_id_of_its_own(client: FlaskClient) -> None:
    services = client.get("/cds-services").json["services"]
    assert {service["hook"]: service["id"] for service in services} == {
        hook: f"coagulopathy-{hook}" for hook in calls.HOOKS
    }


@pytest.mark.req("CDS-13", "CDS-53")
def test_encounter_start_says_what_patient_view_says_and_says_it_again(client: FlaskClient) -> None:
    seen = [post(client, calls.call(hook), hook).json["cards"] for hook in ("patient-view", *["encounter-start"] * 2)]
    assert seen[0]
    assert [[(card["summary"], card["detail"]) for card in cards] for cards in seen] == [
        [(card["summary"], card["detail"]) for card in seen[0]]
    ] * 3


@pytest.mark.req("CDS-11", "CDS-12", "CDS-13", "CDS-15")
@pytest.mark.parametrize(
    ("hook", "member"),
    [
        ("encounter-start", "encounterId"),
        ("order-select", "selections"),
        ("order-select", "draftOrders"),
        ("order-sign", "draftOrders"),
    ],
)
@pytest.mark.parametrize("value", [..., 7, None, "../x"])
def test_what_a_hook_requires_is_named(client: FlaskClient, hook: str, member: str, value: Any) -> None:
    answer = post(client, calls.call(hook, context=calls.context(hook, **{member: value})), hook)
    assert answer.status_code == 400
    assert f"context.{member}" in answer.json["issue"][0]["details"]["text"]


@pytest.mark.req("CDS-15")
@pytest.mark.parametrize("hook", calls.HOOKS)
def test_another_hook_than_the_services_own_is_refused(client: FlaskClient, hook: str) -> None:
    other = "order-sign" if hook != "order-sign" else "patient-view"
    answer = post(client, calls.call(hook, hook=other), hook)
    assert answer.status_code == 400
    assert answer.json["issue"][0]["details"]["text"].startswith("hook ")


@pytest.mark.req("CDS-73")
def test_a_draft_with_a_member_twice_is_not_the_requests_fault(client: FlaskClient) -> None:
    body = c.dumps(calls.call("order-sign")).replace(
        b'"entry": []', b'"entry": [{"resource": {"resourceType": "MedicationRequest", "id": "a", "id": "b"}}]'
    )
    answer = client.post(calls.url("order-sign"), data=body, content_type="application/json")
    assert answer.status_code == 200
