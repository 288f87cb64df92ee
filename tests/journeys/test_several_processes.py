"""Four processes of the app that share a database, `secret_key` and configuration, and nothing else (interfaces.md section 7)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from click.testing import CliRunner

from smartapp.cli import main
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
    with several(site, Path(tmp_path_factory.mktemp("site")), lasting_url, 4) as running:
        yield running


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
def test_what_all_of_them_recorded_holds(
    site: Hospital, machines: list[Running], lasting_url: str, tmp_path: Path
) -> None:
    launched(site, machines)
    config = site.configure(tmp_path / "desk", lasting_url)
    done = CliRunner().invoke(main, ["audit", "verify", "--config", str(config)])
    assert done.exit_code == 0
    assert "the audit's chains hold" in done.stdout
