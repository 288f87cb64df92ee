"""What records name by reference only, so that it can be read beside them: drugs, their ingredients, specimens, blood products, members."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from smartapp.fhir.elements import Reference
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of

R = TypeVar("R")
_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
_OVER = frozenset({"entered-in-error", "cancelled", "not-done"})
_NAMING = (b"edicationReference", b'"specimen"', b'"itemReference"', b'"usedReference"', b'"hasMember"')


class _Ingredient(Struct, frozen=True, rename="camel"):
    item_reference: Reference | None = None


class _Referring(Struct, frozen=True, rename="camel"):
    """The references of those records whose reading needs what they point at (FHIR-13, DQ-28, DQ-30)."""

    resource_type: str = ""
    status: str = ""
    medication_reference: Reference | None = None
    ingredient: tuple[_Ingredient, ...] = ()
    used_reference: tuple[Reference, ...] = ()
    has_member: tuple[Reference, ...] = ()
    specimen: Raw = Raw()
    contained: tuple[Raw, ...] = ()


_one = msgspec.json.Decoder(Reference).decode
_several = msgspec.json.Decoder(tuple[Reference, ...]).decode


def missing_references(
    resources: Iterable[bytes], kinds: Iterable[str], base: str, here: Iterable[str] = ()
) -> tuple[str, ...]:
    """The records (`Medication/id`) of these kinds that are named by reference and came neither with these nor are `here`, in the order
    of the records that name them; a reference to another server is none of ours (SAL-88)."""
    wanted: dict[str, None] = {}
    known, kinds = set(here), frozenset(kinds)
    for raw in resources:
        if any(kind.encode() in raw for kind in kinds):
            known.add(_reference_of(raw))
        if any(name in raw for name in _NAMING):
            wanted.update((reference, None) for reference in _named(raw, base) if reference.split("/")[0] in kinds)
    return tuple(reference for reference in wanted if reference not in known)


def references_of(resources: Iterable[bytes]) -> frozenset[str]:
    """How these records are referred to."""
    return frozenset(_reference_of(raw) for raw in resources)


def _reference_of(raw: bytes) -> str:
    kind = kind_of(raw)
    return f"{kind.resource_type}/{kind.id}"


def _named(raw: bytes, base: str) -> Iterator[str]:
    try:
        record = decode(raw, _Referring)
    except Unreadable:
        return
    if record.status in _OVER:
        return
    for reference in _references(record):
        text = reference.reference.removeprefix(f"{base}/").split("/_history/", 1)[0]
        if _LOCAL.fullmatch(text):
            yield text


def _references(record: _Referring) -> Iterator[Reference]:
    if record.medication_reference is not None:
        yield record.medication_reference
    yield from (part.item_reference for part in record.ingredient if part.item_reference is not None)
    yield from record.used_reference
    yield from record.has_member
    yield from _specimens(record)
    for contained in record.contained:
        yield from _references(_contained(contained))


def _specimens(record: _Referring) -> Iterator[Reference]:
    """One of an Observation, several of a report."""
    raw = bytes(record.specimen)
    try:
        if raw.startswith(b"{"):
            yield _one(raw)
        elif raw.startswith(b"["):
            yield from _several(raw)
    except msgspec.DecodeError:
        return


def _contained(raw: Raw) -> _Referring:
    try:
        return decode(bytes(raw), _Referring)
    except Unreadable:
        return _Referring()


def named_in(records: Mapping[str, R], reference: str, kind: str) -> R | None:
    """The record that a reference names: as written, without its version, absolute, or by `urn:uuid:` and the id."""
    text = reference.split("/_history/", 1)[0]
    found = records.get(text) or records.get("/".join(text.rsplit("/", 2)[-2:]))
    return found if found is not None else records.get(f"{kind}/{text.removeprefix('urn:uuid:')}")
