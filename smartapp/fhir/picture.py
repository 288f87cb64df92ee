"""A chart as a clinical picture: every resource by its reader, every problem as a named gap (DQ rows, FHIR-03, 04, 09, 29)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from operator import eq, itemgetter

from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.picture import (
    Bedside,
    ClinicalPicture,
    Patient,
    Topic,
)
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.record_words import names_crs
from smartapp.clinical.terminology import Analyte
from smartapp.fhir import (
    oxygen_procedures_allergies,
    r4_structs,
)
from smartapp.fhir.chart import Chart
from smartapp.fhir.corrections import needs_settling, settle
from smartapp.fhir.course_memory import CourseMemory
from smartapp.fhir.crs_observations import is_grade
from smartapp.fhir.data_gaps import fibrinogen_unread, not_offered, notices, once_each, unnamed_drugs, unread_topics
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.identity import bearer_of
from smartapp.fhir.labs import is_called_fibrinogen
from smartapp.fhir.lazy_results import Unread, Waiting, read_waiting, remembered
from smartapp.fhir.local_codes import LocalCodes
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.resource_readers import LISTS, Drawing, read_resource
from smartapp.fhir.resources import ChartRecords, collect, is_patient

_CALM = frozenset({Topic.ENCOUNTER, Topic.REPORTS, Topic.SPECIMENS})
"""No rule reads it; or each result that it leaves open says so itself (DQ-17, DQ-28)."""


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
    drawing = Drawing(
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
            read_resource(drawing, resource)
        else:
            _draw_remembered(drawing, resource, memory)
    return _finished(drawing, chart, bedside), found.records


def _finished(drawing: Drawing, chart: Chart, bedside: Bedside) -> ClinicalPicture:
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


def _all_series(drawing: Drawing) -> dict[Analyte, LabSeries]:
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


def _read_later(drawing: Drawing) -> Callable[[Waiting], LabResult]:
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


def _draw_remembered(drawing: Drawing, resource: r4_structs.Resource, memory: CourseMemory) -> None:
    """The same, from memory once every time in the record has passed: nothing in its reading can change from then on."""
    alone: Drawing | None = memory.drawn.get(id(resource))
    if alone is None:
        alone = Drawing(
            reading=drawing.reading, policy=drawing.policy, medications=drawing.medications, products=drawing.products
        )
        read_resource(alone, resource)
        over_time = isinstance(resource, r4_structs.Condition)  # what is over counts for a while (BLD-01)
        if not over_time and memory.is_settled(resource, drawing.reading.as_of, drawing.reading.zone):
            memory.drawn[id(resource)] = alone
    drawing.patient = alone.patient or drawing.patient
    for analyte, results in alone.labs.items():
        drawing.labs.setdefault(analyte, []).extend(results)
    for name in LISTS:
        if told := getattr(alone, name):
            getattr(drawing, name).extend(told)
