"""Taking a draft back: the order and its follow-up, with what the EHR has now (FHIR-51)."""

from dataclasses import replace

import pytest

from smartapp.usecases.orders.cancel import NotWithdrawn
from smartapp.usecases.orders.proposal import ProposalState
from smartapp.usecases.ports import WriteState
from tests.usecases.orders.clinician import Clinician


@pytest.mark.req("FHIR-51")
def test_withdrawing_cancels_the_draft_and_makes_room_for_another() -> None:
    clinician = Clinician()
    view = clinician.written()
    assert clinician.use_case.withdraw(clinician.case, view.id).state is ProposalState.WITHDRAWN
    assert [order["status"] for order in clinician.writer.orders()] == ["cancelled"]
    again = clinician.written()
    assert (again.state, again.reference != view.reference) == (ProposalState.WRITTEN, True)
    first, second = clinician.writer.orders()
    assert first["identifier"] != second["identifier"]


@pytest.mark.req("FHIR-51")
def test_the_follow_up_is_withdrawn_with_it() -> None:
    clinician = Clinician()
    withdrawn = clinician.use_case.withdraw(clinician.case, clinician.written().id)
    assert [order["status"] for order in clinician.writer.orders("ServiceRequest")] == ["cancelled"]
    assert withdrawn.reason == "The follow-up ServiceRequest/2 was withdrawn too."


@pytest.mark.req("FHIR-51", "SAL-53")
def test_a_follow_up_that_may_not_be_changed_is_said_to_stand() -> None:
    clinician = Clinician()
    clinician.writer.fixed = {"ServiceRequest": "the EHR did not grant this session to change ServiceRequest"}
    withdrawn = clinician.use_case.withdraw(clinician.case, clinician.written().id)
    assert withdrawn.state is ProposalState.WITHDRAWN
    assert "ServiceRequest/2 still stands in the EHR: the EHR did not grant" in withdrawn.reason


@pytest.mark.req("FHIR-51", "SAL-53")
def test_an_order_that_may_not_be_changed_is_not_withdrawn() -> None:
    clinician = Clinician()
    view = clinician.written()
    clinician.writer.fixed = {"MedicationRequest": "not granted"}
    with pytest.raises(NotWithdrawn, match="Cancel it in the EHR"):
        clinician.use_case.withdraw(clinician.case, view.id)
    assert [order["status"] for order in clinician.writer.orders()] == ["draft"]


@pytest.mark.req("FHIR-51")
def test_what_was_signed_meanwhile_is_shown_again_and_not_withdrawn() -> None:
    clinician = Clinician()
    view = clinician.written()
    clinician.writer.stored[view.reference]["status"] = "active"
    kept = clinician.use_case.withdraw(clinician.case, view.id)
    assert (kept.state, kept.ehr_status) == (ProposalState.WRITTEN, "active")
    assert "no longer a draft but active" in kept.reason
    assert [order["status"] for order in clinician.writer.orders()] == ["active"]


@pytest.mark.req("FHIR-51")
def test_what_was_given_meanwhile_is_completed_and_not_withdrawn() -> None:
    clinician = Clinician()
    view = clinician.written()
    clinician.writer.stored[view.reference]["status"] = "completed"
    assert clinician.use_case.withdraw(clinician.case, view.id).state is ProposalState.COMPLETED


@pytest.mark.req("FHIR-51")
def test_a_draft_that_was_changed_meanwhile_is_asked_about_again() -> None:
    clinician = Clinician()
    view = clinician.written()
    conflict = replace(
        clinician.writer.find("MedicationRequest", _token(clinician)),
        state=WriteState.REFUSED,
        reason="it was changed in the EHR",
    )
    clinician.writer.next_cancel = conflict
    asked = clinician.use_case.withdraw(clinician.case, view.id)
    assert asked.state is ProposalState.WRITTEN
    assert "press again to withdraw it as it is now" in asked.reason
    assert clinician.use_case.withdraw(clinician.case, view.id).state is ProposalState.WITHDRAWN


@pytest.mark.req("FHIR-51", "SEC-32")
def test_a_withdrawal_is_recorded() -> None:
    clinician = Clinician()
    view = clinician.written()
    clinician.use_case.withdraw(clinician.case, view.id)
    assert clinician.log.outcomes("order withdrawn") == [f"{view.id} written → withdrawn MedicationRequest/1"]


def _token(clinician: Clinician) -> str:
    (order,) = clinician.writer.orders()
    return f"{order['identifier'][0]['system']}|{order['identifier'][0]['value']}"
