"""A demo story as the app's hook answers it: the chart laid out at a fixed moment, sent as prefetch."""

from collections import defaultdict
from datetime import UTC
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.policy import build_policy
from smartapp.demo.stories import lay_out, read_stories
from smartapp.factory import create_app
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from smartapp.storage.database import Database
from tests import charts
from tests.sites import open_settings

STORIES = {story.patient: story for story in read_stories()}
_KEYS = {
    "Patient": "patient",
    "Observation": "fibrinogen",
    "Condition": "conditions",
    "Procedure": "procedures",
    "MedicationAdministration": "administrations",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "ServiceRequest": "serviceRequests",
    "AllergyIntolerance": "allergies",
}
_LABS = ("coagulation", "bloodCounts", "chemistry", "weight", "vitalSigns")


def app_client(folder: Path) -> FlaskClient:
    """The app in development, with its clock at `charts.NOW`."""
    settings = open_settings(folder)
    Database(settings.database).upgrade()
    return create_app(settings, now=lambda: charts.NOW).test_client()


def cards_of(client: FlaskClient, patient: str) -> list[dict[str, Any]]:
    """The cards of a patient-view call with the whole chart as prefetch."""
    by_key: dict[str, list[Any]] = defaultdict(list)
    for resource in lay_out(STORIES[patient], charts.NOW):
        if resource["resourceType"] in _KEYS:
            by_key[_KEYS[resource["resourceType"]]].append(resource)
    prefetch: dict[str, Any] = {}
    for key in _KEYS.values():
        prefetch[key] = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in by_key[key]]}
    prefetch["patient"] = by_key["patient"][0]
    prefetch |= dict.fromkeys(_LABS)
    body = {
        "hook": "patient-view",
        "hookInstance": "7d5a3b3e-1111-4222-8333-444455556666",
        "context": {"userId": "Practitioner/osei", "patientId": patient},
        "prefetch": prefetch,
    }
    answer = client.post(
        "/cds-services/coagulopathy-patient-view", data=charts.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    cards: list[dict[str, Any]] = answer.json["cards"]
    return cards


def assessed(patient: str) -> Assessment:
    """The same chart on the core."""
    policy = build_policy()
    chart = read_file(charts.bundle(*lay_out(STORIES[patient], charts.NOW)), patient)
    return assess(read_picture(chart, charts.NOW, UTC, policy=policy), policy)
