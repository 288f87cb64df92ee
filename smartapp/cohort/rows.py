"""The records of chosen patients on their way to the bucket that they are replayed in."""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from smartapp.cohort.export import Part, records_of
from smartapp.cohort.job import KEPT_TYPES, BucketResult, Job, PatientCases, bucket_of, digest_of
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.usecases.replay.course import build_course
from smartapp.usecases.replay.patient_replay import PatientResult, replay_patient
from smartapp.usecases.replay.sums import Sums, packed

_MEDICATION = re.compile(rb'"Medication/([A-Za-z0-9.\-]{1,64})(?:/_history/[^"]*)?"')


class RowKind(IntEnum):
    """What a row holds: a record, an address of the patient, the id of a Medication that is referred to, or such a Medication."""

    RECORD = 0
    ALIAS = 1
    WANTS = 2
    SHARED = 3


class CohortRow(NamedTuple):
    """One row; SHARED ones are of nobody: `owner` is the Medication's id."""

    bucket: int
    owner: str
    kind: RowKind
    raw: bytes


def rows_of(job: Job, part: Part) -> Iterator[CohortRow]:
    """What a part holds of the chosen patients, and the Medications that anybody may refer to."""
    for placed in records_of(job.folder, part):
        owned = placed.owned
        if owned is None:
            yield from _broken(job, placed.suspect, placed.raw)
            continue
        if owned.type not in KEPT_TYPES:
            continue
        if not owned.owner:
            if owned.type == "Medication" and owned.id:
                yield CohortRow(-1, owned.id, RowKind.SHARED, placed.raw)
            continue
        digest = digest_of(owned.owner)
        if digest not in job.chosen:
            continue
        bucket = bucket_of(digest, job.buckets)
        yield CohortRow(bucket, owned.owner, RowKind.RECORD, placed.raw)
        for alias in placed.aliases:
            yield CohortRow(bucket, owned.owner, RowKind.ALIAS, alias.encode())
        for match in _MEDICATION.finditer(placed.raw):
            yield CohortRow(bucket, owned.owner, RowKind.WANTS, match.group(1))


def _broken(job: Job, owner: str, raw: bytes) -> Iterator[CohortRow]:
    """A broken record that names a chosen patient is one of that chart that could not be read (DQ-17)."""
    digest = digest_of(owner)
    if owner and digest in job.chosen:
        yield CohortRow(bucket_of(digest, job.buckets), owner, RowKind.RECORD, raw)


def replay_rows(job: Job, rows: Iterable[tuple[str, RowKind, bytes]]) -> BucketResult:
    """Every patient of a bucket, from rows in any order."""
    records: dict[str, list[bytes]] = {}
    aliases: dict[str, set[str]] = {}
    for owner, kind, raw in rows:
        if kind is RowKind.ALIAS:
            aliases.setdefault(owner, set()).add(raw.decode())
        elif kind in (RowKind.RECORD, RowKind.SHARED):
            records.setdefault(owner, []).append(raw)
    sums, patients, without = Sums(), [], 0
    for owner in sorted(records):
        result = replay_owner(job, owner, records.pop(owner), aliases.get(owner, set()))
        if result is None:
            without += 1
            continue
        sums.update(result.sums)
        if result.cases:
            patients.append(PatientCases(digest_of(owner), result.age, result.product, list(result.cases)))
    patients.sort(key=lambda patient: patient.digest)
    return BucketResult(sums=packed(sums), patients=patients, without_infusion=without)


def replay_owner(job: Job, owner: str, records: list[bytes], aliases: set[str]) -> PatientResult | None:
    """One patient."""
    zone = job.pair.current.zone
    lacking = [Answer(query=kind, state=AnswerState.FAILED, reason=why) for kind, why in job.missing.items()]
    course = build_course(owner, records, lag=job.lag, zone=zone, aliases=aliases, beside=lacking)
    return replay_patient(course, job.pair, job.make_cards, job.at)
