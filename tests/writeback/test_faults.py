"""Whatever the EHR does to a write: how many orders stand there, and what the page says (FHIR-44 to FHIR-50), on both storages.

Each row goes through the whole app over HTTP: launch, dose review, receipt, the press that writes. `found` is what *Check again*
ends on once the EHR works again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartapp.demo.faults import Fault
from tests.databases import BOTH
from tests.web.browsing import Page
from tests.writeback.app import Ward, a_ward
from tests.writeback.clinician import Clinician, outcome
from tests.writeback.conftest import FHIR_SECONDS

SAVED, NOT_SAVED, OPEN = "Saved as draft", "Not saved", "Not confirmed"
ORDER, FOLLOW_UP, PROVENANCE, TRANSACTION = "MedicationRequest", "ServiceRequest", "Provenance", "Bundle"
TOO_LONG = FHIR_SECONDS + 1.5


@dataclass(frozen=True)
class Row:
    """A fault and what it leads to; `counts` are orders, follow-ups and provenances at the EHR, `words` stand on the page."""

    fault: Fault
    resource: str = "*"
    status: int = 503
    said: str = SAVED
    counts: tuple[int, int, int] = (1, 1, 1)
    words: str = ""
    never: str = "Traceback"
    found: str = ""
    also: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        where = "" if self.resource == "*" else f" {self.resource}"
        beside = "".join(f" and {fault}" for fault in self.also)
        return f"{self.fault}{where}{'' if self.status == 503 else f' {self.status}'}{beside}"


def refused(status: int, kind: str, **more: str) -> Row:
    """Refused for sure: nothing stands there."""
    return Row(Fault.REFUSED_WRITE, kind, status, said=NOT_SAVED, counts=(0, 0, 0), **more)  # type: ignore[arg-type]


def half(kind: str, *, counts: tuple[int, int, int], words: str, said: str = SAVED) -> Row:
    """Answered 200, with the refusals of one kind inside (counterparts D1, D2); the demo leaves `urn:uuid` targets as they are then."""
    return Row(Fault.PARTIAL_TRANSACTION, kind, 403, said=said, counts=counts, words=words)


def ambiguous(fault: Fault, kind: str, status: int = 503) -> Row:
    """Nothing was stored, and nobody told: for a minute the EHR may still store it, or its searches may not show it yet."""
    return Row(fault, kind, status, said=OPEN, counts=(0, 0, 0), found=OPEN)


def unseen(fault: Fault, kind: str, status: int = 503) -> Row:
    """Stored, the answer lost, and the searches do not show it yet; once they do, it is found."""
    counts = (1, 1, 1) if kind == TRANSACTION else (1, 0, 0)
    return Row(fault, kind, status, said=OPEN, counts=counts, found=SAVED, also=(Fault.LAGGING_SEARCH,))


def on_the_order(kind: str) -> list[Row]:
    """What the order, or the transaction it goes in, meets."""
    return [
        refused(409, kind),
        refused(429, kind),
        ambiguous(Fault.REFUSED_WRITE, kind, 500),
        ambiguous(Fault.REFUSED_WRITE, kind, 503),
        ambiguous(Fault.CUT_BEFORE, kind),
        Row(Fault.FAILED_ANSWER, kind, 500),
        Row(Fault.FAILED_ANSWER, kind, 504),
        Row(Fault.CUT_AFTER, kind),
        Row(Fault.HELD_AFTER, kind),
        unseen(Fault.CUT_AFTER, kind),
        unseen(Fault.FAILED_ANSWER, kind, 500),
        Row(Fault.CUT_AFTER, kind, also=(Fault.IGNORED_CONDITION,)),
        Row(Fault.IGNORED_CONDITION),
    ]


WITH_TRANSACTIONS = [
    *on_the_order(TRANSACTION),
    *(Row(Fault.REFUSED_WRITE, TRANSACTION, status) for status in (403, 404, 405, 415, 501)),
    *(refused(status, TRANSACTION) for status in (400, 412, 422)),
    half(FOLLOW_UP, counts=(1, 0, 0), words="Follow-up fibrinogen: not saved: the EHR does not permit it"),
    half(PROVENANCE, counts=(1, 1, 0), words="Provenance in the EHR: not saved: the EHR does not permit it"),
    half("*", said=NOT_SAVED, counts=(0, 0, 0), words="does not permit it"),
    half(ORDER, said=NOT_SAVED, counts=(0, 1, 0), words="stored without its order: ServiceRequest/"),
    Row(Fault.DROPPED_RESPONSE),
    Row(Fault.NO_CONDITIONAL_CREATE, said=NOT_SAVED, counts=(0, 0, 0)),  # said otherwise in its metadata
    Row(Fault.NO_POST_SEARCH),
    Row(Fault.LAGGING_SEARCH),
    Row(Fault.NO_READ_BACK, ORDER, 500, words="could not be read back"),
    Row(Fault.ALTERED_WRITE, words="stored order differs: dose: approved 3000 mg, stored 1 mg"),
    Row(Fault.ALTERED_STATUS, words="stored order differs: status: approved draft, stored active"),
    Row(Fault.ALTERED_PRODUCT, words="stored order differs: medication: approved"),
    Row(Fault.NORMALISED_WRITE, never="stored order differs"),
]
BY_CREATES = [
    *on_the_order(ORDER),
    *(refused(status, ORDER) for status in (400, 403, 404, 405, 412, 422)),
    Row(Fault.NO_BODY),
    Row(Fault.OUTCOME_BODY),
    Row(Fault.RELATIVE_LOCATION),
    Row(Fault.FOREIGN_LOCATION),
    Row(Fault.NO_LOCATION),
    Row(Fault.NO_READ_BACK, ORDER, 403),  # the answer brought what was stored
    Row(Fault.ALTERED_WRITE, words="stored order differs: dose: approved 3000 mg, stored 1 mg"),
    Row(Fault.ALTERED_STATUS, words="stored order differs: status: approved draft, stored active"),
    Row(Fault.ALTERED_PRODUCT, words="stored order differs: medication: approved"),
    Row(Fault.ALTERED_PATIENT, counts=(0, 1, 0), words="stored order differs: patient: approved Patient/"),
    Row(Fault.NORMALISED_WRITE, never="stored order differs"),
    Row(Fault.NO_BODY, also=(Fault.IGNORED_CONDITION, Fault.NO_LOCATION)),
    refused(500, f"{ORDER}/_search", words="Nothing was sent"),
    refused(
        403, f"{ORDER}/_search", words="Nothing was sent"
    ),  # no look, no create: a refusal is not asked again another way
    Row(Fault.REFUSED_WRITE, FOLLOW_UP, 422, counts=(1, 0, 1), words="Follow-up fibrinogen: not saved"),
    Row(Fault.CUT_AFTER, FOLLOW_UP),
    Row(Fault.CUT_BEFORE, FOLLOW_UP, counts=(1, 0, 1), words="Follow-up fibrinogen: not confirmed"),
    Row(Fault.REFUSED_WRITE, PROVENANCE, 403, counts=(1, 1, 0), words="Provenance in the EHR: not saved"),
    Row(Fault.CUT_AFTER, PROVENANCE, words="Provenance in the EHR: not confirmed"),
    Row(Fault.FAILED_ANSWER, PROVENANCE, 500, words="Provenance in the EHR: not confirmed"),
]


@pytest.fixture(scope="module", params=BOTH)
def silent_ward(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ward]:
    """One whose EHR says nothing of transactions and conditional creates."""
    folder = Path(tmp_path_factory.mktemp("silent"))
    with a_ward(new_database(request.param), folder, seconds=FHIR_SECONDS) as ward:
        ward.hospital.faults.switch_on(Fault.SILENT_METADATA)
        approved(ward)  # the metadata is asked once
        yield ward


def at_the_receipt(ward: Ward) -> tuple[str, Clinician, Page]:
    """A patient whose order waits for the last press."""
    patient, clinician = ward.hospital.admit(), ward.clinician()
    return patient, clinician, clinician.to_receipt(clinician.open(ward.hospital.launch_url(patient)))


def approved(ward: Ward) -> tuple[str, Clinician, Page]:
    """The same, pressed."""
    patient, clinician, receipt = at_the_receipt(ward)
    return patient, clinician, clinician.press(receipt.form("/approve"))


def check(ward: Ward, row: Row) -> None:
    faults = ward.hospital.faults
    patient, clinician, receipt = at_the_receipt(ward)
    for fault in (row.fault, *row.also):
        where = "*" if fault in row.also else row.resource
        faults.switch_on(fault, resource=where, status=row.status, seconds=TOO_LONG)
    page = clinician.press(receipt.form("/approve"))
    assert (outcome(page), page.status) == (row.said, 200)
    assert (row.words in page.text, row.never in page.text) == (True, False)
    faults.clear()
    again = clinician.press(receipt.form("/approve"))  # the same form once more changes nothing
    if row.found:
        assert outcome(clinician.press(again.form("/check"))) == row.found
    assert ward.hospital.counted(patient) == row.counts


@pytest.mark.req("FHIR-44", "FHIR-45", "FHIR-46", "FHIR-48", "FHIR-50")
@pytest.mark.parametrize("row", WITH_TRANSACTIONS, ids=str)
def test_faults_where_the_ehr_takes_transactions(ward: Ward, row: Row) -> None:
    check(ward, row)


@pytest.mark.req("FHIR-44", "FHIR-45", "FHIR-46", "FHIR-47", "FHIR-48", "FHIR-49")
@pytest.mark.parametrize("row", BY_CREATES, ids=str)
def test_faults_where_creates_go_in_order(silent_ward: Ward, row: Row) -> None:
    check(silent_ward, row)
