"""Several resources as one `transaction`, and what its answer says of each (FHIR-50)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from smartapp.fhir.models import validated
from smartapp.fhir.r4_structs import Unreadable, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource to create: the search that finds it if it exists already ("" : none), and its `urn:uuid`."""

    resource_type: str
    body: bytes
    condition: str
    full_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the answer says of one entry, in the order of the request."""

    status: str
    location: str = ""
    etag: str = ""


class _Response(msgspec.Struct, frozen=True):
    status: str = ""
    location: str = ""
    etag: str = ""


class _AnswerEntry(msgspec.Struct, frozen=True):
    response: _Response = _Response()


class _Answer(msgspec.Struct, rename="camel", frozen=True):
    resource_type: str = ""
    type: str = ""
    entry: tuple[_AnswerEntry, ...] = ()


def write_transaction(entries: Sequence[Entry]) -> bytes:
    """The Bundle, valid R4; resources go out as they were approved, byte for byte but for white space."""
    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": entry.full_url,
                "resource": msgspec.json.decode(entry.body),
                "request": {
                    "method": "POST",
                    "url": entry.resource_type,
                    **({"ifNoneExist": entry.condition} if entry.condition else {}),
                },
            }
            for entry in entries
        ],
    }
    validated(body)
    return msgspec.json.encode(body)


def read_made(raw: bytes, count: int) -> tuple[Made, ...] | None:
    """What became of each entry; None if the answer is no transaction-response of as many entries."""
    try:
        answer = decode(raw, _Answer)
    except Unreadable:
        return None
    if (answer.resource_type, answer.type) != ("Bundle", "transaction-response") or len(answer.entry) != count:
        return None
    told = (entry.response for entry in answer.entry)
    return tuple(Made(status=one.status[:3], location=one.location, etag=one.etag) for one in told)
