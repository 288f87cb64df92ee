"""The first look at a part: who the patients are, and who may have had an infusion."""

from collections import Counter

import msgspec
from msgspec import Struct

from smartapp.cohort.export import Part, PlacedRecord, records_of
from smartapp.cohort.job import KEPT_TYPES, MOST_PROBLEMS, Job, Problem, Scan, digest_of
from smartapp.fhir.course_records import TELLING, Owned, car_t_hint, is_car_t_medication
from smartapp.fhir.local_codes import NO_LOCAL_CODES, LocalCodes

_MEDICATION_USES = frozenset({"MedicationAdministration", "MedicationRequest"})


class _Person(Struct, frozen=True, rename="camel"):
    birth_date: msgspec.Raw = msgspec.Raw()
    identifier: msgspec.Raw = msgspec.Raw()
    meta: msgspec.Raw = msgspec.Raw()


_decode_person = msgspec.json.Decoder(_Person).decode


def scan_part(job: Job, part: Part) -> Scan:
    """Look at every record of a part, at most of them only for what they are."""
    seen = _Seen(job)
    for placed in records_of(job.folder, part):
        if placed.owned is None:
            seen.problem(part, placed, placed.problem)
        else:
            seen.record(part, placed, placed.owned)
    return seen.told()


class _Seen:
    """What was seen of a part so far."""

    def __init__(self, job: Job) -> None:
        self._codes = LocalCodes(job.local_codes)
        self.patients = bytearray()
        self.candidates: set[bytes] = set()
        self.medications: list[str] = []
        self.types = Counter[str]()
        self.problems: list[Problem] = []
        self.more = 0

    def problem(self, part: Part, placed: PlacedRecord, what: str) -> None:
        """Something that cannot be used."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(part.file, placed.offset, what))
        else:
            self.more += 1

    def record(self, part: Part, placed: PlacedRecord, owned: Owned) -> None:
        """One record."""
        self.types[owned.type] += 1
        if owned.type == "Patient":
            self.patients += digest_of(owned.id)[:8] + _person(placed.raw) + placed.offset.to_bytes(8, "big")
        elif owned.type == "Medication":
            if is_car_t_medication(placed.raw, self._codes):
                self.medications.append(owned.id)
                self.candidates |= {digest_of(owned.owner)} if owned.owner else set()
        elif owned.type in TELLING:
            self._telling(placed, owned)
        if not owned.owner and owned.type in KEPT_TYPES - {"Medication", "Specimen", "BiologicallyDerivedProduct"}:
            self.problem(part, placed, f"this {owned.type} names no patient")

    def _telling(self, placed: PlacedRecord, owned: Owned) -> None:
        if owned.owner and car_t_hint(placed.raw, self._codes).names:
            self.candidates.add(digest_of(owned.owner))

    def told(self) -> Scan:
        """All of it."""
        return Scan(
            patients=bytes(self.patients),
            candidates=sorted(self.candidates),
            car_t_medications=sorted(self.medications),
            types=dict(sorted(self.types.items())),
            problems=self.problems,
            more_problems=self.more,
        )


def _person(raw: bytes) -> bytes:
    """Eight bytes of the version, and eight of what tells persons apart."""
    try:
        person = _decode_person(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bytes(16)
    told = bytes(person.birth_date) + b"\0" + bytes(person.identifier)
    return digest_of(bytes(person.meta).decode("latin-1"))[:8] + digest_of(told.decode("latin-1"))[:8]


def referring(job: Job, part: Part, medications: frozenset[str]) -> list[bytes]:
    """Who was given or ordered one of these Medications, by a reference."""
    found = set()
    for placed in records_of(job.folder, part):
        owned = placed.owned
        if owned is not None and owned.owner and owned.type in _MEDICATION_USES:
            reference = car_t_hint(placed.raw, NO_LOCAL_CODES).medication
            if reference and _bare(reference) in medications:
                found.add(digest_of(owned.owner))
    return sorted(found)


def _bare(reference: str) -> str:
    return reference.split("/_history/", 1)[0].rsplit("/", 1)[-1].removeprefix("urn:uuid:")
