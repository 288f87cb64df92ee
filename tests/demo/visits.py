"""What a browser and an app do at the demo EHR: authorize, redeem, ask the FHIR server."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

BASE = "http://127.0.0.1:8001"
APP = "http://127.0.0.1:8000"
CALLBACK = f"{APP}/callback"
PUBLIC = "fibrinogen-watch-public"
VERIFIER = "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = (
    "launch openid fhirUser patient/Patient.r patient/Observation.rs "
    "patient/MedicationRequest.crus patient/Provenance.c"
)


class Visit:
    """One demo EHR with its test client."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.demo = app.extensions["demo_ehr"]

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a right authorization request, with changes; None leaves one out."""
        right = {
            "response_type": "code",
            "client_id": PUBLIC,
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "state-1",
            "aud": f"{BASE}/fhir",
            "launch": self.demo.create_launch("lindqvist") if "launch" not in changes else None,
            "nonce": "nonce-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**right, **changes}.items() if value is not None}

    def authorize(self, **changes: str | None) -> TestResponse:
        """The answer of the authorization endpoint."""
        return self.client.get("/authorize", query_string=self.request(**changes), base_url=BASE)

    def code(self, **changes: str | None) -> str:
        """A code."""
        return returned(self.authorize(**changes))["code"]

    def post(self, path: str, form: dict[str, str], **more: Any) -> TestResponse:
        """A form sent to the authorization server."""
        return self.client.post(path, data=form, base_url=BASE, **more)

    def redeem(self, code: str, **changes: str) -> TestResponse:
        """The token endpoint's answer to a code, by the public client."""
        right = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "client_id": PUBLIC}
        return self.post("/token", {**right, "code": code, "code_verifier": VERIFIER, **changes})

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """A whole launch."""
        return dict(self.redeem(self.code(**changes)).get_json())

    def fhir(self, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> TestResponse:
        """A FHIR request."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        more = {"data": json.dumps(body), "content_type": "application/fhir+json"} if body is not None else {}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(f"/fhir{path}", method=method, headers={**sent, **headers}, base_url=BASE, **more)


def returned(response: TestResponse) -> dict[str, str]:
    """The parameters of a redirect back to the app."""
    assert response.status_code == 302, response.get_data(as_text=True)
    assert response.headers["Location"].startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def an_order(patient: str = "lindqvist", number: str = "1", dose: int = 3000) -> dict[str, Any]:
    """A draft order as the app writes it."""
    return {
        "resourceType": "MedicationRequest",
        "identifier": [{"system": f"{APP}/proposal", "value": number}],
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "Fibrinogen concentrate"},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg"}}]}],
    }


def a_transaction(patient: str = "lindqvist", number: str = "1") -> dict[str, Any]:
    """Order and provenance in one transaction."""
    order, provenance = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:1c3151bd-1cbf-4d64-b04d-cd9187a4c6e1"
    why = {
        "resourceType": "Provenance",
        "target": [{"reference": order}],
        "recorded": "2026-03-01T08:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/osei"}}],
    }
    exists = f"identifier={APP}/proposal|{number}"
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": order,
                "resource": an_order(patient, number),
                "request": {"method": "POST", "url": "MedicationRequest", "ifNoneExist": exists},
            },
            {"fullUrl": provenance, "resource": why, "request": {"method": "POST", "url": "Provenance"}},
        ],
    }
