"""The engine of one machine: processes of the standard library, and bucket files on disk."""

import multiprocessing
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from smartapp.cohort.engine import WorkerLost
from smartapp.cohort.export import Part
from smartapp.cohort.job import BucketResult, Job, Scan
from smartapp.cohort.rows import RowKind, replay_rows, rows_of
from smartapp.cohort.scan import referring, scan_part
from smartapp.cohort.work import Work

A = TypeVar("A")
R = TypeVar("R")
_HEAD = struct.Struct(">HBI")
_FLUSH_BYTES = 8 * 1024 * 1024
_SHELVES = 256  # files of shared Medications are looked up by a part of their id's digest
_TRIES = 3
_AHEAD = 2  # tasks given to a worker beyond the one it works at
Segment = tuple[int, int, int]

_job: Any = None


def _begin(job: Job) -> None:
    global _job  # noqa: PLW0603 - what a worker process works at, sent once
    _job = job


class Processes:
    """An engine of so many worker processes."""

    def __init__(self, work: Work, workers: int) -> None:
        self._work, self._workers = work, workers

    def scan(self, job: Job, parts: Sequence[Part]) -> Iterator[tuple[int, Scan]]:
        """The first look at each part."""
        return ((part.number, scan) for part, scan in self._map(job, _scan, parts))

    def referring(self, job: Job, parts: Sequence[Part], medications: frozenset[str]) -> Iterator[list[bytes]]:
        """Who was given one of these Medications."""
        return (found for _, found in self._map(job, _referring, [(part, medications) for part in parts]))

    def replay(self, job: Job, parts: Sequence[Part], buckets: Sequence[int]) -> Iterator[tuple[int, BucketResult]]:
        """Rows of each part go to a file of that part, sorted by bucket; then each bucket is replayed from all of them."""
        files = [(part, self._work.path(f"rows-{part.number:06d}")) for part in parts]
        for _ in self._map(job, _group, [(part, path) for part, path in files if not path.exists()]):
            pass
        paths = [path for _, path in files]
        lighter = replace(job, chosen=frozenset())
        return ((bucket, result) for (bucket, _), result in self._map(lighter, _replay, [(b, paths) for b in buckets]))

    def close(self) -> None:
        """Nothing outlives a call."""

    def _map(self, job: Job, function: Callable[[A], R], arguments: Sequence[A]) -> Iterator[tuple[A, R]]:
        """Each argument with its result as they come; what a killed worker had is done again by another."""
        left = dict(enumerate(arguments))
        lost = 0
        while left:
            before = len(left)
            try:
                yield from self._once(job, function, left)
            except BrokenProcessPool:
                lost = lost + 1 if len(left) == before else 1
                if lost >= _TRIES:
                    raise WorkerLost(
                        f"worker processes were killed {_TRIES} times at the same work, perhaps for want of memory: "
                        "try fewer --workers, then go on with --resume"
                    ) from None

    def _once(self, job: Job, function: Callable[[A], R], left: dict[int, A]) -> Iterator[tuple[A, R]]:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["smartapp.cohort.processes"])
        with ProcessPoolExecutor(
            min(self._workers, len(left)), mp_context=context, initializer=_begin, initargs=(job,)
        ) as pool:
            waiting = iter(list(left))
            running: dict[Future[R], int] = {}
            try:
                while True:
                    for key in _some(waiting, self._workers * _AHEAD - len(running)):
                        running[pool.submit(function, left[key])] = key
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        key = running.pop(future)
                        result = future.result()
                        yield left.pop(key), result
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _some(things: Iterator[int], most: int) -> Iterator[int]:
    return (thing for _, thing in zip(range(most), things, strict=False))


def _scan(part: Part) -> Scan:
    return scan_part(_job, part)


def _referring(asked: tuple[Part, frozenset[str]]) -> list[bytes]:
    return referring(_job, *asked)


def _replay(asked: tuple[int, list[Path]]) -> BucketResult:
    bucket, paths = asked
    return replay_rows(_job, _rows_in(bucket, paths))


# --- bucket files -----------------------------------------------------------------------------------------------------


def _group(asked: tuple[Part, Path]) -> int:
    """Write the rows of a part to its file, by bucket; an index at the end says where each lies."""
    part, path = asked
    held: dict[int, bytearray] = {}
    index: list[Segment] = []
    size, count = 0, 0
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        for row in rows_of(_job, part):
            bucket = row.bucket if row.kind is not RowKind.SHARED else _shelf(row.owner)
            owner = row.owner.encode()
            held.setdefault(bucket, bytearray()).extend(
                _HEAD.pack(len(owner), row.kind, len(row.raw)) + owner + row.raw
            )
            size, count = size + len(row.raw), count + 1
            if size > _FLUSH_BYTES:
                index += _flushed(file.tell(), held, file.write)
                size = 0
        index += _flushed(file.tell(), held, file.write)
        told = msgspec.msgpack.encode(index)
        file.write(told + len(told).to_bytes(8, "big"))
    temporary.replace(path)
    return count


def _flushed(start: int, held: dict[int, bytearray], write: Callable[[bytearray], int]) -> list[Segment]:
    index = []
    for bucket in sorted(held):
        segment = held[bucket]
        write(segment)
        index.append((bucket, start, len(segment)))
        start += len(segment)
    held.clear()
    return index


def _shelf(medication: str) -> int:
    return -1 - crc32(medication.encode()) % _SHELVES


def _rows_in(bucket: int, paths: Sequence[Path]) -> Iterator[tuple[str, RowKind, bytes]]:
    """The rows of a bucket, and the shared Medications that its records refer to."""
    wanted: dict[str, set[str]] = {}
    for owner, kind, raw in _read(paths, {bucket}):
        if kind is RowKind.WANTS:
            wanted.setdefault(raw.decode(), set()).add(owner)
        else:
            yield owner, kind, raw
    if wanted:
        for medication, _, raw in _read(paths, {_shelf(name) for name in wanted}):
            for owner in sorted(wanted.get(medication, ())):
                yield owner, RowKind.SHARED, raw


def _read(paths: Iterable[Path], buckets: set[int]) -> Iterator[tuple[str, RowKind, bytes]]:
    for path in paths:
        with path.open("rb") as file:
            file.seek(-8, 2)
            size = int.from_bytes(file.read(8), "big")
            file.seek(-8 - size, 2)
            index = msgspec.msgpack.decode(file.read(size), type=list[Segment])
            for bucket, start, length in index:
                if bucket in buckets:
                    file.seek(start)
                    yield from _unpacked(file.read(length))


def _unpacked(segment: bytes) -> Iterator[tuple[str, RowKind, bytes]]:
    place = 0
    while place < len(segment):
        owner, kind, raw = _HEAD.unpack_from(segment, place)
        begin = place + _HEAD.size
        middle, place = begin + owner, begin + owner + raw
        yield segment[begin:middle].decode(), RowKind(kind), segment[middle:place]
