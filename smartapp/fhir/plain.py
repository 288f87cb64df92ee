"""Observations as nearly all are: one final number in a known unit, taken at one time, with nothing beside it that decides.

Such a one surely yields one result and no remark, so its reading can wait until a rule looks at it. What is plain is only recognised here;
it is read as all others are. Whatever is not plainly plain, or repeats its time, is read at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from smartapp.clinical.terminology import Analyte
from smartapp.clinical.units import UCUM, to_own_unit, unit_of
from smartapp.fhir.elements import Annotation, CodeableConcept, Meta, Reference, ReferenceRange
from smartapp.fhir.readings import Reading, meaning
from smartapp.fhir.specimens import CLOCKS_DIFFER, says_bad

_ABSENT = Raw()
_LEAST, _HUGE = Decimal("1e-9"), Decimal("1e9")  # between them no number is odd
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CHECKED = frozenset({Analyte.FIBRINOGEN, Analyte.HAEMATOCRIT})  # whose numbers must be plausible (DQ-06, DQ-13)
_READ_AT_ONCE = frozenset({Analyte.OXYGEN_FLOW})  # tells of the device as well


class _Quantity(Struct, frozen=True, gc=False):
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
    status: Literal["final", "amended", "corrected"]
    code: Raw
    subject: Raw
    effective_date_time: str
    value_quantity: _Quantity
    meta: Meta = Meta()
    issued: str = ""
    category: Raw = _ABSENT
    interpretation: Raw = _ABSENT
    note: Raw = _ABSENT
    method: Raw = _ABSENT
    device: Raw = _ABSENT
    specimen: Raw = _ABSENT
    reference_range: Raw = _ABSENT
    implicit_rules: UnsetType = UNSET
    modifier_extension: UnsetType = UNSET
    effective_period: UnsetType = UNSET
    effective_instant: UnsetType = UNSET
    value_string: UnsetType = UNSET
    value_integer: UnsetType = UNSET
    value_codeable_concept: UnsetType = UNSET
    data_absent_reason: UnsetType = UNSET
    contained: UnsetType = UNSET
    component: UnsetType = UNSET


_decode_plain = msgspec.json.Decoder(Plain).decode
_HEAD = 64  # bytes within which a resource names its type, as servers write it


def plain_of(raw: bytes) -> Plain | None:
    """The resource, if it has the form of a plain Observation."""
    if b'"Observation"' not in raw[:_HEAD]:
        return None
    try:
        plain = _decode_plain(raw)
    except _BROKEN:
        return None
    return plain if plain.id and "#" not in plain.id else None


_NOT_IN_JSON = b"\0"
_COMMON = ("code", "subject", "category", "interpretation", "reference_range", "method", "device", "specimen")
_FORMS: dict[str, Callable[[Raw], Any]] = {
    name: msgspec.json.Decoder(form).decode
    for name, form in {
        "category": tuple[CodeableConcept, ...],
        "interpretation": tuple[CodeableConcept, ...],
        "note": tuple[Annotation, ...],
        "method": CodeableConcept | None,
        "device": Reference | None,
        "specimen": Reference | None,
        "reference_range": tuple[ReferenceRange, ...],
        "subject": Reference,
        "code": CodeableConcept,
    }.items()
}


@lru_cache(maxsize=1024)
def _unit(analyte: Analyte, code: str, text: str) -> str:
    """The unit by its code; empty where it is none that is accepted."""
    unit = unit_of(analyte, code, text)
    return unit if isinstance(unit, str) else ""


@dataclass(slots=True)
class Unread:
    """The plain results of one chart, unread: by analyte the time and the bytes of each.

    `own` says whether a reference is the chart's patient, `decides` whether a code, known as an analyte's or not, tells anything else.
    What many Observations have in common (code, subject, category …) is looked at once.
    """

    reading: Reading
    own: Callable[[Reference], bool]
    decides: Callable[[CodeableConcept, bool], bool]
    by_analyte: dict[Analyte, list[tuple[datetime, bytes]]] = field(default_factory=dict)
    _latest: datetime = field(init=False)
    _looked_at: dict[bytes, Analyte | Literal[False] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._latest = self.reading.as_of + CLOCKS_DIFFER

    def takes(self, plain: Plain, raw: bytes, has_specimens: bool) -> bool:
        """Whether it is a result whose reading can wait (kept), or none at all (passed over); False: it must be read now.

        `has_specimens`: the chart holds some, which may say that a sample was bad.
        """
        common = _NOT_IN_JSON.join([getattr(plain, name) for name in _COMMON])
        analyte = self._looked_at.get(common, UNSET)
        if analyte is UNSET:
            analyte = self._looked_at[common] = self._meant(plain)
        if analyte is False or not _is_harmless(plain.note) or (has_specimens and plain.specimen is not _ABSENT):
            return False
        if analyte is None:
            return True
        at = _instant(plain.effective_date_time)
        if at is None or at > self._latest or not _is_usable(analyte, plain.value_quantity):
            return False
        self.by_analyte.setdefault(analyte, []).append((at, raw))
        return True

    def _meant(self, plain: Plain) -> Analyte | Literal[False] | None:
        """The analyte, None for a code that nothing asks about; False if a member is malformed, foreign, or decides something."""
        try:
            found = {name: _FORMS[name](raw) for name in _COMMON if (raw := getattr(plain, name)) is not _ABSENT}
        except _BROKEN:
            return False
        code, meant = found["code"], meaning(found["code"], self.reading)
        if not self.own(found["subject"]) or any(says_bad(one.words) for one in found.get("interpretation", ())):
            return False
        if self.decides(code, meant is not None) or (meant is not None and meant[0] in _READ_AT_ONCE):
            return False
        return meant[0] if meant is not None else None


def _is_harmless(note: Raw) -> bool:
    """Whether notes are well formed and say nothing of a bad specimen."""
    try:
        return note is _ABSENT or not any(says_bad(each.text) for each in _FORMS["note"](note))
    except _BROKEN:
        return False


def _instant(text: str) -> datetime | None:
    """An instant with its zone; None for anything else, also what only a closer look can read."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo is UTC else at.astimezone(UTC) if at.tzinfo is not None and "T" in text else None
    except (ValueError, OverflowError):
        return None


def _is_usable(analyte: Analyte, quantity: _Quantity) -> bool:
    unit = _unit(analyte, quantity.code, quantity.unit) if quantity.code and quantity.system in ("", UCUM) else ""
    if not unit or not _LEAST <= quantity.value < _HUGE:
        return False
    return analyte not in _CHECKED or isinstance(to_own_unit(analyte, quantity.value, unit), Decimal)
