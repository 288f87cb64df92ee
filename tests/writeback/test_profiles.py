"""At EHRs that declare little: only what they declare is asked of them, and what an order becomes there (FHIR-61, interfaces 6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartapp.demo.faults import Fault
from smartapp.ehr.order_search import BY_CONTENT
from tests.web.browsing import Page
from tests.writeback.app import Ward, a_ward
from tests.writeback.clinician import Clinician, outcome

PROFILES = ("plain", "epic-2026-05", "oracle-2026-08")


@pytest.fixture(params=PROFILES)
def restricted(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Ward]:
    """A ward at each EHR."""
    with a_ward(sqlite_url, tmp_path, profile=request.param) as ward:
        yield ward


@pytest.mark.req("FHIR-61")
def test_a_chart_is_read_with_nothing_but_what_is_declared(restricted: Ward) -> None:
    patient = restricted.hospital.admit()
    page = restricted.clinician().open(restricted.hospital.launch_url(patient))
    assert restricted.hospital.demo.refusals == ()
    assert "3000 mg" in page.text
    assert "could not be read" not in page.text


CRYO = {"cryo_available": True, "product_order": ["cryo", "fc"]}


def pressed(ward: Ward) -> tuple[str, Page, Page, Clinician]:
    """A patient, the receipt and what the last press led to."""
    patient, clinician = ward.hospital.admit(), ward.clinician()
    receipt = clinician.to_receipt(clinician.open(ward.hospital.launch_url(patient)))
    return patient, receipt, clinician.press(receipt.form("/approve")), clinician


@pytest.mark.req("FHIR-44", "FHIR-61")
def test_a_concentrate_where_medication_requests_are_created_and_lose_their_identifier(
    sqlite_url: str, tmp_path: Path
) -> None:
    with a_ward(sqlite_url, tmp_path, profile="oracle-2026-08") as ward:
        patient, receipt, page, clinician = pressed(ward)
        (order,) = ward.hospital.stored(patient)
        assert (outcome(page), order["status"], "identifier" in order) == ("Saved as draft", "draft", False)
        assert "the EHR does not offer to create a ServiceRequest" in receipt.text
        assert ward.hospital.stored(patient, "ServiceRequest") == []
        again = clinician.open(ward.hospital.launch_url(patient))
        assert not [form for form in again.forms if form.action.endswith("/approve")]
        assert len(ward.hospital.stored(patient)) == 1
        assert ward.hospital.demo.refusals == ()


@pytest.mark.req("FHIR-46", "FHIR-61")
def test_a_lost_answer_is_settled_by_product_dose_author_and_minute_and_said(sqlite_url: str, tmp_path: Path) -> None:
    with a_ward(sqlite_url, tmp_path, seconds=3.0, profile="oracle-2026-08") as ward:
        ward.hospital.faults.switch_on(Fault.CUT_AFTER, resource="MedicationRequest")
        patient, _, page, _ = pressed(ward)
        assert (outcome(page), len(ward.hospital.stored(patient))) == ("Saved as draft", 1)
        assert BY_CONTENT.removeprefix("the ") in page.text
        assert ward.hospital.demo.refusals == ()


@pytest.mark.req("FHIR-51", "FHIR-61")
def test_a_draft_is_withdrawn_by_a_patch(sqlite_url: str, tmp_path: Path) -> None:
    with a_ward(sqlite_url, tmp_path, profile="oracle-2026-08") as ward:
        patient, _, page, clinician = pressed(ward)
        shown = clinician.press(page.form("/withdraw"))
        assert outcome(shown) == "Withdrawn"
        assert [order["status"] for order in ward.hospital.stored(patient)] == ["cancelled"]
        assert ward.hospital.demo.refusals == ()


@pytest.mark.req("FHIR-44", "FHIR-61", "CRY-02")
def test_cryoprecipitate_goes_out_as_what_may_be_created(sqlite_url: str, tmp_path: Path) -> None:
    with a_ward(sqlite_url, tmp_path, profile="epic-2026-05", **CRYO) as ward:
        patient, receipt, page, _ = pressed(ward)
        kinds = [order["code"]["text"] for order in ward.hospital.stored(patient, "ServiceRequest")]
        assert "Draft ServiceRequest at demo" in receipt.text
        assert (outcome(page), len(kinds)) == ("Saved as draft", 2)
        assert ward.hospital.stored(patient) == []
        assert ward.hospital.demo.refusals == ()


def test_what_cannot_be_created_is_text_to_copy_and_said_before_any_click(sqlite_url: str, tmp_path: Path) -> None:
    with a_ward(sqlite_url, tmp_path, profile="epic-2026-05", **CRYO) as ward:
        page = ward.clinician().open(ward.hospital.launch_url(ward.hospital.admit()))
        assert len([form for form in page.forms if form.action.endswith("/approve")]) == 1
        assert "the EHR does not offer to create a MedicationRequest; copy the order" in page.text
        assert "Order to copy into the EHR" in page.text
    with a_ward(sqlite_url, tmp_path, profile="epic-2026-05") as ward:
        page = ward.clinician().open(ward.hospital.launch_url(ward.hospital.admit()))
        assert not [form for form in page.forms if form.action.endswith("/approve")]
        assert "The EHR does not offer to create a MedicationRequest" in page.text
        assert "Order to copy into the EHR" in page.text
