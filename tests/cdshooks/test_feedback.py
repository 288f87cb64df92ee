"""Feedback from clients: kept once, matched to its card, heeded by the next call, exported with its six fields."""

import csv
import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from smartapp.cli import main
from smartapp.factory.references import CardReferences
from smartapp.storage.audit import AuditLog
from smartapp.storage.audit_verify import records
from smartapp.storage.database import Database
from smartapp.storage.feedback import FeedbackStore
from smartapp.storage.feedback_export import events, rates
from smartapp.storage.hook_records import HookRecordStore
from smartapp.storage.keyring import Keyring
from smartapp.usecases.feedback import FeedbackService
from smartapp.usecases.override_reasons import REASONS, SYSTEM
from smartapp.usecases.ports import Subject
from tests import charts as c
from tests.cdshooks import calls
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import SERVER, Signer
from tests.fakes import MemoryLog
from tests.sites import SECRET, SECRET_TEXT

SIGNER = Signer()
PATH = f"{calls.url()}/feedback"
SIX = ("intervention", "action_taken", "user_feedback", "user", "date", "location")


class Service:
    """The app with its database, called by one EHR."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app: Flask = app_of(settings_of(folder, SIGNER))
        self.database = Database(f"sqlite:///{folder / 'smartapp.db'}")

    def cards(self, hook: str = "patient-view", *, user: str = "Practitioner/7", **more: Any) -> list[dict[str, Any]]:
        body = calls.call(hook, context=calls.context(hook, userId=user), **more)
        answer = post(self.app, calls.url(hook), body, SIGNER)
        assert answer.status_code == 200, answer.data
        return list(answer.json["cards"])

    def send(self, *entries: Any) -> Any:
        return post(self.app, PATH, {"feedback": list(entries)}, SIGNER)

    def kept(self) -> list[dict[str, str]]:
        found = events(self.database, KEYRING, organization="St X", since=float("-inf"), until=float("inf"))
        return [dict(event) for event in found]

    def audited(self, event: str) -> list[str]:
        return [record["outcome"] for record in records(self.database) if record["event"] == event]


KEYRING = Keyring([SECRET])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.database.close()


def at(seconds_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def overridden(card: str, **more: Any) -> dict[str, Any]:
    """As the public sandbox sends it: code and system without display."""
    reason = {"reason": {"code": "need-more-info", "system": SYSTEM}}
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": at(), "overrideReason": reason, **more}


def accepted(card: dict[str, Any]) -> dict[str, Any]:
    ids = [{"id": card["suggestions"][0]["uuid"]}]
    return {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": at(), "acceptedSuggestions": ids}


@pytest.mark.req("CDS-60", "CDS-42", "CDS-62", "DSI-05", "SEC-32")
def test_an_answer_is_kept_with_its_card_and_audited(service: Service) -> None:
    card = service.cards()[0]
    answer = service.send(overridden(card["uuid"], overrideReason={"userComment": " repeat at six "}))
    assert (answer.status_code, answer.json) == (200, {"recorded": 1, "refused": 0})
    (event,) = service.kept()
    assert "REP-03 v2" in event["intervention"]
    assert event["action_taken"] == "overridden"
    assert event["user_feedback"] == "repeat at six"
    assert event["user"] == "Practitioner/7"
    assert event["location"] == "St X, st-x"
    assert event["card"] == card["uuid"]
    assert service.audited("feedback")[0].startswith(f"{card['uuid']} overridden")
    assert "repeat at six" not in json.dumps(list(records(service.database)))


@pytest.mark.req("CDS-61")
def test_the_same_body_twice_is_one_record_an_event(service: Service) -> None:
    card = service.cards()[0]
    body = [overridden(card["uuid"]), accepted(card)]
    for _ in range(2):
        assert service.send(*body).status_code == 200
    assert [event["action_taken"].split()[0] for event in service.kept()] == ["overridden", "accepted"]
    assert len(service.audited("feedback")) == 2


@pytest.mark.req("CDS-60", "CDS-61", "CDS-03")
@pytest.mark.parametrize(
    "bad",
    [
        7,
        {},
        {"card": ""},
        {"card": 7},
        {"outcome": "ignored"},
        {"outcome": None},
        {"outcome": ["accepted"]},
        {"outcomeTimestamp": "yesterday"},
        {"outcomeTimestamp": "2026-03-01T08:00:00"},
        {"outcomeTimestamp": 7},
        {"outcome": "accepted"},
        {"outcome": "accepted", "acceptedSuggestions": []},
        {"acceptedSuggestions": ["x"]},
        {"acceptedSuggestions": {"id": "x"}},
        {"overrideReason": "no"},
    ],
    ids=str,
)
def test_a_bad_entry_does_not_lose_the_good_ones(service: Service, bad: Any) -> None:
    good = overridden(str(uuid.uuid4()))
    odd = {**overridden(str(uuid.uuid4())), **bad} if isinstance(bad, dict) and bad else bad
    answer = service.send(odd, good)
    assert (answer.status_code, answer.json) == (200, {"recorded": 1, "refused": 1})
    alone = service.send(odd)
    assert alone.status_code == 400
    assert alone.json["resourceType"] == "OperationOutcome"


@pytest.mark.req("CDS-60", "CDS-73")
@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"feedback": []}', b'{"feedback": {}}', b"[]", b'{"feedback": [], "feedback": []}']
)
def test_a_body_without_entries_is_400(service: Service, raw: bytes) -> None:
    assert post(service.app, PATH, raw, SIGNER).status_code == 400


@pytest.mark.req("CDS-62")
def test_an_unknown_card_is_kept_unmatched_and_has_no_effect(service: Service) -> None:
    assert service.send(overridden(str(uuid.uuid4()))).json["recorded"] == 1
    (event,) = service.kept()
    assert event["intervention"] == "not known: no such card was shown"
    assert all(event[name] for name in SIX)
    assert service.cards()


@pytest.mark.req("CDS-62", "CDS-80")
def test_feedback_needs_its_own_token(service: Service) -> None:
    assert post(service.app, PATH, {"feedback": [overridden("x")]}, None).status_code == 401
    for_call = {"Authorization": f"Bearer {SIGNER.token(aud='https://app.test' + calls.url())}"}
    assert post(service.app, PATH, {"feedback": [overridden("x")]}, None, **for_call).status_code == 200
    assert post(service.app, calls.url() + "x/feedback", {"feedback": []}, SIGNER).status_code == 404


@pytest.mark.req("CDS-62")
def test_a_comment_is_shortened_and_stays_text(service: Service) -> None:
    hostile = "=cmd()\r\n<script>" + "x" * 5000
    service.send(overridden("a" * 36, overrideReason={"reason": {"code": 7}, "userComment": hostile}))
    (event,) = service.kept()
    assert event["user_feedback"].startswith("=cmd()")
    assert len(event["user_feedback"]) == 1000


@pytest.mark.req("CDS-54", "CDS-53")
def test_without_feedback_equal_calls_give_equal_cards(service: Service) -> None:
    first, second = service.cards(), service.cards()
    assert first
    assert [card["summary"] for card in first] == [card["summary"] for card in second]


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize("how", [lambda card: overridden(card["uuid"]), accepted])
def test_an_acknowledged_card_is_not_repeated_and_that_is_recorded(service: Service, how: Any) -> None:
    card = service.cards()[0]
    service.send(how(card))
    assert service.cards() == []
    assert service.cards("encounter-start") == []
    withheld = service.audited("card withheld: acknowledged and unchanged")
    assert len(withheld) == 2
    assert "critical REP-03" in withheld[0] or "REP-03 v2" in withheld[0]


@pytest.mark.req("CDS-54")
def test_another_user_still_gets_it(service: Service) -> None:
    service.send(overridden(service.cards()[0]["uuid"]))
    assert service.cards(user="Practitioner/8")


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize(
    "changed",
    [
        (c.fibrinogen("0.8", id_="newer"),),
        (c.fibrinogen("0.7"),),
        (c.fibrinogen("0.8"), c.weight("90")),
    ],
    ids=["another result", "another value", "another dose"],
)
def test_what_changed_is_shown(service: Service, changed: tuple[c.Resource, ...]) -> None:
    service.send(overridden(service.cards()[0]["uuid"]))
    kept = [r for r in calls.ACT if not any(_same_kind(r, new) for new in changed)]
    assert service.cards(prefetch=calls.prefetch(*kept, *changed))


@pytest.mark.req("CDS-54")
def test_a_worse_band_is_shown_and_a_milder_one_need_not_be(service: Service) -> None:
    def of_grade(grade: int) -> list[dict[str, Any]]:
        others = [r for r in calls.ACT if r["resourceType"] != "Condition"]
        return service.cards(prefetch=calls.prefetch(*others, c.crs(grade)))

    service.send(*(overridden(card["uuid"]) for card in of_grade(2)))
    assert of_grade(2) == []
    assert of_grade(3)


def _same_kind(old: c.Resource, new: c.Resource) -> bool:
    return (old["resourceType"], old.get("code")) == (new["resourceType"], new.get("code"))


@pytest.mark.req("CDS-54", "CDS-61")
@pytest.mark.parametrize(("hours", "shown"), [(5.9, False), (6.1, True)])
def test_an_acknowledgement_lasts_six_hours(service: Service, hours: float, shown: bool) -> None:
    card = service.cards()[0]
    _earlier(service, "shown_cards", "at", hours * 3600)
    reason = {"reason": {"code": "risk-benefit-ratio", "system": SYSTEM}}
    service.send(overridden(card["uuid"], outcomeTimestamp=at(hours * 3600), overrideReason=reason))
    assert bool(service.cards()) is shown


@pytest.mark.req("CDS-54")
@pytest.mark.parametrize("stamp", [at(-86400), "2001-01-01T00:00:00Z"], ids=["tomorrow", "long ago"])
def test_a_clients_odd_clock_moves_no_acknowledgement_beyond_what_can_be(service: Service, stamp: str) -> None:
    service.send(overridden(service.cards()[0]["uuid"], outcomeTimestamp=stamp))
    assert service.cards() == []


def _earlier(service: Service, table: str, column: str, seconds: float) -> None:
    with service.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = {column} - {seconds}")


@pytest.mark.req("CDS-42")
def test_every_card_can_be_resolved_to_its_call_rules_and_versions(service: Service) -> None:
    body = calls.call(hookInstance="instance-1")
    card = post(service.app, calls.url(), body, SIGNER).json["cards"][0]
    service.send(overridden(card["uuid"]))
    (event,) = service.kept()
    assert event["reference"] == "instance-1"
    assert event["patient"] == "P1"
    assert "REP-03 v2" in event["intervention"]
    assert any(card["uuid"] in outcome for outcome in service.audited("card shown"))


@pytest.mark.req("CDS-49")
def test_the_seven_reasons_stand_on_the_card(service: Service) -> None:
    offered = [(r["code"], r["system"], r["display"]) for r in service.cards()[0]["overrideReasons"]]
    assert offered == [(code, SYSTEM, display) for code, display in REASONS]
    assert len(offered) == 7


@pytest.mark.req("DSI-15")
def test_how_often_a_rule_is_overridden(service: Service) -> None:
    first, second = service.cards()[0], service.cards()[0]
    service.cards()
    service.send(overridden(first["uuid"]), accepted(second))
    found = {rate["rule"]: rate for rate in rates(service.database, since=0, until=time.time() + 1)}
    assert found["REP-03"] == {
        "rule": "REP-03",
        "version": "2",
        "shown": "3",
        "accepted": "1",
        "overridden": "1",
        "override_rate": "0.50",
    }


def exported(service: Service, monkeypatch: pytest.MonkeyPatch, *args: str) -> str:
    for name, value in {
        "DATA_DIR": str(service.folder),
        "SECRET_KEY": SECRET_TEXT,
        "ORGANIZATION": "St X",
    }.items():
        monkeypatch.setenv(f"SMARTAPP_{name}", value)
    done = CliRunner().invoke(main, ["export", "feedback", *args])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.req("DSI-05")
def test_the_export_has_six_filled_fields_for_every_event(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    card = service.cards()[0]
    hostile = {"overrideReason": {"userComment": '=1+1, "quoted"\nline'}}
    service.send(overridden(card["uuid"], **hostile), accepted(card), overridden("unknown"))
    lines = [json.loads(line) for line in exported(service, monkeypatch).splitlines()]
    table = list(csv.DictReader(exported(service, monkeypatch, "--format", "csv").splitlines(keepends=True)))
    assert len(lines) == len(table) == 3
    for row in (*lines, *table):
        assert all(row[name] for name in SIX)
    assert table[0]["user_feedback"].startswith("'=1+1")
    assert exported(service, monkeypatch, "--until", "2001-01-01") == ""
    assert "REP-03" in exported(service, monkeypatch, "--rates", "--format", "csv")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--since", "soon"], 2, "is not a time"),
        (["--format", "xml"], 2, "xml"),
        ([], 1, "smartapp db upgrade"),
    ],
)
def test_an_export_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.setenv("SMARTAPP_DATA_DIR", str(tmp_path / "none"))
    done = CliRunner().invoke(main, ["export", "feedback", *words])
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


@pytest.mark.req("CDS-32", "CDS-61")
def test_a_call_that_names_no_server_is_about_the_same_patient(service: Service) -> None:
    service.send(overridden(service.cards()[0]["uuid"]))
    assert service.cards(fhirServer=SERVER) == []


@pytest.mark.req("CDS-50", "CDS-53", "SAL-62")
def test_the_smart_link_refers_to_the_evaluation_of_its_card(service: Service) -> None:
    first, second = (_smart(service.cards()[0]) for _ in range(2))
    assert first == second
    assert first["url"] == "https://app.test/launch"
    opened = Launch(service)
    assert re.fullmatch("[0-9a-f]{64}", opened.likeness)
    assert opened.look(patient="P1").fibrinogen == Decimal("0.8")
    assert opened.look(patient="P2") is None
    assert opened.look(patient="P1", ehr="st-y") is None
    _earlier(service, "shown_cards", "at", 6.1 * 3600)
    assert opened.look(patient="P1") is None


def _smart(card: dict[str, Any]) -> dict[str, Any]:
    return next(link for link in card["links"] if link["type"] == "smart")


class Launch:
    """A launch that carries the last card's reference."""

    def __init__(self, service: Service) -> None:
        context = _smart(service.cards()[0])["appContext"]
        self.likeness = CardReferences(KEYRING.signing_secrets).likeness(context)
        store = FeedbackStore(service.database, KEYRING, time.time)
        kept = HookRecordStore(AuditLog(service.database, KEYRING, time.time), store)
        self.answers = FeedbackService(feedback=store, log=MemoryLog(), answered=kept, seconds=time.time)

    def look(self, *, patient: str, ehr: str = "st-x") -> Any:
        return self.answers.spoken_of(Subject(ehr=ehr, patient=patient), self.likeness)
