"""Which resources tell of a CAR-T infusion, and when it was (APP-01)."""

from typing import NamedTuple

from smartapp.clinical.codes import car_t_of, drug_of
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Gap, InfusionRecord, Topic
from smartapp.clinical.record_words import car_t_named, tells_of_giving, tells_of_preparation
from smartapp.clinical.terminology import CarTProduct
from smartapp.fhir.elements import CodeableConcept, Period
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.r4_structs import Condition, MedicationAdministration, MedicationUse, Procedure, ServiceRequest
from smartapp.fhir.times import first_moment
from smartapp.fhir.unrecognised import A_CAR_T, unrecognised

GIVEN = frozenset({"completed", "in-progress"})
SETTLED = GIVEN | {"preparation", "not-done", "on-hold", "stopped", "entered-in-error"}
"""Every status of R4 that tells whether something was given; `unknown`, none, and a word of no code list do not."""
_NOT_MEANT = frozenset({"entered-in-error", "cancelled", "revoked", "draft"})


class CarTNamed(NamedTuple):
    """The product that a record names; `in_words`: no code that is known does; `weak`: words that only may tell of an infusion (DQ-24)."""

    product: CarTProduct
    in_words: bool = False
    weak: bool = False


def car_t_in(concept: CodeableConcept | None, reading: ValueReading) -> CarTNamed | None:
    """The CAR-T product that a concept names: by code (the site's own included), else by its words (APP-01, DQ-24)."""
    if concept is None:
        return None
    found = None
    for coding in concept.coding:
        meant = reading.local_codes.meant_by(coding)
        product = car_t_of(*meant)
        if product is not None and product is not CarTProduct.UNKNOWN:
            return CarTNamed(product)
        if product is None and drug_of(*meant) is not None:
            return None
        found = found or product
    if found is not None:
        return CarTNamed(_named_beside(concept) or found)
    return _in_words(concept.words)


def _named_beside(concept: CodeableConcept) -> CarTProduct | None:
    """The name in the words beside a code that several products share."""
    named = car_t_named(concept.words)
    return named if named is not CarTProduct.UNKNOWN else None


def _in_words(words: str) -> CarTNamed | None:
    """APP-01: the names of products tell of an infusion as if coded, unless the words tell of what comes before one."""
    product = car_t_named(words) if words else None
    if product is None:
        return None
    if tells_of_preparation(words):
        return CarTNamed(product, in_words=True, weak=True) if tells_of_giving(words) else None
    return CarTNamed(product, in_words=True, weak=product is CarTProduct.UNKNOWN)


def unrecognised_infusion(concept: CodeableConcept | None, source: str, named: CarTNamed, topic: Topic) -> Gap:
    """A CAR-T product named by words alone, with where to map its code (DQ-23)."""
    so = "it may be the CAR-T infusion: confirm" if named.weak else f"it is taken as {named.product}"
    return unrecognised(
        concept, source, what="A record", so=so, stands_for=A_CAR_T[named.product], topic=topic, rule="DQ-24"
    )


def from_given(
    given: MedicationAdministration | Procedure, concept: CodeableConcept | None, reading: ValueReading
) -> InfusionRecord | None:
    """Strong evidence, if it was given or done; weak where only words may tell of it."""
    named = car_t_in(concept, reading)
    if named is None or given.status not in GIVEN:
        return None
    return InfusionRecord(
        product=named.product,
        source=given.source,
        strong=not named.weak,
        start=first_moment(reading.zone, given.at, _start(given.period)),
        in_words=named.in_words,
    )


def from_condition(condition: Condition, reading: ValueReading) -> InfusionRecord | None:
    """Weak evidence: a condition without a known code whose words tell of CAR-T cells."""
    named = car_t_in(condition.code, reading)
    if named is None or not named.in_words:
        return None
    return InfusionRecord(product=named.product, source=condition.source, strong=False, in_words=True)


def from_request(
    request: MedicationUse, concept: CodeableConcept | None, reading: ValueReading
) -> InfusionRecord | None:
    """Weak evidence: a MedicationRequest alone."""
    named = car_t_in(concept, reading)
    if named is None or request.status in _NOT_MEANT or request.do_not_perform:
        return None
    return InfusionRecord(product=named.product, source=request.source, strong=False, in_words=named.in_words)


def from_service_request(request: ServiceRequest, reading: ValueReading) -> InfusionRecord | None:
    """A plan, if it is active and dated in the future (APP-05); else weak evidence."""
    named = car_t_in(request.code, reading)
    if named is None or request.status in _NOT_MEANT or request.do_not_perform:
        return None
    occurs = first_moment(reading.zone, request.occurrence_date_time, _start(request.occurrence_period))
    planned = occurs is not None and _is_future(occurs, reading)
    if planned and request.status != "active":
        return None
    return InfusionRecord(
        product=named.product,
        source=request.source,
        strong=False,
        planned=planned,
        start=occurs,
        in_words=named.in_words,
    )


def _is_future(moment: Moment, reading: ValueReading) -> bool:
    if moment.has_time:
        return moment.at > reading.as_of
    return moment.local_date(reading.zone) > reading.as_of.astimezone(reading.zone).date()


def _start(period: Period | None) -> str:
    return period.start if period else ""
