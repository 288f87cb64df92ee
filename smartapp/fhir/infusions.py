"""Which resources tell of a CAR-T infusion, and when it was (APP-01)."""

import re

from smartapp.clinical.codes import car_t_of
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import InfusionRecord
from smartapp.clinical.terminology import CarTProduct
from smartapp.fhir.elements import CodeableConcept, Period
from smartapp.fhir.observation_values import ValueReading, local
from smartapp.fhir.r4_structs import MedicationAdministration, MedicationUse, Procedure, ServiceRequest
from smartapp.fhir.times import first_moment

GIVEN = frozenset({"completed", "in-progress"})
SETTLED = GIVEN | {"preparation", "not-done", "on-hold", "stopped", "entered-in-error"}
"""Every status of R4 that tells whether something was given; `unknown`, none, and a word of no code list do not."""
_NOT_MEANT = frozenset({"entered-in-error", "cancelled", "revoked", "draft"})
_WORDS = re.compile(r"tisagenlecleucel|kymriah|tisa-?cel|ctl019", re.IGNORECASE)


def product_of(concept: CodeableConcept | None, reading: ValueReading) -> CarTProduct | None:
    """The CAR-T product that a concept names, by code (the site's own included) or by the words of APP-01."""
    if concept is None:
        return None
    if _WORDS.search(concept.words):
        return CarTProduct.TISAGENLECLEUCEL
    found = None
    for coding in concept.coding:
        product = car_t_of(*local(coding, reading.local_codes))
        if product is not None and product is not CarTProduct.UNKNOWN:
            return product
        found = found or product
    return found


def from_procedure(procedure: Procedure, reading: ValueReading) -> InfusionRecord | None:
    """Strong evidence, if it was done."""
    product = product_of(procedure.code, reading)
    if product is None or procedure.status not in GIVEN:
        return None
    start = first_moment(reading.zone, procedure.performed_date_time, _start(procedure.performed_period))
    return InfusionRecord(product=product, source=f"Procedure/{procedure.id}", strong=True, start=start)


def from_administration(
    given: MedicationAdministration, concept: CodeableConcept | None, reading: ValueReading
) -> InfusionRecord | None:
    """Strong evidence, if it was given."""
    product = product_of(concept, reading)
    if product is None or given.status not in GIVEN:
        return None
    start = first_moment(reading.zone, given.effective_date_time, _start(given.effective_period))
    return InfusionRecord(product=product, source=f"MedicationAdministration/{given.id}", strong=True, start=start)


def from_request(
    request: MedicationUse, concept: CodeableConcept | None, reading: ValueReading
) -> InfusionRecord | None:
    """Weak evidence: a MedicationRequest alone."""
    product = product_of(concept, reading)
    if product is None or request.status in _NOT_MEANT or request.do_not_perform:
        return None
    return InfusionRecord(product=product, source=f"MedicationRequest/{request.id}", strong=False)


def from_service_request(request: ServiceRequest, reading: ValueReading) -> InfusionRecord | None:
    """A plan, if it is active and dated in the future (APP-05); else weak evidence."""
    product = product_of(request.code, reading)
    if product is None or request.status in _NOT_MEANT or request.do_not_perform:
        return None
    occurs = first_moment(reading.zone, request.occurrence_date_time, _start(request.occurrence_period))
    planned = occurs is not None and _is_future(occurs, reading)
    if planned and request.status != "active":
        return None
    return InfusionRecord(
        product=product, source=f"ServiceRequest/{request.id}", strong=False, planned=planned, start=occurs
    )


def _is_future(moment: Moment, reading: ValueReading) -> bool:
    if moment.has_time:
        return moment.at > reading.as_of
    return moment.local_date(reading.zone) > reading.as_of.astimezone(reading.zone).date()


def _start(period: Period | None) -> str:
    return period.start if period else ""
