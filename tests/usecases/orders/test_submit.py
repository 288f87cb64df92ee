"""By which route an approved order goes: one transaction, or creates in order (FHIR-50; interfaces.md section 6)."""

import json

import pytest

from smartapp.usecases.orders.proposal import ProposalState
from smartapp.usecases.ports import WriteResult, WriteState
from tests.fakes import MemoryWriter
from tests.usecases.orders.clinician import Clinician


def a_clinician(*, takes: bool = True) -> Clinician:
    """At an EHR that says it takes transactions, and does if it `takes` them."""
    return Clinician(writer=MemoryWriter(transactions=(True, takes)))


@pytest.mark.req("FHIR-50")
def test_where_the_ehr_takes_transactions_all_goes_in_one() -> None:
    clinician = a_clinician()
    view = clinician.written()
    assert (view.state, view.reference) == (ProposalState.WRITTEN, "MedicationRequest/1")
    assert (view.sent.follow_up, view.sent.provenance) == ("ServiceRequest/2", "Provenance/3")
    assert clinician.writer.bundles == 1
    assert clinician.log.outcomes("write begun") == [f"{view.id} approved → writing transaction"]


@pytest.mark.req("FHIR-50")
def test_the_provenance_names_the_others_by_their_urn() -> None:
    clinician = a_clinician()
    clinician.written()
    order, follow_up, provenance = clinician.writer.sent
    targets = [target["reference"] for target in json.loads(provenance.body)["target"]]
    assert targets == [order.full_url, follow_up.full_url]
    assert all(url.startswith("urn:uuid:") for url in targets)
    assert [bool(part.identifier) for part in clinician.writer.sent] == [True, True, False]


@pytest.mark.req("FHIR-50")
def test_a_transaction_that_was_surely_not_performed_becomes_creates() -> None:
    clinician = a_clinician(takes=False)
    view = clinician.written()
    assert (view.state, view.sent.follow_up) == (ProposalState.WRITTEN, "ServiceRequest/2")
    (provenance,) = clinician.writer.orders("Provenance")
    assert provenance["target"][0]["reference"] == "MedicationRequest/1/_history/1"
    assert clinician.log.outcomes("transaction not offered") == [f"{view.id} creates"]


@pytest.mark.req("FHIR-46", "FHIR-50")
def test_a_transaction_whose_answer_was_lost_is_found_whole() -> None:
    clinician = a_clinician()
    clinician.writer.next_result = WriteResult(state=WriteState.NOT_CONFIRMED, reason="no answer")
    view = clinician.written()
    assert view.state is ProposalState.NOT_CONFIRMED
    checked = clinician.use_case.check_again(clinician.case, view.id)
    assert (checked.state, checked.sent.follow_up) == (ProposalState.WRITTEN, "ServiceRequest/2")
    assert checked.sent.provenance == "saved together with the order"
    assert len(clinician.writer.orders("Provenance")) == 1


@pytest.mark.req("FHIR-50", "SAL-53")
def test_an_order_alone_needs_no_transaction() -> None:
    clinician = a_clinician()
    clinician.writer.refusals = {"ServiceRequest": "not granted", "Provenance": "not granted"}
    assert clinician.written().state is ProposalState.WRITTEN
    assert clinician.writer.bundles == 0


@pytest.mark.req("FHIR-48")
@pytest.mark.parametrize("takes", [True, False])
def test_an_order_that_cannot_be_read_back_is_said_to_be_uncompared(takes: bool) -> None:
    clinician = a_clinician(takes=takes)
    clinician.writer.next_result = WriteResult(state=WriteState.WRITTEN, reference="MedicationRequest/1", version="1")
    view = clinician.written()
    assert (view.state, "could not be read back" in view.reason) == (ProposalState.WRITTEN, True)


@pytest.mark.req("FHIR-52")
def test_the_route_is_told_before_the_click() -> None:
    routes = [who.use_case.plan(who.case, who.on_receipt()).together for who in (a_clinician(), Clinician())]
    assert routes == [True, False]
