"""The app in production, called by an EHR that signs."""

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from smartapp.config.checks import check
from smartapp.config.load import build
from smartapp.config.settings import Settings
from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.signing import BASE, ISSUER, SERVER, Signer, key_set
from tests.sites import SECRET_TEXT

ORIGIN = "https://ehr.test"


def settings_of(
    folder: Path,
    *signers: Signer,
    server: str = SERVER,
    limits: dict[str, Any] | None = None,
    budgets: dict[str, Any] | None = None,
    mode: str = "production",
    **caller: Any,
) -> Settings:
    """Settings with one EHR and one caller, whose keys are a file."""
    keys = folder / "keys.json"
    keys.write_bytes(key_set(*(signer.public() for signer in signers)))
    client = {
        "name": "st-x",
        "issuer": ISSUER,
        "jwks_file": str(keys),
        "fhir_servers": [server],
        "cors_origins": [ORIGIN],
        **caller,
    }
    client = {name: value for name, value in client.items() if value is not None}
    settings = build(
        {
            "base_url": BASE,
            "data_dir": folder,
            "secret_key": SECRET_TEXT,
            "organization": "St X",
            "mode": mode,
            "limits": limits or {},
            "budgets": budgets or {},
            "ehr": [{"name": "st-x", "fhir_base": server, "client_id": "client-a"}],
            "cds_client": [client],
        }
    )
    check(settings)
    return settings


def app_of(settings: Settings) -> Flask:
    """The app on a fresh schema."""
    database = Database(settings.database)
    database.upgrade()
    database.close()
    return create_app(settings, now=lambda: c.NOW)


def audience(hook: str = "patient-view") -> str:
    """What a token for this service is meant for."""
    return f"{BASE}{calls.url(hook)}"


def post(app: Flask, path: str, body: Any, signer: Signer | None, **headers: str) -> TestResponse:
    """A POST with a fresh token of the signer for exactly this address."""
    if signer is not None:
        headers["Authorization"] = f"Bearer {signer.token(aud=f'{BASE}{path}')}"
    raw = body if isinstance(body, bytes) else c.dumps(body)
    kind = headers.pop("Content_Type", "application/json")
    return app.test_client().post(path, data=raw, content_type=kind, headers=headers)
