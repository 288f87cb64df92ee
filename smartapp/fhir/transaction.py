"""Several resources as one `transaction`, and what its answer says of each (FHIR-50)."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from smartapp.fhir.bundle import is_outcome, read_outcome
from smartapp.fhir.models import validated
from smartapp.fhir.r4_structs import Unreadable, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEntry:
    """One resource to create: the search that finds it if it exists already ("" : none), and its `urn:uuid`."""

    resource_type: str
    body: bytes
    condition: str
    full_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the answer says of one entry, in the order of the request.

    `status` is the HTTP status of the entry, None where it names none; `words` are those of the entry's own outcome.
    """

    status: int | None
    location: str = ""
    etag: str = ""
    words: str = ""

    @property
    def refused(self) -> bool:
        """Whether the entry says by itself that it was not carried out."""
        return self.status is not None and not _OK <= self.status < _NOT_OK


_OK, _NOT_OK = 200, 300
_RESPONSES = frozenset({"transaction-response", "batch-response"})


def write_transaction(entries: Sequence[TransactionEntry]) -> bytes:
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
    """What became of each entry; None if the answer is no response Bundle of as many entries.

    Each entry is read by itself: servers that carry out a part answer 200 with the refusals inside (counterparts D1, D2).
    """
    try:
        answer = decode(raw, _Answer)
    except Unreadable:
        return None
    if answer.resource_type != "Bundle" or answer.type not in _RESPONSES or len(answer.entry) != count:
        return None
    return tuple(_made(bytes(entry)) for entry in answer.entry)


class _Answer(msgspec.Struct, rename="camel", frozen=True):
    resource_type: str = ""
    type: str = ""
    entry: tuple[msgspec.Raw, ...] = ()


class _Response(msgspec.Struct, frozen=True):
    status: str | int | None = None
    location: str | None = None
    etag: str | None = None
    outcome: msgspec.Raw = msgspec.Raw()


class _AnswerEntry(msgspec.Struct, frozen=True):
    response: _Response | None = None


def _made(raw: bytes) -> Made:
    try:
        response = decode(raw, _AnswerEntry).response or _Response()
    except Unreadable:
        response = _Response()
    number = str(response.status or "")[:3]
    outcome = bytes(response.outcome)
    return Made(
        status=int(number) if number.isdecimal() and len(number) == 3 else None,
        location=response.location or "",
        etag=response.etag or "",
        words=read_outcome(outcome).text if outcome and is_outcome(outcome) else "",
    )
