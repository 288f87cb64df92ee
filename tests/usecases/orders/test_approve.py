"""From a proposal to one written order (interfaces.md sections 4 and 6, FHIR-40 to FHIR-51)."""

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from smartapp.fhir.chart import AnswerState
from smartapp.usecases.orders.approve import NoSuchProposal, NotApprovable
from smartapp.usecases.orders.proposal import Proposal, ProposalState, Stage
from smartapp.usecases.ports import WriteResult, WriteState
from tests import charts as c
from tests.fakes import MemoryProposals
from tests.usecases.orders.clinician import Clinician, a_chart, a_new_result, milligrams

LOST = WriteResult(state=WriteState.NOT_CONFIRMED, reason="the server did not answer in time")


@pytest.mark.req("FHIR-40", "FHIR-41", "REP-03")
def test_three_presses_write_one_draft() -> None:
    clinician = Clinician()
    view = clinician.written()
    (order,) = clinician.writer.orders()
    assert (view.state, view.reference) == (ProposalState.WRITTEN, "MedicationRequest/1")
    assert (order["status"], order["intent"], milligrams(order)) == ("draft", "proposal", Decimal(3000))
    assert view.decided_by == "Dr Roe"


@pytest.mark.req("FHIR-40")
@pytest.mark.parametrize("stages", [(), (Stage.PROPOSED,), (Stage.PROPOSED, Stage.REVIEWING)])
def test_nothing_is_written_before_the_press_on_the_receipt(stages: tuple[Stage, ...]) -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    for stage in stages:
        clinician.press(view, stage)
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-40")
def test_the_receipts_press_without_a_receipt_writes_nothing() -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.PROPOSED
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-40")
def test_another_amount_than_the_receipts_is_refused() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    with pytest.raises(NotApprovable, match="not the one on the receipt"):
        clinician.press(view, Stage.CONFIRMING, order=replace(view.order, dose_mg=Decimal(4000)))
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-40")
def test_the_amount_chosen_at_the_dose_review_is_written() -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    clinician.written(order=replace(view.order, dose_mg=Decimal(2000)))
    assert [milligrams(order) for order in clinician.writer.orders()] == [Decimal(2000)]


@pytest.mark.req("FHIR-44")
def test_a_second_press_ends_on_the_same_result() -> None:
    clinician = Clinician()
    first = clinician.written()
    assert clinician.press(first, Stage.CONFIRMING) == first
    assert len(clinician.writer.orders()) == 1


@pytest.mark.req("FHIR-44")
def test_presses_in_parallel_write_once() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    answers: list[Any] = []

    def press() -> None:
        try:
            answers.append(clinician.press(view, Stage.CONFIRMING).state)
        except NotApprovable as refused:
            answers.append(str(refused))

    threads = [threading.Thread(target=press) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert len(clinician.writer.orders()) == 1
    assert clinician.use_case.look(clinician.case, view.id).state is ProposalState.WRITTEN


@pytest.mark.req("FHIR-44", "SEC-07")
def test_two_windows_with_the_same_result_write_once() -> None:
    first = Clinician()
    second = Clinician(chart=first.chart, writer=first.writer, proposals=first.proposals, launch="launch-2")
    here, there = first.on_receipt(), second.on_receipt()
    first.press(here, Stage.CONFIRMING)
    late = second.press(there, Stage.CONFIRMING)
    assert (late.state, late.reference) == (ProposalState.EXPIRED, "MedicationRequest/1")
    assert "another window" in late.reason
    assert len(first.writer.orders()) == 1


@pytest.mark.req("FHIR-44")
def test_two_products_of_one_result_are_one_order() -> None:
    clinician = Clinician(settings={"fc_product": "riastap"})
    receipts = [clinician.press(view, Stage.PROPOSED) for view in clinician.offered()]
    assert len(receipts) == 2
    done = [clinician.press(clinician.press(view, Stage.REVIEWING), Stage.CONFIRMING) for view in receipts]
    assert [view.state for view in done] == [ProposalState.WRITTEN, ProposalState.EXPIRED]
    assert len(clinician.writer.orders()) == 1


@pytest.mark.req("FHIR-44")
def test_a_later_launch_is_shown_what_stands() -> None:
    first = Clinician()
    first.written()
    second = Clinician(chart=first.chart, writer=first.writer, proposals=first.proposals, launch="launch-2")
    (view,) = second.offered()
    assert (view.state, view.reference) == (ProposalState.WRITTEN, "MedicationRequest/1")


@pytest.mark.req("SEC-07")
def test_another_launchs_proposal_is_none_of_ours() -> None:
    first = Clinician()
    view = first.on_receipt()
    second = Clinician(chart=first.chart, writer=first.writer, proposals=first.proposals, launch="launch-2")
    with pytest.raises(NoSuchProposal):
        second.press(view, Stage.CONFIRMING)
    assert first.writer.sent == []


@pytest.mark.req("FHIR-46")
def test_a_lost_answer_is_not_confirmed_and_nothing_is_sent_again() -> None:
    clinician = Clinician()
    clinician.writer.next_result = LOST
    view = clinician.written()
    assert (view.state, view.reason) == (ProposalState.NOT_CONFIRMED, LOST.reason)
    clinician.press(view, Stage.CONFIRMING)
    assert [request.resource_type for request in clinician.writer.sent] == ["MedicationRequest"]


@pytest.mark.req("FHIR-46")
@pytest.mark.parametrize(("kept", "state"), [(True, ProposalState.WRITTEN), (False, ProposalState.REFUSED)])
def test_check_again_only_searches(kept: bool, state: ProposalState) -> None:
    clinician = Clinician()
    clinician.writer.next_result, clinician.writer.keeps = LOST, kept
    view = clinician.written()
    clinician.now += 61
    checked = clinician.use_case.check_again(clinician.case, view.id)
    assert checked.state is state
    assert len(clinician.writer.sent) == 1


@pytest.mark.req("FHIR-46")
def test_check_again_stays_open_while_the_ehr_is_silent() -> None:
    clinician = Clinician()
    clinician.writer.next_result = LOST
    view = clinician.written()
    clinician.writer.searches = False
    assert clinician.use_case.check_again(clinician.case, view.id).state is ProposalState.NOT_CONFIRMED


@pytest.mark.req("FHIR-46")
def test_a_follow_up_that_was_never_sent_is_said_to_be_missing() -> None:
    clinician = Clinician()
    clinician.writer.next_result = LOST
    checked = clinician.use_case.check_again(clinician.case, clinician.written().id)
    assert checked.sent.follow_up == "not saved: order the follow-up fibrinogen yourself"


@pytest.mark.req("FHIR-45")
def test_a_refusal_is_told_and_a_new_proposal_may_be_made() -> None:
    clinician = Clinician()
    clinician.writer.next_result = WriteResult(
        state=WriteState.REFUSED, reason="the EHR refused the order: no encounter"
    )
    clinician.writer.keeps = False
    view = clinician.written()
    assert (view.state, view.reason) == (ProposalState.REFUSED, "the EHR refused the order: no encounter")
    (again,) = clinician.offered()
    assert (again.state, again.id != view.id) == (ProposalState.PROPOSED, True)


def somebody_elses(kind: str) -> c.Resource:
    """An active order for a fibrinogen product, signed ten minutes ago."""
    what = {"coding": [{"system": c.ATC, "code": "B02BB01"}]}
    named = {"medicationCodeableConcept": what} if kind == "MedicationRequest" else {"code": what}
    who = {"subject": c.SUBJECT, "authoredOn": c.ago(minutes=10), "requester": {"reference": "Practitioner/other"}}
    return {"resourceType": kind, "id": "theirs", "status": "active", "intent": "order", **who, **named}


def _stopped(resource: c.Resource) -> c.Resource:
    return {**resource, "status": "entered-in-error"}


CHANGES = {
    "a newer fibrinogen": (lambda chart: chart.resources.append(a_new_result("1.62")), "fibrinogen is now 1.62 g/L"),
    "the same value from a new sample": (
        lambda chart: chart.resources.append(a_new_result("0.8")),
        "fibrinogen is now",
    ),
    "the result withdrawn": (
        lambda chart: chart.resources.__setitem__(3, _stopped(chart.resources[3])),
        "fibrinogen is now no usable fibrinogen",
    ),
    "another weight": (lambda chart: chart.resources.__setitem__(4, c.weight("80")), "weight is now 80 kg, was 70 kg"),
    "bleeding": (
        lambda chart: chart.resources.append(c.condition("bleed", "K92.0", 1)),
        "bleeding is now significant, was none recorded",
    ),
    "a dose given": (
        lambda chart: chart.resources.append(c.given("dose", "B02BB01", hours_ago=0.5)),
        "no draft may be written now: Product given",
    ),
    "an order by somebody else": (
        lambda chart: chart.resources.append(somebody_elses("MedicationRequest")),
        "no draft may be written now",
    ),
    "a component ordered by somebody else": (
        lambda chart: chart.resources.append(somebody_elses("ServiceRequest")),
        "no draft may be written now",
    ),
    "orders that can no longer be read": (
        lambda chart: chart.states.update(medicationRequests=AnswerState.FAILED),
        "what could not be read is now medication requests, was nothing",
    ),
    "a thrombosis while bleeding": (
        lambda chart: chart.resources.append(c.condition("clot", "I26.99", 24)),
        "cautions is now SAF-01, was none",
    ),
    "the CRS grade": (lambda chart: chart.resources.__setitem__(2, c.crs(2)), "CRS grade is now 2, was 3"),
    "the results unreadable": (
        lambda chart: chart.states.update(fibrinogen=AnswerState.FAILED),
        "no draft may be written now",
    ),
}


@pytest.mark.req("FHIR-43", "REP-09", "DQ-17")
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_basis_writes_nothing_and_says_what_changed(change: str) -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    alter, said = CHANGES[change]
    alter(clinician.chart)
    withheld = clinician.press(view, Stage.CONFIRMING)
    assert clinician.writer.sent == []
    assert withheld.state is ProposalState.EXPIRED
    assert any(said in sentence for sentence in withheld.changes), withheld.changes


@pytest.mark.req("FHIR-40", "FHIR-43")
def test_an_amount_that_another_tab_chooses_during_the_press_is_not_what_is_written() -> None:
    """The press means its own receipt, however long the reading takes."""
    clinician = Clinician()
    view = clinician.on_receipt()
    read = clinician.chart.answer

    def changed_meanwhile(queries: Any) -> Any:
        clinician.chart.answer = read  # type: ignore[method-assign]
        clinician.press(view, Stage.REVIEWING, order=replace(view.order, dose_mg=Decimal(2000)), follow_up=False)
        return read(queries)

    clinician.chart.answer = changed_meanwhile  # type: ignore[method-assign]
    written = clinician.press(view, Stage.CONFIRMING)
    assert [milligrams(order) for order in clinician.writer.orders()] == [Decimal(3000)]
    assert (written.order.dose_mg, len(clinician.writer.orders("ServiceRequest"))) == (Decimal(3000), 1)


@pytest.mark.req("FHIR-40")
@pytest.mark.parametrize("second", [{"order": "2000"}, {"follow_up": False}])
def test_a_receipt_that_another_tab_replaced_writes_nothing(second: dict[str, Any]) -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    order = replace(view.order, dose_mg=Decimal(second.get("order", "3000")))
    clinician.press(view, Stage.REVIEWING, order=order, follow_up=second.get("follow_up", True))
    with pytest.raises(NotApprovable, match="not the one on the receipt"):
        clinician.press(view, Stage.CONFIRMING)
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-44")
def test_a_second_press_waits_for_the_first_and_ends_on_its_result() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    clinician.proposals.lock(_identifier(clinician, view), "the first press")

    def first_press_ends() -> None:
        if len(clinician.paused) == 3:
            clinician.proposals.unlock(_identifier(clinician, view), "the first press")
            Clinician(chart=clinician.chart, writer=clinician.writer, proposals=clinician.proposals).press(
                view, Stage.CONFIRMING
            )

    clinician.meanwhile = first_press_ends
    assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.WRITTEN
    assert (len(clinician.paused), len(clinician.writer.orders())) == (3, 1)


class Overtaking(MemoryProposals):
    """Proposals of which one is decided right after it was read."""

    then: Callable[[], object] | None = None

    def get(self, launch: str, proposal: str) -> Proposal | None:
        found, then, self.then = super().get(launch, proposal), self.then, None
        if then is not None:
            then()
        return found


@pytest.mark.req("FHIR-44")
def test_a_press_that_is_overtaken_between_two_looks_ends_on_the_same_result() -> None:
    clinician = Clinician(proposals=Overtaking())
    view = clinician.on_receipt()
    other = Clinician(chart=clinician.chart, writer=clinician.writer, proposals=clinician.proposals)
    clinician.proposals.then = lambda: other.press(view, Stage.CONFIRMING)
    assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.WRITTEN
    assert len(clinician.writer.orders()) == 1


@pytest.mark.req("FHIR-44")
def test_a_press_while_another_never_ends_gives_up_and_writes_nothing() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    clinician.proposals.lock(_identifier(clinician, view), "another press")
    with pytest.raises(NotApprovable, match="being written already"):
        clinician.press(view, Stage.CONFIRMING)
    assert (clinician.writer.sent, sum(clinician.paused) > 15) == ([], True)


def _identifier(clinician: Clinician, view: Any) -> str:
    return clinician.proposals.kept[view.id].identifier


@pytest.mark.req("FHIR-43", "SEC-32")
def test_a_proposal_that_got_too_old_is_expired_and_recorded() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    clinician.now += 31 * 60
    with pytest.raises(NotApprovable):
        clinician.press(view, Stage.CONFIRMING)
    assert clinician.use_case.look(clinician.case, view.id).state is ProposalState.EXPIRED
    assert clinician.log.outcomes("proposal expired") == [f"{view.id} proposed → expired"]


@pytest.mark.req("FHIR-43")
def test_the_chart_is_read_again_before_writing() -> None:
    clinician = Clinician()
    clinician.written()
    assert clinician.log.outcomes("re-checked before writing") == ["REPLACE"]


@pytest.mark.req("FHIR-43")
@pytest.mark.parametrize(("minutes", "written"), [(30, False), (29.9, True)])
def test_a_proposal_may_be_approved_for_half_an_hour(minutes: float, written: bool) -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    clinician.now += minutes * 60
    if written:
        assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.WRITTEN
    else:
        with pytest.raises(NotApprovable, match="older than 30 minutes"):
            clinician.press(view, Stage.CONFIRMING)
    assert len(clinician.writer.orders()) == int(written)


@pytest.mark.req("FHIR-43", "SAL-53")
def test_without_create_on_the_order_nothing_is_written_and_it_is_said_before() -> None:
    clinician = Clinician()
    view = clinician.on_receipt()
    clinician.writer.refusals = {"MedicationRequest": "not permitted: MedicationRequest"}
    assert clinician.offered() == ()
    assert clinician.use_case.plan(clinician.case, view).refused == "not permitted: MedicationRequest"
    with pytest.raises(NotApprovable, match="not permitted"):
        clinician.press(view, Stage.CONFIRMING)
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-49", "SAL-53")
def test_entries_without_scope_are_left_out_and_named_before() -> None:
    clinician = Clinician()
    clinician.writer.refusals = {"ServiceRequest": "no ServiceRequest", "Provenance": "no Provenance"}
    view = clinician.on_receipt()
    assert clinician.use_case.plan(clinician.case, view).left_out == ("no ServiceRequest", "no Provenance")
    assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.WRITTEN
    assert [request.resource_type for request in clinician.writer.sent] == ["MedicationRequest"]


@pytest.mark.req("FHIR-49", "RCK-01")
def test_the_follow_up_and_the_provenance_stand_beside_the_order() -> None:
    clinician = Clinician()
    view = clinician.written()
    (follow_up,), (provenance,) = clinician.writer.orders("ServiceRequest"), clinician.writer.orders("Provenance")
    assert view.sent.follow_up == "ServiceRequest/2"
    assert follow_up["code"]["coding"][0]["code"] == "3255-7"
    targets = [target["reference"] for target in provenance["target"]]
    assert targets == ["MedicationRequest/1/_history/1", "ServiceRequest/2/_history/1"]


@pytest.mark.req("RCK-01")
def test_an_unticked_follow_up_is_not_written() -> None:
    clinician = Clinician()
    clinician.written(follow_up=False)
    assert clinician.writer.orders("ServiceRequest") == []


@pytest.mark.req("FHIR-48")
def test_a_dose_that_the_ehr_changed_is_shown() -> None:
    clinician = Clinician()

    def halved(body: dict[str, Any]) -> dict[str, Any]:
        if body["resourceType"] == "MedicationRequest":
            body["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] = 1500
        return body

    clinician.writer.alters = halved
    assert clinician.written().differences == ("dose: approved 3000 mg, stored 1500 mg",)


def test_declining_keeps_the_reason_and_writes_nothing() -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    declined = clinician.use_case.decline(clinician.case, view.id, reason="other-treatment", comment="plasma given")
    assert (declined.state, declined.reason) == (ProposalState.DECLINED, "other-treatment")
    assert clinician.press(view, Stage.CONFIRMING).state is ProposalState.DECLINED
    assert clinician.writer.sent == []


@pytest.mark.req("FHIR-44")
def test_a_proposal_from_before_the_withdrawal_does_not_bring_the_old_order_back() -> None:
    first = Clinician()
    second = Clinician(chart=first.chart, writer=first.writer, proposals=first.proposals, launch="launch-2")
    stale = second.on_receipt()
    first.use_case.withdraw(first.case, first.written().id)
    late = second.press(stale, Stage.CONFIRMING)
    assert (late.state, "is over" in late.reason) == (ProposalState.EXPIRED, True)
    assert [order["status"] for order in first.writer.orders()] == ["cancelled"]


@pytest.mark.req("FHIR-44")
def test_an_old_order_that_only_the_ehr_remembers_is_never_called_saved() -> None:
    forgotten = Clinician()
    forgotten.use_case.withdraw(forgotten.case, forgotten.written().id)
    clinician = Clinician(chart=forgotten.chart, writer=forgotten.writer)
    view = clinician.written()
    assert (view.state, "cancelled" in view.reason) == (ProposalState.CANCELLED, True)
    assert clinician.written().state is ProposalState.WRITTEN


@pytest.mark.req("FHIR-44")
def test_the_identifier_depends_on_patient_and_result_only() -> None:
    def identifier(clinician: Clinician) -> str:
        return clinician.use_case.offers.identifier(clinician.case.subject, "Observation/fib")

    same = {
        identifier(Clinician()),
        identifier(Clinician(launch="launch-2")),
        identifier(Clinician(chart=a_chart(value="0.7"))),
    }
    assert len(same) == 1
    assert identifier(Clinician(patient="P2")) not in same
    assert Clinician().use_case.offers.identifier(Clinician().case.subject, "Observation/other") not in same


@pytest.mark.req("SEC-32", "FHIR-40")
def test_the_case_can_be_told_from_the_log() -> None:
    clinician = Clinician()
    view = clinician.written()
    assert [event for event, _ in clinician.log.events] == [
        "page",
        "proposal offered",
        "dose review",
        "amount chosen",
        "re-checked before writing",
        "approved",
        "write begun",
        "write result",
        "follow-up begun",
        "follow-up",
        "provenance begun",
        "provenance",
    ]
    approved = f"{view.id} proposed → approved fibrinogen_concentrate 3000 mg REP-03 v2"
    assert clinician.log.outcomes("approved") == [approved]
    assert clinician.log.outcomes("write begun") == [f"{view.id} approved → writing creates"]
    assert clinician.log.outcomes("write result") == [f"{view.id} writing → written MedicationRequest/1"]


def test_looking_at_the_page_twice_offers_the_same_proposal() -> None:
    clinician = Clinician()
    assert [view.id for view in clinician.offered()] == [view.id for view in clinician.offered()]


@pytest.mark.req("DQ-11")
def test_where_no_draft_is_allowed_nothing_is_offered() -> None:
    clinician = Clinician()
    clinician.chart.resources.pop(4)
    assert clinician.offered() == ()


@pytest.mark.req("FHIR-44")
def test_one_ehr_under_two_addresses_has_one_identifier() -> None:
    """Counterparts D7: `same_as`, and a `standing` press counts (interfaces.md section 6)."""
    clinician = Clinician()
    offers, subject = clinician.use_case.offers, clinician.case.subject
    other = replace(subject, ehr="its-other-name", same_as=subject.ehr)
    assert offers.identifier(subject, "Observation/fib") == offers.identifier(other, "Observation/fib")
    apart = replace(subject, ehr="its-other-name")
    assert offers.identifier(apart, "Observation/fib") != offers.identifier(subject, "Observation/fib")
