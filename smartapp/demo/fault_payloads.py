"""What the fault switches do to resources on their way in and out."""

import copy

from smartapp.demo.faults import Fault, Faults
from smartapp.demo.fhir_server import Reply, Resource

ALBUMIN = {"system": "http://www.whocc.no/atc", "code": "B05AA01", "display": "albumin"}
ANOTHER, STILL_ANOTHER = "Patient/haddad", "Patient/brandt"
FIBRINOGEN = frozenset({"3255-7", "48664-7"})


def altered(resource: Resource, faults: Faults) -> Resource:
    """The resource as this EHR stores it: with a switch on, an order's dose, status, product or patient is changed."""
    if resource.get("resourceType") != "MedicationRequest":
        return resource
    changed = copy.deepcopy(resource)
    if faults.get(Fault.ALTERED_WRITE):
        _lessen(changed)
    if faults.get(Fault.ALTERED_STATUS):
        changed["status"] = "active"
    if faults.get(Fault.ALTERED_PRODUCT):
        changed["medicationCodeableConcept"] = {"text": "Albumin", "coding": [ALBUMIN]}
    if faults.get(Fault.ALTERED_PATIENT):
        whose = (changed.get("subject") or {}).get("reference")
        changed["subject"] = {"reference": STILL_ANOTHER if whose == ANOTHER else ANOTHER}
    if faults.get(Fault.NORMALISED_WRITE):
        _normalise(changed)
    return changed


def _normalise(order: Resource) -> None:
    """What an EHR may do to an order without changing what it says."""
    drug = order["medicationCodeableConcept"]
    drug["coding"] = [{"system": "urn:oid:1.2.3", "code": "4711"}, *reversed(drug.get("coding", ()))]
    order["extension"] = [{"url": "https://ehr.example.org/source", "valueString": "app"}]
    order["contained"] = [{"resourceType": "Practitioner", "id": "entered-by"}]
    for amount in (each for dosage in order.get("dosageInstruction", ()) for each in dosage["doseAndRate"]):
        amount["doseQuantity"]["unit"] = "Milligram(s)"


def _lessen(order: Resource) -> None:
    amounts = [amount for instruction in order.get("dosageInstruction", ()) for amount in instruction["doseAndRate"]]
    for amount in amounts:
        if "doseQuantity" in amount:
            amount["doseQuantity"]["value"] = 1


def silenced(statement: Resource, faults: Faults) -> Resource:
    """The CapabilityStatement, perhaps without a word on transactions and conditional creates."""
    if not faults.get(Fault.SILENT_METADATA):
        return statement
    rest = {name: value for name, value in statement["rest"][0].items() if name != "interaction"}
    kinds = [{k: v for k, v in kind.items() if k != "conditionalCreate"} for kind in rest["resource"]]
    return {**statement, "rest": [{**rest, "resource": kinds}]}


def altered_entry(entry: Resource, faults: Faults) -> Resource:
    """The same for an entry of a transaction."""
    resource = entry.get("resource")
    return {**entry, "resource": altered(resource, faults)} if isinstance(resource, dict) else entry


def spoiled(reply: Reply, faults: Faults) -> Reply:
    """The reply as this EHR sends it."""
    body = reply.body or {}
    entries = [
        entry for entry in body.get("entry", ()) if entry.get("resource", {}).get("resourceType") == "Observation"
    ]
    if body.get("type") != "searchset" or not entries:
        return reply
    if faults.get(Fault.LOST_UNIT):
        _lose_unit(entries)
    if faults.get(Fault.BROKEN_OBSERVATION):
        broken = entries[-1]["resource"]
        entries[-1]["resource"] = {
            "resourceType": "Observation",
            "id": broken["id"],
            "valueQuantity": "broken",
            "code": [],
        }
    return reply


def _lose_unit(entries: list[Resource]) -> None:
    results = [
        entry["resource"]
        for entry in entries
        if _is_fibrinogen(entry["resource"]) and "valueQuantity" in entry["resource"]
    ]
    if results:
        newest = max(results, key=lambda result: str(result.get("effectiveDateTime", "")))
        newest["valueQuantity"] = {
            name: value for name, value in newest["valueQuantity"].items() if name in ("value", "comparator")
        }


def _is_fibrinogen(resource: Resource) -> bool:
    return any(coding.get("code") in FIBRINOGEN for coding in resource.get("code", {}).get("coding", ()))


def break_the_glass() -> Resource:
    """The refusal of a chart behind the glass, with an issue code of this EHR's own."""
    own = {"system": "urn:oid:2.16.840.1.113883.3.9999.7", "code": "59178", "display": "Break the glass"}
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "fatal", "code": "forbidden", "details": {"coding": [own], "text": "Break the glass first."}}
        ],
    }
