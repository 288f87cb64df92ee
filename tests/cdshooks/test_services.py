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


def entry(resource: c.Resource, mode: str = "match") -> dict[str, Any]:
    return {"resource": resource, "search": {"mode": mode}}


LABS = [resource for resource in calls.ACT if resource["resourceType"] == "Observation"]
NOTICE = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}


@pytest.mark.req("CDS-27", "CDS-53")
@pytest.mark.parametrize(
    "fibrinogen",
    [
        {"resourceType": "Bundle", "type": "searchset", "entry": [entry(r) for r in reversed(LABS)]},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in LABS]},
        {"resourceType": "Bundle", "entry": [{"resource": r} for r in LABS]},
        {"resourceType": "Bundle", "type": "searchset", "entry": [*map(entry, LABS), entry(NOTICE, "outcome")]},
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [entry(c.patient("1990-01-10"), "include"), *map(entry, LABS)],
        },
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": NOTICE}, *map(entry, LABS)]},
    ],
    ids=["shuffled", "collection", "no type", "outcome entry", "included", "outcome without mode"],
)
def test_bundles_of_every_shape_give_equal_cards(client: FlaskClient, fibrinogen: dict[str, Any]) -> None:
    def told(**more: Any) -> list[Any]:
        body = calls.call(prefetch=calls.prefetch(*calls.ACT, **more))
        return [(card["summary"], card["detail"]) for card in post(client, body, "patient-view").json["cards"]]

    assert told(fibrinogen=fibrinogen) == told()


@pytest.mark.req("CDS-27")
def test_a_single_resource_may_stand_for_a_search(client: FlaskClient) -> None:
    others = {"weight": calls.bundle(c.weight("70"))}
    body = calls.call(prefetch=calls.prefetch(*calls.ACT, fibrinogen=c.fibrinogen("0.8"), **others))
    assert post(client, body, "patient-view").json["cards"][0]["indicator"] == "critical"


@pytest.mark.req("CDS-51", "CDS-52")
@pytest.mark.parametrize("hook", calls.HOOKS)
def test_nothing_passes_a_human(client: FlaskClient, hook: str) -> None:
    said = post(client, calls.call(hook), hook).get_data(as_text=True)
    assert not any(word in said for word in ("systemActions", "autolaunch", "actionSelectionBehavior"))


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"value": 0.8', b'"value": 3.0, "value": 0.8'),
        (b'"value": 0.8', b'"value": 0.8, "value": 0.8'),
        (b'"status": "final"', b'"status": "entered-in-error", "status": "final"'),
        (b'"value": 0.8', b'"value": 0.8, "\\u0076alue": 0.8'),
    ],
    ids=["value", "the same value", "status", "escaped"],
)
def test_no_advice_rests_on_a_resource_with_a_member_twice(client: FlaskClient, old: bytes, new: bytes) -> None:
    body = c.dumps(calls.call())
    assert old in body
    answer = client.post(calls.url(), data=body.replace(old, new), content_type="application/json")
    said = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Cannot assess" in said
    assert "it has a member twice" in said
    assert '"suggestions"' not in said


@pytest.mark.req("CDS-73")
def test_one_that_no_advice_rests_on_costs_nothing(client: FlaskClient) -> None:
    other = c.dumps(
        calls.call(
            prefetch=calls.prefetch(*calls.ACT, coagulation=calls.bundle(c.fibrinogen("2", id_="old", hours_ago=60)))
        )
    )
    twice = other.replace(b'"value": 2', b'"value": 3, "value": 2')
    cards = client.post(calls.url(), data=twice, content_type="application/json").json["cards"]
    assert cards[0]["summary"].startswith("Replacement advised: fibrinogen 0.8 g/L")


@pytest.mark.req("CDS-24", "FHIR-29")
def test_what_could_not_be_read_is_never_called_not_recorded(client: FlaskClient) -> None:
    body = c.dumps(calls.call()).replace(b'"value": 0.8', b'"value": true')
    said = client.post(calls.url(), data=body, content_type="application/json").get_data(as_text=True)
    assert "Observation/fib could not be read" in said
    assert "a result that could not be read may be fibrinogen" in said
    assert "fibrinogen is not recorded" not in said
