"""A chart's resources decoded once: the right patient's, the newest version of each, the unreadable as gaps."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec import Struct, structs

from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.fhir import r4_structs
from smartapp.fhir.chart import Chart
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.elements import Reference
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of, stops_us
from smartapp.fhir.resource_readers import READER_OF, TOPICS
from smartapp.fhir.simple_observation import Plain, plain_of
from smartapp.fhir.versions_of_records import later_of

_NOT_DONE = frozenset({"entered-in-error", "cancelled"})
K = TypeVar("K", bound=r4_structs.Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a chart holds: resources, those that others refer to by their names, gaps, and the bytes of each by `Type/id`."""

    resources: tuple[r4_structs.Resource, ...]
    medications: dict[str, r4_structs.Medication]
    products: dict[str, r4_structs.BiologicallyDerivedProduct]
    specimens: dict[str, r4_structs.Specimen]
    gaps: tuple[Gap, ...]
    records: "ChartRecords"


class _Record(Struct, gc=False):
    """A resource before it is read: how it is referred to, its bytes, and its form if it is a plain Observation."""

    source: str
    raw: bytes
    plain: Plain | None = None
    seen: r4_structs.ResourceKind | None = None
    address: str = ""
    has_namesake: bool = False

    @property
    def kind(self) -> r4_structs.ResourceKind:
        """What it is."""
        if self.seen is None:
            self.seen = kind_of(self.raw)
        return self.seen


Waits = Callable[[Plain, bool], bool]
"""Takes a plain Observation whose reading can wait (the last argument: whether the chart holds Specimens); False: it is read now."""


class _Decoded(NamedTuple):
    """One record: the resources that it is or holds, gaps, specimens by name, and the addresses of the resources."""

    resources: list[tuple[str, r4_structs.Resource]]
    gaps: list[Gap]
    specimens: dict[str, r4_structs.Specimen]
    addresses: dict[str, str]


def collect(chart: Chart, waits: Waits, memory: CourseMemory | None = None) -> Found:
    """Decode every resource once; drop other patients' (DQ-19), older versions (DQ-09), and what must not be used (FHIR-04).

    The newest version counts even where it cannot be read or belongs to somebody else: an older one is never used instead. What a
    `memory` holds of the same course is not decoded again.
    """
    gaps: list[Gap] = []
    specimens: dict[str, r4_structs.Specimen] = {}
    decoded: list[tuple[str, r4_structs.Resource]] = []
    addresses: dict[str, str] = {}
    newest = _newest(chart, gaps, memory)
    has_specimens = any(r.kind.resource_type == "Specimen" for r in newest.values() if r.plain is None)
    may_wait = not chart.ambiguous
    for record in newest.values():
        if may_wait and record.plain is not None and waits(record.plain, has_specimens):
            continue
        found = _decoded(record, chart) if memory is None else _remembered(record, chart, memory)
        decoded += found.resources
        gaps += found.gaps
        specimens.update(found.specimens)
        addresses.update(found.addresses)
    return _sorted(decoded, specimens, gaps, ChartRecords(newest), addresses)


def _decoded(record: _Record, chart: Chart) -> _Decoded:
    """One record, read."""
    found = _Decoded([], [], {}, {})
    kind = record.kind.resource_type
    if kind == "Specimen":
        found.specimens.update(_specimen(record))
    reader = READER_OF.get(kind)
    struct = reader.struct if reader else None
    if struct is None:
        found.gaps.extend([_unnamed()] if not kind else [])
        return found
    if record.source in chart.ambiguous:
        found.gaps.append(_unreadable(record, "it has a member twice"))
        return found
    resource = _readable(record, struct, found.gaps)
    if resource is None or not _belongs(resource, record, chart, found.gaps):
        return found
    if record.has_namesake:
        resource = structs.replace(resource, id=record.source)
    found.resources.append((kind, resource))
    found.addresses[resource.source] = record.address
    if isinstance(resource, r4_structs.DiagnosticReport | r4_structs.Observation):
        found.resources.extend(_members(resource, chart, found.gaps))
    return found


def _remembered(record: _Record, chart: Chart, memory: CourseMemory) -> _Decoded:
    """The same, from memory if it was read at an earlier look."""
    key = (record.raw, record.source)
    found: _Decoded | None = memory.decoded.get(key)
    if found is None:
        found = memory.decoded[key] = _decoded(record, chart)
        for _, resource in found.resources:
            memory.raws[id(resource)] = record.raw
    return found


class ChartRecords:
    """The bytes of each resource by `Type/id`."""

    def __init__(self, newest: Mapping[str | bytes, _Record]) -> None:
        self._newest = newest

    def get(self, source: str) -> bytes | None:
        """The bytes of one; of several without an id the last."""
        if source.endswith("/"):
            return dict(self.items()).get(source)
        record = self._newest.get(source)
        return record.raw if record is not None else None

    def items(self) -> Iterator[tuple[str, bytes]]:
        """All of them."""
        return ((record.source, record.raw) for record in self._newest.values())


def _newest(chart: Chart, gaps: list[Gap], memory: CourseMemory | None) -> dict[str | bytes, _Record]:
    """Each resource once, by its own address, else by server and id (DQ-29); what has neither is the same only if its bytes are.

    Two of one identity of which nothing tells the newer are both kept where they are results: their values decide."""
    newest: dict[str | bytes, _Record] = {}
    record_of = _record if memory is None else partial(_known_record, memory)
    for answer in chart.answers.values():
        addresses = answer.full_urls if len(answer.full_urls) <= len(answer.resources) else ()
        padded = (*addresses, *("",) * (len(answer.resources) - len(addresses)))
        for raw, address in zip(answer.resources, padded, strict=True):
            record, key = record_of(raw, address, chart.base)
            known = newest.setdefault(key, record)
            if known is record or raw == known.raw:
                continue
            later = later_of(known, record)
            if later is not None:
                newest[key] = record if later is record else known
            elif record.kind.resource_type == "Observation":
                known.plain = record.plain = None
                newest[record.raw] = record
            else:
                newest[key] = max(known, record, key=lambda each: each.raw)
                gaps.append(_undecided(record))
    _tell_namesakes_apart(newest.values())
    return newest


def _tell_namesakes_apart(records: Iterable[_Record]) -> None:
    """Two servers may have a record of the same id: each is referred to by its own address then."""
    by_source: dict[str, list[_Record]] = {}
    for record in records:
        if record.address:
            by_source.setdefault(record.source, []).append(record)
    for same in by_source.values():
        if len({record.address for record in same}) > 1 or same[0].source.endswith("/"):
            for record in same:
                if record.kind.resource_type != "Patient":
                    record.source, record.plain, record.has_namesake = record.address, None, True


def _undecided(record: _Record) -> Gap:
    text = f"{record.source} is there twice in different words, and nothing tells which is newer: one of them is used"
    topic = TOPICS.get(record.kind.resource_type)
    return Gap(kind=GapKind.NOTED, rule="DQ-29", text=text, source=record.source, topic=topic)


def _known_record(memory: CourseMemory, raw: bytes, address: str, base: str) -> tuple[_Record, str | bytes]:
    """The same, from memory if it was looked at earlier."""
    known: tuple[_Record, str | bytes] | None = memory.records.get(raw)
    if known is None:
        known = memory.records[raw] = _record(raw, address, base)
        memory.has_ages = memory.has_ages or b'"age"' in raw or b"\\" in raw
    return known


def _record(raw: bytes, address: str, base: str) -> tuple[_Record, str | bytes]:
    """The record, and what tells it from others: its address, how it is referred to, or its bytes if it has neither."""
    plain = plain_of(raw)
    kind = None if plain is not None else kind_of(raw)
    source = f"Observation/{plain.id}" if plain is not None else f"{kind.resource_type}/{kind.id}" if kind else ""
    address = address.split("/_history/", 1)[0]
    own = address == f"{base.rstrip('/')}/{source}"
    record = _Record(source, raw, plain, kind, "" if own else address)
    if record.address:
        return record, record.address
    return record, raw if source.endswith("/") else source


def _members(
    holder: r4_structs.DiagnosticReport | r4_structs.Observation, chart: Chart, gaps: list[Gap]
) -> Iterator[tuple[str, r4_structs.Resource]]:
    """Observations contained in a report or a panel (DQ-15, DQ-30); one that names no subject is about its holder's, and its specimen may
    be contained there too."""
    if holder.status in _NOT_DONE:
        return
    for contained in holder.contained:
        kind = kind_of(bytes(contained))
        if kind.resource_type != "Observation":
            continue
        record = _Record(f"{holder.source}#{kind.id}", bytes(contained), None, kind)
        member = _readable(record, r4_structs.Observation, gaps)
        if member is None or not (member.subject is None or _belongs(member, record, chart, gaps)):
            continue
        if member.subject is not None or not member.focus or _is_about_patient(member, record, chart, gaps):
            yield "Observation", structs.replace(member, id=record.source, contained=holder.contained)


def _sorted(
    decoded: Iterable[tuple[str, r4_structs.Resource]],
    specimens: dict[str, r4_structs.Specimen],
    gaps: list[Gap],
    records: ChartRecords,
    addresses: Mapping[str, str],
) -> Found:
    resources = []
    medications: dict[str, r4_structs.Medication] = {}
    products: dict[str, r4_structs.BiologicallyDerivedProduct] = {}
    for _, resource in decoded:
        match resource:
            case r4_structs.Medication():
                medications |= dict.fromkeys(_names(resource.source, addresses.get(resource.source, "")), resource)
            case r4_structs.BiologicallyDerivedProduct():
                products |= dict.fromkeys(_names(resource.source, addresses.get(resource.source, "")), resource)
            case r4_structs.DiagnosticReport():
                pass
            case _:
                resources.append(resource)
    return Found(
        resources=tuple(resources),
        medications=medications,
        products=products,
        specimens=specimens,
        gaps=tuple(gaps),
        records=records,
    )


def _readable(record: _Record, struct: type[K], gaps: list[Gap]) -> K | None:
    try:
        resource = decode(record.raw, struct)
        why = stops_us(resource)
    except Unreadable as problem:
        why = str(problem)
    if why:
        gaps.append(_unreadable(record, why))
        return None
    return resource


def _unreadable(record: _Record, why: str) -> Gap:
    return Gap(
        kind=GapKind.UNREADABLE,
        rule="DQ-17",
        text=f"{record.source} could not be read: {why}",
        source=record.source,
        topic=TOPICS.get(record.kind.resource_type),
    )


def _unnamed() -> Gap:
    return Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text="A record without a resource type could not be read")


def _belongs(resource: r4_structs.Resource, record: _Record, chart: Chart, gaps: list[Gap]) -> bool:
    """DQ-19: the subject must be this patient, by a relative reference or one absolute to the chart's own base."""
    if isinstance(resource, r4_structs.Medication | r4_structs.BiologicallyDerivedProduct):
        return True
    if isinstance(resource, r4_structs.PatientStruct):
        own = not chart.patient or resource.id == chart.patient
    else:
        subject: Reference | None = getattr(resource, "subject", None) or getattr(resource, "patient", None)
        own = subject is not None and is_patient(subject.reference, chart)
    if not own:
        text = f"{record.source} does not belong to this patient: left out"
        topic = TOPICS.get(record.kind.resource_type)
        gaps.append(Gap(kind=GapKind.UNREADABLE, rule="DQ-19", text=text, source=record.source, topic=topic))
        return False
    return not isinstance(resource, r4_structs.Observation) or _is_about_patient(resource, record, chart, gaps)


def _is_about_patient(observation: r4_structs.Observation, record: _Record, chart: Chart, gaps: list[Gap]) -> bool:
    """DQ-31: an Observation whose focus is somebody or something else is not used."""
    if all(is_patient(focus.reference, chart) for focus in observation.focus):
        return True
    what = observation.code.label[:60]
    text = f"{record.source} ({what}) is about somebody or something else than the patient: not used"
    gaps.append(Gap(kind=GapKind.UNREADABLE, rule="DQ-31", text=text, source=record.source, topic=Topic.LABORATORY))
    return False


def is_patient(reference: str, chart: Chart) -> bool:
    """DQ-19: whether a reference is this chart's patient, relative or absolute to the chart's own base."""
    own = f"Patient/{chart.patient}"
    reference = reference.split("/_history/", 1)[0]
    return reference == own or reference in chart.aliases or _is_absolute(reference, own, chart.base)


def _is_absolute(reference: str, own: str, base: str) -> bool:
    return bool(base) and reference == f"{base.rstrip('/')}/{own}"


def _specimen(record: _Record) -> dict[str, r4_structs.Specimen]:
    try:
        specimen = decode(record.raw, r4_structs.Specimen)
    except Unreadable:
        return {}
    return dict.fromkeys(_names(record.source, record.address), specimen)


def _names(source: str, address: str) -> tuple[str, ...]:
    """By what a record may be named: `Type/id`, and its own address."""
    return (source, address) if address else (source,)
