"""The patient who never had CAR-T cells: what tells of an infusion is read first; where nothing does, nothing else is read, asked or kept."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from smartapp.fhir.queries import QUERIES
from smartapp.usecases.call_counts import HOUR_SECONDS, CallCounts
from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.fhir_host import Host, hosted
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import Signer
from tests.cdshooks.test_own_queries import authorization

SIGNER = Signer()
WITHOUT = (c.patient("1950-01-10"), c.condition("flu", "J10.1"), c.fibrinogen("0.4"), c.weight("70"))
FIRST = {"Patient", "Condition", "Procedure", "MedicationAdministration", "MedicationRequest", "ServiceRequest"}


@pytest.fixture(scope="module")
def listening() -> Iterator[Host]:
    with hosted() as host:
        yield host


@pytest.fixture
def host(listening: Host) -> Host:
    listening.reset(*WITHOUT)
    return listening


@pytest.fixture
def app(listening: Host, tmp_path: Path) -> Flask:
    return app_of(settings_of(tmp_path, SIGNER, server=listening.base, mode="development"))


def ask(app: Flask, host: Host, *resources: c.Resource, **more: Any) -> Any:
    sent = calls.prefetch(*resources) if resources else ...
    body = {"fhirServer": host.base, "fhirAuthorization": authorization(), "prefetch": sent, **more}
    return post(app, calls.url(), calls.call(**body), SIGNER)


def kinds(host: Host) -> set[str]:
    return {path.split("?")[0].split("/")[2] for path in host.asked}


def stored(folder: Path) -> str:
    """Everything in the database but the callers' token ids, as text."""
    engine = create_engine(f"sqlite:///{folder / 'smartapp.db'}")
    with engine.connect() as connection:
        tables = connection.execute(text("select name from sqlite_master where type = 'table'")).scalars().all()
        rows = [connection.execute(text(f'select * from "{name}"')).all() for name in tables if name != "caller_tokens"]
    engine.dispose()
    return str(rows)


@pytest.mark.req("CDS-23", "SEC-32")
def test_nothing_but_what_tells_of_an_infusion_is_asked_for(app: Flask, host: Host) -> None:
    answer = ask(app, host)
    assert (answer.status_code, answer.json) == (200, {"cards": []})
    assert kinds(host) == FIRST
    assert len(host.asked) <= 6


@pytest.mark.req("SEC-32")
def test_neither_database_nor_log_nor_answer_knows_the_patient(
    app: Flask, host: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    call = json.loads(c.dumps(calls.call(prefetch=calls.prefetch(*WITHOUT), fhirServer=host.base)))
    call["context"]["patientId"] = call["prefetch"]["patient"]["id"] = "secret-patient"
    for key in ("conditions", "fibrinogen"):
        for entry in call["prefetch"][key]["entry"]:
            entry["resource"]["subject"] = {"reference": "Patient/secret-patient"}
    with caplog.at_level(logging.DEBUG):
        before = stored(tmp_path)
        assert post(app, calls.url(), call, SIGNER).json == {"cards": []}
    assert stored(tmp_path) == before
    assert "secret-patient" not in caplog.text + stored(tmp_path)
    assert call["hookInstance"] not in caplog.text + stored(tmp_path)


@pytest.mark.req("CDS-23")
def test_without_an_infusion_the_fibrinogen_results_are_not_required(app: Flask, host: Host) -> None:
    sent = calls.prefetch(*WITHOUT, fibrinogen=...)
    answer = post(app, calls.url(), calls.call(prefetch=sent), SIGNER)
    assert (answer.status_code, answer.json) == (200, {"cards": []})
    told = calls.prefetch(*WITHOUT, c.infusion(), fibrinogen=...)
    assert post(app, calls.url(), calls.call(prefetch=told), SIGNER).status_code == 412


@pytest.mark.req("APP-01", "APP-05", "DQ-24")
@pytest.mark.parametrize(
    "record",
    [
        c.infusion(),
        c.infusion(500),
        c.infusion(performedDateTime=None),
        c.crs(2),
        c.condition("icans", "G92.03"),
        c.condition("history", "Z92.850"),
    ],
    ids=["infusion", "long ago", "undated", "CRS", "ICANS", "history"],
)
def test_whatever_tells_of_an_infusion_has_the_rest_read(app: Flask, host: Host, record: c.Resource) -> None:
    host.reset(*WITHOUT, {name: value for name, value in record.items() if value is not None})
    assert ask(app, host).status_code == 200
    assert kinds(host) > FIRST


@pytest.mark.req("FHIR-29", "DQ-17")
@pytest.mark.parametrize("key", ["procedures", "administrations", "conditions"])
@pytest.mark.parametrize("how", ["outcome", "unreadable", "paged"])
def test_what_could_not_be_read_whole_is_not_nothing(app: Flask, tmp_path: Path, key: str, how: str) -> None:
    kind = next(query.resource for query in QUERIES if query.name == key)
    value: dict[str, Any] = {
        "outcome": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        "unreadable": calls.bundle({"resourceType": kind, "id": "x", "subject": c.SUBJECT, "status": 7, "code": 7}),
        "paged": {**calls.bundle(), "link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]},
    }[how]
    answer = post(app, calls.url(), calls.call(prefetch=calls.prefetch(*WITHOUT, **{key: value})), SIGNER)
    assert answer.status_code == 200
    assert [row["event"] for row in audited(tmp_path)].count("hook assessed") == 1


def audited(folder: Path) -> list[dict[str, Any]]:
    engine = create_engine(f"sqlite:///{folder / 'smartapp.db'}")
    with engine.connect() as connection:
        found = connection.execute(text("select record from audit order by number")).scalars().all()
    engine.dispose()
    return [json.loads(record) for record in found]


@pytest.mark.req("SEC-32")
def test_calls_are_counted_by_service_and_caller_in_one_row_an_hour_and_one_at_the_stop() -> None:
    now, written = [0.0], []
    counts = CallCounts(written.append, lambda: now[0])
    for service, caller in [("a", "x"), ("a", "x"), ("b", "x")]:
        counts.count(service, caller)
    now[0] = HOUR_SECONDS - 1
    counts.count("a", "y")
    assert written == []
    now[0] = HOUR_SECONDS
    counts.count("a", "x")
    assert [dict(row) for row in written] == [{("a", "x"): 2, ("b", "x"): 1, ("a", "y"): 1}]
    counts.close()
    counts.close()
    assert [dict(row) for row in written[1:]] == [{("a", "x"): 1}]


@pytest.mark.req("SEC-32", "CDS-05")
def test_a_site_may_have_only_what_tells_of_an_infusion_sent(tmp_path: Path, listening: Host) -> None:
    settings = settings_of(tmp_path, SIGNER, server=listening.base, mode="development")
    lean = app_of(settings.model_copy(update={"hooks": settings.hooks.model_copy(update={"prefetch": "lean"})}))
    for service in lean.test_client().get("/cds-services").json["services"]:
        assert {template.split("?")[0].split("/")[0] for template in service["prefetch"].values()} == FIRST
