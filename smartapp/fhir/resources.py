"""A chart's resources decoded once: the right patient's, the newest version of each, the unreadable as gaps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartapp.clinical.picture import Gap, GapKind, OrderKind, Topic
from smartapp.fhir import document
from smartapp.fhir.chart import Chart
from smartapp.fhir.document import Reference, Unreadable, decode, kind_of, stops_us

_KINDS: dict[str, type[document.Resource]] = {
    "Patient": document.Patient,
    "Observation": document.Observation,
    "Condition": document.Condition,
    "Procedure": document.Procedure,
    "MedicationAdministration": document.MedicationAdministration,
    "MedicationRequest": document.MedicationUse,
    "MedicationStatement": document.MedicationUse,
    "ServiceRequest": document.ServiceRequest,
    "AllergyIntolerance": document.AllergyIntolerance,
    "Medication": document.Medication,
    "DiagnosticReport": document.DiagnosticReport,
}
_TOPICS = {
    "Patient": Topic.PATIENT,
    "Observation": Topic.LABORATORY,
    "DiagnosticReport": Topic.LABORATORY,
    "Condition": Topic.CONDITIONS,
    "Procedure": Topic.PROCEDURES,
    "MedicationAdministration": Topic.ADMINISTRATIONS,
    "MedicationRequest": Topic.MEDICATION_REQUESTS,
    "MedicationStatement": Topic.MEDICATION_STATEMENTS,
    "ServiceRequest": Topic.SERVICE_REQUESTS,
    "AllergyIntolerance": Topic.ALLERGIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a chart holds: resources by type, medication uses with the resource they came from, look-ups, and gaps."""

    resources: tuple[document.Resource, ...]
    uses: tuple[tuple[document.MedicationUse, OrderKind], ...]
    medications: dict[str, document.Medication]
    specimens: dict[str, document.Specimen]
    gaps: tuple[Gap, ...]


def collect(chart: Chart) -> Found:
    """Decode every resource once; drop other patients' (DQ-19), older versions (DQ-09), and what must not be used (FHIR-04)."""
    gaps: list[Gap] = []
    decoded: dict[tuple[str, str], tuple[str, document.Resource]] = {}
    specimens: dict[str, document.Specimen] = {}
    anonymous = 0
    for raw in _raws(chart):
        kind = kind_of(raw)
        if kind.resource_type == "Specimen":
            specimens.update(_specimen(raw))
        struct = _KINDS.get(kind.resource_type)
        if struct is None:
            gaps += [_unnamed()] if not kind.resource_type else []
            continue
        resource = _readable(raw, struct, kind, gaps)
        if resource is None or not _belongs(resource, kind, chart, gaps):
            continue
        anonymous += 1
        key = (kind.resource_type, kind.id or f"#{anonymous}")
        known = decoded.get(key)
        if known is None or _version(resource) >= _version(known[1]):
            decoded[key] = (kind.resource_type, resource)
    return _sorted(decoded.values(), specimens, gaps)


def _sorted(
    decoded: Iterable[tuple[str, document.Resource]], specimens: dict[str, document.Specimen], gaps: list[Gap]
) -> Found:
    resources, uses, medications = [], [], {}
    for kind, resource in decoded:
        match resource:
            case document.MedicationUse():
                uses.append((resource, OrderKind(kind)))
            case document.Medication():
                medications[resource.id] = resource
            case document.DiagnosticReport():
                pass
            case _:
                resources.append(resource)
    return Found(
        resources=tuple(resources), uses=tuple(uses), medications=medications, specimens=specimens, gaps=tuple(gaps)
    )


def _raws(chart: Chart) -> Iterator[bytes]:
    for answer in chart.answers.values():
        for raw in answer.resources:
            yield raw
            if b'"DiagnosticReport"' in raw:
                yield from _members(raw)


def _members(raw: bytes) -> Iterator[bytes]:
    """Observations contained in a report (DQ-15)."""
    try:
        report = decode(raw, document.DiagnosticReport)
    except Unreadable:
        return
    if report.resource_type == "DiagnosticReport" and report.status not in ("entered-in-error", "cancelled"):
        yield from (bytes(member) for member in report.contained)


def _readable(
    raw: bytes, struct: type[document.Resource], kind: document.Kind, gaps: list[Gap]
) -> document.Resource | None:
    try:
        resource = decode(raw, struct)
        why = stops_us(resource)
    except Unreadable as problem:
        why = str(problem)
    if why:
        gaps.append(_unreadable(kind, why))
        return None
    return resource


def _unreadable(kind: document.Kind, why: str) -> Gap:
    source = f"{kind.resource_type}/{kind.id}"
    return Gap(
        kind=GapKind.UNREADABLE,
        rule="DQ-17",
        text=f"{source} could not be read: {why}",
        source=source,
        topic=_TOPICS.get(kind.resource_type),
    )


def _unnamed() -> Gap:
    return Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text="A record without a resource type could not be read")


def _belongs(resource: document.Resource, kind: document.Kind, chart: Chart, gaps: list[Gap]) -> bool:
    """DQ-19: the subject must be this patient, by a relative reference or one absolute to the chart's own base."""
    if isinstance(resource, document.Medication):
        return True
    if isinstance(resource, document.Patient):
        own = not chart.patient or kind.id == chart.patient
    else:
        subject: Reference | None = getattr(resource, "subject", None) or getattr(resource, "patient", None)
        own = subject is not None and _is_patient(subject.reference, chart)
    if not own:
        source = f"{kind.resource_type}/{kind.id}"
        text = f"{source} does not belong to this patient: left out"
        gaps.append(
            Gap(kind=GapKind.UNREADABLE, rule="DQ-19", text=text, source=source, topic=_TOPICS.get(kind.resource_type))
        )
    return own


def _is_patient(reference: str, chart: Chart) -> bool:
    own = f"Patient/{chart.patient}"
    reference = reference.split("/_history/", 1)[0]
    return reference == own or (bool(chart.base) and reference == f"{chart.base.rstrip('/')}/{own}")


def _version(resource: document.Resource) -> tuple[str, int, str]:
    version = resource.meta.versionId
    return (resource.meta.lastUpdated, int(version) if version.isdigit() else 0, version)


def _specimen(raw: bytes) -> dict[str, document.Specimen]:
    try:
        specimen = decode(raw, document.Specimen)
    except Unreadable:
        return {}
    return {specimen.id: specimen}
