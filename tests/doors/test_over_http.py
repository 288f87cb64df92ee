"""The same through the app as it is served: a real launch and real hook calls on a listening server; compared by their audit records."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from smartapp.cdshooks.service_catalog import PATIENT_VIEW
from smartapp.config.checks import check
from smartapp.config.load import build
from smartapp.factory import create_app
from smartapp.fhir.chart_from_json import read_file
from smartapp.storage.audit import assessed_entry
from smartapp.storage.database import Database
from smartapp.usecases.assess import assess_chart
from smartapp.usecases.ports import Subject
from tests import charts as c
from tests.cdshooks import calls
from tests.doors.charts import chart
from tests.doors.field import live_inputs
from tests.doors.habits import Habit, Server, as_file, prefetched
from tests.doors.opened import SITE
from tests.sites import SECRET_TEXT
from tests.smart.mock_ehr import Answer, Asked, MockEhr, mock_ehr
from tests.smart.running import APP, Visitor

MANIFEST = json.loads((Path(__file__).parents[2] / "launch.json").read_text())
_COMPARED = ("action", "indicator", "outcome", "rules", "policy_sha256", "input_digest")


@dataclass
class HabitEhr(MockEhr):
    """A mock EHR whose FHIR server has one of the habits."""

    habit: Habit = Habit.RICH
    token: dict[str, Any] = field(default_factory=lambda: {"scope": MANIFEST["scope"]})

    def fhir(self, asked: Asked) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        path = asked.path.removeprefix(f"{self.root}/")
        status, body = Server(self.habit, self.resources, base=self.base).answer(f"{path}?{query}" if query else path)
        return status, {"Content-Type": "application/fhir+json"}, c.dumps(body)


@contextmanager
def opened(folder: Path, habit: Habit, resources: list[c.Resource]) -> Iterator[tuple[HabitEhr, Flask]]:
    """The EHR, listening, and the app beside it."""
    with mock_ehr(HabitEhr, habit=habit, resources=resources) as ehr:
        assert isinstance(ehr, HabitEhr)
        settings = build(
            {
                "mode": "development",
                "base_url": APP,
                "data_dir": folder,
                "secret_key": SECRET_TEXT,
                "log_level": "error",
                "budgets": {"authorization": 10, "page": 30, "hook": 20},
                "ehr": [
                    {
                        "name": "ehr-1",
                        "fhir_base": ehr.base,
                        "issuer": ehr.url,
                        "client_id": ehr.client_id,
                        "client_auth": "public",
                    }
                ],
                "cds_client": [
                    {
                        "name": "st-x",
                        "issuer": ehr.url,
                        "jwks_uri": f"{ehr.url}/jwks",
                        "fhir_servers": [ehr.base],
                        "require_jwt": False,
                    }
                ],
            }
        )
        check(settings)
        database = Database(settings.database)
        database.upgrade()
        database.close()
        yield ehr, create_app(settings, now=lambda: c.NOW)


def audited(folder: Path, event: str) -> dict[str, Any]:
    """The last record of an event; empty where there is none."""
    engine = create_engine(f"sqlite:///{folder / 'smartapp.db'}")
    with engine.connect() as connection:
        found = [
            json.loads(row) for row in connection.execute(text("select record from audit order by number")).scalars()
        ]
    engine.dispose()
    return next((record for record in reversed(found) if record["event"] == event), {})


def call(app: Flask, ehr: HabitEhr, prefetch: dict[str, Any] | None) -> Any:
    """A hook call with a token of the EHR."""
    token = ehr.next("hook")
    ehr.live.add(token)
    authorization = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "subject": "app",
        "patient": "P1",
    }
    body = calls.call(
        fhirServer=ehr.base,
        fhirAuthorization={**authorization, "scope": MANIFEST["scope"]},
        prefetch=... if prefetch is None else prefetch,
    )
    return app.test_client().post(calls.url(), data=c.dumps(body), content_type="application/json")


def by_file(resources: list[c.Resource]) -> dict[str, Any]:
    """What the audit would say of `smartapp assess`."""
    assessment = assess_chart(read_file(as_file(resources), "P1"), site=SITE, as_of=c.NOW)
    return json.loads(json.dumps(assessed_entry(Subject(ehr="", patient="P1"), assessment, "", {})))


@pytest.mark.req("CDS-34", "SAL-53", "DQ-30", "DQ-28", "FHIR-12")
@pytest.mark.parametrize(
    ("name", "habit"),
    [*(("chart 1", habit) for habit in Habit), *((name, Habit.CODE_ALONE) for name in live_inputs())],
)
def test_a_launch_and_a_hook_are_recorded_alike(tmp_path: Path, habit: Habit, name: str) -> None:
    resources = live_inputs().get(name) or chart(int(name.split()[1]))
    told = by_file(resources)
    with opened(tmp_path, habit, resources) as (ehr, app):
        visitor = Visitor(app)
        assert visitor.get(visitor.launched(ehr)).status_code == 200
        found = {"launch": audited(tmp_path, "page assessed")}
        server = Server(habit, resources, base=ehr.base)
        for door, prefetch in (("own", None), ("full", prefetched(server, PATIENT_VIEW.prefetch))):
            sent = {key: json.loads(raw) for key, raw in prefetch.items()} if prefetch else None
            assert call(app, ehr, sent).status_code == 200
            found[door] = audited(tmp_path, "hook assessed")
    for door, record in found.items():
        assert [(door, name, record.get(name)) for name in _COMPARED] == [
            (door, name, told[name]) for name in _COMPARED
        ]
