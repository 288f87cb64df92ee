"""What the chart screens print of stored resources, words ready to print; nothing here judges a value."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartapp.demo.analytes import LOINC, MEASURED, UCUM
from smartapp.demo.fhir_server import FhirServer, Resource

_SHOWN = ("platelets", "inr", "aptt", "d_dimer", "haematocrit", "ferritin", "weight")
_LATEST = 8


def banner(server: FhirServer, patient: str, now: datetime) -> dict[str, str]:
    """Name, sex, age and number."""
    stored = server.read("Patient", patient) or {}
    born = datetime.fromisoformat(stored["birthDate"]) if "birthDate" in stored else now
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    name = (stored.get("name") or [{}])[0].get("text", patient)
    return {
        "name": name,
        "age": f"{years} y",
        "born": stored.get("birthDate", ""),
        "sex": stored.get("gender", ""),
        "mrn": (stored.get("identifier") or [{}])[0].get("value", ""),
    }


def results(server: FhirServer, patient: str, now: datetime) -> list[dict[str, str]]:
    """The newest fibrinogen results, then the newest of some others, as they are stored."""
    shown = [_result(one, now) for one in _newest(server, patient, "fibrinogen", _LATEST)]
    return shown + [_result(one, now) for name in _SHOWN for one in _newest(server, patient, name, 1)]


def _newest(server: FhirServer, patient: str, name: str, limit: int) -> list[Resource]:
    code = f"{LOINC}|{MEASURED[name].code}"
    return server.everything("Observation", [("patient", patient), ("code", code), ("_sort", "-date")])[:limit]


def _result(stored: Resource, now: datetime) -> dict[str, str]:
    quantity = stored.get("valueQuantity", {})
    value = f"{quantity.get('comparator', '')}{quantity.get('value', '')} {quantity.get('unit', '(no unit)')}"
    when = stored.get("effectiveDateTime", "")
    name = stored.get("code", {}).get("text", "") or stored["id"]
    return {
        "id": stored["id"],
        "name": name,
        "value": value,
        "when": when[:16].replace("T", " "),
        "ago": ago(when, now),
        "status": stored.get("status", ""),
    }


def ago(when: str, now: datetime) -> str:
    """How long ago a stored time is, in words; empty where it has no time of day."""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        return ""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} d ago"


def orders(server: FhirServer, patient: str) -> list[dict[str, str]]:
    """All orders, those stored last first, with who wrote them."""
    stored = [
        one
        for kind in ("MedicationRequest", "ServiceRequest")
        for one in server.everything(kind, [("patient", patient)])
    ]
    return [
        _order(server, one) for one in sorted(stored, key=lambda one: str(one["meta"]["lastUpdated"]), reverse=True)
    ]


def _order(server: FhirServer, stored: Resource) -> dict[str, str]:
    return {
        "reference": f"{stored['resourceType']}/{stored['id']}",
        **_words(stored),
        "status": f"{stored.get('status', '')} {stored.get('intent', '')}",
        "identifier": next((one.get("value", "") for one in stored.get("identifier", ())), ""),
        "who": _author(server, stored),
        "when": str(stored.get("authoredOn", ""))[:16].replace("T", " "),
        "note": " ".join(str(note.get("text", "")) for note in stored.get("note", ())),
    }


def drafted(draft: Resource, reference: str) -> dict[str, str]:
    """A draft on the pad: what it is called, its one amount, if it has one, as the form shows it."""
    rates = [rate for one in draft.get("dosageInstruction", ()) for rate in one.get("doseAndRate", ())]
    dose: Resource = next((rate["doseQuantity"] for rate in rates if rate.get("doseQuantity")), {})
    words = {"reference": reference, **_words(draft), "unit": str(dose.get("unit", ""))}
    return {**words, "amount": f"{Decimal(dose['value']):f}" if isinstance(dose.get("value"), int | Decimal) else ""}


def _words(order: Resource) -> dict[str, str]:
    concept = order.get("medicationCodeableConcept") or order.get("code") or {}
    name = concept.get("text") or next(
        (coding.get("display") or coding.get("code") for coding in concept.get("coding", ())), ""
    )
    instructions = " · ".join(_dose(one) for one in order.get("dosageInstruction", ()))
    return {"name": str(name), "what": instructions or _due(order)}


def _due(stored: Resource) -> str:
    when = str(stored.get("occurrenceDateTime") or (stored.get("occurrencePeriod") or {}).get("start", ""))
    return f"due {when[:16].replace('T', ' ')}" if when else ""


def _dose(instruction: Resource) -> str:
    amounts = (one.get("doseQuantity", {}) for one in instruction.get("doseAndRate", ()))
    doses = ", ".join(f"{amount.get('value', '')} {amount.get('unit', '')}" for amount in amounts if amount)
    return " · ".join(filter(None, (doses, instruction.get("text", ""))))


def _author(server: FhirServer, stored: Resource) -> str:
    requester = stored.get("requester") or {}
    provenance = server.everything("Provenance", [("target", f"{stored['resourceType']}/{stored['id']}")])
    agents = [
        str((agent.get("who") or {}).get("display") or (agent.get("who") or {}).get("reference", ""))
        for one in provenance
        for agent in one.get("agent", ())
    ]
    return ", ".join(dict.fromkeys(filter(None, [requester.get("display") or requester.get("reference", ""), *agents])))


def collected(text: str, now: datetime) -> datetime | None:
    """A form's time: minutes ago, or RFC 3339 with an offset and not in the future; None for anything else."""
    if re.fullmatch(r"\d{1,5}", text.strip()):
        minutes = int(text)
        return now - timedelta(minutes=minutes) if minutes <= 7 * 24 * 60 else None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None and moment <= now else None


def fibrinogen(patient: str, value: str, unit: str, when: datetime) -> Resource:
    """A new final result."""
    text = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "code": {
            "coding": [
                {"system": LOINC, "code": MEASURED["fibrinogen"].code, "display": MEASURED["fibrinogen"].display}
            ],
            "text": "Fibrinogen",
        },
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": text,
        "issued": text,
        "performer": [{"display": "Demo Hospital Laboratory"}],
        "valueQuantity": {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit},
    }
