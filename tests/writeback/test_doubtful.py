"""What nobody can know yet is called Not confirmed, nothing is sent again meanwhile, and in the end the truth is found (FHIR-45, FHIR-46)."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartapp.demo.faults import Fault
from smartapp.demo.fhir_server import Resource
from tests.databases import BOTH
from tests.writeback.app import Ward, a_ward
from tests.writeback.clinician import outcome
from tests.writeback.conftest import FHIR_SECONDS
from tests.writeback.test_faults import NOT_SAVED, OPEN, SAVED, approved, at_the_receipt

HASTY_SECONDS = 1.0


@pytest.fixture(scope="module", params=BOTH)
def hasty_ward(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ward]:
    """One that waits a second for an answer, and six for what may still come."""
    folder = Path(tmp_path_factory.mktemp("hasty"))
    with a_ward(new_database(request.param), folder, seconds=HASTY_SECONDS) as ward:
        yield ward


@pytest.mark.req("FHIR-46")
def test_an_order_that_never_came_is_not_saved_in_the_end_and_may_be_approved_again(hasty_ward: Ward) -> None:
    faults = hasty_ward.hospital.faults
    faults.switch_on(Fault.CUT_BEFORE, resource="Bundle")
    patient, clinician, page = approved(hasty_ward)
    faults.clear()
    assert outcome(page) == OPEN
    assert outcome(clinician.press(page.form("/check"))) == OPEN
    time.sleep(6 * HASTY_SECONDS)
    assert outcome(clinician.press(page.form("/check"))) == NOT_SAVED
    again = clinician.to_receipt(clinician.open(hasty_ward.hospital.launch_url(patient)))
    assert outcome(clinician.press(again.form("/approve"))) == SAVED
    assert hasty_ward.hospital.counted(patient) == (1, 1, 1)


@pytest.mark.req("FHIR-44", "FHIR-46")
@pytest.mark.parametrize("beside", [None, Fault.IGNORED_CONDITION, Fault.NO_CONDITIONAL_CREATE], ids=str)
def test_while_the_index_lags_after_a_lost_answer_no_hand_writes_again(ward: Ward, beside: Fault | None) -> None:
    faults = ward.hospital.faults
    faults.switch_on(Fault.NO_TRANSACTION)
    if beside:
        faults.switch_on(beside)
    patient, clinician, receipt = at_the_receipt(ward)
    faults.switch_on(Fault.LAGGING_SEARCH, resource="*")
    faults.switch_on(Fault.CUT_AFTER, resource="MedicationRequest")
    page = clinician.press(receipt.form("/approve"))
    faults.switch_off(Fault.CUT_AFTER)
    pressed = [clinician.press(receipt.form("/approve")), clinician.press(page.form("/check")), clinician.again()]
    assert [outcome(each) for each in (page, *pressed)] == [OPEN] * 4
    elsewhere = ward.clinician().open(ward.hospital.launch_url(patient))
    assert "Check before retrying" in elsewhere.text
    assert [form for form in elsewhere.forms if form.action.endswith("/approve")] == []
    faults.clear()
    assert outcome(clinician.press(page.form("/check"))) == SAVED
    assert ward.hospital.counted(patient)[0] == 1


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize("resource", ["Bundle", "MedicationRequest"])
def test_an_order_that_the_ehr_stores_after_the_time_out_is_found(ward: Ward, resource: str) -> None:
    faults = ward.hospital.faults
    if resource != "Bundle":
        faults.switch_on(Fault.NO_TRANSACTION)
    patient, clinician, receipt = at_the_receipt(ward)
    faults.switch_on(Fault.HELD_BEFORE, resource=resource, seconds=FHIR_SECONDS + 20)
    page = clinician.press(receipt.form("/approve"))
    assert outcome(page) == OPEN
    faults.clear()
    end = time.monotonic() + 10
    while not ward.hospital.stored(patient) and time.monotonic() < end:
        time.sleep(0.02)
    assert outcome(clinician.press(page.form("/check"))) == SAVED
    assert ward.hospital.counted(patient)[0] == 1


@pytest.mark.req("FHIR-44", "FHIR-45")
def test_a_conditional_create_that_finds_the_order_is_saved_once_and_compared(ward: Ward) -> None:
    """The EHR's answer is 200: an order with our identifier stood there, and the searches did not show it."""
    ward.hospital.faults.switch_on(Fault.NO_TRANSACTION)
    patient, clinician, receipt = at_the_receipt(ward)
    ward.hospital.add(patient, standing(ward, patient))
    ward.hospital.faults.switch_on(Fault.LAGGING_SEARCH, resource="MedicationRequest")
    page = clinician.press(receipt.form("/approve"))
    assert (outcome(page), f"MedicationRequest/{patient}-earlier" in page.text) == (SAVED, True)
    assert "stored order differs: medication: approved" in page.text
    assert len(ward.hospital.stored(patient)) == 1


def standing(ward: Ward, patient: str) -> Resource:
    """A draft under the identifier that interfaces.md section 6 gives the next order of this patient."""
    basis = f"demo\n{patient}\nObservation/{patient}-fib\n0"
    value = hashlib.sha256(basis.encode()).hexdigest()[:40]
    return {
        "resourceType": "MedicationRequest",
        "id": "earlier",
        "status": "draft",
        "intent": "proposal",
        "identifier": [{"system": f"{ward.app}/proposal", "value": value}],
        "subject": {"reference": "?"},
        "medicationCodeableConcept": {"text": "something else"},
    }
