"""Nothing makes agreeing easier than disagreeing (DSI-15), and nothing is written that nobody asked for (DSI-03)."""

import re
from pathlib import Path

import pytest

from smartapp.fhir.queries import QUERIES
from tests.web.browsing import Browser
from tests.web.desk import ROOT, act_now


@pytest.mark.req("DSI-15")
def test_accepting_is_never_less_effort_than_refusing() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    refusing = browser.press(browser.get().form("/decline"), reason="need-more-info")
    assert refusing.status == 200
    assert ward.writer.created == []
    other = act_now()
    browser, presses = Browser(other.app), 0
    page = browser.get()
    while not other.writer.created:
        page, presses = browser.press(page.form("/approve")), presses + 1
    assert presses == 3


@pytest.mark.req("DSI-15")
def test_nothing_confirms_several_things_at_once_or_is_chosen_ahead() -> None:
    page = Browser(act_now().app).get()
    approvals = [form for form in page.forms if form.action.endswith("/approve")]
    assert len({form.action for form in approvals}) == len(approvals) >= 2
    assert not re.search(r"(approve|confirm|accept) all", page.text, re.I)
    assert "autofocus" not in page.html
    declines = [form for form in page.forms if form.action.endswith("/decline")]
    assert len(declines) >= 1
    assert all(not form.fields.get("reason") for form in declines)


@pytest.mark.req("DSI-03")
def test_looking_writes_nothing() -> None:
    ward = act_now()
    browser = Browser(ward.app)
    for _ in range(3):
        browser.get()
    assert ward.writer.created == []


@pytest.mark.req("DSI-03")
def test_nothing_runs_in_the_background() -> None:
    """No scheduler, no timer but the one that warms the templates; what has threads of its own knows no way to write."""
    code = {path.name: path.read_text() for path in (ROOT / "smartapp").rglob("*.py") if "demo" not in path.parts}
    timers = re.compile(r"threading\.Timer|\bsched\b|apscheduler|celery|huey|crontab|\basyncio\b")
    assert {name for name, text in code.items() if timers.search(text)} <= {"preload.py"}
    threaded = [text for text in code.values() if re.search(r"threading\.Thread\(|Timer\(|ThreadPoolExecutor\(", text)]
    assert len(threaded) >= 3
    assert not [text for text in threaded if re.search(r"Writer\b|write_order|\.transact\(|\.together\(", text)]


@pytest.mark.req("DSI-11")
def test_only_discrete_findings_are_read() -> None:
    kinds = {query.resource for query in QUERIES}
    assert kinds <= {
        *("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration", "MedicationRequest"),
        *("MedicationStatement", "MedicationDispense", "ServiceRequest", "AllergyIntolerance", "Encounter"),
        *("Specimen", "DiagnosticReport"),
    }
    code = "\n".join(path.read_text() for path in Path(ROOT / "smartapp" / "fhir").rglob("*.py"))
    assert not re.search(r"SampledData|valueAttachment|ImagingStudy|\bMedia\b|DocumentReference|waveform", code)
