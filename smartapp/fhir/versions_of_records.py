"""Which of two records of one identity is the newer (DQ-09, DQ-29)."""

from datetime import UTC, datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from smartapp.fhir.elements import Meta
from smartapp.fhir.r4_structs import Unreadable, decode
from smartapp.fhir.times import read_moment

_RANKS = {"entered-in-error": 4, "corrected": 3, "amended": 2, "final": 1}


class _Stamp(Struct, frozen=True, rename="camel"):
    meta: Meta = Meta()
    issued: str = ""
    status: str = ""


class _Lenient(Struct, frozen=True, rename="camel"):
    meta: Meta = Meta()


class HasBytes(Protocol):
    """A record with its bytes."""

    @property
    def raw(self) -> bytes:
        """As it came."""


R = TypeVar("R", bound=HasBytes)


def later_of(one: R, other: R) -> R | None:
    """The later by `meta.lastUpdated`, else by version, else by issue, each only where both have it, else by status (an error in
    entry takes back its own record, a correction counts before a final); None where nothing tells."""
    first, second = _stamp(one.raw), _stamp(other.raw)
    times = (_at(first.meta.lastUpdated), _at(second.meta.lastUpdated)), (_at(first.issued), _at(second.issued))
    versions = (_number(first.meta.versionId), _number(second.meta.versionId))
    for mine, theirs in (times[0], versions, times[1]):
        if mine is not None and theirs is not None and mine != theirs:
            return one if mine > theirs else other  # type: ignore[operator]  # both times, or both numbers
    ranks = _RANKS.get(first.status, 0), _RANKS.get(second.status, 0)
    return None if ranks[0] == ranks[1] else one if ranks[0] > ranks[1] else other


def _stamp(raw: bytes) -> _Stamp:
    try:
        return decode(raw, _Stamp)
    except Unreadable:
        pass
    try:
        return _Stamp(meta=decode(raw, _Lenient).meta)
    except Unreadable:
        return _Stamp()


def _at(text: str) -> datetime | None:
    moment = read_moment(text, UTC) if text else None
    return moment.at if moment else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
