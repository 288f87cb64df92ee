"""Settings of an app whose hooks tests call directly, as a client without a key of its own."""

import base64
import hashlib
from pathlib import Path

from smartapp.cli.serve import demo_settings
from smartapp.config.settings import Settings

APP = "http://127.0.0.1:8000"
EHR = "http://127.0.0.1:8001"
SECRET = hashlib.sha256(b"the secret of the tests, of no site").digest()
"""The `secret_key` of the tests: production refuses it (SAL-41)."""
SECRET_TEXT = base64.urlsafe_b64encode(SECRET).decode()


def open_settings(folder: Path, app_url: str = APP, ehr_url: str = EHR) -> Settings:
    """The demo's settings, but that hooks may be called without a token."""
    settings = demo_settings(folder, app_url, ehr_url)
    callers = tuple(caller.model_copy(update={"require_jwt": False}) for caller in settings.cds_client)
    return settings.model_copy(update={"cds_client": callers})
