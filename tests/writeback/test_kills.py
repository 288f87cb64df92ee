"""kill -9 at each step between the press and its answer: the next process on the same database finds out (FHIR-44, FHIR-46).

The EHR holds a request before or after it carries it out; the app's worker is killed meanwhile; the server starts another. Whoever
looks is told the truth, and at most one order stands there, of each kind.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from smartapp.demo.faults import Fault
from tests.databases import BOTH
from tests.web.browsing import Page
from tests.writeback.app import Server, Ward, a_server
from tests.writeback.clinician import Clinician, outcome
from tests.writeback.conftest import FHIR_SECONDS

SAVED, OPEN, NOT_SAVED = "Saved as draft", "Not confirmed", "Not saved"
BEFORE, AFTER = Fault.HELD_BEFORE, Fault.HELD_AFTER
ORDER, FOLLOW_UP, PROVENANCE, TRANSACTION = "MedicationRequest", "ServiceRequest", "Provenance", "Bundle"
AGAIN = "not saved: order the follow-up fibrinogen yourself"


@dataclass(frozen=True)
class Step:
    """Where the process dies, what the next look says, and what stands at the EHR in the end."""

    held: Fault
    resource: str
    said: str
    counts: tuple[int, int, int]
    words: str = ""
    late: bool = False  # the EHR still holds it when somebody looks

    def __str__(self) -> str:
        return f"{self.held} {self.resource}"


IN_ORDER = [
    Step(BEFORE, f"{ORDER}/_search", OPEN, (0, 0, 0)),
    Step(AFTER, f"{ORDER}/_search", OPEN, (0, 0, 0)),
    Step(BEFORE, ORDER, OPEN, (1, 0, 0), late=True),
    Step(AFTER, ORDER, SAVED, (1, 0, 0), AGAIN),
    Step(BEFORE, f"{FOLLOW_UP}/_search", SAVED, (1, 0, 0), "not confirmed: look for it in the chart"),
    Step(BEFORE, FOLLOW_UP, SAVED, (1, 1, 0), late=True),
    Step(AFTER, FOLLOW_UP, SAVED, (1, 1, 0), "ordered as draft"),
    Step(BEFORE, PROVENANCE, SAVED, (1, 1, 1), "ordered as draft", late=True),
    Step(AFTER, PROVENANCE, SAVED, (1, 1, 1), "Provenance in the EHR: not confirmed"),
]
TOGETHER = [Step(BEFORE, TRANSACTION, OPEN, (1, 1, 1), late=True), Step(AFTER, TRANSACTION, SAVED, (1, 1, 1))]


@pytest.fixture(scope="module", params=BOTH)
def served(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ward, Server]]:
    """The app as `smartapp serve` starts it, one worker."""
    folder = Path(tmp_path_factory.mktemp("served"))
    with a_server(new_database(request.param), folder, seconds=10 * FHIR_SECONDS) as (ward, server):
        yield ward, server


def killed_at(ward: Ward, server: Server, step: Step, *, whole: bool = False) -> tuple[str, Clinician, Page]:
    """Press, wait until the EHR holds the request, kill, let the EHR go on; the receipt that was pressed."""
    hospital = ward.hospital
    hospital.faults.clear()
    patient, clinician = hospital.admit(), ward.clinician()
    receipt = clinician.to_receipt(clinician.open(hospital.launch_url(patient)))
    if step.resource != TRANSACTION:
        hospital.faults.switch_on(Fault.NO_TRANSACTION)
    hospital.faults.switch_on(step.held, resource=step.resource, seconds=50)
    pressing = threading.Thread(target=_press_and_lose, args=(clinician, receipt))
    pressing.start()
    _until(lambda: hospital.faults.acted(step.held) > 0)
    if whole:
        server.kill()
        server.start()
    else:
        server.kill_worker()
    pressing.join()
    server.await_answer()
    if not step.late:
        hospital.faults.clear()
    return patient, clinician, receipt


def _press_and_lose(clinician: Clinician, receipt: Page) -> None:
    with pytest.raises(requests.RequestException):
        clinician.sent(receipt.form("/approve"))


def _until(done: object) -> None:
    end = time.monotonic() + 40
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end, "the EHR was never asked"
        time.sleep(0.02)


def proposal_page(clinician: Clinician, receipt: Page) -> Page:
    """The page of the proposal whose receipt was pressed."""
    return clinician.read(f"{clinician.app}{receipt.form('/approve').action.removesuffix('/approve')}")


@pytest.mark.req("FHIR-44", "FHIR-46", "FHIR-50")
@pytest.mark.parametrize("step", [*IN_ORDER, *TOGETHER], ids=str)
def test_a_process_killed_at_any_step_is_found_out_by_the_next(served: tuple[Ward, Server], step: Step) -> None:
    ward, server = served
    patient, clinician, receipt = killed_at(ward, server, step)
    page = proposal_page(clinician, receipt)
    assert outcome(page) == step.said
    assert step.words in page.text
    ward.hospital.faults.clear()
    _until(lambda: ward.hospital.counted(patient) == step.counts)
    if step.said == OPEN and step.late:
        assert outcome(clinician.press(page.form("/check"))) == SAVED
    assert outcome(clinician.press(receipt.form("/approve"))) in (SAVED, OPEN)
    assert all(number <= 1 for number in ward.hospital.counted(patient))


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_the_whole_server_killed_after_the_order_was_stored_completes_it_on_the_next_press(
    served: tuple[Ward, Server],
) -> None:
    ward, server = served
    patient, clinician, receipt = killed_at(ward, server, Step(AFTER, ORDER, SAVED, (1, 1, 1)), whole=True)
    ward.hospital.faults.clear()
    assert outcome(clinician.press(receipt.form("/approve"))) == SAVED
    assert ward.hospital.counted(patient) == (1, 1, 1)
