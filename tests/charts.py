"""FHIR R4 charts for tests, built from what matters to one test: a patient, an infusion, results, conditions, drugs."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/P1"}
ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}

Resource = dict[str, Any]


def ago(**spans: float) -> str:
    """The time `spans` (hours=…, days=…) before NOW, in RFC 3339."""
    return (NOW - timedelta(**spans)).strftime("%Y-%m-%dT%H:%M:%SZ")


def patient(birth: str | None, **more: Any) -> Resource:
    """The one patient; `birth` None leaves the birth date out."""
    return {"resourceType": "Patient", "id": "P1", **({"birthDate": birth} if birth else {}), **more}


def infusion(day: int = 6, code: str = "XW043J7", **more: Any) -> Resource:
    """A completed CAR-T infusion on local day `day` before NOW (tisagenlecleucel unless another code)."""
    return {
        "resourceType": "Procedure",
        "id": "cart",
        "status": "completed",
        "subject": SUBJECT,
        "code": {"coding": [{"system": ICD10PCS, "code": code}]},
        "performedDateTime": (NOW - timedelta(days=day)).date().isoformat(),
        **more,
    }


def result(id_: str, code: str, value: str | None, unit: str, hours_ago: float = 1, **more: Any) -> Resource:
    """An Observation with a UCUM quantity; `value` may begin with a comparator; `more` replaces or adds elements."""
    body: Resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": ago(hours=hours_ago),
    }
    if value is not None:
        number = value.lstrip("<>=")
        quantity: Resource = {"value": Decimal(number), "unit": unit, "system": UCUM, "code": unit}
        if number != value:
            quantity["comparator"] = value[: len(value) - len(number)]
        body["valueQuantity"] = quantity
    return {**body, **more}


def fibrinogen(value: str, unit: str = "g/L", hours_ago: float = 1, id_: str = "fib", **more: Any) -> Resource:
    """A Clauss fibrinogen."""
    return result(id_, "3255-7", value, unit, hours_ago, **more)


def weight(kg: str, hours_ago: float = 12, **more: Any) -> Resource:
    """A measured body weight."""
    return result("weight", "29463-7", kg, "kg", hours_ago, **more)


def condition(id_: str, code: str, onset_hours_ago: float = 10, **more: Any) -> Resource:
    """An active condition by ICD-10-CM code, with onset and recording at the same time."""
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": SUBJECT,
        "clinicalStatus": ACTIVE,
        "code": {"coding": [{"system": ICD10CM, "code": code}]},
        "onsetDateTime": ago(hours=onset_hours_ago),
        "recordedDate": ago(hours=onset_hours_ago),
        **more,
    }


def crs(grade: int, hours_ago: float = 6, **more: Any) -> Resource:
    """A CRS grade recorded as a condition (D89.831 … D89.835)."""
    return condition("crs", f"D89.83{grade}", hours_ago, **more)


def given(
    id_: str, code: str, system: str = ATC, hours_ago: float = 24, status: str = "completed", **more: Any
) -> Resource:
    """A MedicationAdministration at one time, or (`status` in-progress) running since."""
    timing: Resource = (
        {"effectivePeriod": {"start": ago(hours=hours_ago)}}
        if status == "in-progress"
        else {"effectiveDateTime": ago(hours=hours_ago)}
    )
    return {
        "resourceType": "MedicationAdministration",
        "id": id_,
        "status": status,
        "subject": SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": system, "code": code}]},
        **timing,
        **more,
    }


def bundle(*resources: Resource, kind: str = "collection") -> bytes:
    """The chart as the bytes of a Bundle; decimals keep their digits."""
    body = {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource} for resource in resources]}
    return dumps(body)


def dumps(body: Any) -> bytes:
    """JSON with exact decimals (`0.80` stays `0.80`)."""
    marks: dict[str, str] = {}

    def mark(value: Any) -> Any:
        if isinstance(value, Decimal):
            key = f"@@decimal-{len(marks)}@@"
            marks[f'"{key}"'] = str(value)
            return key
        if isinstance(value, dict):
            return {name: mark(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [mark(member) for member in value]
        return value

    text = json.dumps(mark(body))
    for key, number in marks.items():
        text = text.replace(key, number)
    return text.encode()
