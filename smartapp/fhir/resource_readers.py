"""One table of the resources that a chart is read from: struct, part of the chart, what they refer to, and how each is read.

Which types are decoded, which parts of the chart they belong to, and what else must be there to read them all follow from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, assert_never

from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import (
    Allergy,
    AwaitedResult,
    ConditionRecord,
    CrsRecord,
    Exposure,
    Gap,
    InfusionRecord,
    InvasiveProcedure,
    OrderKind,
    OxygenSupport,
    Patient,
    PossibleBleeding,
    StandingOrder,
    Topic,
    UnusableResult,
    WordedDose,
)
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.terminology import Analyte
from smartapp.fhir import (
    conditions,
    doses_given,
    infusions,
    medications,
    oxygen_procedures_allergies,
    r4_structs,
    standing_orders,
)
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.crs_observations import grade_in_words, read_crs_observation
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.identity import read_patient
from smartapp.fhir.labs import read_results
from smartapp.fhir.lazy_results import Waiting
from smartapp.fhir.observation_values import ValueReading


@dataclass(slots=True)
class Drawing:
    """The picture while it is drawn."""

    reading: ValueReading
    policy: SitePolicy
    labs: dict[Analyte, list[LabResult]] = field(default_factory=dict)
    patient: Patient | None = None
    infusions: list[InfusionRecord] = field(default_factory=list)
    crs: list[CrsRecord] = field(default_factory=list)
    conditions: list[ConditionRecord] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)
    orders: list[StandingOrder] = field(default_factory=list)
    awaited: list[AwaitedResult] = field(default_factory=list)
    oxygen: list[OxygenSupport] = field(default_factory=list)
    procedures: list[InvasiveProcedure] = field(default_factory=list)
    allergies: list[Allergy] = field(default_factory=list)
    unusable: list[UnusableResult] = field(default_factory=list)
    worded: list[WordedDose] = field(default_factory=list)
    possible_bleeding: list[PossibleBleeding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    medications: Mapping[str, r4_structs.Medication] = field(default_factory=dict)
    products: Mapping[str, r4_structs.BiologicallyDerivedProduct] = field(default_factory=dict)
    unnamed: list[tuple[Topic, str]] = field(default_factory=list)
    unread: Mapping[Analyte, list[Waiting]] = field(default_factory=dict)
    memory: CourseMemory | None = None


LISTS = tuple(one.name for one in fields(Drawing) if one.default_factory is list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReader:
    """How one type of resource is read: `topic` None where no part of the chart is its own; `refers` are the types that its records may
    name by reference only; `read` adds it to the picture, None for what only others refer to."""

    kind: str
    struct: type[r4_structs.Resource]
    topic: Topic | None = None
    refers: tuple[str, ...] = ()
    read: Callable[[Drawing, Any], None] | None = None


def _read_observation(drawing: Drawing, observation: r4_structs.Observation) -> None:
    for read in read_results(observation, drawing.reading):
        match read:
            case Gap():
                drawing.gaps.append(read)
            case AwaitedResult():
                drawing.awaited.append(read)
            case UnusableResult():
                drawing.unusable.append(read)
            case LabResult():
                drawing.labs.setdefault(read.analyte, []).append(read)
                if read.analyte is Analyte.OXYGEN_FLOW:
                    drawing.oxygen.append(oxygen_procedures_allergies.oxygen_from_flow(read, observation))
            case _:
                assert_never(read)
    device = oxygen_procedures_allergies.oxygen_from_device(observation, drawing.reading)
    drawing.oxygen += [device] if device else []
    match read_crs_observation(observation, drawing.reading, drawing.policy.get("crs_grade_codes")):
        case CrsRecord() as record:
            drawing.crs.append(record)
            drawing.gaps += [grade_in_words(observation, record)] if record.in_words else []
        case Gap() as gap:
            drawing.gaps.append(gap)


def _read_condition(drawing: Drawing, condition: r4_structs.Condition) -> None:
    if conditions.is_wrong(condition):
        return
    crs = conditions.read_crs(condition, drawing.reading)
    record = conditions.read_condition(condition, drawing.reading)
    bleeding = conditions.read_bleeding_words(condition, drawing.reading)
    infusion = infusions.from_condition(condition, drawing.reading) if record is None and crs is None else None
    drawing.crs += [crs] if crs else []
    drawing.conditions += [record] if record else []
    drawing.possible_bleeding += [bleeding] if bleeding else []
    drawing.gaps += conditions.words_noted(condition, drawing.reading)
    _add_infusion(drawing, infusion, condition.code, Topic.CONDITIONS)


def _read_procedure(drawing: Drawing, procedure: r4_structs.Procedure) -> None:
    product = doses_given.product_used(procedure, drawing.medications, drawing.products, drawing.reading)
    invasive = oxygen_procedures_allergies.invasive_from_procedure(procedure, drawing.reading.zone)
    drawing.procedures += [invasive] if invasive else []
    _add_infusion(drawing, infusions.from_given(procedure, product, drawing.reading), product, Topic.PROCEDURES)
    _add_given(drawing, procedure, product)


def _read_administration(drawing: Drawing, given: r4_structs.MedicationAdministration) -> None:
    concept = medications.concept_of(given, drawing.medications)
    if medications.is_unnamed(given, concept):
        drawing.unnamed.append((Topic.ADMINISTRATIONS, given.source))
    _add_infusion(drawing, infusions.from_given(given, concept, drawing.reading), concept, Topic.ADMINISTRATIONS)
    _add_given(drawing, given, concept)


def _add_given(drawing: Drawing, given: doses_given.Given, concept: CodeableConcept | None) -> None:
    for read in doses_given.read_given(given, concept, drawing.reading):
        match read:
            case Exposure():
                drawing.exposures.append(read)
            case WordedDose():
                drawing.worded.append(read)
            case Gap():
                drawing.gaps.append(read)
            case _:
                assert_never(read)
    drawing.gaps += doses_given.unclear(given, concept, drawing.reading)


def _add_infusion(
    drawing: Drawing, infusion: InfusionRecord | None, concept: CodeableConcept | None, topic: Topic
) -> None:
    """A record of an infusion; one that only words tell of is named."""
    if infusion is None:
        return
    drawing.infusions.append(infusion)
    named = infusions.car_t_in(concept, drawing.reading) if infusion.in_words else None
    if named is not None:
        drawing.gaps.append(infusions.unrecognised_infusion(concept, infusion.source, named, topic))


_USES = {
    OrderKind.MEDICATION_REQUEST: Topic.MEDICATION_REQUESTS,
    OrderKind.MEDICATION_STATEMENT: Topic.MEDICATION_STATEMENTS,
    OrderKind.MEDICATION_DISPENSE: Topic.DISPENSES,
}


def _read_use(drawing: Drawing, use: r4_structs.MedicationUse) -> None:
    kind = OrderKind(use.resource_type)
    concept, topic = medications.concept_of(use, drawing.medications), _USES[kind]
    if medications.is_unnamed(use, concept):
        drawing.unnamed.append((topic, use.source))
    if kind is OrderKind.MEDICATION_REQUEST:
        _add_infusion(drawing, infusions.from_request(use, concept, drawing.reading), concept, topic)
    order = standing_orders.from_use(use, concept, kind, drawing.reading)
    drawing.orders += [order] if order else []
    drawing.gaps += standing_orders.ordered_in_words(order, concept, topic)


def _read_service_request(drawing: Drawing, request: r4_structs.ServiceRequest) -> None:
    reading, topic = drawing.reading, Topic.SERVICE_REQUESTS
    order = standing_orders.from_service_request(request, reading)
    invasive = oxygen_procedures_allergies.invasive_from_request(request, reading.zone)
    _add_infusion(drawing, infusions.from_service_request(request, reading), request.code, topic)
    drawing.orders += [order] if order else []
    drawing.gaps += standing_orders.ordered_in_words(order, request.code, topic)
    drawing.procedures += [invasive] if invasive else []


def _read_allergy(drawing: Drawing, allergy: r4_structs.AllergyIntolerance) -> None:
    record = oxygen_procedures_allergies.read_allergy(allergy, drawing.reading)
    drawing.allergies += [record] if record else []


def _read_patient(drawing: Drawing, patient: r4_structs.PatientStruct) -> None:
    drawing.patient = read_patient(patient, drawing.reading.as_of, drawing.reading.zone)


READERS: tuple[ResourceReader, ...] = (
    ResourceReader(kind="Patient", struct=r4_structs.PatientStruct, topic=Topic.PATIENT, read=_read_patient),
    ResourceReader(
        kind="Observation",
        struct=r4_structs.Observation,
        topic=Topic.LABORATORY,
        refers=("Specimen", "Observation"),
        read=_read_observation,
    ),
    ResourceReader(
        kind="DiagnosticReport",
        struct=r4_structs.DiagnosticReport,
        topic=Topic.LABORATORY,
        refers=("Specimen", "Observation"),
    ),
    ResourceReader(kind="Condition", struct=r4_structs.Condition, topic=Topic.CONDITIONS, read=_read_condition),
    ResourceReader(
        kind="Procedure",
        struct=r4_structs.Procedure,
        topic=Topic.PROCEDURES,
        refers=("Medication", "BiologicallyDerivedProduct"),
        read=_read_procedure,
    ),
    ResourceReader(
        kind="MedicationAdministration",
        struct=r4_structs.MedicationAdministration,
        topic=Topic.ADMINISTRATIONS,
        refers=("Medication",),
        read=_read_administration,
    ),
    *(
        ResourceReader(
            kind=str(kind), struct=r4_structs.MedicationUse, topic=topic, refers=("Medication",), read=_read_use
        )
        for kind, topic in _USES.items()
    ),
    ResourceReader(
        kind="ServiceRequest",
        struct=r4_structs.ServiceRequest,
        topic=Topic.SERVICE_REQUESTS,
        read=_read_service_request,
    ),
    ResourceReader(
        kind="AllergyIntolerance",
        struct=r4_structs.AllergyIntolerance,
        topic=Topic.ALLERGIES,
        read=_read_allergy,
    ),
    ResourceReader(kind="Medication", struct=r4_structs.Medication, refers=("Medication",)),
    ResourceReader(kind="BiologicallyDerivedProduct", struct=r4_structs.BiologicallyDerivedProduct),
)
READER_OF = {reader.kind: reader for reader in READERS}
TOPICS = {reader.kind: reader.topic for reader in READERS if reader.topic is not None}


def read_resource(drawing: Drawing, resource: r4_structs.Resource) -> None:
    """What one resource tells, added to the picture by its reader."""
    reader = READER_OF[resource.resource_type]
    if reader.read is not None:
        reader.read(drawing, resource)
