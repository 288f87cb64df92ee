"""The files of an export, cut into parts by bytes, and the records in a part with the place of each."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from smartapp.fhir.bundle import read_bundle
from smartapp.fhir.course_records import BrokenRecord, Owned, read_owner
from smartapp.fhir.r4_structs import Unreadable

PART_BYTES = 16 * 1024 * 1024
_LINES = (".ndjson", ".jsonl")
_WHOLE = (".json",)


class UnusableExport(ValueError):
    """An export that no report may rest on; the message is a sentence naming the file and, where there is one, the line."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of one file: the lines that begin in `start` to `end` (bytes); of a compressed file or a Bundle all of it."""

    number: int
    file: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class PlacedRecord:
    """One record: its bytes, where it begins in the file, what it is and whose, or why it is none."""

    raw: bytes
    offset: int
    owned: Owned | None
    problem: str = ""
    suspect: str = ""  # the patient that a broken record seems to be of
    aliases: tuple[str, ...] = field(default=())  # other addresses of the patient that it is of


def find_parts(folder: Path, part_bytes: int = PART_BYTES) -> tuple[Part, ...]:
    """Every file of records below a folder, cut into parts; `UnusableExport` if there is none."""
    if not folder.is_dir():
        raise UnusableExport(f"{folder} is not a folder: name the folder of the export")
    parts: list[Part] = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and is_records(path)):
        name, size = file.relative_to(folder).as_posix(), file.stat().st_size
        step = part_bytes if file.name.lower().endswith(_LINES) else max(size, 1)
        parts += [Part(0, name, start, min(start + step, size)) for start in range(0, size, step)]
    if not parts:
        raise UnusableExport(f"{folder} holds no .ndjson, .ndjson.gz or .json file with records")
    return tuple(Part(n, part.file, part.start, part.end) for n, part in enumerate(parts))


def is_records(path: Path) -> bool:
    """Whether a file's name says that it holds records."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith((*_LINES, *_WHOLE)) and not path.name.startswith(".")


def records_of(folder: Path, part: Part) -> Iterator[PlacedRecord]:
    """The records of a part in the order of the file. `UnusableExport` for a file that ends in the middle."""
    path = folder / part.file
    if part.file.lower().removesuffix(".gz").endswith(_WHOLE):
        yield from _whole(path, part)
        return
    for offset, line in _lines(path, part):
        text = line.strip()
        if text:
            yield from _expanded(text, offset)


def _lines(path: Path, part: Part) -> Iterator[tuple[int, bytes]]:
    if part.file.lower().endswith(".gz"):
        yield from _unzipped(path, part)
        return
    with path.open("rb") as file:
        offset = part.start
        if offset:
            file.seek(offset - 1)
            offset += len(file.readline()) - 1
        while offset < part.end:
            line = file.readline()
            if not line:
                return
            yield offset, line
            offset += len(line)


def _unzipped(path: Path, part: Part) -> Iterator[tuple[int, bytes]]:
    offset, number = 0, 0
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield offset, line
                offset, number = offset + len(line), number + 1
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        ends = "it ends in the middle" if isinstance(error, EOFError) else "it is damaged"
        raise UnusableExport(
            f"{part.file}, after line {number}: {ends}; export the file again, since nobody can tell whose records are lost"
        ) from None


def _whole(path: Path, part: Part) -> Iterator[PlacedRecord]:
    """A file that is one Bundle or one resource."""
    opened: BinaryIO
    try:
        with gzip.open(path, "rb") if part.file.lower().endswith(".gz") else path.open("rb") as opened:  # type: ignore[assignment]
            text = opened.read().strip()
    except (EOFError, gzip.BadGzipFile, zlib.error):
        yield PlacedRecord(b"", 0, None, "the file ends in the middle: every record in it is missing")
        return
    if text:
        yield from _expanded(text, 0)


def _expanded(text: bytes, offset: int) -> Iterator[PlacedRecord]:
    """A resource as it is, a Bundle by its entries."""
    try:
        owned = read_owner(text)
    except BrokenRecord as problem:
        yield PlacedRecord(text, offset, None, str(problem), problem.patient)
        return
    if owned.type != "Bundle":
        aliases = (owned.reference,) if owned.reference and owned.owner else ()
        yield PlacedRecord(text, offset, owned, aliases=aliases)
        return
    try:
        bundle = read_bundle(text)
    except Unreadable as problem:
        yield PlacedRecord(text, offset, None, f"its Bundle could not be read: {problem}")
        return
    yield from _entries(bundle.resources, bundle.full_urls, offset)


def _entries(resources: Sequence[bytes], urls: Sequence[str], offset: int) -> Iterator[PlacedRecord]:
    """Records may name a patient by the address of the patient's entry; what names nobody is of the Bundle's one patient."""
    placed = [next(_expanded(raw, offset)) for raw in resources]
    patients = {
        url: one.owned.id
        for one, url in zip(placed, urls, strict=True)
        if one.owned is not None and one.owned.type == "Patient"
    }
    only = next(iter(patients.values())) if len(set(patients.values())) == 1 else ""
    for one, url in zip(placed, urls, strict=True):
        owned = one.owned
        if owned is None:
            yield one
            continue
        owner = patients.get(owned.reference.split("/_history/", 1)[0], owned.owner) or only
        aliases = (url if owned.type == "Patient" else owned.reference,)
        told = tuple(alias for alias in aliases if alias and owner)
        yield PlacedRecord(one.raw, offset, Owned(owned.type, owned.id, owner, owned.reference), aliases=told)


def line_of(folder: Path, file: str, offset: int) -> int:
    """The number of the line that begins at `offset`; 1 for a Bundle."""
    path = folder / file
    opened: BinaryIO
    number, left = 1, offset
    with gzip.open(path, "rb") if file.lower().endswith(".gz") else path.open("rb") as opened:  # type: ignore[assignment]
        while left > 0:
            block = opened.read(min(left, 1 << 20))
            if not block:
                break
            number, left = number + block.count(b"\n"), left - len(block)
    return number
