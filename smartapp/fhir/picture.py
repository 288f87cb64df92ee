"""A chart as a clinical picture: every resource by its reader, every problem as a named gap (DQ rows, FHIR-03, 04, 09, 29)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, tzinfo
from functools import partial
from operator import eq, itemgetter
from typing import assert_never

from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.picture import (
    Allergy,
    AwaitedResult,
    Bedside,
    ClinicalPicture,
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
from smartapp.clinical.record_words import names_crs
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
from smartapp.fhir.chart import Chart
from smartapp.fhir.corrections import needs_settling, settle
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.crs_observations import grade_in_words, is_grade, read_crs_observation
from smartapp.fhir.data_gaps import fibrinogen_unread, not_offered, notices, once_each, unnamed_drugs, unread_topics
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.identity import bearer_of, read_patient
from smartapp.fhir.labs import is_called_fibrinogen, read_results
from smartapp.fhir.lazy_results import Unread, Waiting, read_waiting, remembered
from smartapp.fhir.local_codes import LocalCodes
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.resources import TOPICS, ChartRecords, collect, is_patient

_CALM = frozenset({Topic.ENCOUNTER, Topic.REPORTS, Topic.SPECIMENS})
"""No rule reads it; or each result that it leaves open says so itself (DQ-17, DQ-28)."""


@dataclass(slots=True)
class _Drawing:
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


_LISTS = tuple(one.name for one in fields(_Drawing) if one.default_factory is list)


def read_picture(
    chart: Chart,
    as_of: datetime,
    zone: tzinfo,
    *,
    policy: SitePolicy,
    local_codes: Mapping[str, str] | None = None,
    bedside: Bedside = Bedside(),
    proposal_system: str = "",
) -> ClinicalPicture:
    """Everything the rules may see of the chart's patient. Never raises for what the chart holds: a problem is a gap."""
    return read_records(
        chart,
        as_of,
        zone,
        policy=policy,
        local_codes=local_codes,
        bedside=bedside,
        proposal_system=proposal_system,
    )[0]


def read_records(
    chart: Chart,
    as_of: datetime,
    zone: tzinfo,
    *,
    policy: SitePolicy,
    local_codes: Mapping[str, str] | None = None,
    bedside: Bedside = Bedside(),
    proposal_system: str = "",
    memory: CourseMemory | None = None,
) -> tuple[ClinicalPicture, ChartRecords]:
    """The picture, and the bytes of each resource it was read from by `Type/id`; a `memory` of earlier looks at the same course saves
    reading again what it holds, and changes nothing else."""
    assumed = policy.get("assume_fib_unit_if_missing")
    reading = ValueReading(
        as_of=as_of,
        zone=zone,
        local_codes=LocalCodes(local_codes),
        assumed_fibrinogen_unit="" if assumed == "none" else assumed,
        proposal_system=proposal_system,
        bearer=bearer_of(chart, as_of, zone),
    )
    if memory is not None:
        memory.of_bearer(reading.bearer)
    unread = Unread(
        reading=reading,
        own=lambda subject: is_patient(subject.reference, chart),
        decides=partial(_tells_more, policy.get("crs_grade_codes")),
        memory=memory,
    )
    found = collect(chart, unread.takes, memory)
    reading = replace(reading, specimens=found.specimens)
    drawing = _Drawing(
        reading=reading,
        policy=policy,
        gaps=list(found.gaps),
        medications=found.medications,
        products=found.products,
        unread=unread.by_analyte,
        memory=memory,
    )
    if memory is not None:
        memory.beside(found.medications, found.specimens, found.products)
    for resource in found.resources:
        if memory is None:
            _draw(drawing, resource)
        else:
            _draw_remembered(drawing, resource, memory)
    for use, kind in found.uses:
        _draw_use(drawing, use, kind)
    return _finished(drawing, chart, bedside), found.records


def _finished(drawing: _Drawing, chart: Chart, bedside: Bedside) -> ClinicalPicture:
    unread = unread_topics(chart)
    labs = _all_series(drawing)
    return ClinicalPicture(
        as_of=drawing.reading.as_of,
        patient=drawing.patient or Patient(reference=f"Patient/{chart.patient}"),
        zone=drawing.reading.zone,
        infusions=tuple(sorted(drawing.infusions, key=lambda record: record.source)),
        labs=labs,
        crs_records=tuple(sorted(drawing.crs, key=lambda record: record.source)),
        conditions=tuple(sorted(drawing.conditions, key=lambda record: record.source)),
        exposures=tuple(sorted(drawing.exposures, key=lambda record: (record.start.at, record.source))),
        orders=tuple(sorted(drawing.orders, key=lambda record: record.source)),
        awaited=tuple(sorted(drawing.awaited, key=lambda record: record.source)),
        oxygen=tuple(sorted(drawing.oxygen, key=lambda record: (record.at.at, record.source))),
        procedures=tuple(sorted(drawing.procedures, key=lambda record: record.source)),
        allergies=tuple(sorted(drawing.allergies, key=lambda record: record.source)),
        bedside=bedside,
        unusable_fibrinogen=tuple(sorted(drawing.unusable, key=lambda result: result.source)),
        fibrinogen_unread=fibrinogen_unread(chart),
        worded_doses=tuple(sorted(drawing.worded, key=lambda dose: (dose.start.at, dose.source))),
        possible_bleeding=tuple(sorted(drawing.possible_bleeding, key=lambda record: record.source)),
        gaps=(
            *unread.values(),
            *not_offered(chart),
            *notices(chart),
            *unnamed_drugs(drawing.unnamed),
            *sorted(once_each(drawing.gaps), key=lambda gap: (gap.source, gap.rule, gap.text)),
        ),
        unread={topic: gap for topic, gap in unread.items() if topic not in _CALM and not gap.only_older},
    )


def _tells_more(grade_codes: Sequence[str], code: CodeableConcept, known: bool) -> bool:
    """Whether an Observation under this code tells anything but its result."""
    asks = oxygen_procedures_allergies.asks_for_device(code) or is_grade(code, grade_codes)
    return asks or (not known and (is_called_fibrinogen(code) or names_crs(code.words)))


def _all_series(drawing: _Drawing) -> dict[Analyte, LabSeries]:
    """Each analyte's results; what replaces another is settled first (DQ-29)."""
    for analyte in {*drawing.labs, *((Analyte.FIBRINOGEN,) if drawing.unusable else ())}:
        read = drawing.labs.get(analyte, [])
        unusable = drawing.unusable if analyte is Analyte.FIBRINOGEN else []
        if needs_settling([*read, *unusable]):
            waiting = [_read_later(drawing)(each) for each in drawing.unread.get(analyte, [])]
            settled = settle(analyte, [*read, *waiting], unusable)
            drawing.labs[analyte] = list(settled.results)
            drawing.unread = {other: kept for other, kept in drawing.unread.items() if other is not analyte}
            drawing.gaps += settled.gaps
            unusable[:] = [result for result in unusable if result.source not in settled.replaced]
    analytes = {**drawing.labs, **drawing.unread}
    return {
        analyte: _series(drawing.labs.get(analyte, []), drawing.unread.get(analyte, []), _read_later(drawing))
        for analyte in analytes
    }


def _read_later(drawing: _Drawing) -> Callable[[Waiting], LabResult]:
    zone, memory = drawing.reading.zone, drawing.memory
    return partial(read_waiting, zone=zone) if memory is None else remembered(memory, zone)


def _series(read: list[LabResult], unread: list[Waiting], result_of: Callable[[Waiting], LabResult]) -> LabSeries:
    """One analyte's results; those that share their time with another are read now, so that each event counts once (DQ-18)."""
    unread = sorted(unread, key=itemgetter(0))
    at = [waiting[0] for waiting in unread]
    if not read and not any(map(eq, at, at[1:])):
        return LabSeries(at, unread, result_of)
    times = Counter(at)
    times.update({result.collected.at for result in read})
    shared = [result_of(waiting) for waiting in unread if times[waiting[0]] > 1]
    alone = [(waiting[0], waiting) for waiting in unread if times[waiting[0]] == 1]
    return LabSeries.partly_read(_once([*read, *shared]), alone, result_of)


def _once(results: Iterable[LabResult]) -> list[LabResult]:
    """DQ-18: the same code, collection and value counts once."""
    seen: dict[tuple[object, ...], LabResult] = {}
    for result in sorted(results, key=lambda result: result.source):
        key = (result.analyte, result.variant, result.collected, result.value, result.comparator, result.status)
        seen.setdefault(key, result)
    return list(seen.values())


def _draw_observation(drawing: _Drawing, observation: r4_structs.Observation) -> None:
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
    device = oxygen_procedures_allergies.oxygen_from_device(observation, drawing.reading)
    drawing.oxygen += [device] if device else []
    match read_crs_observation(observation, drawing.reading, drawing.policy.get("crs_grade_codes")):
        case CrsRecord() as record:
            drawing.crs.append(record)
            drawing.gaps += [grade_in_words(observation, record)] if record.in_words else []
        case Gap() as gap:
            drawing.gaps.append(gap)


def _draw_condition(drawing: _Drawing, condition: r4_structs.Condition) -> None:
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


def _draw_procedure(drawing: _Drawing, procedure: r4_structs.Procedure) -> None:
    product = doses_given.product_used(procedure, drawing.medications, drawing.products, drawing.reading)
    invasive = oxygen_procedures_allergies.invasive_from_procedure(procedure, drawing.reading.zone)
    drawing.procedures += [invasive] if invasive else []
    _add_infusion(drawing, infusions.from_given(procedure, product, drawing.reading), product, Topic.PROCEDURES)
    _add_given(drawing, procedure, product)


def _draw_administration(drawing: _Drawing, given: r4_structs.MedicationAdministration) -> None:
    concept = medications.concept_of(given, drawing.medications)
    if medications.is_unnamed(given, concept):
        drawing.unnamed.append((Topic.ADMINISTRATIONS, given.source))
    _add_infusion(drawing, infusions.from_given(given, concept, drawing.reading), concept, Topic.ADMINISTRATIONS)
    _add_given(drawing, given, concept)


def _add_given(drawing: _Drawing, given: doses_given.Given, concept: CodeableConcept | None) -> None:
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
    drawing: _Drawing, infusion: InfusionRecord | None, concept: CodeableConcept | None, topic: Topic
) -> None:
    """A record of an infusion; one that only words tell of is named."""
    if infusion is None:
        return
    drawing.infusions.append(infusion)
    named = infusions.car_t_in(concept, drawing.reading) if infusion.in_words else None
    if named is not None:
        drawing.gaps.append(infusions.unrecognised_infusion(concept, infusion.source, named, topic))


def _draw_use(drawing: _Drawing, use: r4_structs.MedicationUse, kind: OrderKind) -> None:
    concept, topic = medications.concept_of(use, drawing.medications), TOPICS[str(kind)]
    if medications.is_unnamed(use, concept):
        drawing.unnamed.append((topic, use.source))
    if kind is OrderKind.MEDICATION_REQUEST:
        _add_infusion(drawing, infusions.from_request(use, concept, drawing.reading), concept, topic)
    order = standing_orders.from_use(use, concept, kind, drawing.reading)
    drawing.orders += [order] if order else []
    drawing.gaps += standing_orders.ordered_in_words(order, concept, topic)


def _draw_service_request(drawing: _Drawing, request: r4_structs.ServiceRequest) -> None:
    reading, topic = drawing.reading, Topic.SERVICE_REQUESTS
    order = standing_orders.from_service_request(request, reading)
    invasive = oxygen_procedures_allergies.invasive_from_request(request, reading.zone)
    _add_infusion(drawing, infusions.from_service_request(request, reading), request.code, topic)
    drawing.orders += [order] if order else []
    drawing.gaps += standing_orders.ordered_in_words(order, request.code, topic)
    drawing.procedures += [invasive] if invasive else []


def _draw_allergy(drawing: _Drawing, allergy: r4_structs.AllergyIntolerance) -> None:
    record = oxygen_procedures_allergies.read_allergy(allergy, drawing.reading)
    drawing.allergies += [record] if record else []


def _draw_patient(drawing: _Drawing, patient: r4_structs.PatientStruct) -> None:
    drawing.patient = read_patient(patient, drawing.reading.as_of, drawing.reading.zone)


def _draw(drawing: _Drawing, resource: r4_structs.Resource) -> None:
    match resource:
        case r4_structs.Observation():
            _draw_observation(drawing, resource)
        case r4_structs.Condition():
            _draw_condition(drawing, resource)
        case r4_structs.Procedure():
            _draw_procedure(drawing, resource)
        case r4_structs.MedicationAdministration():
            _draw_administration(drawing, resource)
        case r4_structs.ServiceRequest():
            _draw_service_request(drawing, resource)
        case r4_structs.AllergyIntolerance():
            _draw_allergy(drawing, resource)
        case r4_structs.PatientStruct():
            _draw_patient(drawing, resource)


def _draw_remembered(drawing: _Drawing, resource: r4_structs.Resource, memory: CourseMemory) -> None:
    """The same, from memory once every time in the record has passed: nothing in its reading can change from then on."""
    alone: _Drawing | None = memory.drawn.get(id(resource))
    if alone is None:
        alone = _Drawing(
            reading=drawing.reading, policy=drawing.policy, medications=drawing.medications, products=drawing.products
        )
        _draw(alone, resource)
        over_time = isinstance(resource, r4_structs.Condition)  # what is over counts for a while (BLD-01)
        if not over_time and memory.is_settled(resource, drawing.reading.as_of, drawing.reading.zone):
            memory.drawn[id(resource)] = alone
    drawing.patient = alone.patient or drawing.patient
    for analyte, results in alone.labs.items():
        drawing.labs.setdefault(analyte, []).extend(results)
    for name in _LISTS:
        if told := getattr(alone, name):
            getattr(drawing, name).extend(told)
