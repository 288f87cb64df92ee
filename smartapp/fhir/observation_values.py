"""What reading an Observation needs besides it, the values it holds, and what their codes mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from smartapp.clinical.codes import analyte_of
from smartapp.clinical.gaps import Topic, UnusableReason
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.fhir.elements import CodeableConcept, Quantity, Range, Ratio, ReferenceRange
from smartapp.fhir.local_codes import NO_LOCAL_CODES, LocalCodes
from smartapp.fhir.r4_structs import Component, Observation, Specimen
from smartapp.fhir.reference_ranges import NOBODY, Bearer

VITAL = frozenset(
    {
        Analyte.TEMPERATURE,
        Analyte.SYSTOLIC_PRESSURE,
        Analyte.DIASTOLIC_PRESSURE,
        Analyte.MEAN_PRESSURE,
        Analyte.SPO2,
        Analyte.OXYGEN_FLOW,
        Analyte.FIO2,
        Analyte.HEART_RATE,
        Analyte.RESPIRATORY_RATE,
        Analyte.WEIGHT,
        Analyte.HEIGHT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueReading:
    """What reading needs besides the resource: now, the site's zone, local codes, the unit to assume for fibrinogen, the identifier
    system of this app's own orders (empty: not known), and whom a reference range must fit."""

    as_of: datetime
    zone: tzinfo
    local_codes: LocalCodes = NO_LOCAL_CODES
    assumed_fibrinogen_unit: str = ""
    proposal_system: str = ""
    bearer: Bearer = NOBODY
    specimens: Mapping[str, Specimen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value as one Observation or component has it."""

    code: CodeableConcept
    quantity: Quantity | None
    string: str | None
    integer: int | None
    range: Range | None
    ratio: Ratio | None
    concept: CodeableConcept | None
    absent: CodeableConcept | None
    interpretation: tuple[CodeableConcept, ...]
    ranges: tuple[ReferenceRange, ...]
    source: str
    modified: bool = False


class Unusable(ValueError):
    """A value that is not used; `rule` is the guideline row, `reason` the kind of reason (DQ-21), None where DQ-21 does not ask."""

    def __init__(self, rule: str, why: str, reason: UnusableReason | None = None) -> None:
        super().__init__(why)
        self.rule = rule
        self.reason = reason


def meaning(code: CodeableConcept, reading: ValueReading) -> tuple[Analyte, Variant | None] | None:
    """What a code measures, by LOINC or by the site's map of local codes; display text is never matched (FHIR-30)."""
    for coding in code.coding:
        found = analyte_of(*reading.local_codes.meant_by(coding))
        if found is not None:
            return found
    return None


def values_of(observation: Observation) -> Iterator[Value]:
    source = observation.source
    yield Value(
        code=observation.code,
        quantity=observation.value_quantity,
        string=observation.value_string,
        integer=observation.value_integer,
        range=observation.value_range,
        ratio=observation.value_ratio,
        concept=observation.value_codeable_concept,
        absent=observation.data_absent_reason,
        interpretation=observation.interpretation,
        ranges=observation.reference_range,
        source=source,
    )
    for number, component in enumerate(observation.component, start=1):
        yield _of_component(component, f"{source}#component-{number}")


def _of_component(component: Component, source: str) -> Value:
    return Value(
        code=component.code,
        quantity=component.value_quantity,
        string=component.value_string,
        integer=component.value_integer,
        range=component.value_range,
        ratio=component.value_ratio,
        concept=component.value_codeable_concept,
        absent=component.data_absent_reason,
        interpretation=component.interpretation,
        ranges=component.reference_range,
        source=source,
        modified=bool(component.modifier_extension),
    )


def topic_of(analyte: Analyte) -> Topic:
    """Which part of the chart an analyte belongs to."""
    return Topic.VITAL_SIGNS if analyte in VITAL else Topic.LABORATORY
