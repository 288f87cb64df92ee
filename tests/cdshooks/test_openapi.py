"""The description is made from the code, and the service keeps to it whatever is sent within and beyond it."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from smartapp.factory import create_app
from smartapp.storage.database import Database
from tests import charts as c
from tests.cdshooks import calls
from tests.sites import open_settings

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    site = open_settings(Path(tmp_path_factory.mktemp("openapi")))
    Database(site.database).upgrade()
    return create_app(site, now=lambda: c.NOW)


@pytest.fixture(scope="module")
def described(app: Flask) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


ROUTES = [f"{calls.url(hook)}{rest}" for hook in calls.HOOKS for rest in ("", "/feedback")]


@pytest.mark.req("CDS-01", "CDS-15", "CDS-41", "CDS-60", "CDS-70", "CDS-73")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", ROUTES, ids=lambda part: part.rpartition("coagulopathy-")[2])
def test_every_answer_is_as_described(described: Any, path: str, mode: GenerationMode) -> None:
    operation = described[path]["POST"]

    @settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=list(CHECKS))

    hold()


@pytest.mark.req("CDS-02")
def test_every_service_is_described(app: Flask) -> None:
    client = app.test_client()
    document = client.get("/openapi.json").json
    for service in client.get("/cds-services").json["services"]:
        assert {f"/cds-services/{service['id']}", f"/cds-services/{service['id']}/feedback"} <= set(document["paths"])
    assert document["servers"] == [{"url": "http://127.0.0.1:8000"}]
