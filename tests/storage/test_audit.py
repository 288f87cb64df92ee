"""The audit trail: what it records, and that a changed, removed or moved record is noticed (SEC-32)."""

from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import delete, update

from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart import Chart
from smartapp.fhir.queries import QUERIES
from smartapp.storage.audit import AuditLog, records, verify
from smartapp.storage.database import Database
from smartapp.storage.tables import audit
from smartapp.usecases.assess import Site, assess_patient
from smartapp.usecases.ports import Subject
from tests import charts as c
from tests.usecases.desk import a_chart

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7", user_name="Dr Roe", encounter="E1", reference="launch-1")


def a_log(database: Database) -> AuditLog:
    return AuditLog(database, clock=lambda: 1_772_352_000.0)


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
    assert record["rules"]["REP-03 v1"] == "applies"
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
def test_chains_of_two_processes_hold(database: Database) -> None:
    one, two = a_log(database), a_log(database)
    for log in (one, two, one, one, two):
        log.noted(WHO, "launch", "begun")
    assert verify(database) == []
    assert len(list(records(database))) == 5


@pytest.mark.req("SEC-32")
@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (update(audit).where(audit.c.number == 2).values(record='{"event":"nothing"}'), "record 2 was changed"),
        (delete(audit).where(audit.c.number == 2), "record 3 does not follow record 1"),
        (update(audit).where(audit.c.number == 3).values(number=9), "record 9 does not follow record 2"),
        (update(audit).where(audit.c.number == 1).values(previous_hash="f" * 64), "record 1 does not follow record 0"),
    ],
)
def test_tampering_is_noticed(database: Database, tamper: Any, said: str) -> None:
    log = a_log(database)
    for number in range(3):
        log.noted(WHO, "launch", str(number))
    with database.transaction() as connection:
        connection.execute(tamper)
    assert any(said in problem for problem in verify(database))
