"""Oxygen, invasive procedures and allergies as records (guideline 9.7, SAF-02)."""

import re
from datetime import tzinfo

from smartapp.clinical.codes import SNOMED, SURGICAL_CATEGORY, drug_of
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Allergy, InvasiveProcedure, OxygenDevice, OxygenSupport
from smartapp.clinical.terminology import Allergen, Drug
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.labs import USED
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.r4_structs import AllergyIntolerance, Observation, Procedure, ServiceRequest
from smartapp.fhir.specimens import collected, is_future
from smartapp.fhir.times import first_moment

_DEVICE_QUESTION = "oxygen delivery device"
_DEVICES: tuple[tuple[OxygenDevice, str], ...] = (
    (OxygenDevice.POSITIVE_PRESSURE, r"cpap|bipap|bilevel|ventilat(?!ion mask)|intubat"),
    (OxygenDevice.HIGH_FLOW, r"high[- ]?flow|hfnc|optiflow"),
    (OxygenDevice.MASK, r"mask|non-?rebreather|venturi"),
    (OxygenDevice.BLOW_BY, r"blow[- ]?by"),
    (OxygenDevice.NONE, r"room air|ambient air|\bnone\b"),
    (OxygenDevice.CANNULA, r"cannula|nasal|prongs"),
)
_PATTERNS = tuple((device, re.compile(pattern, re.IGNORECASE)) for device, pattern in _DEVICES)
_PLASMA_DERIVED = re.compile(r"fibrinogen|cryoprecipitate|plasma(?!-?\s?lyte)|human protein", re.IGNORECASE)
_NAMED_CONCENTRATE = re.compile(r"riastap|fibryga|haemocomplettan|fibrinogen concentrate", re.IGNORECASE)
_ANAPHYLAXIS = re.compile("anaphyla", re.IGNORECASE)
_WRONG = frozenset({"entered-in-error", "refuted"})
_BEFORE = frozenset({"preparation"})


def oxygen_from_flow(result: LabResult, observation: Observation) -> OxygenSupport:
    """A flow in L/min with the device as text in `method` or `device`."""
    text = " ".join(
        part
        for part in (
            observation.method.words if observation.method else "",
            observation.device.display if observation.device else "",
        )
        if part
    )
    device = _device(text)
    none = result.value == 0 and device in (OxygenDevice.NOT_NAMED, OxygenDevice.CANNULA)
    return OxygenSupport(
        device=OxygenDevice.NONE if none else device,
        at=result.collected,
        source=result.source,
        flow_l_per_min=result.value,
    )


def asks_for_device(code: CodeableConcept) -> bool:
    """Whether a code's words ask how oxygen is given."""
    return _DEVICE_QUESTION in code.words.lower()


def oxygen_from_device(observation: Observation, reading: ValueReading) -> OxygenSupport | None:
    """An Observation whose code text is "Oxygen delivery device" with the device as value text."""
    if not asks_for_device(observation.code) or observation.status not in USED:
        return None
    at, _ = collected(observation, reading)
    words = observation.value_string or (
        observation.value_codeable_concept.words if observation.value_codeable_concept else ""
    )
    if at is None or is_future(at, reading) or not words:
        return None
    return OxygenSupport(device=_device(words), at=at, source=observation.source)


def _device(text: str) -> OxygenDevice:
    return next((device for device, pattern in _PATTERNS if pattern.search(text)), OxygenDevice.NOT_NAMED)


def invasive_from_procedure(procedure: Procedure, zone: tzinfo) -> InvasiveProcedure | None:
    """A surgical procedure in preparation or in progress; past ones do not count."""
    if not _is_surgical((procedure.category,) if procedure.category else ()) or procedure.status not in {
        *_BEFORE,
        "in-progress",
    }:
        return None
    period = procedure.performed_period
    return InvasiveProcedure(
        source=f"Procedure/{procedure.id}",
        at=first_moment(zone, procedure.performed_date_time, period.start if period else ""),
        in_progress=procedure.status == "in-progress",
        label=procedure.code.label,
    )


def invasive_from_request(request: ServiceRequest, zone: tzinfo) -> InvasiveProcedure | None:
    """An active order for a surgical procedure."""
    if request.status != "active" or request.do_not_perform or not _is_surgical(request.category):
        return None
    period = request.occurrence_period
    return InvasiveProcedure(
        source=f"ServiceRequest/{request.id}",
        at=first_moment(zone, request.occurrence_date_time, period.start if period else ""),
        label=request.code.label if request.code else "",
    )


def _is_surgical(categories: tuple[CodeableConcept, ...]) -> bool:
    return any(coding.system == SNOMED and coding.code == SURGICAL_CATEGORY for c in categories for coding in c.coding)


def read_allergy(allergy: AllergyIntolerance, reading: ValueReading) -> Allergy | None:
    """An active allergy to a fibrinogen or plasma-derived product; None for any other."""
    if _codes(allergy.verification_status) & _WRONG or not _is_active(allergy) or allergy.code is None:
        return None
    allergen = _allergen(allergy.code, reading)
    if allergen is None:
        return None
    return Allergy(
        allergen=allergen,
        severe=allergy.criticality == "high" or any(_is_severe(r.severity, r.manifestation) for r in allergy.reaction),
        label=allergy.code.label,
        source=f"AllergyIntolerance/{allergy.id}",
    )


def _allergen(code: CodeableConcept, reading: ValueReading) -> Allergen | None:
    drugs = {drug_of(*reading.local_codes.meant_by(coding)) for coding in code.coding}
    if Drug.FIBRINOGEN_CONCENTRATE in drugs or _NAMED_CONCENTRATE.search(code.words):
        return Allergen.NAMED_CONCENTRATE
    if drugs & {Drug.CRYOPRECIPITATE, Drug.PLASMA} or _PLASMA_DERIVED.search(code.words):
        return Allergen.PLASMA_DERIVED
    return None


def _is_severe(severity: str, manifestations: tuple[CodeableConcept, ...]) -> bool:
    return severity == "severe" or any(_ANAPHYLAXIS.search(concept.words) for concept in manifestations)


def _is_active(allergy: AllergyIntolerance) -> bool:
    codes = _codes(allergy.clinical_status)
    return not codes or "active" in codes


def _codes(concept: CodeableConcept | None) -> frozenset[str]:
    return frozenset(coding.code for coding in concept.coding) if concept else frozenset()
