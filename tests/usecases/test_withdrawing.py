"""Taking a draft back: the order and its follow-up, with what the EHR has now (FHIR-51)."""

from dataclasses import replace

import pytest

from smartapp.usecases.ports import ProposalState, WriteState
from smartapp.usecases.writing import NotApprovable
from tests.usecases.desk import Desk


@pytest.mark.req("FHIR-51")
def test_withdrawing_cancels_the_draft_and_makes_room_for_another() -> None:
    desk = Desk()
    view = desk.written()
    assert desk.use_case.withdraw(desk.case, view.id).state is ProposalState.WITHDRAWN
    assert [order["status"] for order in desk.writer.orders()] == ["cancelled"]
    again = desk.written()
    assert (again.state, again.reference != view.reference) == (ProposalState.WRITTEN, True)
    first, second = desk.writer.orders()
    assert first["identifier"] != second["identifier"]


@pytest.mark.req("FHIR-51")
def test_the_follow_up_is_withdrawn_with_it() -> None:
    desk = Desk()
    withdrawn = desk.use_case.withdraw(desk.case, desk.written().id)
    assert [order["status"] for order in desk.writer.orders("ServiceRequest")] == ["cancelled"]
    assert withdrawn.reason == "The follow-up ServiceRequest/2 was withdrawn too."


@pytest.mark.req("FHIR-51", "SAL-53")
def test_a_follow_up_that_may_not_be_changed_is_said_to_stand() -> None:
    desk = Desk()
    desk.writer.fixed = {"ServiceRequest": "the EHR did not grant this session to change ServiceRequest"}
    withdrawn = desk.use_case.withdraw(desk.case, desk.written().id)
    assert withdrawn.state is ProposalState.WITHDRAWN
    assert "ServiceRequest/2 still stands in the EHR: the EHR did not grant" in withdrawn.reason


@pytest.mark.req("FHIR-51", "SAL-53")
def test_an_order_that_may_not_be_changed_is_not_withdrawn() -> None:
    desk = Desk()
    view = desk.written()
    desk.writer.fixed = {"MedicationRequest": "not granted"}
    with pytest.raises(NotApprovable, match="Cancel it in the EHR"):
        desk.use_case.withdraw(desk.case, view.id)
    assert [order["status"] for order in desk.writer.orders()] == ["draft"]


@pytest.mark.req("FHIR-51")
def test_what_was_signed_meanwhile_is_shown_again_and_not_withdrawn() -> None:
    desk = Desk()
    view = desk.written()
    desk.writer.stored[view.reference]["status"] = "active"
    kept = desk.use_case.withdraw(desk.case, view.id)
    assert (kept.state, kept.standing) == (ProposalState.WRITTEN, "active")
    assert "no longer a draft but active" in kept.reason
    assert [order["status"] for order in desk.writer.orders()] == ["active"]


@pytest.mark.req("FHIR-51")
def test_what_was_given_meanwhile_is_completed_and_not_withdrawn() -> None:
    desk = Desk()
    view = desk.written()
    desk.writer.stored[view.reference]["status"] = "completed"
    assert desk.use_case.withdraw(desk.case, view.id).state is ProposalState.COMPLETED


@pytest.mark.req("FHIR-51")
def test_a_draft_that_was_changed_meanwhile_is_asked_about_again() -> None:
    desk = Desk()
    view = desk.written()
    conflict = replace(
        desk.writer.find("MedicationRequest", _token(desk)),
        state=WriteState.REFUSED,
        reason="it was changed in the EHR",
    )
    desk.writer.next_cancel = conflict
    asked = desk.use_case.withdraw(desk.case, view.id)
    assert asked.state is ProposalState.WRITTEN
    assert "press again to withdraw it as it is now" in asked.reason
    assert desk.use_case.withdraw(desk.case, view.id).state is ProposalState.WITHDRAWN


@pytest.mark.req("FHIR-51", "SEC-32")
def test_a_withdrawal_is_recorded() -> None:
    desk = Desk()
    view = desk.written()
    desk.use_case.withdraw(desk.case, view.id)
    assert desk.log.outcomes("order withdrawn") == [f"{view.id} written → withdrawn MedicationRequest/1"]


def _token(desk: Desk) -> str:
    (order,) = desk.writer.orders()
    return f"{order['identifier'][0]['system']}|{order['identifier'][0]['value']}"
