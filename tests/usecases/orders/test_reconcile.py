"""What a process that died left behind is found out, told, and never sent a second time (FHIR-46; kill -9 in test_kills.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from smartapp.usecases.orders.proposal import Approval, Decided, Proposal, ProposalState, Stage
from smartapp.usecases.ports import WriteRequest, WriteResult, WriteState
from tests.fakes import MemoryWriter
from tests.usecases.orders.clinician import Clinician

STALE = 121


class Killed(BaseException):
    """The process is gone; nothing after it runs."""


@dataclass
class DyingWriter(MemoryWriter):
    """Dies instead of the create of `dies_at`, or with `stores` right after the EHR carried it out."""

    dies_at: str = ""
    stores: bool = False

    def create(self, request: WriteRequest) -> WriteResult:
        if request.resource_type != self.dies_at:
            return super().create(request)
        if self.stores:
            super().create(request)
        raise Killed


def after_a_death(kind: str, *, stores: bool = False, **more: Any) -> tuple[Clinician, Proposal]:
    """A clinician whose writer died at a step, its lock still held as by a dead process."""
    writer = DyingWriter(dies_at=kind, stores=stores, **more)
    clinician = Clinician(writer=writer)
    view = clinician.on_receipt()
    freed = clinician.proposals.unlock
    clinician.proposals.unlock = lambda identifier, holder: None  # type: ignore[method-assign]
    with pytest.raises(Killed):
        clinician.press(view, Stage.CONFIRMING)
    clinician.proposals.unlock = freed  # type: ignore[method-assign]
    writer.dies_at = ""
    return clinician, view


LOOKS: dict[str, Callable[[Clinician, Proposal], Proposal]] = {
    "the proposal's page": lambda clinician, view: clinician.use_case.look(clinician.case, view.id),
    "check again": lambda clinician, view: clinician.use_case.check_again(clinician.case, view.id),
    "the patient page": lambda clinician, view: (clinician.offered(), clinician.use_case.look(clinician.case, view.id))[
        1
    ],
    "another press": lambda clinician, view: clinician.press(view, Stage.CONFIRMING),
}


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("stores", "state"), [(False, ProposalState.REFUSED), (True, ProposalState.WRITTEN)])
def test_an_order_whose_writer_died_is_found_out_by_searching(look: str, stores: bool, state: ProposalState) -> None:
    clinician, view = after_a_death("MedicationRequest", stores=stores)
    clinician.now += STALE
    found = LOOKS[look](clinician, view)
    assert found.state is state
    assert len(clinician.writer.orders()) == int(stores)
    assert [request.resource_type for request in clinician.writer.sent].count("MedicationRequest") == int(stores)


@pytest.mark.req("FHIR-44", "FHIR-46", "RCK-01")
def test_pressing_again_after_the_writer_died_with_the_order_sends_the_rest() -> None:
    clinician, view = after_a_death("MedicationRequest", stores=True)
    clinician.now += STALE
    found = clinician.press(view, Stage.CONFIRMING)
    assert (found.state, found.sent.follow_up) == (ProposalState.WRITTEN, "ServiceRequest/2")
    kinds = ("MedicationRequest", "ServiceRequest", "Provenance")
    assert [len(clinician.writer.orders(kind)) for kind in kinds] == [1, 1, 1]


@pytest.mark.req("FHIR-46")
def test_an_order_that_may_still_be_on_its_way_is_not_called_missing() -> None:
    """The EHR may still be storing what a process sent that was killed a moment ago."""
    clinician, view = after_a_death("MedicationRequest")
    clinician.proposals.locks.clear()
    found = clinician.use_case.look(clinician.case, view.id)
    assert (found.state, "may still be storing it" in found.reason) == (ProposalState.NOT_CONFIRMED, True)
    clinician.now += 59
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.NOT_CONFIRMED
    clinician.now += 2
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.REFUSED


@pytest.mark.req("FHIR-46")
def test_after_a_lost_answer_a_search_that_finds_nothing_tells_only_later() -> None:
    """The EHR may still be at it, or its index may not show it yet."""
    clinician = Clinician()
    clinician.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    clinician.writer.keeps = False
    view = clinician.written()
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.NOT_CONFIRMED
    clinician.now += 61
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.REFUSED


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(
    ("status", "state"), [("draft", ProposalState.WRITTEN), ("cancelled", ProposalState.CANCELLED)]
)
def test_an_order_that_comes_later_than_that_is_found_all_the_same(status: str, state: ProposalState) -> None:
    clinician, view, order = after_a_search_that_found_none()
    clinician.writer.stored["MedicationRequest/9"] = {**order, "status": status}
    clinician.offered()
    found = clinician.use_case.follow(clinician.case, view.id)
    assert (found.state, found.reference) == (state, "MedicationRequest/9")


@pytest.mark.req("FHIR-44")
def test_what_the_next_proposal_wrote_is_not_taken_for_a_late_order() -> None:
    clinician, view, _ = after_a_search_that_found_none()
    assert clinician.written().state is ProposalState.WRITTEN
    assert clinician.use_case.follow(clinician.case, view.id).state is ProposalState.REFUSED


def after_a_search_that_found_none() -> tuple[Clinician, Proposal, dict[str, Any]]:
    """A proposal that is Not saved because a search found nothing, and its order."""
    clinician = Clinician()
    clinician.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    view = clinician.written()
    order = clinician.writer.stored.pop("MedicationRequest/1")
    clinician.now += 61
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.REFUSED
    return clinician, view, order


@pytest.mark.req("FHIR-46")
def test_while_the_writer_may_live_it_is_not_confirmed_and_nobody_interferes() -> None:
    clinician, view = after_a_death("MedicationRequest")
    assert clinician.use_case.look(clinician.case, view.id).state is ProposalState.WRITING
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.WRITING


@pytest.mark.req("FHIR-46")
def test_an_approval_that_died_before_anything_was_sent_wrote_nothing() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    approval = Approval(by="Dr Roe", at=1000.0, receipt="", resource_type="MedicationRequest", order="{}")
    approved = Decided(state=ProposalState.APPROVED, approval=approval)
    clinician.proposals.kept[view.id] = replace(clinician.proposals.kept[view.id], status=approved)
    found = clinician.use_case.look(clinician.case, view.id)
    assert (found.state, "nothing was written" in found.reason) == (ProposalState.EXPIRED, True)
    assert clinician.offered()[0].state is ProposalState.PROPOSED


@pytest.mark.req("FHIR-46")
def test_an_order_that_may_stand_is_not_confirmed_while_the_ehr_is_silent() -> None:
    clinician, view = after_a_death("MedicationRequest", stores=True)
    clinician.now += STALE
    clinician.writer.searches = False
    assert clinician.use_case.look(clinician.case, view.id).state is ProposalState.NOT_CONFIRMED
    clinician.writer.searches = True
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.WRITTEN


@pytest.mark.req("FHIR-46", "RCK-01")
@pytest.mark.parametrize(
    ("stores", "told"),
    [(True, "ServiceRequest/2"), (False, "not saved: order the follow-up fibrinogen yourself")],
)
def test_a_look_tells_what_became_of_the_follow_up_and_sends_nothing(stores: bool, told: str) -> None:
    clinician, view = after_a_death("ServiceRequest", stores=stores)
    clinician.now += STALE
    sent = len(clinician.writer.sent)
    found = clinician.use_case.look(clinician.case, view.id)
    assert (found.state, found.sent.follow_up) == (ProposalState.WRITTEN, told)
    assert found.sent.provenance.startswith("not saved")
    assert len(clinician.writer.sent) == sent


@pytest.mark.req("FHIR-44", "RCK-01")
@pytest.mark.parametrize("stores", [True, False])
def test_pressing_again_on_the_receipt_sends_what_is_missing_beside_the_order_once(stores: bool) -> None:
    clinician, view = after_a_death("ServiceRequest", stores=stores)
    clinician.now += STALE
    for _ in range(2):
        pressed = clinician.press(view, Stage.CONFIRMING)
    assert pressed.sent.follow_up == "ServiceRequest/2"
    kinds = ("MedicationRequest", "ServiceRequest", "Provenance")
    assert [len(clinician.writer.orders(kind)) for kind in kinds] == [1, 1, 1]


@pytest.mark.req("FHIR-44", "RCK-01")
def test_a_follow_up_that_the_ehr_may_still_be_storing_is_not_sent_again_and_found_later() -> None:
    clinician, view = after_a_death("ServiceRequest", stores=True)
    clinician.proposals.locks.clear()
    unseen = clinician.writer.stored.pop("ServiceRequest/2")
    pressed = clinician.press(view, Stage.CONFIRMING)
    assert pressed.sent.follow_up.startswith("not confirmed: look for it in the chart")
    clinician.writer.stored["ServiceRequest/2"] = unseen
    assert clinician.use_case.follow(clinician.case, view.id).sent.follow_up == "ServiceRequest/2"
    assert len(clinician.writer.orders("ServiceRequest")) == 1


@pytest.mark.req("FHIR-46", "FHIR-49")
def test_an_order_of_an_earlier_approval_gets_no_second_provenance() -> None:
    clinician = Clinician()
    clinician.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    view = clinician.written()
    order = clinician.writer.stored.pop("MedicationRequest/1")
    clinician.now += 61
    clinician.use_case.check_again(clinician.case, view.id)
    receipt = clinician.on_receipt()
    clinician.writer.stored["MedicationRequest/9"] = order
    found = clinician.press(receipt, Stage.CONFIRMING)
    assert (found.reference, "from an earlier approval" in found.sent.provenance) == ("MedicationRequest/9", True)
    assert clinician.writer.orders("Provenance") == []


@pytest.mark.req("FHIR-50")
@pytest.mark.parametrize("stores", [True, False])
def test_a_provenance_that_may_have_been_sent_is_never_sent_again(stores: bool) -> None:
    clinician, view = after_a_death("Provenance", stores=stores)
    clinician.now += STALE
    found = clinician.press(view, Stage.CONFIRMING)
    assert found.sent.provenance == "not confirmed: the program was interrupted while it was sent"
    assert len(clinician.writer.orders("Provenance")) == int(stores)


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_another_launch_finds_out_too_and_completes_nothing() -> None:
    clinician, _ = after_a_death("ServiceRequest")
    clinician.now += STALE
    other = Clinician(
        chart=clinician.chart,
        writer=clinician.writer,
        proposals=clinician.proposals,
        launch="launch-2",
        now=clinician.now,
    )
    (standing,) = other.offered()
    assert (standing.state, standing.reference) == (ProposalState.WRITTEN, "MedicationRequest/1")
    assert clinician.writer.orders("ServiceRequest") == []


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(("kept", "state"), [(True, ProposalState.WRITTEN), (False, ProposalState.PROPOSED)])
def test_what_one_launch_could_not_confirm_the_next_one_searches_for(kept: bool, state: ProposalState) -> None:
    clinician = Clinician()
    clinician.writer.next_result, clinician.writer.keeps = (
        WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer"),
        kept,
    )
    clinician.written()
    other = Clinician(
        chart=clinician.chart,
        writer=clinician.writer,
        proposals=clinician.proposals,
        launch="launch-2",
        now=clinician.now + 61,
    )
    assert [view.state for view in other.offered()] == [state]


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_while_the_ehrs_index_may_lag_no_launch_can_write_the_order_again() -> None:
    clinician = Clinician()
    clinician.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    clinician.written()
    kept, clinician.writer.stored = clinician.writer.stored, {}
    other = Clinician(
        chart=clinician.chart,
        writer=clinician.writer,
        proposals=clinician.proposals,
        launch="launch-2",
        now=clinician.now + 59,
    )
    assert [view.state for view in other.offered()] == [ProposalState.NOT_CONFIRMED]
    clinician.writer.stored = kept
    assert [view.state for view in other.offered()] == [ProposalState.WRITTEN]
    assert len(clinician.writer.sent) == 1


@pytest.mark.req("FHIR-46", "SEC-32")
def test_the_interruption_is_recorded() -> None:
    clinician, view = after_a_death("MedicationRequest", stores=True)
    clinician.now += STALE
    clinician.use_case.look(clinician.case, view.id)
    assert clinician.log.outcomes("write interrupted") == [f"{view.id} writing → not confirmed"]
    assert clinician.log.outcomes("write result") == [f"{view.id} not confirmed → written MedicationRequest/1"]


@pytest.mark.req("FHIR-44")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("cancelled", ProposalState.CANCELLED),
        ("entered-in-error", ProposalState.CANCELLED),
        ("stopped", ProposalState.CANCELLED),
        ("completed", ProposalState.COMPLETED),
    ],
)
def test_an_order_that_is_over_in_the_ehr_is_over_here(status: str, state: ProposalState) -> None:
    clinician = Clinician()
    view = clinician.written()
    clinician.writer.stored[view.reference]["status"] = status
    (again,) = clinician.offered()
    assert again.state is ProposalState.PROPOSED
    old = clinician.use_case.look(clinician.case, view.id)
    assert (old.state, status in old.reason) == (state, True)


@pytest.mark.req("FHIR-48")
def test_the_page_follows_a_signed_order_and_what_others_changed_in_it() -> None:
    clinician = Clinician()
    view = clinician.written()
    order = clinician.writer.stored[view.reference]
    order["status"] = "active"
    order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] = 2000
    followed = clinician.use_case.follow(clinician.case, view.id)
    assert (followed.state, followed.ehr_status) == (ProposalState.WRITTEN, "active")
    assert followed.differences == ("dose: approved 3000 mg, stored 2000 mg",)


@pytest.mark.req("FHIR-48")
def test_a_status_that_the_ehr_gave_an_order_at_once_stays_a_difference() -> None:
    clinician = Clinician()
    clinician.writer.alters = lambda body: {**body, "status": "active"}
    view = clinician.written()
    followed = clinician.use_case.follow(clinician.case, view.id)
    assert view.differences == followed.differences == ("status: approved draft, stored active",)


@pytest.mark.req("FHIR-46")
def test_an_order_that_a_search_no_longer_shows_is_still_ours() -> None:
    """An index may lag: it is said, and no second order becomes possible."""
    clinician = Clinician()
    view = clinician.written()
    kept, clinician.writer.stored = clinician.writer.stored, {}
    assert clinician.use_case.follow(clinician.case, view.id).ehr_status == "not found"
    assert [standing.state for standing in clinician.offered()] == [ProposalState.WRITTEN]
    clinician.writer.stored = kept
    assert clinician.use_case.follow(clinician.case, view.id).ehr_status == "draft"
