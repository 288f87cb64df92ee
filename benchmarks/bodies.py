"""Realistic hook requests: a patient six days after CAR-T with any number of Observations, the same for the same seed."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

Resource = dict[str, Any]
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
# prefetch key, LOINC, name, unit, lowest, highest, upper limit
_TESTS = (
    ("fibrinogen", "3255-7", "Fibrinogen", "g/L", 0.6, 4.0, 4.0),
    ("coagulation", "5902-2", "Prothrombin time", "s", 11.0, 19.0, 14.0),
    ("coagulation", "6301-6", "INR", "{INR}", 0.9, 1.8, 1.2),
    ("coagulation", "14979-9", "aPTT", "s", 25.0, 55.0, 36.0),
    ("coagulation", "48065-7", "Fibrin D-dimer FEU", "mg{FEU}/L", 0.2, 6.0, 0.5),
    ("bloodCounts", "777-3", "Platelets", "10*9/L", 15.0, 220.0, 400.0),
    ("bloodCounts", "718-7", "Hemoglobin", "g/dL", 7.0, 12.0, 16.0),
    ("bloodCounts", "20570-8", "Hematocrit", "%", 21.0, 36.0, 47.0),
    ("bloodCounts", "751-8", "Neutrophils", "10*9/L", 0.1, 4.0, 7.5),
    ("chemistry", "2276-4", "Ferritin", "ug/L", 300.0, 9000.0, 300.0),
    ("chemistry", "1988-5", "C reactive protein", "mg/L", 5.0, 180.0, 5.0),
    ("chemistry", "2532-0", "Lactate dehydrogenase", "U/L", 180.0, 700.0, 250.0),
    ("chemistry", "1742-6", "ALT", "U/L", 15.0, 160.0, 45.0),
    ("vitalSigns", "8310-5", "Body temperature", "Cel", 36.5, 40.0, 0.0),
    ("vitalSigns", "8480-6", "Systolic blood pressure", "mm[Hg]", 92.0, 140.0, 0.0),
    ("vitalSigns", "59408-5", "Oxygen saturation", "%", 91.0, 99.0, 0.0),
)

_CRS = "condition-1"
# `panels` would hold the newest results once more: left out, so that the bodies are as large as those of earlier figures
_EMPTY = (
    *("panels", "reports", "specimens", "medicationStatements", "dispenses", "serviceRequests", "allergies"),
    "encounters",
)


def chart(
    observations: int, seed: int = 20260301, now: datetime | None = None, *, low: bool = False, car_t: bool = True
) -> dict[str, list[Resource]]:
    """By prefetch key, a patient's resources with this many Observations spread over two weeks.

    `low`: the newest fibrinogen is so low that replacement is advised and drafts are offered. Without `car_t` no cells were ever given:
    nothing tells of an infusion, as in nearly every chart of a hospital.
    """
    chance, moment = random.Random(seed), now or datetime.now(UTC)
    found: dict[str, list[Resource]] = {key: [] for key, *_ in _TESTS}
    for number in range(observations):
        test = _TESTS[number % len(_TESTS)]
        found[test[0]].append(_observation(number, test, chance, moment, observations))
    if low:
        found["fibrinogen"][0]["valueQuantity"]["value"] = 0.8
    weighed = _measured("weight-1", ("", "29463-7", "Body weight", "kg", 70.0, 70.0, 0.0), 70.0, moment)
    return found | {
        "patient": [_patient()],
        "weight": [weighed],
        "conditions": [each for each in _conditions(moment) if car_t or each["id"] != _CRS],
        "procedures": [_infusion(moment)] if car_t else [],
        "administrations": _administrations(moment),
        "medicationRequests": _orders(moment),
        **{empty: [] for empty in _EMPTY},
    }


def hook_body(
    observations: int,
    seed: int = 20260301,
    now: datetime | None = None,
    *,
    low: bool = False,
    car_t: bool = True,
) -> bytes:
    """A `patient-view` call with full prefetch of that chart."""
    found = chart(observations, seed, now, low=low, car_t=car_t)
    prefetch: dict[str, Any] = {key: _bundle(resources) for key, resources in found.items() if key != "patient"}
    call = {
        "hook": "patient-view",
        "hookInstance": str(uuid.UUID(int=random.Random(seed).getrandbits(128), version=4)),
        "fhirServer": "http://127.0.0.1:9/fhir",
        "context": {"userId": "Practitioner/osei", "patientId": "bench"},
        "prefetch": prefetch | {"patient": found["patient"][0]},
    }
    return json.dumps(call).encode()


def _bundle(resources: list[Resource]) -> Resource:
    entries = [
        {
            "fullUrl": f"http://127.0.0.1:9/fhir/{r['resourceType']}/{r['id']}",
            "resource": r,
            "search": {"mode": "match"},
        }
        for r in resources
    ]
    return {"resourceType": "Bundle", "id": "b", "type": "searchset", "total": len(entries), "entry": entries}


def _observation(number: int, test: Any, chance: random.Random, now: datetime, of: int) -> Resource:
    _, _, _, _, low, high, _ = test
    age = timedelta(minutes=30 + 14 * 24 * 60 * number / of)
    return _measured(f"obs-{number}", test, round(chance.uniform(low, high), 2), now - age)


def _measured(id_: str, test: Any, value: float, at: datetime) -> Resource:
    _, code, name, unit, _, _, limit = test
    vital = code in ("8310-5", "8480-6", "59408-5", "29463-7")
    category = "vital-signs" if vital else "laboratory"
    profile = "us-core-vital-signs" if vital else "us-core-observation-lab"
    told = at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    body: Resource = {
        "resourceType": "Observation",
        "id": id_,
        "meta": {
            "versionId": "1",
            "lastUpdated": told,
            "source": "urn:example:laboratory",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/{profile}"],
        },
        "identifier": [{"system": "urn:example:accession", "value": f"2026-{id_}", "use": "official"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": category,
                        "display": category,
                    }
                ],
                "text": category,
            }
        ],
        "code": {
            "coding": [
                {"system": _LOINC, "code": code, "display": name},
                {"system": "urn:example:local-codes", "code": f"L{code}", "display": name},
            ],
            "text": name,
        },
        "subject": {"reference": "Patient/bench", "display": "Bench, Mark"},
        "encounter": {"reference": "Encounter/enc-1"},
        "effectiveDateTime": told,
        "issued": told,
        "performer": [{"reference": "Organization/lab-1", "display": "Central Laboratory"}],
        "valueQuantity": {"value": value, "unit": unit.strip("{}"), "system": _UCUM, "code": unit},
    }
    if limit:
        high = value > limit
        body["interpretation"] = [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": "H" if high else "N",
                        "display": "High" if high else "Normal",
                    }
                ]
            }
        ]
        body["referenceRange"] = [
            {"high": {"value": limit, "unit": unit, "system": _UCUM, "code": unit}, "text": f"up to {limit}"}
        ]
    return body


def _patient() -> Resource:
    return {
        "resourceType": "Patient",
        "id": "bench",
        "name": [{"use": "official", "family": "Mark", "given": ["Bench"]}],
        "gender": "female",
        "birthDate": "1990-05-05",
        "identifier": [{"system": "urn:example:mrn", "value": "70000001"}],
    }


def _conditions(now: datetime) -> list[Resource]:
    coded = (
        ("C91.00", "B-ALL", 90),
        ("D89.833", "Cytokine release syndrome, grade 3", 0.3),
        ("I10", "Hypertension", 900),
    )
    return [
        {
            "resourceType": "Condition",
            "id": f"condition-{number}",
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
            },
            "code": {"coding": [{"system": _ICD, "code": code, "display": name}], "text": name},
            "subject": {"reference": "Patient/bench"},
            "onsetDateTime": _days(now, days),
            "recordedDate": _days(now, days),
        }
        for number, (code, name, days) in enumerate(coded)
    ]


def _infusion(now: datetime) -> Resource:
    return {
        "resourceType": "Procedure",
        "id": "cart",
        "status": "completed",
        "code": {
            "coding": [{"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "XW043J7"}],
            "text": "tisagenlecleucel",
        },
        "subject": {"reference": "Patient/bench"},
        "performedDateTime": _days(now, 6),
    }


def _administrations(now: datetime) -> list[Resource]:
    return [
        {
            "resourceType": "MedicationAdministration",
            "id": f"given-{number}",
            "status": "completed",
            "medicationCodeableConcept": {
                "coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}],
                "text": "paracetamol",
            },
            "subject": {"reference": "Patient/bench"},
            "effectiveDateTime": _days(now, number / 4),
            "dosage": {"dose": {"value": 1000, "unit": "mg", "system": _UCUM, "code": "mg"}},
        }
        for number in range(20)
    ]


def _orders(now: datetime) -> list[Resource]:
    return [
        {
            "resourceType": "MedicationRequest",
            "id": f"order-{number}",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": f"Medication {number}"},
            "subject": {"reference": "Patient/bench"},
            "authoredOn": _days(now, number),
            "dosageInstruction": [{"text": "by mouth twice daily"}],
        }
        for number in range(15)
    ]


def _days(now: datetime, days: float) -> str:
    return (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
