"""What a process that died left behind is found out, told, and never sent a second time (FHIR-46; kill -9 in test_kills.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from smartapp.usecases.ports import ProposalState, WriteRequest, WriteResult, WriteState
from smartapp.usecases.proposal import ProposalView, Stage
from tests.fakes import MemoryWriter
from tests.usecases.desk import Desk

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


def after_a_death(kind: str, *, stores: bool = False, **more: Any) -> tuple[Desk, ProposalView]:
    """A desk whose writer died at a step, its lock still held as by a dead process."""
    writer = DyingWriter(dies_at=kind, stores=stores, **more)
    desk = Desk(writer=writer)
    view = desk.on_receipt()
    freed = desk.proposals.unlock
    desk.proposals.unlock = lambda identifier, holder: None  # type: ignore[method-assign]
    with pytest.raises(Killed):
        desk.press(view, Stage.CONFIRMING)
    desk.proposals.unlock = freed  # type: ignore[method-assign]
    writer.dies_at = ""
    return desk, view


LOOKS: dict[str, Callable[[Desk, ProposalView], ProposalView]] = {
    "the proposal's page": lambda desk, view: desk.use_case.look(desk.case, view.id),
    "check again": lambda desk, view: desk.use_case.check_again(desk.case, view.id),
    "the patient page": lambda desk, view: (desk.offered(), desk.use_case.look(desk.case, view.id))[1],
    "another press": lambda desk, view: desk.press(view, Stage.CONFIRMING),
}


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("stores", "state"), [(False, ProposalState.REFUSED), (True, ProposalState.WRITTEN)])
def test_an_order_whose_writer_died_is_found_out_by_searching(look: str, stores: bool, state: ProposalState) -> None:
    desk, view = after_a_death("MedicationRequest", stores=stores)
    desk.now += STALE
    found = LOOKS[look](desk, view)
    assert found.state is state
    assert len(desk.writer.orders()) == int(stores)
    assert [request.resource_type for request in desk.writer.sent].count("MedicationRequest") == int(stores)


@pytest.mark.req("FHIR-44", "FHIR-46", "RCK-01")
def test_pressing_again_after_the_writer_died_with_the_order_sends_the_rest() -> None:
    desk, view = after_a_death("MedicationRequest", stores=True)
    desk.now += STALE
    found = desk.press(view, Stage.CONFIRMING)
    assert (found.state, found.recheck_reference) == (ProposalState.WRITTEN, "ServiceRequest/2")
    kinds = ("MedicationRequest", "ServiceRequest", "Provenance")
    assert [len(desk.writer.orders(kind)) for kind in kinds] == [1, 1, 1]


@pytest.mark.req("FHIR-46")
def test_an_order_that_may_still_be_on_its_way_is_not_called_missing() -> None:
    """The EHR may still be storing what a process sent that was killed a moment ago."""
    desk, view = after_a_death("MedicationRequest")
    desk.proposals.locks.clear()
    found = desk.use_case.look(desk.case, view.id)
    assert (found.state, "may still be storing it" in found.reason) == (ProposalState.NOT_CONFIRMED, True)
    desk.now += 59
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.NOT_CONFIRMED
    desk.now += 2
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.REFUSED


@pytest.mark.req("FHIR-46")
def test_after_a_lost_answer_a_search_that_finds_nothing_tells_only_later() -> None:
    """The EHR may still be at it, or its index may not show it yet."""
    desk = Desk()
    desk.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    desk.writer.keeps = False
    view = desk.written()
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.NOT_CONFIRMED
    desk.now += 61
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.REFUSED


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(
    ("status", "state"), [("draft", ProposalState.WRITTEN), ("cancelled", ProposalState.CANCELLED)]
)
def test_an_order_that_comes_later_than_that_is_found_all_the_same(status: str, state: ProposalState) -> None:
    desk, view, order = after_a_search_that_found_none()
    desk.writer.stored["MedicationRequest/9"] = {**order, "status": status}
    desk.offered()
    found = desk.use_case.follow(desk.case, view.id)
    assert (found.state, found.reference) == (state, "MedicationRequest/9")


@pytest.mark.req("FHIR-44")
def test_what_the_next_proposal_wrote_is_not_taken_for_a_late_order() -> None:
    desk, view, _ = after_a_search_that_found_none()
    assert desk.written().state is ProposalState.WRITTEN
    assert desk.use_case.follow(desk.case, view.id).state is ProposalState.REFUSED


def after_a_search_that_found_none() -> tuple[Desk, ProposalView, dict[str, Any]]:
    """A proposal that is Not saved because a search found nothing, and its order."""
    desk = Desk()
    desk.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    view = desk.written()
    order = desk.writer.stored.pop("MedicationRequest/1")
    desk.now += 61
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.REFUSED
    return desk, view, order


@pytest.mark.req("FHIR-46")
def test_while_the_writer_may_live_it_is_not_confirmed_and_nobody_interferes() -> None:
    desk, view = after_a_death("MedicationRequest")
    assert desk.use_case.look(desk.case, view.id).state is ProposalState.WRITING
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.WRITING


@pytest.mark.req("FHIR-46")
def test_an_approval_that_died_before_anything_was_sent_wrote_nothing() -> None:
    desk = Desk()
    view = desk.on_receipt()
    desk.proposals.kept[view.id] = replace(desk.proposals.kept[view.id], state=ProposalState.APPROVED)
    found = desk.use_case.look(desk.case, view.id)
    assert (found.state, "nothing was written" in found.reason) == (ProposalState.EXPIRED, True)
    assert desk.offered()[0].state is ProposalState.PROPOSED


@pytest.mark.req("FHIR-46")
def test_an_order_that_may_stand_is_not_confirmed_while_the_ehr_is_silent() -> None:
    desk, view = after_a_death("MedicationRequest", stores=True)
    desk.now += STALE
    desk.writer.searches = False
    assert desk.use_case.look(desk.case, view.id).state is ProposalState.NOT_CONFIRMED
    desk.writer.searches = True
    assert desk.use_case.check_again(desk.case, view.id).state is ProposalState.WRITTEN


@pytest.mark.req("FHIR-46", "RCK-01")
@pytest.mark.parametrize(
    ("stores", "told"),
    [(True, "ServiceRequest/2"), (False, "not saved: order the follow-up fibrinogen yourself")],
)
def test_a_look_tells_what_became_of_the_follow_up_and_sends_nothing(stores: bool, told: str) -> None:
    desk, view = after_a_death("ServiceRequest", stores=stores)
    desk.now += STALE
    sent = len(desk.writer.sent)
    found = desk.use_case.look(desk.case, view.id)
    assert (found.state, found.recheck_reference) == (ProposalState.WRITTEN, told)
    assert found.provenance.startswith("not saved")
    assert len(desk.writer.sent) == sent


@pytest.mark.req("FHIR-44", "RCK-01")
@pytest.mark.parametrize("stores", [True, False])
def test_pressing_again_on_the_receipt_sends_what_is_missing_beside_the_order_once(stores: bool) -> None:
    desk, view = after_a_death("ServiceRequest", stores=stores)
    desk.now += STALE
    for _ in range(2):
        pressed = desk.press(view, Stage.CONFIRMING)
    assert pressed.recheck_reference == "ServiceRequest/2"
    kinds = ("MedicationRequest", "ServiceRequest", "Provenance")
    assert [len(desk.writer.orders(kind)) for kind in kinds] == [1, 1, 1]


@pytest.mark.req("FHIR-44", "RCK-01")
def test_a_follow_up_that_the_ehr_may_still_be_storing_is_not_sent_again_and_found_later() -> None:
    desk, view = after_a_death("ServiceRequest", stores=True)
    desk.proposals.locks.clear()
    unseen = desk.writer.stored.pop("ServiceRequest/2")
    pressed = desk.press(view, Stage.CONFIRMING)
    assert pressed.recheck_reference.startswith("not confirmed: look for it in the chart")
    desk.writer.stored["ServiceRequest/2"] = unseen
    assert desk.use_case.follow(desk.case, view.id).recheck_reference == "ServiceRequest/2"
    assert len(desk.writer.orders("ServiceRequest")) == 1


@pytest.mark.req("FHIR-46", "FHIR-49")
def test_an_order_of_an_earlier_approval_gets_no_second_provenance() -> None:
    desk = Desk()
    desk.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    view = desk.written()
    order = desk.writer.stored.pop("MedicationRequest/1")
    desk.now += 61
    desk.use_case.check_again(desk.case, view.id)
    receipt = desk.on_receipt()
    desk.writer.stored["MedicationRequest/9"] = order
    found = desk.press(receipt, Stage.CONFIRMING)
    assert (found.reference, "from an earlier approval" in found.provenance) == ("MedicationRequest/9", True)
    assert desk.writer.orders("Provenance") == []


@pytest.mark.req("FHIR-50")
@pytest.mark.parametrize("stores", [True, False])
def test_a_provenance_that_may_have_been_sent_is_never_sent_again(stores: bool) -> None:
    desk, view = after_a_death("Provenance", stores=stores)
    desk.now += STALE
    found = desk.press(view, Stage.CONFIRMING)
    assert found.provenance == "not confirmed: the program was interrupted while it was sent"
    assert len(desk.writer.orders("Provenance")) == int(stores)


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_another_launch_finds_out_too_and_completes_nothing() -> None:
    desk, _ = after_a_death("ServiceRequest")
    desk.now += STALE
    other = Desk(chart=desk.chart, writer=desk.writer, proposals=desk.proposals, launch="launch-2", now=desk.now)
    (standing,) = other.offered()
    assert (standing.state, standing.reference) == (ProposalState.WRITTEN, "MedicationRequest/1")
    assert desk.writer.orders("ServiceRequest") == []


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(("kept", "state"), [(True, ProposalState.WRITTEN), (False, ProposalState.PROPOSED)])
def test_what_one_launch_could_not_confirm_the_next_one_searches_for(kept: bool, state: ProposalState) -> None:
    desk = Desk()
    desk.writer.next_result, desk.writer.keeps = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer"), kept
    desk.written()
    other = Desk(chart=desk.chart, writer=desk.writer, proposals=desk.proposals, launch="launch-2", now=desk.now + 61)
    assert [view.state for view in other.offered()] == [state]


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_while_the_ehrs_index_may_lag_no_launch_can_write_the_order_again() -> None:
    desk = Desk()
    desk.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    desk.written()
    kept, desk.writer.stored = desk.writer.stored, {}
    other = Desk(chart=desk.chart, writer=desk.writer, proposals=desk.proposals, launch="launch-2", now=desk.now + 59)
    assert [view.state for view in other.offered()] == [ProposalState.NOT_CONFIRMED]
    desk.writer.stored = kept
    assert [view.state for view in other.offered()] == [ProposalState.WRITTEN]
    assert len(desk.writer.sent) == 1


@pytest.mark.req("FHIR-46", "SEC-32")
def test_the_interruption_is_recorded() -> None:
    desk, view = after_a_death("MedicationRequest", stores=True)
    desk.now += STALE
    desk.use_case.look(desk.case, view.id)
    assert desk.log.outcomes("write interrupted") == [f"{view.id} writing → not confirmed"]
    assert desk.log.outcomes("write result") == [f"{view.id} not confirmed → written MedicationRequest/1"]


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
    desk = Desk()
    view = desk.written()
    desk.writer.stored[view.reference]["status"] = status
    (again,) = desk.offered()
    assert again.state is ProposalState.PROPOSED
    old = desk.use_case.look(desk.case, view.id)
    assert (old.state, status in old.reason) == (state, True)


@pytest.mark.req("FHIR-48")
def test_the_page_follows_a_signed_order_and_what_others_changed_in_it() -> None:
    desk = Desk()
    view = desk.written()
    order = desk.writer.stored[view.reference]
    order["status"] = "active"
    order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] = 2000
    followed = desk.use_case.follow(desk.case, view.id)
    assert (followed.state, followed.standing) == (ProposalState.WRITTEN, "active")
    assert followed.differs == ("dose: approved 3000 mg, stored 2000 mg",)


@pytest.mark.req("FHIR-48")
def test_a_status_that_the_ehr_gave_an_order_at_once_stays_a_difference() -> None:
    desk = Desk()
    desk.writer.alters = lambda body: {**body, "status": "active"}
    view = desk.written()
    followed = desk.use_case.follow(desk.case, view.id)
    assert view.differs == followed.differs == ("status: approved draft, stored active",)


@pytest.mark.req("FHIR-46")
def test_an_order_that_a_search_no_longer_shows_is_still_ours() -> None:
    """An index may lag: it is said, and no second order becomes possible."""
    desk = Desk()
    view = desk.written()
    kept, desk.writer.stored = desk.writer.stored, {}
    assert desk.use_case.follow(desk.case, view.id).standing == "not found"
    assert [standing.state for standing in desk.offered()] == [ProposalState.WRITTEN]
    desk.writer.stored = kept
    assert desk.use_case.follow(desk.case, view.id).standing == "draft"
