"""Observations as nearly all are: one final number in a known unit, taken at one time, with nothing beside it that decides.

Such a one surely yields one result and no remark, so its reading can wait until a rule looks at it. What is plain is only recognised here;
it is read as all others are. Whatever is not plainly plain, or repeats its time, is read at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
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
    _looked_at: dict[bytes, "_Common | None"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._latest = self.reading.as_of + CLOCKS_DIFFER

    def takes(self, plain: Plain, raw: bytes, has_specimens: bool) -> bool:
        """Whether it is a result whose reading can wait (kept), or none at all (passed over); False: it must be read now.

        `has_specimens`: the chart holds some, which may say that a sample was bad.
        """
        members = (
            plain.code,
            plain.subject,
            plain.category,
            plain.interpretation,
            plain.reference_range,
            plain.method,
            plain.device,
            plain.specimen,
        )
        key = _NOT_IN_JSON.join(members)
        if key not in self._looked_at:
            self._looked_at[key] = self._common(dict(zip(_COMMON, members, strict=True)))
        common = self._looked_at[key]
        if common is None or (plain.note is not _ABSENT and not _is_harmless(plain.note)):
            return False
        if has_specimens and plain.specimen is not _ABSENT:
            return False
        if not _LEAST <= plain.value_quantity.value < _HUGE:
            return False
        if common.analyte is None:
            return True
        at = _instant(plain.effective_date_time)
        if at is None or at > self._latest or not common.is_usable(plain.value_quantity):
            return False
        common.results.append((at, raw))
        return True

    def _common(self, members: Mapping[str, Raw]) -> "_Common | None":
        """What these say; None if one of them is malformed, foreign, or decides something."""
        try:
            found = {name: _FORMS[name](raw) for name, raw in members.items() if raw is not _ABSENT}
        except _BROKEN:
            return None
        code, meant = found["code"], meaning(found["code"], self.reading)
        if not self.own(found["subject"]) or any(says_bad(one.words) for one in found.get("interpretation", ())):
            return None
        if self.decides(code, meant is not None) or (meant is not None and meant[0] in _READ_AT_ONCE):
            return None
        return _Common(None, []) if meant is None else _Common(meant[0], self.by_analyte.setdefault(meant[0], []))


@dataclass(slots=True)
class _Common:
    """Observations with the same code, subject, category …: their analyte (None: nothing that is asked), the results kept of it,
    and what each way to write the unit means (empty: nothing that is accepted)."""

    analyte: Analyte | None
    results: list[tuple[datetime, bytes]]
    units: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def is_usable(self, quantity: _Quantity) -> bool:
        """Whether the number surely is a value of the analyte."""
        written = (quantity.code, quantity.unit, quantity.system)
        unit = self.units.get(written)
        if unit is None:
            unit = self.units[written] = self._unit(*written)
        if not unit or self.analyte not in _CHECKED:
            return bool(unit)
        return isinstance(to_own_unit(self.analyte, quantity.value, unit), Decimal)

    def _unit(self, code: str, text: str, system: str) -> str:
        if self.analyte is None or not code or system not in ("", UCUM):
            return ""
        unit = unit_of(self.analyte, code, text)
        return unit if isinstance(unit, str) else ""


def _is_harmless(note: Raw) -> bool:
    """Whether notes are well formed and say nothing of a bad specimen."""
    try:
        return not any(says_bad(each.text) for each in _FORMS["note"](note))
    except _BROKEN:
        return False


def _instant(text: str) -> datetime | None:
    """An instant with its zone; None for anything else, also what only a closer look can read."""
    if "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo is UTC else at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
