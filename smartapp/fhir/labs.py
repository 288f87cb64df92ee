"""Observations as results: status, time, value, unit, comparator and specimen by the DQ rows; what cannot be read is a gap."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from smartapp.clinical.gaps import UnusableReason, UnusableResult
from smartapp.clinical.labs import Comparator, LabResult, ResultStatus
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import AwaitedResult, Gap, GapKind, Topic
from smartapp.clinical.record_words import names_fibrinogen_level
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.units import UCUM, UnitRefused, annotated_variant, to_own_unit
from smartapp.fhir.elements import CodeableConcept, Quantity
from smartapp.fhir.observation_values import Unusable, Value, ValueReading, meaning, topic_of, values_of
from smartapp.fhir.quantities import UNIT_IN_WORDS, is_unit_in_words, lower_end, quantity_of, unit_meant, words
from smartapp.fhir.r4_structs import Observation, decode
from smartapp.fhir.reference_ranges import upper_limit_of
from smartapp.fhir.specimens import (
    NOT_READ,
    check_specimen,
    collected,
    identifiers_of,
    is_future,
    is_specimen_unread,
    issued,
    updated_at,
)
from smartapp.fhir.unrecognised import A_LEVEL, unrecognised
from smartapp.fhir.written_numbers import read_number

USED = {status.value for status in ResultStatus}
LEFT_OUT = frozenset({"entered-in-error", "cancelled"})
_TIERED = (Variant.CLAUSS, Variant.DERIVED, None)


UNIT_ASSUMED = "unit_assumed"
Reading = LabResult | Gap | AwaitedResult | UnusableResult
"""What one value tells; an unusable fibrinogen is both a gap and a result that could not be used (DQ-21)."""


def read_results(observation: Observation, reading: ValueReading) -> Iterator[Reading]:
    """All that one Observation tells, its components included (DQ-15)."""
    for value in values_of(observation):
        meant = meaning(value.code, reading)
        if meant is not None:
            yield from _read_one(observation, value, *meant, reading)
        elif observation.status not in LEFT_OUT and names_fibrinogen_level(value.code.words):
            yield from _unknown_code(observation, value, reading)


def read_plain(raw: bytes, reading: ValueReading) -> LabResult:
    """The one result of a plain Observation (`smartapp.fhir.simple_observation`)."""
    (result,) = read_results(decode(raw, Observation), reading)
    if not isinstance(result, LabResult):
        raise TypeError(f"what was plain reads as {type(result).__name__}")
    return result


def is_called_fibrinogen(code: CodeableConcept) -> bool:
    """Whether a code's words, which alone never make a result, call it fibrinogen."""
    return names_fibrinogen_level(code.words)


def _unknown_code(observation: Observation, value: Value, reading: ValueReading) -> Iterator[Reading]:
    """Words never make a result (FHIR-30), but one that calls itself fibrinogen is named, and unusable where it holds a number (DQ-24)."""
    taken, _ = collected(observation, reading)
    if not _holds_anything(value) and observation.component:
        return
    problem = Unusable("DQ-23", "its code is not known here", UnusableReason.CODE)
    yield unrecognised(
        value.code,
        value.source,
        what="A result",
        so="not used",
        stands_for=A_LEVEL,
        topic=Topic.LABORATORY,
        kind=GapKind.UNREADABLE,
        analyte=Analyte.FIBRINOGEN,
        at=taken,
    )
    if observation.status in USED and _begins_with_a_number(value):
        yield from _unusable(problem, observation, value, Analyte.FIBRINOGEN, None, taken, reading)


def _holds_anything(value: Value) -> bool:
    held = (value.quantity, value.string, value.integer, value.range, value.ratio, value.concept, value.absent)
    return any(each is not None for each in held)


def _begins_with_a_number(value: Value) -> bool:
    """A numeric value, or a text that begins with a number (DQ-24)."""
    if value.string is not None:
        return read_number(value.string) is not None
    return any(each is not None for each in (value.quantity, value.integer, value.range, value.ratio))


def _read_one(
    observation: Observation, value: Value, analyte: Analyte, variant: Variant | None, reading: ValueReading
) -> Iterator[Reading]:
    status = observation.status
    taken, note = collected(observation, reading)
    if analyte is Analyte.FIBRINOGEN and status in ("registered", "preliminary"):
        yield AwaitedResult(source=value.source, at=taken)
    if status == "cancelled" and analyte is Analyte.FIBRINOGEN:
        yield from _cancelled(observation, value, variant, taken, reading)
    if status in LEFT_OUT or status == "registered":
        return
    try:
        result = _result(observation, value, analyte, variant, taken, reading)
    except Unusable as problem:
        yield _gap(problem, value, analyte, taken)
        yield from _unusable(problem, observation, value, analyte, variant, taken, reading)
        return
    unread = is_specimen_unread(observation, reading)
    assumed = _is_unit_assumed(value, analyte, reading)
    remarks = (note, NOT_READ if unread else "", UNIT_ASSUMED if assumed else "")
    flags = (*result.flags, *(remark for remark in remarks if remark))
    yield replace(result, flags=flags) if flags else result
    if unread:
        yield _noted("DQ-28", "its specimen could not be read: whether the sample was good is not known", result)
    if assumed:
        yield _noted(
            "DQ-05", f"it has no unit; {reading.assumed_fibrinogen_unit} is assumed, as the site has set", result
        )
    if note:
        yield _noted("DQ-02", note, result)
    if is_unit_in_words(value.quantity):
        yield _noted("DQ-05", UNIT_IN_WORDS, result)


def _is_unit_assumed(value: Value, analyte: Analyte, reading: ValueReading) -> bool:
    """Whether a fibrinogen without a unit is read by the unit that the site assumes (DQ-05)."""
    if analyte is not Analyte.FIBRINOGEN or not reading.assumed_fibrinogen_unit:
        return False
    quantity = _number(value, reading)
    return quantity is not None and not quantity.unit and not (quantity.code and quantity.system in ("", UCUM))


def _result(
    observation: Observation,
    value: Value,
    analyte: Analyte,
    variant: Variant | None,
    taken: Moment | None,
    reading: ValueReading,
) -> LabResult:
    if observation.status not in USED:
        raise Unusable("DQ-01", f"its status {observation.status or 'is missing'} does not tell whether it is valid")
    if value.modified:
        raise Unusable("DQ-01", "it carries a modifierExtension that is not understood", UnusableReason.MODIFIED)
    if taken is None:
        raise Unusable("DQ-02", "its time of collection is missing or cannot be read", UnusableReason.NO_TIME)
    if is_future(taken, reading):
        raise Unusable("DQ-02", "its time of collection lies in the future", UnusableReason.FUTURE)
    check_specimen(observation, value, reading)
    quantity = quantity_of(value, analyte, reading)
    unit = unit_meant(analyte, quantity, reading)
    number = quantity.value if quantity.value is not None else Decimal(0)
    converted = to_own_unit(analyte, number, unit)
    if isinstance(converted, UnitRefused):
        raise Unusable(converted.rule, converted.why, converted.reason)
    kind = annotated_variant(unit) or variant if analyte is Analyte.D_DIMER else variant
    return LabResult(
        analyte=analyte,
        value=converted,
        reported=_reported(value, quantity),
        collected=taken,
        source=value.source,
        status=ResultStatus(observation.status),
        comparator=Comparator(quantity.comparator) if quantity.comparator else None,
        variant=kind,
        upper_limit=upper_limit_of(analyte, value.ranges, unit, kind, reading.bearer),
        issued=issued(observation, reading),
        low=_low(value, analyte, converted, reading),
        identifiers=identifiers_of(observation, reading),
        updated=updated_at(observation, reading),
    )


def _low(value: Value, analyte: Analyte, high: Decimal, reading: ValueReading) -> Decimal | None:
    """The lower end of a range in the analyte's own unit (DQ-25); None where the value is none, or one number."""
    low = lower_end(value)
    if low is None or low.value is None:
        return None
    converted = to_own_unit(analyte, low.value, unit_meant(analyte, low, reading))
    if isinstance(converted, UnitRefused):
        raise Unusable(converted.rule, converted.why, converted.reason)
    if converted > high:
        raise Unusable("DQ-25", "its range ends below its beginning", UnusableReason.NUMBER)
    return converted if converted < high else None


def _reported(value: Value, quantity: Quantity) -> str:
    """As the record has it: text verbatim (DQ-14)."""
    if value.quantity is None and value.string:
        return value.string.strip()
    low = lower_end(value)
    return words(quantity) if low is None else f"{low.value} to {words(quantity)}"


def _noted(rule: str, remark: str, result: LabResult) -> Gap:
    return Gap(
        kind=GapKind.NOTED,
        rule=rule,
        text=f"{_name(result.analyte)}: {remark}",
        source=result.source,
        topic=topic_of(result.analyte),
        analyte=result.analyte,
        at=result.collected,
    )


def _gap(problem: Unusable, value: Value, analyte: Analyte, at: Moment | None) -> Gap:
    reported = _written(value)
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


def _unusable(
    problem: Unusable,
    observation: Observation,
    value: Value,
    analyte: Analyte,
    variant: Variant | None,
    taken: Moment | None,
    reading: ValueReading,
) -> Iterator[UnusableResult]:
    """A fibrinogen that is recorded and cannot be used (DQ-21); not one of a method that is never tiered (DQ-07)."""
    if analyte is not Analyte.FIBRINOGEN or variant not in _TIERED or problem.reason is None:
        return
    number = _number(value, reading)
    yield UnusableResult(
        source=value.source,
        reason=problem.reason,
        rule=problem.rule,
        why=str(problem),
        reported=_written(value),
        value=number.value if number else None,
        comparator=Comparator(number.comparator) if number and number.comparator else None,
        collected=taken,
        issued=issued(observation, reading),
        status=observation.status,
        variant=variant,
        identifiers=identifiers_of(observation, reading),
        updated=updated_at(observation, reading),
    )


def _cancelled(
    observation: Observation, value: Value, variant: Variant | None, taken: Moment | None, reading: ValueReading
) -> Iterator[Reading]:
    """A cancelled fibrinogen speaks only where it names a fault of the specimen (DQ-21)."""
    try:
        check_specimen(observation, value, reading)
    except Unusable as problem:
        yield _gap(problem, value, Analyte.FIBRINOGEN, taken)
        yield from _unusable(problem, observation, value, Analyte.FIBRINOGEN, variant, taken, reading)


def _number(value: Value, reading: ValueReading) -> Quantity | None:
    """The number that is recorded, whatever is wrong with it besides."""
    try:
        return quantity_of(value, Analyte.FIBRINOGEN, reading)
    except Unusable:
        return None


def _written(value: Value) -> str:
    """The value as recorded, shortened."""
    if value.quantity and value.quantity.value is not None:
        return words(value.quantity)
    return (value.string or "")[:60]


def _name(analyte: Analyte) -> str:
    upper = {Analyte.PT, Analyte.INR, Analyte.CRP, Analyte.LDH, Analyte.ALT, Analyte.AST}
    return str(analyte).upper() if analyte in upper else str(analyte).replace("_", " ").capitalize()
