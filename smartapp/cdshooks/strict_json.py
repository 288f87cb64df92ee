"""JSON objects read strictly: one level at a time, no member twice, no NaN, no bottomless nesting (CDS-73)."""

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec

_HEAD = 64
_LARGE = 1024  # bytes
_HOLDING = {
    name: msgspec.json.Decoder(msgspec.defstruct("_Holding", [(name, dict[str, msgspec.Raw], {})]))
    for name in ("prefetch",)
}
_MEMBERS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUES: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, Any])
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_NAME = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:')  # in an object whose values hold no others


class JsonRefused(ValueError):
    """A call that is answered with an error; `status` is the HTTP status, `code` the issue type of FHIR.

    The message names the member at fault and echoes nothing of its value.
    """

    def __init__(self, status: int, why: str, code: str = "invalid") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


def members(raw: bytes, name: str) -> dict[str, bytes]:
    """The members of an object, each as its bytes; `Refused` if it is none, or has a member twice."""
    found = _decoded(raw, _MEMBERS, name, "is not a JSON object")
    values = {member: bytes(value) for member, value in found.items()}
    names_only = _emptied(raw, values.values())
    if len(_NAME.findall(names_only)) != len(values):
        _no_twins(names_only, name)
    return values


def without_large(raw: bytes, name: str) -> tuple[bytes, dict[str, bytes]]:
    """An object with null for each large object in its member `name`, and those objects by their names.

    What is left is read strictly at little cost. Where this cannot be done surely, all is left as it is.
    """
    try:
        held: dict[str, msgspec.Raw] = getattr(_HOLDING[name].decode(raw), name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw, {}
    large = {member: bytes(value) for member, value in held.items() if _is_large(memoryview(value))}
    begin = max(raw.find(f'"{name}"'.encode()), 0)
    rest = _emptied(raw, large.values(), begin)
    return (raw, {}) if rest is raw else (rest, large)


def _is_large(value: memoryview) -> bool:
    return len(value) > _LARGE and value[0] == ord("{")


def value_of(raw: bytes, name: str) -> Any:
    """One member's value, decoded whole."""
    return _decoded(raw, _ANYTHING, name, "is not valid JSON")


def values(raw: bytes, name: str) -> dict[str, Any]:
    """The members of a small object, decoded whole; `Refused` if it is none, or it or an object in it has a member twice."""
    found: dict[str, Any] = _decoded(raw, _VALUES, name, "is not a JSON object")
    if len(_NAME.findall(raw)) != len(found):
        _no_twins(raw, name)
    return found


def is_object(raw: bytes) -> bool:
    """Whether these bytes begin an object."""
    return raw.lstrip()[:1] == b"{"


def is_null(raw: bytes | None) -> bool:
    """Whether a member is absent or null."""
    return raw is None or raw.strip() == b"null"


def _decoded(raw: bytes, decoder: msgspec.json.Decoder[Any], name: str, otherwise: str) -> Any:
    try:
        return decoder.decode(raw)
    except RecursionError:
        raise JsonRefused(400, f"{name} is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise JsonRefused(400, f"{name} {otherwise}", "structure") from None


def _emptied(raw: bytes, values: Iterable[bytes], begin: int = 0) -> bytes:
    """The object without what its members hold; msgspec lets the last of two win, so the names are looked at here.

    Values stand in the order of their names. Where they do not, a name came twice, and the whole object is looked at.
    """
    kept, end = [raw[:begin]], begin
    for value in values:
        if value[:1] not in (b"{", b"["):
            continue
        start = _place(raw, value, end)
        if start < 0:
            return raw
        kept += [raw[end:start], b"null"]
        end = start + len(value)
    return b"".join((*kept, raw[end:]))


def _place(raw: bytes, value: bytes, begin: int) -> int:
    """Where a value begins, found by its first bytes: searching for all of a large one costs more than reading it."""
    head = value[:_HEAD]
    start = raw.find(head, begin)
    while start >= 0 and not raw.startswith(value, start):
        start = raw.find(head, start + 1)
    return start


def _no_twins(raw: bytes, name: str) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) != len(dict(pairs)):
            raise JsonRefused(400, f"{name} has a member twice")
        return dict(pairs)

    try:
        json.loads(raw, object_pairs_hook=check)
    except RecursionError:
        raise JsonRefused(400, f"{name} is nested too deeply") from None
    except JsonRefused:
        raise
    except ValueError:
        raise JsonRefused(400, f"{name} is not valid JSON", "structure") from None
