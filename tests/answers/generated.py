"""A thousand hook calls about one patient each, whole and damaged, the same for ever."""

import copy
import random
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Any

from smartapp.clinical.assessment import assess
from smartapp.clinical.code_tables import CAR_T, CONDITIONS, DRUGS, LABS, LOINC, PRESSURE_PANEL
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.terminology import Analyte
from smartapp.clinical.unit_tables import FACTORS, OWN_UNIT, TEXT_SPELLINGS
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from smartapp.fhir.queries import QUERIES
from tests import charts as c

NUMBERS = range(1000)
POLICY = build_policy()
Change = Callable[[random.Random, c.Resource], None]
_LEVELS: dict[Analyte, tuple[str, ...]] = {
    Analyte.FIBRINOGEN: ("0.6", "0.94", "1.2", "1.49", "1.50", "2.1", "3.9", "<0.6", "150"),
    Analyte.PT: ("12", "17.5", "24.25"),
    Analyte.INR: ("1.0", "1.5", "2.05"),
    Analyte.APTT: ("31", "52"),
    Analyte.D_DIMER: ("0.4", "3.5", "900", "5200"),
    Analyte.PLATELETS: ("7", "19", "49.5", "150"),
    Analyte.HAEMATOCRIT: ("27", "0.29", "41", "80"),
    Analyte.TEMPERATURE: ("36.9", "39.25", "102.2"),
    Analyte.SYSTOLIC_PRESSURE: ("82", "121"),
    Analyte.SPO2: ("86", "97"),
    Analyte.OXYGEN_FLOW: ("0", "4", "30"),
    Analyte.WEIGHT: ("9.5", "40", "71.25", "0"),
    Analyte.FERRITIN: ("300", "12000"),
}


def _results(chance: random.Random) -> Iterator[c.Resource]:
    rows = [row for row in LABS if row.analyte in _LEVELS or chance.random() < 0.5]
    for number in range(chance.choice((3, 12, 40))):
        row = chance.choice(rows) if number else LABS[0]
        levels = _LEVELS.get(row.analyte, ("1", "25.5", "260", "-3"))
        own = OWN_UNIT[row.analyte]
        unit = own if chance.random() < 0.8 else chance.choice([*FACTORS[row.analyte], *TEXT_SPELLINGS])
        hours = chance.choice((0.5, 3, 7, 13, 26, 60, 200, -0.05, -3))
        made = c.result(f"o{number}", chance.choice(row.codes.split()), chance.choice(levels), unit, hours)
        yield _dressed(chance, made)


def _dressed(chance: random.Random, made: c.Resource) -> c.Resource:
    """What laboratories add, and the several ways they write what we read."""
    if chance.random() < 0.3:
        made["code"]["coding"].append({"system": "urn:st-x", "code": "L7", "display": "Local"})
    if chance.random() < 0.2:
        made["code"]["text"] = chance.choice(("Fibrinogen", "Oxygen delivery device", "Fibrin degradation products"))
    if chance.random() < 0.3:
        made["issued"] = c.ago(hours=chance.choice((0.2, 2, 30)))
    if chance.random() < 0.3:
        high = {"value": chance.choice((1, 14, 36, 500)), "unit": made["valueQuantity"]["unit"]}
        made["referenceRange"] = [{"high": high, "text": "usual"}]
    if chance.random() < 0.2:
        made["interpretation"] = [{"coding": [{"code": "H", "display": chance.choice(("High", "haemolysed"))}]}]
    if chance.random() < 0.2:
        made["meta"] = {"versionId": chance.choice("123"), "lastUpdated": c.ago(hours=chance.choice((1, 2)))}
    if chance.random() < 0.15:
        _TIMES[chance.randrange(len(_TIMES))](chance, made)
    return made


def _period(_: random.Random, made: c.Resource) -> None:
    made["effectivePeriod"] = {"end": made.pop("effectiveDateTime")}


def _instant(_: random.Random, made: c.Resource) -> None:
    made["effectiveInstant"] = made.pop("effectiveDateTime")


def _issue_only(_: random.Random, made: c.Resource) -> None:
    made["issued"] = made.pop("effectiveDateTime")


def _zoned(_: random.Random, made: c.Resource) -> None:
    made["effectiveDateTime"] = (c.NOW - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.250+05:30")


def _day(_: random.Random, made: c.Resource) -> None:
    made["effectiveDateTime"] = made["effectiveDateTime"][:10]


_TIMES: tuple[Change, ...] = (_period, _instant, _issue_only, _zoned, _day)


def _put(name: str, value: Any) -> Change:
    return lambda _, resource: resource.update({name: copy.deepcopy(value)})


def _took(name: str) -> Change:
    return lambda _, resource: resource.pop(name, None)


_DAMAGES: tuple[Change, ...] = (
    _put("modifierExtension", [{"url": "http://x.test/not", "valueBoolean": True}]),
    _put("modifierExtension", []),
    _put("implicitRules", "http://x.test/rules"),
    _put("subject", {"reference": "Patient/other"}),
    _put("subject", {"reference": "http://127.0.0.1:8001/fhir/Patient/P1/_history/2"}),
    _put("subject", "Patient/P1"),
    _took("subject"),
    _took("status"),
    _took("id"),
    _took("effectiveDateTime"),
    _took("valueQuantity"),
    _took("code"),
    _put("status", "entered-in-error"),
    _put("status", "preliminary"),
    _put("status", "bogus"),
    _put("status", None),
    _put("effectiveDateTime", "yesterday"),
    _put("effectiveDateTime", "2026-02"),
    _put("effectiveDateTime", "2026-02-28 08:00:00+00:00"),
    _put("valueQuantity", "0.8 g/L"),
    _put("valueQuantity", {"value": "0.8", "unit": "g/L"}),
    _put("valueQuantity", {"value": 0.8}),
    _put("valueQuantity", {"value": 0.8, "comparator": "~", "unit": "g/L"}),
    _put("valueQuantity", {"unit": "g/L"}),
    _put("valueQuantity", {"value": 1e300, "unit": "g/L", "code": "g/L"}),
    _put("valueString", "<0,6 g/L"),
    _put("valueInteger", 2),
    _put("valueCodeableConcept", {"text": "pending"}),
    _put("dataAbsentReason", {"text": "clotted"}),
    _put("note", [{"text": "specimen clotted"}]),
    _put("note", [{"text": "seen by Dr X"}]),
    _put("note", "seen"),
    _put("method", {"text": "Clauss, nasal cannula"}),
    _put("device", {"display": "CPAP"}),
    _put("interpretation", {"text": "H"}),
    _put("referenceRange", [{"high": {"value": "9"}}]),
    _put("meta", {"versionId": 7}),
    _put("_valueQuantity", {"extension": [{"url": "http://x.test/e", "valueCode": "masked"}]}),
    _put("_status", {"id": "s"}),
    _put("component", [{"code": {"coding": [{"system": LOINC, "code": "3255-7"}]}, "valueInteger": 1}]),
    _put("contained", [{"resourceType": "Specimen", "id": "s", "condition": [{"text": "haemolyzed"}]}]),
    _put("resourceType", 5),
    _put("extra", {"deep": [{"er": 1}]}),
)
_TWINS = (('"status"', '"status": "final", "status"'), ('"id"', '"id": "x", "id"'), ('"code"', '"extra": 1, "code"'))


def _others(chance: random.Random) -> Iterator[c.Resource]:
    for number in range(chance.randrange(4)):
        row = chance.choice(CONDITIONS)
        made = c.condition(f"c{number}", chance.choice(row.codes.split()), chance.choice((2, 60, 400)))
        made["code"]["coding"][0]["system"] = row.system
        yield made
    if chance.random() < 0.8:
        yield c.crs(chance.randint(1, 5), chance.choice((2, 30, 200)))
    if chance.random() < 0.9:
        row = chance.choice(CAR_T)
        yield c.infusion(chance.choice((1, 6, 29, 60, 130)))
    for number in range(chance.randrange(5)):
        drug = chance.choice(DRUGS)
        status = chance.choice(("completed", "in-progress", "not-done"))
        code = chance.choice(drug.codes.split())
        yield c.given(f"g{number}", code, drug.system, chance.choice((2, 20, 90)), status)
    if chance.random() < 0.2:
        inside = {**c.fibrinogen("1.1", hours_ago=2), "subject": c.SUBJECT}
        yield {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "status": "final",
            "subject": c.SUBJECT,
            "contained": [inside],
        }
    if chance.random() < 0.2:
        inner = [
            {
                "code": {"coding": [{"system": LOINC, "code": "8480-6"}]},
                "valueQuantity": {"value": 88, "code": "mm[Hg]"},
            }
        ]
        yield {**c.result("panel", PRESSURE_PANEL, None, "", 2), "component": inner}
    if chance.random() < 0.3:
        yield _ordered("MedicationRequest", "m1", chance)
        yield _ordered("MedicationStatement", "m2", chance)
    if chance.random() < 0.2:
        yield _allergy(chance)


def _ordered(kind: str, id_: str, chance: random.Random) -> c.Resource:
    drug = chance.choice(DRUGS)
    concept = {"coding": [{"system": drug.system, "code": drug.codes.split()[0]}], "text": str(drug.drug)}
    body = {
        "resourceType": kind,
        "id": id_,
        "status": "active",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": concept,
    }
    return {**body, "intent": "order", "authoredOn": c.ago(hours=5)}


def _allergy(chance: random.Random) -> c.Resource:
    text = chance.choice(("RiaSTAP", "plasma", "penicillin"))
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": c.SUBJECT,
        "code": {"text": text},
        "criticality": "high",
    }


_KEYS = {
    "Procedure": "procedures",
    "Condition": "conditions",
    "MedicationAdministration": "administrations",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "AllergyIntolerance": "allergies",
}


def hook_call(number: int) -> bytes:
    """The call about the patient of a number."""
    chance = random.Random(number)
    resources = [*_results(chance), *_others(chance)]
    resources.append(c.weight(chance.choice(("9", "40", "71.5"))))
    for _ in range(chance.choice((0, 0, 1, 2, 4))):
        chance.choice(_DAMAGES)(chance, chance.choice(resources))
    if chance.random() < 0.3:
        again = copy.deepcopy(chance.choice(resources))
        again["meta"] = {"lastUpdated": c.ago(hours=0.1)}
        resources.append(again)
    keyed: dict[str, list[Any]] = {query.name: [] for query in QUERIES if chance.random() < 0.98 or query.required}
    for resource in resources:
        key = _KEYS.get(str(resource.get("resourceType")), chance.choice(("fibrinogen", "coagulation", "vitalSigns")))
        keyed.setdefault(key, []).append({"resource": resource})
    prefetch: dict[str, Any] = {key: _bundle(chance, entries) for key, entries in keyed.items()}
    prefetch["patient"] = c.patient(chance.choice(("1990-01-10", "2012-03", "2019", None)))
    if chance.random() < 0.1:
        prefetch[chance.choice(sorted(prefetch))] = chance.choice((None, {"resourceType": "OperationOutcome"}))
    body = {"hook": "patient-view", "hookInstance": f"i{number}", "prefetch": prefetch}
    text = c.dumps({**body, "context": {"userId": "Practitioner/7", "patientId": "P1"}}).decode()
    if chance.random() < 0.15:
        text = _once_more(text, *chance.choice(_TWINS), chance)
    return text.encode()


def _bundle(chance: random.Random, entries: list[Any]) -> Any:
    if chance.random() < 0.05:
        entries.insert(0, chance.choice(("no entry", {}, {"resource": 7}, {"resource": {"resourceType": "Basic"}})))
    if chance.random() < 0.05:
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": chance.choice(("error", "warning"))}]}
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    link = [{"relation": "next", "url": "http://127.0.0.1:8001/fhir?page=2"}] if chance.random() < 0.03 else []
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": link}


def _once_more(text: str, member: str, twice: str, chance: random.Random) -> str:
    """A member named twice, somewhere within a resource."""
    within = text.find('"prefetch"')
    places = [at for at in range(within, len(text)) if text.startswith(member, at)]
    at = chance.choice(places)
    return text[:at] + twice + text[at + len(member) :]


def slowed(raw: bytes) -> bytes:
    """The same call, but that no Observation is recognised as plain: its type stands too far from its beginning."""
    type_ = b'"resourceType": "Observation"'
    return raw.replace(b"{" + type_, b"{" + b" " * 64 + type_)


def assessed(raw: bytes) -> Any:
    """What `smartapp assess` says of the file."""
    picture = read_picture(read_file(raw, None), c.NOW, UTC, policy=POLICY)
    return as_json(assess(picture, POLICY))


def unnamed(body: Any) -> Any:
    """An answer without what is made by chance: uuids, and the signed references of links."""
    if isinstance(body, dict):
        return {name: unnamed(value) for name, value in body.items() if name not in ("uuid", "appContext")}
    return [unnamed(each) for each in body] if isinstance(body, list) else body
