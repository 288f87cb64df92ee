"""A chart's resources decoded once: the right patient's, the newest version of each, the unreadable as gaps."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct, structs

from smartapp.clinical.picture import Gap, GapKind, OrderKind, Topic
from smartapp.fhir import r4_structs
from smartapp.fhir.chart import Chart
from smartapp.fhir.elements import Reference
from smartapp.fhir.r4_structs import Unreadable, decode, kind_of, stops_us
from smartapp.fhir.simple_observation import Plain, plain_of
from smartapp.fhir.times import read_moment

_KINDS: dict[str, type[r4_structs.Resource]] = {
    "Patient": r4_structs.PatientStruct,
    "Observation": r4_structs.Observation,
    "Condition": r4_structs.Condition,
    "Procedure": r4_structs.Procedure,
    "MedicationAdministration": r4_structs.MedicationAdministration,
    "MedicationRequest": r4_structs.MedicationUse,
    "MedicationStatement": r4_structs.MedicationUse,
    "MedicationDispense": r4_structs.MedicationUse,
    "ServiceRequest": r4_structs.ServiceRequest,
    "AllergyIntolerance": r4_structs.AllergyIntolerance,
    "Medication": r4_structs.Medication,
    "DiagnosticReport": r4_structs.DiagnosticReport,
}
TOPICS = {
    "Patient": Topic.PATIENT,
    "Observation": Topic.LABORATORY,
    "DiagnosticReport": Topic.LABORATORY,
    "Condition": Topic.CONDITIONS,
    "Procedure": Topic.PROCEDURES,
    "MedicationAdministration": Topic.ADMINISTRATIONS,
    "MedicationRequest": Topic.MEDICATION_REQUESTS,
    "MedicationStatement": Topic.MEDICATION_STATEMENTS,
    "MedicationDispense": Topic.DISPENSES,
    "ServiceRequest": Topic.SERVICE_REQUESTS,
    "AllergyIntolerance": Topic.ALLERGIES,
}
_ORDERS = {str(kind): kind for kind in OrderKind}
_NOT_DONE = frozenset({"entered-in-error", "cancelled"})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
K = TypeVar("K", bound=r4_structs.Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a chart holds: resources by type, medication uses with the resource they came from, look-ups, gaps, and the bytes of
    each resource by `Type/id`."""

    resources: tuple[r4_structs.Resource, ...]
    uses: tuple[tuple[r4_structs.MedicationUse, OrderKind], ...]
    medications: dict[str, r4_structs.Medication]
    specimens: dict[str, r4_structs.Specimen]
    gaps: tuple[Gap, ...]
    records: "ChartRecords"


class _Record(Struct, gc=False):
    """A resource before it is read: how it is referred to, its bytes, and its form if it is a plain Observation."""

    source: str
    raw: bytes
    plain: Plain | None = None
    seen: r4_structs.ResourceKind | None = None

    @property
    def kind(self) -> r4_structs.ResourceKind:
        """What it is."""
        if self.seen is None:
            self.seen = kind_of(self.raw)
        return self.seen

    @property
    def version(self) -> tuple[datetime, int, str, bytes]:
        """Newest last (DQ-09); the bytes decide what nothing else does, so that the order of arrival never matters."""
        updated = read_moment(self.kind.meta.lastUpdated, UTC)
        version = self.kind.meta.versionId
        return (updated.at if updated else _LONG_AGO, int(version) if version.isdecimal() else 0, version, self.raw)


Waits = Callable[[Plain, bool], bool]
"""Takes a plain Observation whose reading can wait (the last argument: whether the chart holds Specimens); False: it is read now."""


def collect(chart: Chart, waits: Waits) -> Found:
    """Decode every resource once; drop other patients' (DQ-19), older versions (DQ-09), and what must not be used (FHIR-04).

    The newest version counts even where it cannot be read or belongs to somebody else: an older one is never used instead.
    """
    gaps: list[Gap] = []
    specimens: dict[str, r4_structs.Specimen] = {}
    decoded: list[tuple[str, r4_structs.Resource]] = []
    newest = _newest(chart)
    has_specimens = any(r.kind.resource_type == "Specimen" for r in newest.values() if r.plain is None)
    may_wait = not chart.ambiguous
    for record in newest.values():
        if may_wait and record.plain is not None and waits(record.plain, has_specimens):
            continue
        kind = record.kind.resource_type
        if kind == "Specimen":
            specimens.update(_specimen(record.raw))
        struct = _KINDS.get(kind)
        if struct is None:
            gaps += [_unnamed()] if not kind else []
            continue
        if record.source in chart.ambiguous:
            gaps.append(_unreadable(record, "it has a member twice"))
            continue
        resource = _readable(record, struct, gaps)
        if resource is None or not _belongs(resource, record, chart, gaps):
            continue
        decoded.append((kind, resource))
        if isinstance(resource, r4_structs.DiagnosticReport):
            decoded += _members(resource, chart, gaps)
    return _sorted(decoded, specimens, gaps, ChartRecords(newest))


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


def _newest(chart: Chart) -> dict[str | bytes, _Record]:
    """Each resource once; what has no id is the same only if its bytes are."""
    newest: dict[str | bytes, _Record] = {}
    for answer in chart.answers.values():
        for raw in answer.resources:
            record, key = _record(raw)
            known = newest.setdefault(key, record)
            if known is not record and raw != known.raw and record.version > known.version:
                newest[key] = record
    return newest


def _record(raw: bytes) -> tuple[_Record, str | bytes]:
    """The record, and what tells it from others: how it is referred to, or its bytes if it has no id."""
    plain = plain_of(raw)
    if plain is not None:
        source = f"Observation/{plain.id}"
        return _Record(source, raw, plain), source
    kind = kind_of(raw)
    source = f"{kind.resource_type}/{kind.id}"
    return _Record(source, raw, None, kind), source if kind.id else raw


def _members(
    report: r4_structs.DiagnosticReport, chart: Chart, gaps: list[Gap]
) -> Iterator[tuple[str, r4_structs.Resource]]:
    """Observations contained in a report (DQ-15); one that names no subject is about the report's."""
    if report.status in _NOT_DONE:
        return
    for contained in report.contained:
        kind = kind_of(bytes(contained))
        if kind.resource_type != "Observation":
            continue
        record = _Record(f"DiagnosticReport/{report.id}#{kind.id}", bytes(contained), None, kind)
        member = _readable(record, r4_structs.Observation, gaps)
        if member is not None and (member.subject is None or _belongs(member, record, chart, gaps)):
            yield "Observation", structs.replace(member, id=f"{report.id}#{member.id}")


def _sorted(
    decoded: Iterable[tuple[str, r4_structs.Resource]],
    specimens: dict[str, r4_structs.Specimen],
    gaps: list[Gap],
    records: ChartRecords,
) -> Found:
    resources, uses, medications = [], [], {}
    for kind, resource in decoded:
        match resource:
            case r4_structs.MedicationUse():
                uses.append((resource, _ORDERS[kind]))
            case r4_structs.Medication():
                medications[resource.id] = resource
            case r4_structs.DiagnosticReport():
                pass
            case _:
                resources.append(resource)
    return Found(
        resources=tuple(resources),
        uses=tuple(uses),
        medications=medications,
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
    if isinstance(resource, r4_structs.Medication):
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


def _specimen(raw: bytes) -> dict[str, r4_structs.Specimen]:
    try:
        specimen = decode(raw, r4_structs.Specimen)
    except Unreadable:
        return {}
    return {specimen.id: specimen}
