"""Which resources tell of a CAR-T infusion, and when it was (APP-01)."""

import re
from datetime import datetime, tzinfo

from smartapp.clinical.codes import car_t_of
from smartapp.clinical.moments import Moment
from smartapp.clinical.picture import InfusionRecord
from smartapp.clinical.terminology import CarTProduct
from smartapp.fhir.document import (
    CodeableConcept,
    MedicationAdministration,
    MedicationUse,
    Period,
    Procedure,
    ServiceRequest,
)
from smartapp.fhir.times import first_moment

GIVEN = frozenset({"completed", "in-progress"})
_ACTIVE = frozenset({"active", "on-hold"})
_WORDS = re.compile(r"tisagenlecleucel|kymriah|tisa-?cel|ctl019", re.IGNORECASE)


def product_of(concept: CodeableConcept | None) -> CarTProduct | None:
    """The CAR-T product that a concept names, by code or by the words of APP-01."""
    if concept is None:
        return None
    if _WORDS.search(concept.words):
        return CarTProduct.TISAGENLECLEUCEL
    found = [product for coding in concept.coding if (product := car_t_of(coding.system, coding.code))]
    known = [product for product in found if product is not CarTProduct.UNKNOWN]
    return known[0] if known else found[0] if found else None


def from_procedure(procedure: Procedure, zone: tzinfo) -> InfusionRecord | None:
    """Strong evidence, if it was done."""
    product = product_of(procedure.code)
    if product is None or procedure.status not in GIVEN:
        return None
    start = first_moment(zone, procedure.performed_date_time, _start(procedure.performed_period))
    return InfusionRecord(product=product, source=f"Procedure/{procedure.id}", strong=True, start=start)


def from_administration(
    given: MedicationAdministration, concept: CodeableConcept | None, zone: tzinfo
) -> InfusionRecord | None:
    """Strong evidence, if it was given."""
    product = product_of(concept)
    if product is None or given.status not in GIVEN:
        return None
    start = first_moment(zone, given.effective_date_time, _start(given.effective_period))
    return InfusionRecord(product=product, source=f"MedicationAdministration/{given.id}", strong=True, start=start)


def from_request(request: MedicationUse, concept: CodeableConcept | None, kind: str) -> InfusionRecord | None:
    """Weak evidence: a request alone."""
    product = product_of(concept)
    if product is None or request.status in ("entered-in-error", "cancelled", "draft") or kind != "MedicationRequest":
        return None
    return InfusionRecord(product=product, source=f"{kind}/{request.id}", strong=False)


def from_service_request(request: ServiceRequest, as_of: datetime, zone: tzinfo) -> InfusionRecord | None:
    """A plan, if it is active and dated in the future (APP-05); else weak evidence."""
    product = product_of(request.code)
    if product is None or request.status in ("entered-in-error", "revoked", "draft"):
        return None
    occurs = first_moment(zone, request.occurrence_date_time, _start(request.occurrence_period))
    planned = occurs is not None and _is_future(occurs, as_of, zone)
    if planned and request.status not in _ACTIVE:
        return None
    return InfusionRecord(
        product=product, source=f"ServiceRequest/{request.id}", strong=False, planned=planned, start=occurs
    )


def _is_future(moment: Moment, as_of: datetime, zone: tzinfo) -> bool:
    if moment.has_time:
        return moment.at > as_of
    return moment.local_date(zone) > as_of.astimezone(zone).date()


def _start(period: Period | None) -> str:
    return period.start if period else ""
