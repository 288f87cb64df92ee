"""Every feature at debug level leaves no token, no name, no number of a record and no value in logs, files or answers."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from smartapp.demo.faults import Fault
from tests.operations.site import Site, Surfer, forms_in, site

PATIENT = "lindqvist"
MARKED = {
    "name": "Zzyzxmarker",
    "mrn": "4815162342",
    "birth": "1999-12-31",
    "value": "0.8137",
    "comment": "Quux-comment",
}
FAULTS = (Fault.TOKEN_HTML, Fault.NO_PATIENT, Fault.FHIR_500, Fault.EXPIRED_TOKEN, Fault.BROKEN_OBSERVATION)


def mark(found: Site) -> None:
    """The patient's name, number, birth date and latest result are words that stand nowhere else."""
    server = found.demo.hospital.server
    patient = dict(server.read("Patient", PATIENT) or {})
    patient["name"] = [{"family": MARKED["name"], "given": ["Jane"], "text": f"Jane {MARKED['name']}"}]
    patient["identifier"] = [{**patient["identifier"][0], "value": MARKED["mrn"]}]
    server.load([{**patient, "birthDate": MARKED["birth"]}])
    latest = max(
        (one for one in server.everything("Observation", [("patient", PATIENT), ("code", "3255-7")])),
        key=lambda one: str(one["effectiveDateTime"]),
    )
    value = {"value": float(MARKED["value"]), "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    server.load([{**latest, "id": "marked", "valueQuantity": value}])


def write_and_withdraw(surfer: Surfer) -> None:
    page = surfer.page(surfer.site.launch_url(PATIENT))
    assert MARKED["name"] in page.html
    assert MARKED["value"][:4] in page.text
    page = surfer.press(page.form("/observe"), bleeding="minor")
    for words in ("What the calculation used", "as the EHR will store it", "Saved as draft"):
        page = surfer.press(page.form("/approve"))
        assert words in page.text
    surfer.press(page.form("/withdraw"))


def decline_and_leave(surfer: Surfer) -> None:
    page = surfer.page(surfer.site.launch_url(PATIENT))
    decline = page.form("/decline")
    surfer.press(decline, reason="need-more-info", comment=MARKED["comment"])
    page = surfer.page(surfer.site.launch_url(PATIENT))
    assert "signed out" in surfer.press(page.form("/sign-out")).text.lower()


def answer_cards(surfer: Surfer) -> None:
    """The chart calls patient-view; one card is overridden with a comment."""
    chart = requests.get(f"{surfer.site.ehr}/chart/{PATIENT}", timeout=30)
    card = forms_in(chart.text, "/cards/override")[0]
    sent = {**card, "reason": "need-more-info", "comment": MARKED["comment"]}
    assert requests.post(f"{surfer.site.ehr}/chart/{PATIENT}/cards/override", data=sent, timeout=30).ok


def call_wrongly(found: Site) -> None:
    """A hook that is refused, and bytes that gunicorn refuses."""
    service = f"{found.app}/cds-services/coagulopathy-patient-view"
    token = found.demo.realm.hook_key.token(service)
    found.secrets.add(token)
    for body in (b"{", json.dumps({"hook": "patient-view", "context": MARKED}).encode()):
        for sent in (token, f"{token}x"):
            headers = {"Authorization": f"Bearer {sent}", "Content-Type": "application/json"}
            requests.post(service, data=body, headers=headers, timeout=30)
    with socket.create_connection((urlsplit(found.app).hostname or "", urlsplit(found.app).port or 0)) as raw:
        raw.sendall(f"GET /callback?code={token} HTTP/1.1\r\nHost: x\r\n{MARKED['name']} {token}: y\r\n\r\n".encode())
        raw.recv(1000)


def fail(surfer: Surfer) -> None:
    """Failures of the EHR, of the browser and of whoever launches."""
    found, faults = surfer.site, surfer.site.demo.faults
    for fault in FAULTS:
        faults.switch_on(fault)
        surfer.page(found.launch_url(PATIENT))
        faults.clear()
    for path in (
        "/launch?iss=https://elsewhere.example&launch=x\r\nlevel: y",
        "/callback?code=abc&state=def",
        "/nowhere",
    ):
        assert surfer.page(f"{found.app}{path}").status >= 400
    found.secrets -= {"abc", "def"}


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with site(tmp_path_factory.mktemp("site"), workers=2) as found:
        mark(found)
        surfer = Surfer(found)
        write_and_withdraw(surfer)
        decline_and_leave(surfer)
        answer_cards(surfer)
        call_wrongly(found)
        fail(surfer)
        found.secrets -= {"", "nothing-sent"}
        yield surfer


@pytest.mark.req("SEC-33", "SAL-87", "CDS-88", "SAL-51")
def test_the_log_holds_no_secret_and_nothing_of_the_record(driven: Surfer) -> None:
    found = driven.site
    assert len(found.secrets) >= 20
    assert [word for word in (*MARKED.values(), *found.secrets) if word in found.log] == []


@pytest.mark.req("SEC-33", "SEC-14")
def test_the_log_is_one_json_object_a_line_with_known_keys(driven: Surfer) -> None:
    told = driven.site.lines()
    assert [(line["mode"], line["level"]) for line in driven.site.lines("started")] == [("development", "warning")]
    routes = {line.get("route") for line in told}
    assert {
        "/launch",
        "/callback",
        "/l/<launch>/",
        "/l/<launch>/observe",
        "/l/<launch>/proposals/<proposal>/approve",
        "/l/<launch>/proposals/<proposal>/decline",
        "/l/<launch>/proposals/<proposal>/withdraw",
        "/l/<launch>/sign-out",
        "/cds-services/coagulopathy-patient-view",
        "/cds-services/coagulopathy-patient-view/feedback",
    } <= routes
    assert all({"time", "level", "event"} <= set(line) for line in told)
    assert {line["event"] for line in told} <= {
        "started",
        "request",
        "asked",
        "server",
        "library",
        "failed",
        "revocation failed",
    }


@pytest.mark.req("SEC-33", "SEC-34")
def test_a_page_of_a_failure_leads_to_its_line(driven: Surfer) -> None:
    failed = [answer for answer in driven.answers if answer.status_code >= 400]
    told = {line.get("reference"): line["status"] for line in driven.site.lines("request")}
    assert len(failed) >= 3
    assert [told.get(answer.headers["X-Request-ID"]) for answer in failed] == [a.status_code for a in failed]


@pytest.mark.req("SAL-87", "SEC-01", "SEC-36")
def test_files_hold_no_secret_no_name_and_no_value(driven: Surfer) -> None:
    files = [path for path in driven.site.data.rglob("*") if path.is_file()]
    assert {"smartapp.db"} <= {path.name for path in files}
    held = b"".join(path.read_bytes() for path in files)
    assert [word for word in (*MARKED.values(), *driven.site.secrets) if word.encode() in held] == []


@pytest.mark.req("SAL-87", "SEC-01")
def test_no_answer_holds_a_secret(driven: Surfer) -> None:
    """But the one redirect that sends the browser to the EHR, whose state and nonce belong there."""
    assert len(driven.answers) >= 25
    sent_off = [answer for answer in driven.answers if urlsplit(answer.url).path == "/launch"]
    others = [answer for answer in driven.answers if answer not in sent_off]
    text = "\n".join(f"{answer.text}{answer.headers}" for answer in others)
    assert [word for word in driven.site.secrets if word in text] == []
    assert [word for word in driven.site.secrets if any(word in answer.text for answer in sent_off)] == []


@pytest.mark.req("SEC-33")
def test_two_workers_count_together_without_ids(driven: Surfer) -> None:
    figures = [requests.get(f"{driven.site.app}/metrics", timeout=30).text for _ in range(4)]
    line = 'smartapp_requests_total{method="GET",route="/callback",status="303"} '
    counted = {float(text.partition(line)[2].splitlines()[0]) for text in figures}
    answered = [a for a in driven.answers if urlsplit(a.url).path == "/callback" and a.status_code == 303]
    assert counted == {float(len(answered))}
    assert PATIENT not in figures[0]
    assert not [word for word in (*MARKED.values(), *driven.site.secrets) if word in figures[0]]
