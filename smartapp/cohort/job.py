"""What every worker needs to know of a replay, and what comes back from one; all of it plain values that can be sent."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from smartapp.fhir.resource_readers import TOPICS
from smartapp.usecases.replay.cards import MakeCards
from smartapp.usecases.replay.differences import Pair
from smartapp.usecases.replay.patient_replay import Case

KEPT_TYPES = frozenset(TOPICS) | {"Medication", "Specimen", "MedicationDispense", "BiologicallyDerivedProduct"}
"""Types of records that reading a chart looks at."""
MOST_PROBLEMS = 200
"""Of one part; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One replay: the export, the two sites, how late what has no time of its own became known. `at`: only that moment is looked at."""

    folder: Path
    pair: Pair
    make_cards: MakeCards
    lag: timedelta = timedelta(minutes=60)
    at: datetime | None = None
    chosen: frozenset[bytes] = frozenset()
    missing: Mapping[str, str] = field(default_factory=dict)
    buckets: int = 1

    @property
    def local_codes(self) -> Mapping[str, str]:
        """Codes that either site maps."""
        return {**self.pair.current.local_codes, **self.pair.draft.local_codes}


class Problem(Struct, frozen=True, order=True):
    """Something in the export that could not be used: the file, where in it, and what."""

    file: str
    offset: int
    what: str


class Scan(Struct, frozen=True):
    """What a first look at a part found: patients by a digest each, those who may have had an infusion, and how many records of each type.

    `patients` holds 32 bytes each: digests of the id, of version, of what tells persons apart, and the offset. `car_t_medications` are
    Medications that others refer to.
    """

    patients: bytes
    candidates: list[bytes]
    car_t_medications: list[str]
    types: dict[str, int]
    problems: list[Problem]
    more_problems: int = 0


class PatientCases(Struct, frozen=True):
    """The changed decisions of one patient, under a digest of the id."""

    digest: bytes
    age: str
    product: str
    cases: list[Case]


class BucketResult(Struct, frozen=True):
    """What became of the patients of one bucket: sums over all, cases by patient in the order of their digests, and how many turned out to
    have no infusion."""

    sums: list[tuple[str, str, str, str, int]]
    patients: list[PatientCases]
    without_infusion: int


def digest_of(owner: str) -> bytes:
    """A patient's id as 16 bytes that do not tell it."""
    return hashlib.blake2b(owner.encode(), digest_size=16).digest()


def bucket_of(digest: bytes, buckets: int) -> int:
    """Which bucket a patient's records lie in."""
    return int.from_bytes(digest[:6], "big") % buckets
