"""What a site decides and what an EHR grants: which resource, in which status, by which route, told before the click (FHIR-41, FHIR-42)."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smartapp.demo.faults import Fault
from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.smart.scopes import WRITES_V2
from tests.writeback.app import Ward, a_ward
from tests.writeback.clinician import outcome
from tests.writeback.test_faults import approved, at_the_receipt

READS = ("launch", "openid", "fhirUser", *read_scopes(QUERIES, "v2"))
ORDERS, FOLLOW_UPS, RECORDS = WRITES_V2


@pytest.fixture
def at(sqlite_url: str, tmp_path: Path) -> Any:
    """A ward whose site has these settings."""

    def opened(**site: Any) -> AbstractContextManager[Ward]:
        return a_ward(sqlite_url, tmp_path, **site)

    return opened


def pressed_with(ward: Ward, *writes: str) -> tuple[str, str, str]:
    """An approval in a launch that was granted only these: patient, receipt and result in words."""
    patient, clinician = ward.hospital.admit(), ward.clinician()
    receipt = clinician.to_receipt(clinician.open(ward.hospital.launch_url(patient, (*READS, *writes))))
    return patient, receipt.text, clinician.press(receipt.form("/approve")).text


@pytest.mark.req("FHIR-41")
def test_a_site_that_writes_orders_gets_an_active_one_with_its_requester(at: Any) -> None:
    with at(order_status="active", order_intent="order") as ward:
        patient, _, page = approved(ward)
        (order,) = ward.hospital.stored(patient)
    assert (order["status"], order["intent"]) == ("active", "order")
    assert order["requester"] == order["recorder"] == {"reference": "Practitioner/osei"}
    assert ("Saved as active order" in page.text, "stored order differs" in page.text) == (True, False)


@pytest.mark.req("FHIR-42", "CRY-02")
def test_a_site_may_send_cryoprecipitate_to_the_blood_bank(at: Any) -> None:
    with at(cryo_available=True, product_order=["cryo", "fc"], component_resource="ServiceRequest") as ward:
        patient, _, page = approved(ward)
        component, follow_up = ward.hospital.stored(patient, "ServiceRequest")
        assert ward.hospital.stored(patient) == []
    assert outcome(page) == "Saved as draft"
    assert "P9012" in [coding["code"] for coding in component["code"]["coding"]]
    assert follow_up["code"]["coding"][0]["code"] == "3255-7"


@pytest.mark.req("FHIR-50", "FHIR-52", "SAL-53")
def test_the_route_and_what_is_left_out_are_told_before_the_click(at: Any) -> None:
    with at() as ward:
        _, told, _ = pressed_with(ward, ORDERS, FOLLOW_UPS, RECORDS)
        assert "one transaction: all of it or nothing" in told
        _, told, _ = pressed_with(ward, ORDERS)
        assert "each only if it is not there yet" in told
        assert told.count("Left out") == 2


@pytest.mark.req("FHIR-44", "FHIR-52")
def test_an_ehr_without_conditional_creates_is_told_before_the_click(at: Any) -> None:
    with at() as ward:
        ward.hospital.faults.switch_on(Fault.NO_CONDITIONAL_CREATE)
        patient, told, said = pressed_with(ward, ORDERS)
        assert "each after a search" in told
        assert ("Saved as draft" in said, ward.hospital.counted(patient)) == (True, (1, 0, 0))


@pytest.mark.req("FHIR-49")
def test_without_the_provenances_scope_who_approved_is_kept_here(at: Any) -> None:
    with at() as ward:
        patient, told, said = pressed_with(ward, ORDERS, FOLLOW_UPS)
        assert ward.hospital.counted(patient) == (1, 1, 0)
    assert "Provenance" in told
    assert ("Decision receipt" in said, "by Dr N Osei" in said) == (True, True)


@pytest.mark.req("FHIR-43", "SAL-53")
def test_without_create_on_the_order_there_is_text_to_copy_and_no_form(at: Any) -> None:
    with at() as ward:
        patient, clinician = ward.hospital.admit(), ward.clinician()
        ward.hospital.faults.switch_on(Fault.NO_ORDER_SCOPE)
        page = clinician.open(ward.hospital.launch_url(patient))
        assert [form for form in page.forms if form.action.endswith("/approve")] == []
        assert ("Order to copy into the EHR" in page.text, ward.hospital.counted(patient)) == (True, (0, 0, 0))


@pytest.mark.req("FHIR-43", "REP-09")
def test_an_order_that_somebody_else_signed_since_the_review_stops_the_write(at: Any) -> None:
    with at() as ward:
        patient, clinician, receipt = at_the_receipt(ward)
        ward.hospital.add(patient, somebody_elses_order())
        page = clinician.press(receipt.form("/approve"))
        assert outcome(page) == "Not saved"
        assert "New since you reviewed; nothing was written" in page.text
        assert [order["intent"] for order in ward.hospital.stored(patient)] == ["order"]


def somebody_elses_order() -> dict[str, Any]:
    """An active order for concentrate, signed now."""

    drug = {"coding": [{"system": "http://www.whocc.no/atc", "code": "B02BB01"}]}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    frame = {"resourceType": "MedicationRequest", "id": "theirs", "status": "active", "intent": "order"}
    return {**frame, "subject": {"reference": "?"}, "authoredOn": now, "medicationCodeableConcept": drug}
