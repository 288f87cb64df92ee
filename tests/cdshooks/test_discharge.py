"""Before discharge one card says what is open; and a caller's configuration of our cards is honoured (interfaces 4, CDS-99)."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from smartapp.cdshooks.card_configuration import MAX_CARDS
from tests import charts as c
from tests.cdshooks import calls
from tests.stories.hooked import app_client

HOOK = "encounter-discharge"
CHOSEN = "davinci-crd.configuration"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return app_client(Path(tmp_path_factory.mktemp("discharge")))


def cards(client: FlaskClient, *records: c.Resource, hook: str = HOOK, **more: Any) -> list[dict[str, Any]]:
    orders = [record for record in records if record["resourceType"] == "MedicationRequest"]
    sent = calls.prefetch(*records, medicationRequests=calls.bundle(*orders))
    body = calls.call(hook, prefetch=sent, **more)
    answer = client.post(calls.url(hook), data=c.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    return list(answer.json["cards"])


def chart(value: str = "2.5", hours: float = 1, *more: c.Resource) -> tuple[c.Resource, ...]:
    return (
        c.patient("1990-01-10"),
        c.infusion(),
        c.crs(3),
        c.weight("70"),
        c.fibrinogen(value, hours_ago=hours),
        *more,
    )


DRAFT: c.Resource = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "proposal",
    "subject": c.SUBJECT,
    "authoredOn": "2026-03-01T04:56:00Z",
    "medicationCodeableConcept": {
        "coding": [{"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "P9012"}],
        "text": "Cryoprecipitate",
    },
}


@pytest.mark.req("CDS-13", "CDS-41")
def test_nothing_open_nothing_said(client: FlaskClient) -> None:
    assert cards(client, *chart()) == []


@pytest.mark.parametrize(
    ("records", "summary", "rules"),
    [
        (chart("1.2"), "Before discharge: fibrinogen 1.2", ["TIER-01"]),
        (chart("2.5", 20), "Before discharge: recheck overdue since", ["MON-02"]),
        (chart("2.5", 1, DRAFT), "Before discharge: cryoprecipitate drafted and unsigned", ["REP-13"]),
        (
            chart("1.2", 1, DRAFT),
            "Before discharge: fibrinogen 1.2",
            ["TIER-01", "REP-13"],
        ),
    ],
)
def test_what_is_open_is_one_card(
    client: FlaskClient, records: tuple[c.Resource, ...], summary: str, rules: list[str]
) -> None:
    (card,) = cards(client, *records)
    assert card["summary"].startswith(summary)
    assert card["indicator"] == "warning"
    assert card["source"]["url"].rpartition("/")[2] in {*rules, "rules"}


def test_what_cannot_be_assessed_is_the_data_card(client: FlaskClient) -> None:
    (card,) = cards(client, *chart()[:-1])
    assert card["summary"].startswith("Cannot assess")


def test_outside_the_window_nothing_is_said(client: FlaskClient) -> None:
    assert cards(client, c.patient("1990-01-10"), c.infusion(120), c.fibrinogen("0.8")) == []


@pytest.mark.req("CDS-13")
def test_the_encounter_is_required(client: FlaskClient) -> None:
    body = calls.call(HOOK, context=calls.context(HOOK, encounterId=...))
    assert client.post(calls.url(HOOK), data=c.dumps(body), content_type="application/json").status_code == 400


@pytest.mark.req("CDS-04", "CDS-99")
def test_discovery_names_version_and_options(client: FlaskClient) -> None:
    for service in client.get("/cds-services").json["services"]:
        assert service["version"].count(".") == 2
        options = service["extension"]["davinci-crd.configuration-options"]
        kinds = {option["code"]: option["type"] for option in options}
        assert kinds.pop(MAX_CARDS) == "integer"
        assert kinds == dict.fromkeys(("replacement", "coagulation", "monitoring", "data", "orders"), "boolean")


@pytest.mark.req("CDS-99", "CDS-14")
@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({}, ["replacement", "data"]),
        ({MAX_CARDS: 0}, []),
        ({MAX_CARDS: 1}, ["replacement"]),
        ({MAX_CARDS: 9}, ["replacement", "data"]),
        ({"replacement": False}, ["data"]),
        ({"data": False, "replacement": True}, ["replacement"]),
        ({"coverage": False, "x": {"y": 1}}, ["replacement", "data"]),
        ({MAX_CARDS: "1"}, ["replacement", "data"]),
        ({MAX_CARDS: -1}, ["replacement", "data"]),
        ({MAX_CARDS: True, "replacement": "no"}, ["replacement", "data"]),
    ],
)
def test_a_configuration_is_honoured(client: FlaskClient, chosen: dict[str, Any], left: list[str]) -> None:
    unread = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    sent = calls.prefetch(*calls.ACT, allergies=unread)
    body = calls.call(prefetch=sent, extension={CHOSEN: chosen, "other": 1})
    found = client.post(calls.url(), data=c.dumps(body), content_type="application/json").json["cards"]
    kinds = ["data" if "could not be read" in card["summary"] else "replacement" for card in found]
    assert kinds == left


@pytest.mark.parametrize("extension", [7, [], "x", {CHOSEN: 7}, {CHOSEN: None}, None])
def test_an_odd_extension_counts_for_nothing(client: FlaskClient, extension: Any) -> None:
    body = calls.call(extension=extension)
    answer = client.post(calls.url(), data=c.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    assert answer.json["cards"]
