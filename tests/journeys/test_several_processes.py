"""Four processes of the app that share a database, `secret_key` and configuration, and nothing else (interfaces.md section 7)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import select

from smartapp.cli import main
from smartapp.storage.database import Database
from smartapp.storage.tables import metadata
from tests import charts as c
from tests.cdshooks import calls
from tests.journeys.processes import Browser, Hospital, Running, form, hospital, several

PATIENT = "lindqvist"


@pytest.fixture(scope="module")
def site() -> Iterator[Hospital]:
    with hospital() as made:
        yield made


@pytest.fixture(scope="module")
def machines(site: Hospital, lasting_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Four over PostgreSQL; on a SQLite file, which is one machine's, two that stand for four."""
    count = 2 if lasting_url.startswith("sqlite") else 4
    with several(site, Path(tmp_path_factory.mktemp("site")), lasting_url, count) as running:
        yield running * (4 // count)


def launched(site: Hospital, machines: list[Running], patient: str = PATIENT) -> tuple[Browser, str]:
    """Begun at the first process, called back at the second; the patient page's address."""
    browser = Browser(site.base, machines[0].address)
    callback = browser.follow(f"{site.ehr}/chart/{patient}/launch", until="/callback?")
    browser.at = machines[1].address
    return browser, browser.follow(callback)


@pytest.mark.req("SAL-23", "FHIR-43", "FHIR-44")
def test_a_case_goes_on_at_whichever_process_answers(site: Hospital, machines: list[Running]) -> None:
    site.demo.hospital.reset()
    browser, page = launched(site, machines)
    browser.at = machines[2].address
    review = browser.press(page)
    browser.at = machines[3].address
    receipt = browser.press(review)
    last = form(browser.get(receipt).text, "/approve")

    def approve(machine: Running) -> int:
        pressing = Browser(site.base, machine.address, dict(browser.cookies))
        return pressing.ask("POST", urljoin(receipt, last.action), data=last.fields).status_code

    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(approve, machines[:2]))
    assert set(answers) <= {303, 409}
    assert 303 in answers
    for machine in machines:
        browser.at = machine.address
        assert "Saved as draft" in browser.get(receipt).text.partition("<main")[2]
    assert site.orders(PATIENT) == 1


@pytest.mark.req("CDS-86")
def test_a_callers_token_opens_once_at_whichever_process_is_asked(site: Hospital, machines: list[Running]) -> None:
    token = site.signer.token(aud=f"{site.base}{calls.url()}")

    def call(machine: Running) -> int:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return requests.post(
            f"{machine.address}{calls.url()}", c.dumps(calls.call()), headers=headers, timeout=60
        ).status_code

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sorted(pool.map(call, machines * 2)) == [200, *[401] * 7]


@pytest.mark.req("SEC-03")
def test_a_launch_that_ended_at_one_has_ended_at_all(site: Hospital, machines: list[Running]) -> None:
    browser, page = launched(site, machines)
    browser.at = machines[3].address
    leaving = form(browser.get(page).text, "/sign-out")
    assert browser.ask("POST", urljoin(page, leaving.action), data=leaving.fields).status_code == 200
    for machine in machines:
        browser.at = machine.address
        assert browser.ask("GET", page).status_code == 401


@pytest.mark.req("SAL-40")
def test_keys_that_are_rotated_stand_at_every_process_without_a_restart(
    site: Hospital, machines: list[Running], lasting_url: str, tmp_path: Path
) -> None:
    config = site.configure(tmp_path / "desk", lasting_url)
    made = CliRunner().invoke(main, ["keys", "rotate", "--config", str(config)]).stdout
    fresh = {line.split()[1] for line in made.splitlines()}
    assert len(fresh) == 2
    for machine in machines:
        keys = requests.get(f"{machine.address}/.well-known/jwks.json", timeout=30).json()["keys"]
        assert fresh < {key["kid"] for key in keys}
        assert len(keys) == 4
    launched(site, machines, "moreau")


@pytest.mark.req("SEC-32")
def test_a_case_can_be_told_from_the_audit_alone(
    site: Hospital, machines: list[Running], lasting_url: str, tmp_path: Path
) -> None:
    """Card shown → launch → data read → evaluation → offer → approval → write → result → feedback, by whichever process."""
    site.demo.hospital.reset()
    since = datetime.now(UTC).isoformat()
    assert requests.get(f"{site.ehr}/chart/moreau", timeout=60).ok
    browser, page = launched(site, machines, "moreau")
    for machine in machines[1:]:
        browser.at = machine.address
        page = browser.press(page)
    config = site.configure(tmp_path / "desk", lasting_url)
    done = CliRunner().invoke(main, ["export", "audit", "--since", since, "--config", str(config)])
    records = [json.loads(line) for line in done.stdout.splitlines()]
    case = [record for record in records if record["patient"] == "moreau"]
    told = [record["event"] for record in case]
    story = [
        "card shown",
        "launched",
        "page assessed",
        "proposal offered",
        "approved",
        "write begun",
        "write result",
        "feedback",
    ]
    assert [told.index(event) for event in story] == sorted(told.index(event) for event in story)
    by_event = {record["event"]: record for record in case}
    assert {record["reference"] for record in case if record["event"] not in ("card shown", "hook assessed")} >= {
        by_event["launched"]["reference"]
    }
    assert {(record["ehr"], record["user"]) for record in case} == {("demo", by_event["launched"]["user"])}
    assessed = by_event["page assessed"]
    assert int(assessed["read"]["Observation"]) > 5
    assert assessed["rules"]
    assert len(assessed["policy_sha256"]) == len(assessed["input_digest"]) == 64
    assert "MedicationRequest/" in by_event["write result"]["outcome"]
    assert "accepted" in by_event["feedback"]["outcome"]
    assert CliRunner().invoke(main, ["audit", "verify", "--config", str(config)]).exit_code == 0


@pytest.mark.req("SEC-36", "SEC-01")
def test_nothing_of_the_record_lies_readable_in_the_database(
    site: Hospital, machines: list[Running], lasting_url: str
) -> None:
    """But for the ids that interfaces.md section 7 names."""
    launched(site, machines, "moreau")
    patient = dict(site.demo.hospital.server.read("Patient", "moreau") or {})
    secret = [
        patient["name"][0]["family"],
        patient["birthDate"],
        patient["identifier"][0]["value"],
        "access_token",
        "Bearer",
    ]
    with closing(Database(lasting_url)) as database, database.engine.connect() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert len(rows) > 20
    held = b"".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    assert [word for word in secret if word.encode() in held] == []
