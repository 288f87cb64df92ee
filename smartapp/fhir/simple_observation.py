"""The form of Observations as nearly all are: one final number in a coded unit, taken at one time, with nothing beside it that decides."""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from smartapp.fhir.elements import Meta, Reference

ABSENT = Raw()
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class PlainQuantity(Struct, frozen=True, gc=False):
    """A number with a coded unit and no comparator."""

    value: Decimal
    code: str
    unit: str = ""
    system: str = ""
    comparator: UnsetType = UNSET


class Plain(Struct, frozen=True, gc=False, rename="camel"):
    """The members of `document.Observation`: required where a plain one has them, unread where they only must be in order, and
    refused where they decide anything."""

    resource_type: Literal["Observation"]
    id: str
    status: Literal["final"]
    code: Raw
    subject: Raw
    effective_date_time: str
    value_quantity: PlainQuantity
    meta: Meta = Meta()
    issued: str = ""
    identifier: Raw = ABSENT
    category: Raw = ABSENT
    interpretation: Raw = ABSENT
    note: Raw = ABSENT
    method: Raw = ABSENT
    device: Reference | None = None
    specimen: Reference | None = None
    reference_range: Raw = ABSENT
    implicit_rules: UnsetType = UNSET
    modifier_extension: UnsetType = UNSET
    effective_period: UnsetType = UNSET
    effective_instant: UnsetType = UNSET
    value_string: UnsetType = UNSET
    value_integer: UnsetType = UNSET
    value_range: UnsetType = UNSET
    value_ratio: UnsetType = UNSET
    focus: UnsetType = UNSET
    value_codeable_concept: UnsetType = UNSET
    data_absent_reason: UnsetType = UNSET
    contained: UnsetType = UNSET
    component: UnsetType = UNSET


_decode_plain = msgspec.json.Decoder(Plain).decode
_HEAD = 64  # bytes within which most servers name a resource's type


def plain_of(raw: bytes) -> Plain | None:
    """The resource, if it has the form of a plain Observation."""
    if raw.find(b'"Observation"', 0, _HEAD) < 0 and raw.find(b'"resourceType"', 0, _HEAD) >= 0:
        return None
    try:
        plain = _decode_plain(raw)
    except BROKEN:
        return None
    return plain if plain.id and "#" not in plain.id else None
