"""Plain results whose reading waits until a rule looks at them.

An Observation of the plain form with a known unit and an instant of its own surely yields one result and no remark, so it is not read before
it is asked for. What many have in common (code, subject, reference range …) is read once. All others are read at once, as `labs` reads
them, with the same result.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw

from smartapp.clinical.labs import LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.units import PLAUSIBLE, UCUM, annotated_variant, to_own_unit, unit_of
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.elements import Annotation, CodeableConcept, Identifier, Reference, ReferenceRange
from smartapp.fhir.observation_values import ValueReading, meaning
from smartapp.fhir.reference_ranges import NOBODY, Bearer, upper_limit_of
from smartapp.fhir.simple_observation import ABSENT, BROKEN, Plain, PlainQuantity
from smartapp.fhir.specimens import CLOCKS_DIFFER, says_bad
from smartapp.fhir.times import read_moment

_LEAST, _HUGE = Decimal("1e-9"), Decimal("1e9")  # between them no number is odd
_CHECKED = frozenset(
    {Analyte.FIBRINOGEN, Analyte.HAEMATOCRIT, *PLAUSIBLE}
)  # whose numbers must be plausible (DQ-06, DQ-13, DQ-26)
_READ_AT_ONCE = frozenset({Analyte.OXYGEN_FLOW})  # tells of the device as well
_NEW: Any = object()
_NOT_IN_JSON = b"\0"
_COMMON = ("code", "subject", "category", "interpretation", "reference_range", "method")
_FORMS: dict[str, Callable[[Raw], Any]] = {
    name: msgspec.json.Decoder(form).decode
    for name, form in {
        "category": tuple[CodeableConcept, ...],
        "interpretation": tuple[CodeableConcept, ...],
        "note": tuple[Annotation, ...],
        "identifier": tuple[Identifier, ...],
        "method": CodeableConcept | None,
        "reference_range": tuple[ReferenceRange, ...],
        "subject": Reference,
        "code": CodeableConcept,
    }.items()
}


@dataclass(slots=True)
class Unread:
    """The plain results of one chart, unread, by analyte.

    `own` says whether a reference is the chart's patient, `decides` whether a code, known as an analyte's or not, tells anything else.
    What many Observations have in common (code, subject, category …) is looked at once.
    """

    reading: ValueReading
    own: Callable[[Reference], bool]
    decides: Callable[[CodeableConcept, bool], bool]
    by_analyte: defaultdict[Analyte, list["Waiting"]] = field(default_factory=lambda: defaultdict(list))
    memory: CourseMemory | None = None
    _latest: datetime = field(init=False)
    _looked_at: dict[bytes, "_Common | None"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._latest = self.reading.as_of + CLOCKS_DIFFER
        if self.memory is not None:
            self._looked_at = self.memory.commons

    def takes(self, plain: Plain, has_specimens: bool) -> bool:
        """Whether it is a result that can wait (kept), or none at all (passed over); False: it must be read now.

        `has_specimens`: the chart holds some, which may say that a sample was bad.
        """
        if self.memory is not None and id(plain) in self.memory.waiting:
            self._take(self.memory.waiting[id(plain)][1])
            return True
        waiting = self._waiting(plain, has_specimens)
        if waiting is None:
            return False
        self._take(waiting)
        if self.memory is not None:
            self.memory.waiting[id(plain)] = (plain, waiting)
        return True

    def _take(self, waiting: "Waiting | tuple[()]") -> None:
        """Keep a result that waits; nothing for what is none."""
        if waiting and waiting[2].analyte is not None:
            self.by_analyte[waiting[2].analyte].append(waiting)

    def _waiting(self, plain: Plain, has_specimens: bool) -> "Waiting | tuple[()] | None":
        """The result that waits, nothing for what is none; None: it must be read now."""
        members = (
            plain.code,
            plain.subject,
            plain.category,
            plain.interpretation,
            plain.reference_range,
            plain.method,
        )
        key = _NOT_IN_JSON.join(members)
        common = self._looked_at.get(key, _NEW)
        if common is _NEW:
            common = self._looked_at[key] = self._common(dict(zip(_COMMON, members, strict=True)))
        if common is None or _may_tell_more(plain, has_specimens):
            return None
        if common.analyte is None:
            return ()
        at = _instant(plain.effective_date_time)
        if at is None or at > self._latest or not common.is_usable(plain.value_quantity):
            return None
        return at, plain, common

    def _common(self, members: Mapping[str, Raw]) -> "_Common | None":
        """What these say; None if one of them is malformed, foreign, or decides something."""
        try:
            found = {name: _FORMS[name](raw) for name, raw in members.items() if raw is not ABSENT}
        except BROKEN:
            return None
        code, meant = found["code"], meaning(found["code"], self.reading)
        if not self.own(found["subject"]) or any(says_bad(one.words) for one in found.get("interpretation", ())):
            return None
        if self.decides(code, meant is not None) or (meant is not None and meant[0] in _READ_AT_ONCE):
            return None
        if meant is None:
            return _Common()
        analyte, variant = meant
        return _Common(analyte, variant, found.get("reference_range", ()), self.reading.bearer)


@dataclass(slots=True)
class _Common:
    """Observations with the same code, subject, category …: their analyte (None: nothing that is asked) and its type, their reference
    ranges, and by each way to write the unit what it means (empty: nothing that is accepted). It does not hold the results: they hold it, and a
    circle would stay in memory until a full collection."""

    analyte: Analyte | None = None
    variant: Variant | None = None
    ranges: tuple[ReferenceRange, ...] = ()
    bearer: Bearer = NOBODY
    units: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _limits: dict[str, Decimal | None] = field(default_factory=dict)

    def is_usable(self, quantity: PlainQuantity) -> bool:
        """Whether the number surely is a value of the analyte."""
        unit = self.unit_of(quantity)
        if not unit or self.analyte not in _CHECKED:
            return bool(unit)
        return isinstance(to_own_unit(self.analyte, quantity.value, unit), Decimal)

    def unit_of(self, quantity: PlainQuantity) -> str:
        """The unit that is meant; empty for none that surely is one of the analyte."""
        written = (quantity.code, quantity.unit, quantity.system)
        unit = self.units.get(written)
        if unit is None:
            unit = self.units[written] = self._unit(*written)
        return unit

    def _unit(self, code: str, text: str, system: str) -> str:
        if self.analyte is None or not code or system not in ("", UCUM):
            return ""
        unit = unit_of(self.analyte, code, text)
        return unit if isinstance(unit, str) else ""

    def upper_limit(self, unit: str, variant: Variant | None) -> Decimal | None:
        """The record's own upper limit for a result in that unit."""
        if self.analyte is None or not self.ranges:
            return None
        if unit not in self._limits:
            self._limits[unit] = upper_limit_of(self.analyte, self.ranges, unit, variant, self.bearer)
        return self._limits[unit]


Waiting = tuple[datetime, Plain, _Common]
"""A result that waits: its time, its Observation, and what it has in common with others."""


def read_waiting(waiting: Waiting, zone: tzinfo) -> LabResult:
    """The result, as `labs.read_results` reads it."""
    at, plain, common = waiting
    analyte, quantity = common.analyte, plain.value_quantity
    unit = common.unit_of(quantity)
    value = to_own_unit(analyte, quantity.value, unit) if analyte is not None else None
    if analyte is None or not isinstance(value, Decimal):
        raise TypeError("what does not surely read as a number does not wait")
    variant = annotated_variant(unit) or common.variant if analyte is Analyte.D_DIMER else common.variant
    issued = read_moment(plain.issued, zone) if plain.issued else None
    updated = read_moment(plain.meta.lastUpdated, zone) if plain.meta.lastUpdated else None
    return LabResult(
        analyte=analyte,
        value=value,
        reported=f"{quantity.value} {quantity.unit or quantity.code}".strip(),
        collected=Moment(at),
        source=f"Observation/{plain.id}",
        status=ResultStatus(plain.status),
        variant=variant,
        upper_limit=common.upper_limit(unit, variant),
        issued=issued.at if issued else None,
        identifiers=_identifiers(plain.identifier),
        updated=updated.at if updated else None,
    )


def _identifiers(raw: Raw) -> tuple[str, ...]:
    """The business identifiers, as `labs` reads them; none where they cannot be read."""
    if raw is ABSENT:
        return ()
    try:
        return tuple(f"{each.system}|{each.value}" for each in _FORMS["identifier"](raw) if each.value)
    except BROKEN:
        return ()


def remembered(memory: CourseMemory, zone: tzinfo) -> Callable[[Waiting], LabResult]:
    """`read_waiting` that reads each result once in a course."""

    def read(waiting: Waiting) -> LabResult:
        key = id(waiting[1])
        result = memory.results.get(key)
        if result is None:
            result = memory.results[key] = read_waiting(waiting, zone)
        return result

    return read


def _may_tell_more(plain: Plain, has_specimens: bool) -> bool:
    """Whether its notes or its specimen may decide something, or its number is odd."""
    if plain.note is not ABSENT and not _is_harmless(plain.note):
        return True
    named = plain.specimen is not None and (has_specimens or bool(plain.specimen.reference))
    return named or not _LEAST <= plain.value_quantity.value < _HUGE


def _is_harmless(note: Raw) -> bool:
    """Whether notes are well formed and say nothing of a bad specimen."""
    try:
        return not any(says_bad(each.text) for each in _FORMS["note"](note))
    except BROKEN:
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
