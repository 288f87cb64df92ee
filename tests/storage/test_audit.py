"""The audit trail: what it records of an answer and of other events (SEC-32)."""

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart import Chart
from smartapp.fhir.queries import QUERIES
from smartapp.storage.audit import AuditLog
from smartapp.storage.audit_verify import FIELDS, records
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.usecases.assess import Site, assess_patient
from smartapp.usecases.ports import Subject
from tests import charts as c
from tests.usecases.orders.clinician import a_chart

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7", user_name="Dr Roe", encounter="E1", reference="launch-1")


def a_log(database: Database) -> AuditLog:
    return AuditLog(database, Keyring([bytes(32)]), lambda: 1_772_352_000.0, lambda: "a1b2")


def assessed(database: Database, log: AuditLog, value: str = "0.8") -> dict[str, Any]:
    """The record of one assessment of V01's patient."""
    site = Site(
        policy=build_policy(None, {"fc_product": "riastap", "cryo_available": False}), zone=UTC, queries=QUERIES
    )
    assess_patient(
        WHO,
        sent=Chart.empty("P1"),
        source=a_chart(value=value),
        site=site,
        as_of=c.NOW,
        log=log,
        event="page assessed",
    )
    return dict(list(records(database))[-1])


@pytest.mark.req("SEC-32")
def test_an_assessment_is_recorded_with_the_fields_of_the_contract(database: Database) -> None:
    record = assessed(database, a_log(database))
    who = {"ehr": "st-x", "user": "Practitioner/7", "patient": "P1", "encounter": "E1", "reference": "launch-1"}
    assert who.items() <= record.items()
    assert (record["event"], record["action"], record["indicator"]) == ("page assessed", "REPLACE", "critical")
    assert record["rules"]["REP-03 v2"] == "applies"
    assert len(record["policy_sha256"]) == len(record["input_digest"]) == 64
    assert record["time"] == "2026-03-01T08:00:00.000+00:00"


@pytest.mark.req("SEC-32")
def test_the_digest_follows_the_inputs(database: Database) -> None:
    log = a_log(database)
    first, same, other = (assessed(database, log, value) for value in ("0.8", "0.8", "0.7"))
    assert first["input_digest"] == same["input_digest"] != other["input_digest"]


@pytest.mark.req("SEC-32")
def test_names_are_not_recorded(database: Database) -> None:
    a_log(database).noted(WHO, "approved", "p1")
    assert "Roe" not in str(list(records(database)))


@pytest.mark.req("SEC-32")
def test_what_was_read_is_counted_by_type(database: Database) -> None:
    read = assessed(database, a_log(database))["read"]
    assert (read["Patient"], read["Observation"]) == ("1", "2")


@pytest.mark.req("SEC-32")
def test_every_record_has_every_field_and_the_requests_number(database: Database) -> None:
    a_log(database).noted(WHO, "launched", "granted launch")
    (record,) = records(database)
    assert list(record)[: len(FIELDS)] == list(FIELDS)
    assert record["request"] == "a1b2"
    assert (record["rules"], record["policy_sha256"]) == ({}, "")


@pytest.mark.req("SEC-32", "FHIR-43")
def test_on_sqlite_only_records_of_answers_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    """FULL is 2, NORMAL 1; what a clinician decides is on the disk before it is sent (decision 0010)."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.upgrade()
    for _ in range(2):
        with database.recording() as cursor:
            assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
        with database.transaction() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()
