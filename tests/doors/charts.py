"""Charts for the doors: a patient after CAR-T with panels, contained results, specimens, drugs by reference and ingredient, absolute
references, versions, corrections, foreign subjects and unreadable members; the same for the same number."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests import charts as c

BASE = "https://ehr.example.org/fhir"
LABORATORY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]
}
VITAL_SIGNS = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]
}
_CLOTTED = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0493", "code": "CLOT", "display": "Clotted"}]
}
_CRYO, _CONCENTRATE = "P9012", "63833-891"
_HCPCS, _NDC = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "http://hl7.org/fhir/sid/ndc"
Chance = random.Random
Chart = list[c.Resource]


def chart(number: int) -> Chart:
    """One chart: what every patient has, and about half of everything else."""
    chance = random.Random(number)
    found: Chart = [c.patient(chance.choice(("1990-01-10", "2018-05-02", "1950-12-31")))]
    for part in _PARTS:
        if chance.random() < 0.55 or part is _infusion:
            found += part(chance)
    if chance.random() < 0.3:
        found = [_absolute(resource) for resource in found]
    order = found[1:]
    chance.shuffle(order)
    return [found[0], *order]


def _lab(chance: Chance, id_: str, code: str, value: str, unit: str, hours: float, **more: Any) -> c.Resource:
    made = c.result(id_, code, value, unit, hours, **more)
    if chance.random() < 0.8:
        made["category"] = [LABORATORY]
    return made


def _infusion(chance: Chance) -> Chart:
    kind = chance.random()
    if kind < 0.06:
        return []
    if kind < 0.12:
        return [c.infusion(chance.choice((40, 120)))]
    return [c.infusion(chance.choice((3, 6, 12)))]


def _grade(chance: Chance) -> Chart:
    return [c.crs(chance.choice((1, 2, 3, 4)))]


def _fibrinogen(chance: Chance) -> Chart:
    hours = chance.sample((0.5, 1, 3, 7, 20, 30, 90, 3000), chance.choice((1, 2, 4)))
    values = ("0.6", "0.8", "1.2", "1.49", "1.5", "1.8", "2.6", "<0.6")
    return [_lab(chance, f"fib{i}", "3255-7", chance.choice(values), "g/L", hour) for i, hour in enumerate(hours)]


def _issued_only(chance: Chance) -> Chart:
    made = _lab(chance, "issued", "3255-7", chance.choice(("0.8", "2.4")), "g/L", 2, issued=c.ago(hours=2))
    del made["effectiveDateTime"]
    return [made]


def _counts(chance: Chance) -> Chart:
    return [
        _lab(chance, "plt", "777-3", chance.choice(("12", "42", "180")), "10*9/L", chance.choice((2, 20, 60))),
        _lab(chance, "inr", "6301-6", chance.choice(("1.1", "1.7")), "{INR}", 3),
        _lab(chance, "hct", "20570-8", "27", "%", 5),
    ]


def _dic(chance: Chance) -> Chart:
    limit = {"referenceRange": [{"high": {"value": 14, "unit": "s", "system": c.UCUM, "code": "s"}}]}
    ddimer = {"referenceRange": [{"high": {"value": 0.5, "unit": "mg/L", "system": c.UCUM, "code": "mg/L"}}]}
    return [
        _lab(chance, "pt", "5902-2", chance.choice(("13", "18", "21")), "s", 3, **limit),
        _lab(chance, "ddimer", "48065-7", chance.choice(("0.4", "3.5")), "mg/L", 3, **ddimer),
    ]


def _weight(chance: Chance) -> Chart:
    return [c.weight(chance.choice(("70", "18", "42.5")), category=[VITAL_SIGNS])]


def _vital_signs(chance: Chance) -> Chart:
    return [
        c.result("temp", "8310-5", chance.choice(("36.9", "39.4")), "Cel", 2, category=[VITAL_SIGNS]),
        c.result("sbp", "8480-6", chance.choice(("82", "121")), "mm[Hg]", 2, category=[VITAL_SIGNS]),
    ]


def _panel(chance: Chance) -> Chart:
    """A panel of the last two days, whose code no search for fibrinogen finds."""
    made = c.result("panel", "34528-0", None, "", chance.choice((0.7, 4, 26)), category=[LABORATORY])
    value = {"value": chance.choice((0.7, 1.3, 2.2)), "unit": "g/L", "system": c.UCUM, "code": "g/L"}
    return [
        {**made, "component": [{"code": {"coding": [{"system": c.LOINC, "code": "3255-7"}]}, "valueQuantity": value}]}
    ]


def _members(chance: Chance) -> Chart:
    """A panel whose members are results of their own; one of them has a code of the laboratory's own."""
    hours = chance.choice((0.6, 8))
    local = {"coding": [{"system": "urn:st-x:lab", "code": "FIBC"}], "text": chance.choice(("Fibrinogen", "Sodium"))}
    member = c.fibrinogen("1.4", hours_ago=hours, id_="member", category=[LABORATORY])
    own = {**c.fibrinogen("0.9", hours_ago=hours, id_="local", category=[LABORATORY]), "code": local}
    names = [{"reference": f"Observation/{each['id']}"} for each in (member, own)]
    panel = c.result("panel-of-members", "34528-0", None, "", hours, category=[LABORATORY], hasMember=names)
    return [panel, member, own]


def _contained(chance: Chance) -> Chart:
    inner = c.fibrinogen(chance.choice(("0.75", "1.9")), hours_ago=chance.choice((1.5, 5, 70)), id_="inner")
    return [
        {
            "resourceType": "DiagnosticReport",
            "id": "report",
            "status": chance.choice(("final", "final", "cancelled")),
            "subject": c.SUBJECT,
            "code": {"text": "Coagulation"},
            "issued": c.ago(hours=1),
            "contained": [{name: value for name, value in inner.items() if name != "subject" or chance.random() < 0.5}],
            "result": [{"reference": "#inner"}],
        }
    ]


def _specimen(chance: Chance) -> Chart:
    specimen: c.Resource = {"resourceType": "Specimen", "id": "s1", "subject": c.SUBJECT}
    specimen |= (
        {"status": "unsatisfactory", "condition": [_CLOTTED]} if chance.random() < 0.5 else {"status": "available"}
    )
    if chance.random() < 0.7:
        specimen["collection"] = {"collectedDateTime": c.ago(hours=chance.choice((0.4, 9, 30)))}
    reference = {"specimen": {"reference": chance.choice(("Specimen/s1", f"{BASE}/Specimen/s1"))}}
    return [_lab(chance, "drawn", "3255-7", chance.choice(("0.9", "1.7")), "g/L", 0.4, **reference), specimen]


def _given_by_reference(chance: Chance) -> Chart:
    """A dose whose drug is a Medication, or that Medication's ingredient."""
    code = {"coding": [{"system": _NDC, "code": _CONCENTRATE}]}
    drug: c.Resource = {"resourceType": "Medication", "id": "drug", "code": code}
    others: Chart = []
    if chance.random() < 0.5:
        drug = {"resourceType": "Medication", "id": "drug", "ingredient": [{"itemCodeableConcept": code}]}
    given = c.given("dose", "x", hours_ago=chance.choice((0.8, 5, 40)))
    del given["medicationCodeableConcept"]
    return [{**given, "medicationReference": {"reference": "Medication/drug"}}, drug, *others]


def _blood_product(chance: Chance) -> Chart:
    transfusion = {
        "resourceType": "Procedure",
        "id": "transfusion",
        "status": "completed",
        "subject": c.SUBJECT,
        "code": {"text": "Transfusion of blood product"},
        "performedDateTime": c.ago(hours=chance.choice((1, 5, 30))),
        "usedReference": [{"reference": "BiologicallyDerivedProduct/unit"}],
    }
    unit = {
        "resourceType": "BiologicallyDerivedProduct",
        "id": "unit",
        "productCode": {"coding": [{"system": _HCPCS, "code": _CRYO}], "text": "Cryoprecipitate"},
    }
    return [transfusion, unit]


def _orders(chance: Chance) -> Chart:
    drug = {"medicationCodeableConcept": {"coding": [{"system": _NDC, "code": _CONCENTRATE}], "text": "RiaSTAP"}}
    states = chance.sample(("draft", "on-hold", "active", "completed", "cancelled"), 2)
    return [
        {
            "resourceType": "MedicationRequest",
            "id": f"order{i}",
            "status": state,
            "intent": "order",
            "subject": c.SUBJECT,
            "authoredOn": c.ago(hours=chance.choice((0.5, 2, 30))),
            **drug,
        }
        for i, state in enumerate(states)
    ]


def _dispense(chance: Chance) -> Chart:
    return [
        {
            "resourceType": "MedicationDispense",
            "id": "dispense",
            "status": chance.choice(("completed", "in-progress", "cancelled")),
            "subject": c.SUBJECT,
            "medicationCodeableConcept": {"coding": [{"system": _NDC, "code": _CONCENTRATE}], "text": "RiaSTAP"},
            "whenHandedOver": c.ago(hours=chance.choice((0.5, 4))),
        }
    ]


def _recheck(chance: Chance) -> Chart:
    request = {"resourceType": "ServiceRequest", "id": "recheck", "status": chance.choice(("active", "completed"))}
    code = {"coding": [{"system": c.LOINC, "code": "3255-7"}]}
    return [{**request, "intent": "order", "subject": c.SUBJECT, "code": code, "authoredOn": c.ago(hours=1)}]


def _bleeding(chance: Chance) -> Chart:
    return [c.condition("bleed", chance.choice(("K92.0", "R04.0", "I61.9", "I82.401")))]


def _drugs(chance: Chance) -> Chart:
    return [
        c.given("toci", "L04AC07", hours_ago=chance.choice((10, 300))),
        c.given("nad", "C01CA03", status="in-progress"),
    ]


def _versions(chance: Chance) -> Chart:
    """Two versions of one result: a file may hold both, a server has the newer."""
    old, new = (
        _lab(chance, "twice", "3255-7", value, "g/L", 2, meta={"versionId": version, "lastUpdated": c.ago(hours=hours)})
        for value, version, hours in (("2.4", "1", 1.5), ("0.9", "2", 1))
    )
    return [old, new]


def _correction(chance: Chance) -> Chart:
    first = _lab(chance, "first", "3255-7", "0.8", "g/L", 6, issued=c.ago(hours=5))
    second = _lab(chance, "second", "3255-7", "1.8", "g/L", 6, issued=c.ago(hours=4), status="corrected")
    return [first, second]


def _foreign(chance: Chance) -> Chart:
    """A result of somebody else, filed in this chart."""
    return [_lab(chance, "foreign", "3255-7", "0.3", "g/L", 0.2, subject={"reference": "Patient/P2"})]


def _unreadable(chance: Chance) -> Chart:
    made = _lab(chance, "broken", "3255-7", "1.1", "g/L", chance.choice((0.3, 50)))
    spoiled: dict[str, Callable[[c.Resource], Any]] = {
        "value": lambda r: r.update(valueQuantity="1.1 g/L"),
        "modifier": lambda r: r.update(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
        "text": lambda r: (r.pop("valueQuantity"), r.update(valueString="see comment")),
    }
    spoiled[chance.choice(sorted(spoiled))](made)
    return [made]


_PARTS: tuple[Callable[[Chance], Chart], ...] = (
    _infusion, _grade, _fibrinogen, _issued_only, _counts, _dic, _weight, _vital_signs, _panel, _members, _contained, _specimen,
    _given_by_reference, _blood_product, _orders, _dispense, _recheck, _bleeding, _drugs, _versions, _correction, _foreign,
    _unreadable,
)  # fmt: skip


def _absolute(resource: c.Resource) -> c.Resource:
    """The same with references absolute to the chart's own server."""
    copied = copy.deepcopy(resource)
    for holder in ("subject", "medicationReference"):
        reference = copied.get(holder, {}).get("reference", "")
        if reference and "://" not in reference:
            copied[holder] = {"reference": f"{BASE}/{reference}"}
    return copied


def newest(resources: Chart) -> Iterator[c.Resource]:
    """What a server holds: of each resource its newest version."""
    held: dict[tuple[str, str], c.Resource] = {}
    for resource in resources:
        key = (resource["resourceType"], resource["id"])
        known = held.get(key)
        if known is None or _version(resource) > _version(known):
            held[key] = resource
    yield from held.values()


def _version(resource: c.Resource) -> int:
    return int(resource.get("meta", {}).get("versionId", "0"))
