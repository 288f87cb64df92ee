"""A synthetic cohort as a folder of NDJSON, one file a type."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import BinaryIO

import msgspec

from smartapp.cohort.synthetic.background import background
from smartapp.cohort.synthetic.courses import course
from smartapp.cohort.synthetic.kinetics import a_patient
from smartapp.cohort.synthetic.odd import with_oddities
from smartapp.cohort.synthetic.records import Record

_FIRST_DAY = datetime(2025, 1, 6, tzinfo=UTC)
_TYPES = (
    *("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration", "MedicationRequest"),
    *("MedicationStatement", "ServiceRequest", "AllergyIntolerance"),
)


class FolderInUse(ValueError):
    """The folder holds something already; the message is a sentence."""


def write_cohort(
    folder: Path, courses: int, background_patients: int, seed: int, passed: Callable[[], None] = lambda: None
) -> int:
    """Write so many patients and return how many records they have; the same bytes for the same numbers. `passed` is called for each."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderInUse(f"{folder} is not empty: name a new folder")
    encode, written = msgspec.json.Encoder().encode, 0
    with ExitStack() as opened:
        files: dict[str, BinaryIO] = {
            kind: opened.enter_context((folder / f"{kind}.ndjson").open("wb")) for kind in _TYPES
        }
        for patient in _patients(courses, background_patients, seed):
            for record in patient:
                files[record["resourceType"]].write(encode(record) + b"\n")
                written += 1
            passed()
    return written


def _patients(courses: int, background_patients: int, seed: int) -> Iterator[Iterable[Record]]:
    """Courses and background patients, mixed as a hospital's are."""
    every = max(1, background_patients // max(courses, 1))
    told = 0
    for number in range(courses):
        who = a_patient(seed, number, _FIRST_DAY)
        yield with_oddities(course(who), Random(f"odd {seed} {number}"))
        for _ in range(min(every, background_patients - told) if number < courses - 1 else background_patients - told):
            yield background(seed, told, _FIRST_DAY)
            told += 1
    while told < background_patients:
        yield background(seed, told, _FIRST_DAY)
        told += 1
