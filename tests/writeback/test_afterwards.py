"""After the order is written: what the page follows, what may be taken back, and the record that anyone can check (FHIR-51, FHIR-53)."""

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask, request, request_started

from smartapp.demo.fhir_server import Resource
from smartapp.storage.signatures import BrokenSignature, opened
from tests import charts
from tests.web.browsing import Page
from tests.writeback.app import Ward
from tests.writeback.clinician import Clinician, outcome
from tests.writeback.test_faults import approved


def signed(ward: Ward, patient: str, **more: Any) -> None:
    """Somebody changes the order in the EHR."""
    (order,) = ward.hospital.stored(patient)
    ward.hospital.demo.hospital.server.load([{**order, "status": "active", **more}])


def later(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.req("FHIR-48", "RCK-01")
def test_the_page_follows_the_order_to_the_dose_and_the_next_fibrinogen(ward: Ward) -> None:
    patient, clinician, page = approved(ward)
    assert "In the EHR: still a draft, to be signed" in page.text
    signed(ward, patient)
    assert "In the EHR: signed (active)" in clinician.again().text
    given: Resource = charts.given("dose", "B02BB01", effectiveDateTime=later(0))
    ward.hospital.add(patient, {**given, "dosage": {"dose": {"value": 3000, "unit": "mg", "code": "mg"}}})
    ward.hospital.add(patient, charts.fibrinogen("1.7", id_="next", effectiveDateTime=later(0)))
    followed = clinician.again().text
    assert "Given: fibrinogen concentrate 3000 mg" in followed
    assert "Fibrinogen since: 1.7 g/L" in followed


@pytest.mark.req("FHIR-51")
def test_a_draft_is_taken_back_with_its_follow_up(ward: Ward) -> None:
    patient, clinician, page = approved(ward)
    assert outcome(clinician.press(page.form("/withdraw"))) == "Withdrawn"
    assert [order["status"] for order in ward.hospital.stored(patient)] == ["cancelled"]
    assert [order["status"] for order in ward.hospital.stored(patient, "ServiceRequest")] == ["revoked"]


@pytest.mark.req("FHIR-51")
def test_an_order_that_was_signed_meanwhile_is_not_taken_back(ward: Ward) -> None:
    patient, clinician, page = approved(ward)
    signed(ward, patient)
    kept = clinician.press(page.form("/withdraw"))
    assert "The order was not withdrawn: it is no longer a draft but active" in kept.text
    assert [order["status"] for order in ward.hospital.stored(patient)] == ["active"]


@pytest.mark.req("FHIR-53")
def test_no_address_that_the_ehr_is_asked_at_names_an_identifier_or_a_person(ward: Ward) -> None:
    asked: list[str] = []

    def seen(sender: Flask, **_: Any) -> None:
        if "demo_ehr" in sender.extensions and request.path.startswith("/fhir/"):
            asked.append(request.full_path)

    with request_started.connected_to(seen):
        approved(ward)
    assert any(address.startswith("/fhir/MedicationRequest/_search") for address in asked)
    assert [address for address in asked if "identifier" in address or "proposal" in address] == []
    assert [address for address in asked if "Soak" in address or "2001-02-10" in address] == []


@pytest.fixture
def receipt(ward: Ward, tmp_path: Path) -> tuple[Path, list[Resource]]:
    """The file that the result page links, and the provenance at the EHR."""
    patient, clinician, page = approved(ward)
    file = tmp_path / "receipt.json"
    file.write_bytes(downloaded(clinician, page))
    return file, ward.hospital.stored(patient, "Provenance")


def downloaded(clinician: Clinician, page: Page) -> bytes:
    (link,) = [part.split('"')[0] for part in page.html.split('href="') if "receipt.json" in part.split('"')[0]]
    cookies = "; ".join(f"{name}={value}" for name, value in clinician.cookies.items())
    return requests.get(urljoin(clinician.app, link), headers={"Cookie": cookies}, timeout=20).content


def elsewhere(*words: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """The command on a machine that has the program and nothing else: no settings, no database, another time zone."""
    command = [sys.executable, "-m", "smartapp.cli", "receipt", *words]
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "TZ": "Pacific/Auckland", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.req("FHIR-49", "SEC-32")
def test_the_receipt_gives_the_same_advice_on_another_machine_and_the_provenance_names_it(
    receipt: tuple[Path, list[Resource]], tmp_path: Path
) -> None:
    file, (provenance,) = receipt
    checked = elsewhere("verify", str(file), folder=tmp_path)
    assert (checked.returncode, "give the same advice again" in checked.stdout) == (0, True), checked.stderr
    address = opened(file.read_bytes()).address
    assert address in checked.stdout
    assert address in [entity["what"].get("identifier", {}).get("value") for entity in provenance["entity"]]
    assert "3000 mg" in elsewhere("show", str(file), folder=tmp_path).stdout


def test_any_changed_byte_of_it_is_detected(receipt: tuple[Path, list[Resource]], tmp_path: Path) -> None:
    file, _ = receipt
    whole, rng = file.read_bytes(), random.Random(1)
    for place in rng.sample(range(len(whole)), 150):
        changed = whole[:place] + bytes([whole[place] ^ 1 << rng.randrange(8)]) + whole[place + 1 :]
        with pytest.raises(BrokenSignature):
            opened(changed)
    file.write_bytes(whole.replace(b'"3000"', b'"3001"', 1))
    assert elsewhere("verify", str(file), folder=tmp_path).returncode == 1


def test_the_receipt_says_who_approved_what_and_what_was_sent(receipt: tuple[Path, list[Resource]]) -> None:
    told = json.loads(receipt[0].read_bytes())["receipt"]
    decided = told["decided"]
    assert (decided["action"], decided["by"]) == ("approved", "Practitioner/osei")
    assert decided["written"]["approved"]["resourceType"] == "MedicationRequest"
    assert "3000 mg" in told["shown"]["order"]
    assert told["policy"]["sha256"]
    assert any(record["reference"].endswith("-fib") and record["version"] for record in told["records"])
