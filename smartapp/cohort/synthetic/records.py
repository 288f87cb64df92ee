"""Synthetic records in FHIR R4 as a hospital's bulk export holds them."""

from datetime import datetime, timedelta
from typing import Any

Record = dict[str, Any]
LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
ICD10CM, ICD10PCS = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.cms.gov/Medicare/Coding/ICD10"
ATC = "http://www.whocc.no/atc"
LABORATORY, VITAL_SIGNS = "laboratory", "vital-signs"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def instant(at: datetime) -> str:
    """As FHIR writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def patient(id_: str, born: str) -> Record:
    """A Patient, without a name."""
    return {"resourceType": "Patient", "id": id_, "birthDate": born}


def result(
    owner: str, id_: str, code: str, value: float, unit: str, at: datetime, *, issued: datetime | None = None
) -> Record:
    """A final Observation: with `issued` a laboratory result, else a vital sign."""
    category = LABORATORY if issued else VITAL_SIGNS
    record = {
        **_owned("Observation", owner, id_),
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": category}]}],
        "code": concept(LOINC, code),
        "effectiveDateTime": instant(at),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }
    return record | ({"issued": instant(issued)} if issued else {})


def condition(owner: str, id_: str, system: str, code: str, at: datetime, over: datetime | None = None) -> Record:
    """A Condition; `over` when it abated."""
    record = {
        **_owned("Condition", owner, id_),
        "code": concept(system, code),
        "onsetDateTime": instant(at),
        "recordedDate": instant(at),
    }
    return record | ({"abatementDateTime": instant(over)} if over else {})


def procedure(owner: str, id_: str, system: str, code: str, at: datetime) -> Record:
    """A Procedure that was done."""
    return {
        **_owned("Procedure", owner, id_),
        "status": "completed",
        "code": concept(system, code),
        "performedDateTime": instant(at),
    }


def administration(
    owner: str, id_: str, system: str, code: str, at: datetime, *, dose: float | None = None, unit: str = ""
) -> Record:
    """A MedicationAdministration over half an hour."""
    record: Record = {
        **_owned("MedicationAdministration", owner, id_),
        "status": "completed",
        "medicationCodeableConcept": concept(system, code),
        "effectivePeriod": {"start": instant(at), "end": instant(at + timedelta(minutes=30))},
    }
    if dose is not None:
        record["dosage"] = {"dose": {"value": dose, "unit": unit, "system": UCUM, "code": unit}}
    return record


def medication_request(owner: str, id_: str, system: str, code: str, at: datetime, status: str = "completed") -> Record:
    """A MedicationRequest."""
    return {
        **_owned("MedicationRequest", owner, id_),
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept(system, code),
        "authoredOn": instant(at),
    }


def medication_statement(owner: str, id_: str, system: str, code: str, at: datetime) -> Record:
    """A MedicationStatement of something no longer taken."""
    return {
        **_owned("MedicationStatement", owner, id_),
        "status": "completed",
        "medicationCodeableConcept": concept(system, code),
        "dateAsserted": instant(at),
    }


def service_request(owner: str, id_: str, code: str, at: datetime, status: str = "completed") -> Record:
    """A laboratory order."""
    return {
        **_owned("ServiceRequest", owner, id_),
        "status": status,
        "intent": "order",
        "code": concept(LOINC, code),
        "authoredOn": instant(at),
    }


def allergy(owner: str, id_: str, code: str, at: datetime) -> Record:
    """An AllergyIntolerance, active."""
    status = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "patient": {"reference": f"Patient/{owner}"},
        "clinicalStatus": concept(status, "active"),
        "code": concept(SNOMED, code),
        "recordedDate": instant(at),
    }


def concept(system: str, code: str) -> Record:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def _owned(kind: str, owner: str, id_: str) -> Record:
    return {"resourceType": kind, "id": id_, "subject": {"reference": f"Patient/{owner}"}}
