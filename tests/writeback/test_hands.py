"""Many hands on one order, over real HTTP: one order stands, and whoever pressed ends on the truth (FHIR-44, FHIR-40)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smartapp.demo.faults import Fault
from tests.databases import BOTH
from tests.web.browsing import Page
from tests.writeback.app import Server, Ward, a_server
from tests.writeback.clinician import Clinician, outcome
from tests.writeback.test_faults import at_the_receipt

SAVED, NOT_SAVED = "Saved as draft", "Not saved"


def together(presses: list[Callable[[], Page]]) -> list[Page]:
    """All at the same moment."""
    with ThreadPoolExecutor(len(presses)) as pool:
        return list(pool.map(lambda press: press(), presses))


def presses(clinician: Clinician, page: Page, number: int) -> list[Callable[[], Page]]:
    return [lambda: clinician.press(page.form("/approve"))] * number


@pytest.mark.req("FHIR-44")
@pytest.mark.parametrize("number", [2, 6])
def test_a_press_made_many_times_at_once_ends_saved_everywhere(ward: Ward, number: int) -> None:
    patient, clinician, receipt = at_the_receipt(ward)
    pages = together(presses(clinician, receipt, number))
    assert [outcome(page) for page in pages] == [SAVED] * number
    assert ward.hospital.counted(patient) == (1, 1, 1)


@pytest.mark.req("FHIR-44")
def test_a_press_during_a_slow_write_waits_for_it(ward: Ward) -> None:
    ward.hospital.faults.switch_on(Fault.HELD_AFTER, resource="Bundle", seconds=1.5)
    patient, clinician, receipt = at_the_receipt(ward)
    assert [outcome(page) for page in together(presses(clinician, receipt, 2))] == [SAVED, SAVED]
    assert ward.hospital.counted(patient) == (1, 1, 1)


@pytest.mark.req("FHIR-40", "FHIR-44")
def test_another_amount_chosen_in_a_second_tab_makes_the_first_tabs_receipt_void(ward: Ward) -> None:
    patient, clinician, receipt = at_the_receipt(ward)
    review = clinician.press(receipt.forms[1])
    changed = clinician.press(review.form("/approve"), dose_mg="2000")
    refused = clinician.press(receipt.form("/approve"))
    assert (refused.status, "not the one on the receipt" in refused.text) == (409, True)
    assert ward.hospital.counted(patient) == (0, 0, 0)
    assert outcome(clinician.press(changed.form("/approve"))) == SAVED
    (order,) = ward.hospital.stored(patient)
    assert order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 2000


@pytest.mark.req("FHIR-40")
def test_an_amount_slipped_into_the_receipts_form_is_refused(ward: Ward) -> None:
    patient, clinician, receipt = at_the_receipt(ward)
    assert clinician.press(receipt.form("/approve"), dose_mg="4000").status in (409, 422)
    assert ward.hospital.counted(patient) == (0, 0, 0)


@pytest.mark.req("FHIR-44", "SEC-07")
def test_two_launches_at_the_same_moment_write_once_and_the_slower_is_shown_the_order(ward: Ward) -> None:
    patient = ward.hospital.admit()
    there = [ward.clinician() for _ in range(2)]
    receipts = [one.to_receipt(one.open(ward.hospital.launch_url(patient))) for one in there]
    pages = together([*presses(there[0], receipts[0], 1), *presses(there[1], receipts[1], 1)])
    assert sorted(outcome(page) for page in pages) == [NOT_SAVED, SAVED]
    (order,) = ward.hospital.stored(patient)
    assert all(f"MedicationRequest/{order['id']}" in page.text for page in pages)


@pytest.fixture(scope="module", params=BOTH)
def two_processes(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ward, Server]]:
    """The app as `smartapp serve` starts it, two workers."""
    folder = Path(tmp_path_factory.mktemp("two"))
    with a_server(new_database(request.param), folder, workers=2) as (ward, server):
        yield ward, server


@pytest.mark.req("FHIR-44")
def test_two_processes_write_once(two_processes: tuple[Ward, Server]) -> None:
    ward, server = two_processes
    assert len(server.pids()) == 2
    for _ in range(3):
        patient, clinician, receipt = at_the_receipt(ward)
        pages = together(presses(clinician, receipt, 4))
        assert {outcome(page) for page in pages} == {SAVED}
        assert ward.hospital.counted(patient) == (1, 1, 1)
