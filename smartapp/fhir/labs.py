"""Observations as results: status, time, value, unit, comparator and specimen by the DQ rows; what cannot be read is a gap."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from smartapp.clinical.codes import analyte_of
from smartapp.clinical.labs import Comparator, LabResult, ResultStatus
from smartapp.clinical.moments import Moment, Precision
from smartapp.clinical.picture import AwaitedResult, Gap, GapKind, Topic
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.units import UCUM, Refused, annotated_variant, to_own_unit, unit_of
from smartapp.fhir.document import (
    CodeableConcept,
    Coding,
    Component,
    Observation,
    Quantity,
    ReferenceRange,
    Specimen,
    Unreadable,
    decode,
    kind_of,
)
from smartapp.fhir.times import read_moment

USED = {status.value for status in ResultStatus}
LEFT_OUT = frozenset({"entered-in-error", "cancelled"})
_BAD_SPECIMEN = re.compile(
    r"clotted|ha?emoly[sz]ed|insufficient|short draw|\bQNS\b|contaminat|wrong tube", re.IGNORECASE
)
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([0-9]+(?:[.,][0-9]+)?)\s*(.*)", re.DOTALL)
_FUTURE = timedelta(minutes=5)
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
class Reading:
    """What reading needs besides the resource: now, the site's zone, local codes, and the unit to assume for fibrinogen."""

    as_of: datetime
    zone: tzinfo
    local_codes: Mapping[str, str] = field(default_factory=dict)
    assumed_fibrinogen_unit: str = ""
    specimens: Mapping[str, Specimen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A value as one Observation or component has it."""

    code: CodeableConcept
    quantity: Quantity | None
    string: str | None
    integer: int | None
    concept: CodeableConcept | None
    absent: CodeableConcept | None
    interpretation: tuple[CodeableConcept, ...]
    ranges: tuple[ReferenceRange, ...]
    source: str
    modified: bool = False


class Unusable(ValueError):
    """A value that is not used; `rule` is the guideline row."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.rule = rule


def read_results(observation: Observation, reading: Reading) -> Iterator[LabResult | Gap | AwaitedResult]:
    """All that one Observation tells, its components included (DQ-15)."""
    for value in _values(observation):
        meant = meaning(value.code, reading)
        if meant is None:
            continue
        analyte, variant = meant
        yield from _read_one(observation, value, analyte, variant, reading)


def meaning(code: CodeableConcept, reading: Reading) -> tuple[Analyte, Variant | None] | None:
    """What a code measures, by LOINC or by the site's map of local codes; display text is never matched (FHIR-30)."""
    for coding in code.coding:
        system, value = local(coding, reading.local_codes)
        found = analyte_of(system, value)
        if found is not None:
            return found
    return None


def local(coding: Coding, codes: Mapping[str, str]) -> tuple[str, str]:
    """A coding after the site's map of local codes (`[codes]`)."""
    mapped = codes.get(f"{coding.system}|{coding.code}") if codes else None
    if mapped is None:
        return coding.system, coding.code
    system, _, code = mapped.partition("|")
    return system, code


def _read_one(
    observation: Observation, value: _Value, analyte: Analyte, variant: Variant | None, reading: Reading
) -> Iterator[LabResult | Gap | AwaitedResult]:
    status = observation.status
    collected, note = _collected(observation, reading)
    if analyte is Analyte.FIBRINOGEN and status in ("registered", "preliminary"):
        yield AwaitedResult(source=value.source, at=collected)
    if status in LEFT_OUT or status == "registered":
        return
    try:
        result = _result(observation, value, analyte, variant, collected, reading)
    except Unusable as problem:
        yield _gap(problem, value, analyte, collected)
        return
    yield replace(result, flags=(*result.flags, note)) if note else result
    if note:
        yield Gap(
            kind=GapKind.NOTED,
            rule="DQ-02",
            text=f"{_name(analyte)}: {note}",
            source=value.source,
            topic=topic_of(analyte),
            analyte=analyte,
            at=collected,
        )


def _result(
    observation: Observation,
    value: _Value,
    analyte: Analyte,
    variant: Variant | None,
    collected: Moment | None,
    reading: Reading,
) -> LabResult:
    if observation.status not in USED:
        raise Unusable("DQ-01", f"its status {observation.status or 'is missing'} does not tell whether it is valid")
    if value.modified:
        raise Unusable("DQ-01", "it carries a modifierExtension that is not understood")
    if collected is None:
        raise Unusable("DQ-02", "its time of collection is missing or cannot be read")
    if collected.at > reading.as_of + _FUTURE:
        raise Unusable("DQ-02", "its time of collection lies in the future")
    _check_specimen(observation, value, reading)
    quantity = _quantity(value)
    unit = _unit(analyte, quantity, reading)
    number = quantity.value if quantity.value is not None else Decimal(0)
    converted = to_own_unit(analyte, number, unit)
    if isinstance(converted, Refused):
        raise Unusable(converted.rule, converted.why)
    return LabResult(
        analyte=analyte,
        value=converted,
        reported=words(quantity),
        collected=collected,
        source=value.source,
        status=ResultStatus(observation.status),
        comparator=Comparator(quantity.comparator) if quantity.comparator else None,
        variant=annotated_variant(unit) or variant if analyte is Analyte.D_DIMER else variant,
        upper_limit=_upper_limit(analyte, value.ranges, unit),
        issued=_issued(observation, reading),
    )


def _values(observation: Observation) -> Iterator[_Value]:
    source = f"Observation/{observation.id}"
    yield _Value(
        code=observation.code,
        quantity=observation.value_quantity,
        string=observation.value_string,
        integer=observation.value_integer,
        concept=observation.value_codeable_concept,
        absent=observation.data_absent_reason,
        interpretation=observation.interpretation,
        ranges=observation.reference_range,
        source=source,
    )
    for number, component in enumerate(observation.component, start=1):
        yield _of_component(component, f"{source}#component-{number}")


def _of_component(component: Component, source: str) -> _Value:
    return _Value(
        code=component.code,
        quantity=component.value_quantity,
        string=component.value_string,
        integer=component.value_integer,
        concept=component.value_codeable_concept,
        absent=component.data_absent_reason,
        interpretation=component.interpretation,
        ranges=component.reference_range,
        source=source,
        modified=bool(component.modifier_extension),
    )


def _quantity(value: _Value) -> Quantity:
    if value.quantity is not None:
        return _checked(value.quantity)
    if value.integer is not None:
        return Quantity(value=Decimal(value.integer))
    if value.string is not None:
        return _from_string(value.string)
    if value.concept is not None:
        raise Unusable("DQ-14", f"its value is words, not a number: “{value.concept.label[:60]}”")
    why = value.absent.label if value.absent else ""
    raise Unusable("DQ-14", f"it has no value ({why})" if why else "it has no value")


def _checked(quantity: Quantity) -> Quantity:
    if quantity.value is None or not quantity.value.is_finite():
        raise Unusable("DQ-14", "its value has no number")
    if quantity.comparator and quantity.comparator not in {comparator.value for comparator in Comparator}:
        raise Unusable("DQ-04", f"its comparator {quantity.comparator} is not known")
    return quantity


def _from_string(text: str) -> Quantity:
    """DQ-14: comma decimals, a leading comparator, a unit after the number; anything else is unusable, shown verbatim."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise Unusable("DQ-14", f"its value is words, not a number: “{text.strip()[:60]}”")
    comparator, number, unit = match.groups()
    try:
        return Quantity(value=Decimal(number.replace(",", ".")), comparator=comparator or "", unit=unit.strip())
    except InvalidOperation:
        raise Unusable("DQ-14", f"its value is not a number: “{text.strip()[:60]}”") from None


def _unit(analyte: Analyte, quantity: Quantity, reading: Reading) -> str:
    code = quantity.code if quantity.system in ("", UCUM) else ""
    if not code and not quantity.unit and analyte is Analyte.FIBRINOGEN and reading.assumed_fibrinogen_unit:
        return reading.assumed_fibrinogen_unit
    if not code and not quantity.unit and analyte in (Analyte.INR, Analyte.HAEMATOCRIT):
        return "1"
    unit = unit_of(analyte, code, quantity.unit)
    if isinstance(unit, Refused):
        raise Unusable(unit.rule, unit.why)
    return unit


def words(quantity: Quantity) -> str:
    """A quantity as the record has it: `<60 mg/dL`."""
    return f"{quantity.comparator}{quantity.value} {quantity.unit or quantity.code}".strip()


def _upper_limit(analyte: Analyte, ranges: tuple[ReferenceRange, ...], unit: str) -> Decimal | None:
    """The record's own upper limit, in the analyte's unit; a limit in another unit is converted, an odd one ignored."""
    for range_ in ranges:
        high = range_.high
        if high is None or high.value is None:
            continue
        own = unit_of(analyte, high.code if high.system in ("", UCUM) else "", high.unit)
        found = to_own_unit(
            analyte,
            high.value,
            unit if isinstance(own, Refused) and not (high.code or high.unit) else own if isinstance(own, str) else "",
        )
        if isinstance(found, Decimal):
            return found
    return None


def _collected(observation: Observation, reading: Reading) -> tuple[Moment | None, str]:
    """DQ-02: effective dateTime, period end, instant, the specimen's collection; only `issued` is used with a note."""
    period = observation.effective_period
    for text in (
        observation.effective_date_time,
        period.end if period else "",
        observation.effective_instant,
        _from_specimen(observation, reading),
    ):
        if text:
            moment = read_moment(text, reading.zone)
            return (moment, "") if moment is not None and moment.precision >= Precision.DAY else (None, "")
    issued = read_moment(observation.issued, reading.zone) if observation.issued else None
    return (
        (issued, "only the time of issue is recorded; it is used as the time of collection") if issued else (None, "")
    )


def _from_specimen(observation: Observation, reading: Reading) -> str:
    specimen = _specimen(observation, reading)
    if specimen is None or specimen.collection is None:
        return ""
    period = specimen.collection.collected_period
    return specimen.collection.collected_date_time or (period.end if period else "")


def _specimen(observation: Observation, reading: Reading) -> Specimen | None:
    reference = observation.specimen.reference if observation.specimen else ""
    for raw in observation.contained:
        if kind_of(bytes(raw)).resource_type == "Specimen":
            try:
                return decode(bytes(raw), Specimen)
            except Unreadable:
                return None
    return reading.specimens.get(reference.rsplit("/", 1)[-1]) if reference else None


def _check_specimen(observation: Observation, value: _Value, reading: Reading) -> None:
    """DQ-10: words that say the specimen was bad."""
    specimen = _specimen(observation, reading)
    texts = [
        *(concept.words for concept in value.interpretation),
        value.absent.words if value.absent else "",
        value.string or "",
        *(note.text for note in observation.note),
        *((concept.words for concept in specimen.condition) if specimen else ()),
        *((note.text for note in specimen.note) if specimen else ()),
    ]
    for text in texts:
        bad = _BAD_SPECIMEN.search(text)
        if bad is not None:
            raise Unusable("DQ-10", f"the specimen is called “{bad.group(0).lower()}”: re-draw")


def _issued(observation: Observation, reading: Reading) -> datetime | None:
    moment = read_moment(observation.issued, reading.zone) if observation.issued else None
    return moment.at if moment else None


def topic_of(analyte: Analyte) -> Topic:
    """Which part of the chart an analyte belongs to."""
    return Topic.VITAL_SIGNS if analyte in VITAL else Topic.LABORATORY


def _gap(problem: Unusable, value: _Value, analyte: Analyte, at: Moment | None) -> Gap:
    reported = (
        words(value.quantity) if value.quantity and value.quantity.value is not None else (value.string or "")[:60]
    )
    shown = f" {reported}" if reported else ""
    return Gap(
        kind=GapKind.UNREADABLE,
        rule=problem.rule,
        text=f"{_name(analyte)}{shown} could not be read: {problem}",
        source=value.source,
        topic=topic_of(analyte),
        analyte=analyte,
        at=at,
        reported=reported,
    )


def _name(analyte: Analyte) -> str:
    upper = {Analyte.PT, Analyte.INR, Analyte.CRP, Analyte.LDH, Analyte.ALT, Analyte.AST}
    return str(analyte).upper() if analyte in upper else str(analyte).replace("_", " ").capitalize()
