"""A whole replay: scan, choose, replay, add up. Every step is kept, so that a killed run goes on where it was."""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import msgspec

from smartapp.cohort.engine import Engine
from smartapp.cohort.export import Part, UnusableExport, find_parts
from smartapp.cohort.job import BucketResult, Job, PatientCases, Problem, Scan
from smartapp.cohort.work import Work
from smartapp.usecases.replay.sums import Sums, unpacked

_PATIENTS_IN_BUCKET, _MOST_BUCKETS = 20, 400  # as many files are open at once when cases are put in order
_EXPECTED = (
    *("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration", "MedicationRequest"),
    *("MedicationStatement", "ServiceRequest", "AllergyIntolerance"),
)
Passed = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who is in the export: patients, those who may have had an infusion, those that two exports name alike; and what is missing."""

    patients: int
    chosen: frozenset[bytes]
    clashing: int
    missing: dict[str, str]
    types: dict[str, int]
    problems: tuple[Problem, ...]
    more_problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortOutcome:
    """What came of a replay; `cases` gives each patient's changed decisions in one order, whenever it is asked."""

    population: Population
    sums: Sums
    without_infusion: int
    cases: Callable[[], Iterator[PatientCases]]


def marks_of(job: Job, parts: Sequence[Part], version: str) -> dict[str, str]:
    """What makes one replay the same as another: the export's files, both sites, the lag and the program."""
    files = {part.file: part.end for part in parts}
    sites = [(s.policy.sha256, str(s.zone), sorted(s.local_codes.items())) for s in job.pair.sites]
    stamps = {name: (job.folder / name).stat().st_mtime_ns for name in files}
    return {
        "the export": _digest([str(job.folder.resolve()), sorted(files.items()), sorted(stamps.items())]),
        "the current policy": _digest(sites[0]),
        "the draft policy": _digest(sites[1]),
        "the lag": str(job.lag),
        "the moment": str(job.at),
        "the program": version,
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def parts_of(folder: Path) -> tuple[Part, ...]:
    """The parts of an export."""
    return find_parts(folder)


def run(
    job: Job, parts: Sequence[Part], engine: Engine, work: Work, stage: Callable[[str, int], Passed]
) -> CohortOutcome:
    """Replay the export; `stage` is told of each step with how many pieces it has, and gives what is called for each."""
    scans = _scanned(job, parts, engine, work, stage("reading the export", len(parts)))
    population = _population(parts, scans)
    referred = frozenset(name for scan in scans for name in scan.car_t_medications)
    chosen = set(population.chosen)
    if referred:
        for found in engine.referring(job, parts, referred):
            chosen.update(found)
    population = replace(population, chosen=frozenset(chosen))
    del scans
    buckets = min(_MOST_BUCKETS, max(1, -(-len(population.chosen) // _PATIENTS_IN_BUCKET)))
    full = replace(job, chosen=population.chosen, missing=population.missing, buckets=buckets)
    open_buckets = [bucket for bucket in range(buckets) if not work.has(_name(bucket))]
    passed = stage("replaying courses", len(open_buckets))
    if population.chosen and open_buckets:
        for bucket, result in engine.replay(full, parts, open_buckets):
            work.keep(_name(bucket), result)
            passed()
    return _added(work, population, buckets if population.chosen else 0)


def _name(bucket: int) -> str:
    return f"bucket-{bucket:06d}"


def _scanned(job: Job, parts: Sequence[Part], engine: Engine, work: Work, passed: Passed) -> list[Scan]:
    left = [part for part in parts if not work.has(f"scan-{part.number:06d}")]
    for number, scan in engine.scan(job, left):
        work.keep(f"scan-{number:06d}", scan)
        passed()
    return [work.load(f"scan-{part.number:06d}", Scan) for part in parts]


def _population(parts: Sequence[Part], scans: Sequence[Scan]) -> Population:
    """Two Patients under one id that are not versions of each other are two people: nobody can tell whose the records are."""
    seen = sorted(
        (scan.patients[place : place + 32], part.number)
        for part, scan in zip(parts, scans, strict=True)
        for place in range(0, len(scan.patients), 32)
    )
    patients, clashing, problems = 0, set(), []
    for id_, found in groupby(seen, key=lambda one: one[0][:8]):
        patients += 1
        each = list(found)
        versions = {one[0][8:16] for one in each}
        persons = {one[0][16:24] for one in each}
        if len(persons) > 1 and len(versions) == 1:
            clashing.add(id_)
            problems += [
                Problem(
                    parts[number].file,
                    int.from_bytes(told[24:], "big"),
                    "this Patient and another under the same id are not the same person: two exports are mixed; left out",
                )
                for told, number in each
            ]
    chosen = frozenset(d for scan in scans for d in scan.candidates if d[:8] not in clashing)
    lost = {d for scan in scans for d in scan.candidates if d[:8] in clashing}
    types = Counter[str]()
    for scan in scans:
        types.update(scan.types)
    if not types:
        raise UnusableExport("the export holds no record that could be read")
    return Population(
        patients=patients,
        chosen=chosen,
        clashing=len(lost),
        missing={kind: "not exported" for kind in _EXPECTED if not types[kind]},
        types=dict(sorted(types.items())),
        problems=tuple(sorted([*problems, *(problem for scan in scans for problem in scan.problems)])),
        more_problems=sum(scan.more_problems for scan in scans),
    )


def _added(work: Work, population: Population, buckets: int) -> CohortOutcome:
    sums, without = Sums(), 0
    for bucket in range(buckets):
        result = work.load(_name(bucket), BucketResult)
        sums.update(unpacked(result.sums))
        without += result.without_infusion
        work.keep_bytes(f"cases-{bucket:06d}", b"".join(msgspec.json.encode(p) + b"\n" for p in result.patients))

    def cases() -> Iterator[PatientCases]:
        files = [work.path(f"cases-{bucket:06d}") for bucket in range(buckets)]
        return heapq.merge(*map(_patients, files), key=lambda patient: patient.digest)

    return CohortOutcome(population=population, sums=sums, without_infusion=without, cases=cases)


def _patients(path: Path) -> Iterator[PatientCases]:
    decoder = msgspec.json.Decoder(PatientCases)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)
