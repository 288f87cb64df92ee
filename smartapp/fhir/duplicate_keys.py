"""Resources that name a member twice: readers take the last of the two, so nothing may rest on them (CDS-73)."""

import json
import re
from collections.abc import Iterable
from typing import Protocol

import msgspec

_SPACED = re.compile(rb'"\s+:')
_read = msgspec.json.Decoder().decode


class _Twice(ValueError):
    """A member named twice."""


class DuplicateKeyRecords(Protocol):
    """The bytes of each resource by `Type/id`."""

    def get(self, source: str, /) -> bytes | None:
        """The bytes of one."""

    def items(self) -> Iterable[tuple[str, bytes]]:
        """All of them."""


def ambiguous(records: DuplicateKeyRecords, sources: Iterable[str]) -> bool:
    """Whether any of these sources (`Type/id`, contained ones with `#id`) names a member twice."""
    named = {source.partition("#")[0] for source in sources}
    found = [raw for source in named if (raw := records.get(source)) is not None]
    return not _surely_none(b"[" + b",".join(found) + b"]") and any(map(_has_twins, found))


def all_ambiguous(records: DuplicateKeyRecords) -> frozenset[str]:
    """Every resource that does."""
    return frozenset(source for source, raw in records.items() if _has_twins(raw))


def _surely_none(raw: bytes) -> bool:
    """Whether as many members are named as are left when it is read and written again.

    Told only of JSON without escapes and without space before a colon: then `":` stands after each name and nowhere else.
    """
    if b"\\" in raw or _SPACED.search(raw):
        return False
    try:
        return msgspec.json.encode(_read(raw)).count(b'":') == raw.count(b'":')
    except (ValueError, RecursionError):
        return False


def _has_twins(raw: bytes) -> bool:
    try:
        json.loads(raw, object_pairs_hook=_unique, parse_float=str, parse_int=str)
    except _Twice:
        return True
    except (ValueError, RecursionError):
        return False  # unreadable for another reason: its reader says so
    return False


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) != len({name for name, _ in pairs}):
        raise _Twice
