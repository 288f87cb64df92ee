"""Bundles: entries as raw JSON, the links to follow and to check, and the messages that are not data."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of

_HEAD = 200  # bytes within which an outcome names its type
_TYPE, _NOTHING, _DELETED = b'"resourceType"', b"{}", "DELETE"
_HOLDERS = (b"Bundle", b"Parameters")
_WITHHELD = frozenset(
    {"suppressed", "incomplete", "forbidden", "security", "login", "too-costly", "too-long", "timeout", "throttled"}
)
"""Issue types that say that something is not shown, whatever their severity (FHIR-09)."""
_WORST = ("fatal", "error", "warning", "information")


class _Search(Struct, frozen=True, gc=False):
    mode: str = ""


class _Request(Struct, frozen=True, gc=False):
    method: str = ""


class _Entry(Struct, frozen=True, rename="camel", gc=False):
    full_url: str = ""
    resource: msgspec.Raw = msgspec.Raw()
    search: _Search | None = None
    request: _Request | None = None


class _Link(Struct, frozen=True):
    relation: str = ""
    url: str = ""


class _Bundle(Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    type: str = ""
    link: tuple[_Link, ...] = ()
    entry: tuple[msgspec.Raw, ...] = ()


class _WellFormed(_Bundle, frozen=True, rename="camel"):
    """A Bundle of which each entry is one."""

    entry: tuple[_Entry, ...] = ()  # type: ignore[assignment]


class _Issue(Struct, frozen=True):
    severity: str = ""
    code: str = ""
    details: CodeableConcept | None = None
    diagnostics: str = ""


class _Outcome(Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    issue: tuple[_Issue, ...] = ()


class Message(Struct, frozen=True):
    """What an OperationOutcome says: its worst severity and its words; `withheld`: that something is not shown (FHIR-09)."""

    severity: str
    text: str
    withheld: bool = False

    @property
    def is_failure(self) -> bool:
        """`error` or `fatal` (FHIR-09)."""
        return self.severity in ("error", "fatal")


class Bundle(Struct, frozen=True):
    """A page: `resources` are the entries that are data, `messages` the outcome entries, `next_url` and `self_url` its links.

    An entry that is no entry at all stands among the resources as it came, to be named as unreadable (FHIR-03).
    `full_urls` are the entries' own addresses, in the order of `resources`. `odd` counts the entries without a resource, with one that
    names no type, and with a Bundle or Parameters inside, whose content is not read."""

    type: str
    resources: tuple[bytes, ...]
    full_urls: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    next_url: str = ""
    self_url: str = ""
    odd: int = 0


def read_bundle(raw: bytes) -> Bundle:
    """A Bundle; `Unreadable` for anything else."""
    body, entries = _decoded(raw)
    if body.resource_type != "Bundle":
        raise Unreadable(f"a Bundle was expected, {body.resource_type or 'something without resourceType'} came")
    links = {link.relation: link.url for link in body.link}
    resources, full_urls, messages, odd = [], [], [], 0
    for entry in entries:
        resource = bytes(entry.resource)
        told = entry.search is not None and entry.search.mode == "outcome"
        if told or (resource.find(b"OperationOutcome", 0, _HEAD) >= 0 and is_outcome(resource)):
            messages.append(read_outcome(resource))
            continue
        if not resource and entry.request is not None and entry.request.method == _DELETED:
            continue
        odd += _is_odd(resource)
        resources.append(resource or _NOTHING)
        full_urls.append(entry.full_url)
    return Bundle(
        type=body.type,
        resources=tuple(resources),
        full_urls=tuple(full_urls),
        messages=tuple(messages),
        next_url=links.get("next", ""),
        self_url=links.get("self", ""),
        odd=odd,
    )


def _is_odd(resource: bytes) -> bool:
    """No resource, one that names no type, or one that only holds others."""
    if resource.find(_TYPE) < 0:
        return True
    held = any(resource.find(kind, 0, _HEAD) >= 0 for kind in _HOLDERS)
    return held and kind_of(resource).resource_type.encode() in _HOLDERS


def _decoded(raw: bytes) -> tuple[_Bundle | _WellFormed, Iterable[_Entry]]:
    """The Bundle and its entries in one go, or each by itself where one of them is none."""
    try:
        whole = decode(raw, _WellFormed)
    except Unreadable:
        body = decode(raw, _Bundle)
        return body, [_entry(bytes(entry)) for entry in body.entry]
    return whole, whole.entry


def _entry(raw: bytes) -> _Entry:
    try:
        return decode(raw, _Entry)
    except Unreadable:
        return _Entry(resource=msgspec.Raw(raw))


def read_outcome(raw: bytes) -> Message:
    """The message of an OperationOutcome; an unreadable one counts as an error."""
    try:
        outcome = decode(raw, _Outcome)
    except Unreadable:
        return Message("error", "an unreadable message")
    worst = min((issue.severity for issue in outcome.issue), key=_rank, default="error")
    words = [
        ((issue.details.label if issue.details else "") or issue.diagnostics or issue.code) for issue in outcome.issue
    ]
    withheld = any(issue.code in _WITHHELD for issue in outcome.issue)
    return Message(worst, "; ".join(word for word in words if word)[:300], withheld)


def is_outcome(raw: bytes) -> bool:
    """Whether a body is an OperationOutcome."""
    try:
        return decode(raw, _Outcome).resource_type == "OperationOutcome"
    except Unreadable:
        return False


def _rank(severity: str) -> int:
    return _WORST.index(severity) if severity in _WORST else 1
