"""Proposed orders as FHIR: the MedicationRequest (or ServiceRequest) and the follow-up (FHIR-41, FHIR-42)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from smartapp.clinical.amount_words import amount_words, counted, full_amount_words
from smartapp.clinical.codes import ATC, HCPCS, LOINC, NDC, SNOMED
from smartapp.clinical.orders import Brand, Priority, Product, ProposedOrder
from smartapp.clinical.report import DISCLAIMER
from smartapp.clinical.report_members import rfc3339
from smartapp.clinical.words import clock, plain
from smartapp.fhir.models import validated

UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
_IV = {"coding": [{"system": SNOMED, "code": "47625008", "display": "Intravenous route"}], "text": "intravenous"}
_LABORATORY = {
    "coding": [{"system": SNOMED, "code": "108252007", "display": "Laboratory procedure"}],
    "text": "Laboratory procedure",
}
_BRANDS = {
    Brand.FIBRYGA: ("Fibryga", "68982-347"),
    Brand.RIASTAP: ("RiaSTAP", "63833-891"),
}
NEEDS_SIGNATURE = "Proposal, needs signature."
_THAWING_MINUTES = Decimal(45)  # conventional cryoprecipitate to the bedside (PRD-04, IFC)
_CRYO_INFUSION_MINUTES = Decimal(30)  # not known (CRY-05); project default of RCK-02


class RecheckClock(StrEnum):
    """When a recheck is due: by the end of the infusion, whenever that is, or by a planned time (`recheck_clock`)."""

    EVENT = "event"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """For whom, by whom, when and under which identity an order is written; absent words are left out.

    `identifier` is (system, value); `status` and `intent` the site's; `requester` only a professional's reference. `recheck_clock` says
    whether the recheck waits for the end of the infusion or for a planned time (RCK-02).
    """

    patient: str
    at: datetime
    rules_url: str
    encounter: str = ""
    requester: str = ""
    identifier: tuple[str, str] | None = None
    status: str = "draft"
    intent: str = "proposal"
    component_resource: str = "MedicationRequest"
    recheck_after_h: Decimal = Decimal(1)
    recheck_clock: RecheckClock = RecheckClock.EVENT


def write_order(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    """The order itself, valid R4."""
    return validated(order_body(order, ordering))


def write_recheck(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    """The follow-up fibrinogen, valid R4."""
    return validated(recheck_body(order, ordering))


def order_body(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    """The order as a card suggests it: a MedicationRequest, or a ServiceRequest for cryoprecipitate if the site says so.

    Nothing is written from here: what is sent to an EHR is validated when it is sent, what a card suggests in the tests.
    """
    as_service = order.product is Product.CRYOPRECIPITATE and ordering.component_resource == "ServiceRequest"
    return _service(order, ordering) if as_service else _medication(order, ordering)


def recheck_body(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    """The follow-up fibrinogen (RCK-01), due by the end of the infusion or at a planned time, never by the click (RCK-02)."""
    return {
        "resourceType": "ServiceRequest",
        **_shared(order, ordering, suffix="-recheck"),
        "priority": Priority.URGENT,
        "category": [_LABORATORY],
        "code": {"coding": [{"system": LOINC, "code": "3255-7"}], "text": "Fibrinogen (Clauss)"},
        **_recheck_timing(order, ordering),
        **_supporting(order, "supportingInfo"),
        "instantiatesUri": [f"{ordering.rules_url}/RCK-01"],
        "note": [{"text": f"Fibrinogen {recheck_words(order, ordering)}. {NEEDS_SIGNATURE}"}],
    }


def recheck_words(order: ProposedOrder, ordering: Ordering) -> str:
    """When it is due: `1 h after the end of the infusion`; with a planned clock, the time and that it is planned."""
    after = f"{plain(ordering.recheck_after_h)} h after the end of the infusion"
    if ordering.recheck_clock is RecheckClock.EVENT:
        return after
    return f"planned for {clock(planned_recheck(order, ordering))}, {after}: move it if the infusion ends later"


def planned_recheck(order: ProposedOrder, ordering: Ordering) -> datetime:
    """Now, the time to the bedside, the infusion, and the hours after it (RCK-02)."""
    conventional = order.product is Product.CRYOPRECIPITATE and order.doses is None
    minutes = _THAWING_MINUTES if conventional else Decimal(0)
    if order.product is Product.CRYOPRECIPITATE:
        minutes += _CRYO_INFUSION_MINUTES
    elif order.volume_ml is not None and order.max_rate_ml_per_min:
        minutes += order.volume_ml / order.max_rate_ml_per_min
    return ordering.at + timedelta(minutes=float(minutes), hours=float(ordering.recheck_after_h))


def _recheck_timing(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    if ordering.recheck_clock is RecheckClock.PLANNED:
        return {"occurrenceDateTime": rfc3339(planned_recheck(order, ordering))}
    return {"occurrenceTiming": {"code": {"text": recheck_words(order, ordering)}}}


def check_body(ordering: Ordering, due: datetime, why: str) -> dict[str, Any]:
    """A fibrinogen check that follows no dose (ORD-10)."""
    return {
        "resourceType": "ServiceRequest",
        "status": ordering.status,
        "intent": ordering.intent,
        "subject": {"reference": f"Patient/{ordering.patient}"},
        "authoredOn": rfc3339(ordering.at),
        "category": [_LABORATORY],
        "code": {"coding": [{"system": LOINC, "code": "3255-7"}], "text": "Fibrinogen (Clauss)"},
        "occurrenceDateTime": rfc3339(due),
        "reasonCode": [{"text": why}],
        "note": [{"text": NEEDS_SIGNATURE}],
        **({"encounter": {"reference": f"Encounter/{ordering.encounter}"}} if ordering.encounter else {}),
    }


def _medication(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        **_shared(order, ordering),
        "category": [{"coding": [{"system": _CATEGORY, "code": "inpatient", "display": "Inpatient"}]}],
        "reportedBoolean": False,
        "medicationCodeableConcept": medication(order),
        **_recorder(ordering),
        **_supporting(order, "supportingInformation"),
        "instantiatesUri": _applied(order, ordering),
        "dosageInstruction": [_dosage(order)],
        **_dispensed(order),
        "note": [{"text": note_text(order, ordering.status)}],
    }


def _service(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        **_shared(order, ordering),
        "category": [{"text": "Transfusion"}],
        "code": medication(order),
        "occurrenceDateTime": rfc3339(ordering.at),
        **({"quantityQuantity": _amount(order)} if _amount(order) else {}),
        **_supporting(order, "supportingInfo"),
        "instantiatesUri": _applied(order, ordering),
        "note": [{"text": f"{dose_text(order)}. {note_text(order, ordering.status)}"}],
    }


def _shared(order: ProposedOrder, ordering: Ordering, suffix: str = "") -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": ordering.status,
        "intent": ordering.intent,
        "subject": {"reference": f"Patient/{ordering.patient}"},
        "authoredOn": rfc3339(ordering.at),
        "reasonCode": [{"text": order.clinical_reason or order.reason}],
    }
    if order.priority is not None:
        body["priority"] = order.priority
    if order.basis.startswith("Observation/"):
        body["reasonReference"] = [{"reference": order.basis.split("#")[0]}]
    if ordering.identifier is not None:
        body["identifier"] = [{"system": ordering.identifier[0], "value": f"{ordering.identifier[1]}{suffix}"}]
    if ordering.encounter:
        body["encounter"] = {"reference": f"Encounter/{ordering.encounter}"}
    if ordering.requester:
        body["requester"] = {"reference": ordering.requester}
    return body


def _applied(order: ProposedOrder, ordering: Ordering) -> list[str]:
    """Each rule in the version that spoke; the page of the address is the rule's."""
    return [f"{ordering.rules_url}/{rule}#v{version}" for rule, version in order.rules]


def _dispensed(order: ProposedOrder) -> dict[str, Any]:
    """Once, in whole vials."""
    if order.vials is None:
        return {}
    quantity = {"value": order.vials, "unit": "vials", "system": UCUM, "code": "{vial}"}
    return {"dispenseRequest": {"numberOfRepeatsAllowed": 0, "quantity": quantity}}


def _recorder(ordering: Ordering) -> dict[str, Any]:
    return {"recorder": {"reference": ordering.requester}} if ordering.requester else {}


def _supporting(order: ProposedOrder, name: str) -> dict[str, Any]:
    references = list(dict.fromkeys(source.split("#")[0] for source in order.supporting if "/" in source))
    return {name: [{"reference": reference} for reference in references]} if references else {}


def medication(order: ProposedOrder) -> dict[str, Any]:
    """The product, coded and in words."""
    if order.product is Product.CRYOPRECIPITATE and order.doses is not None:
        complex_ = {
            "system": HCPCS,
            "code": "P9026",
            "display": "Cryoprecipitated fibrinogen complex, pathogen reduced",
        }
        return {"coding": [complex_], "text": "Pathogen-reduced cryoprecipitate (fibrinogen complex)"}
    if order.product is Product.CRYOPRECIPITATE:
        codings = [
            {"system": SNOMED, "code": "256401009", "display": "Cryoprecipitate"},
            {"system": HCPCS, "code": "P9012", "display": "Cryoprecipitate, each unit"},
        ]
        return {"coding": codings, "text": "Cryoprecipitate"}
    name, ndc = _BRANDS[order.brand or Brand.FIBRYGA]
    codings = [
        {"system": ATC, "code": "B02BB01", "display": "fibrinogen, human"},
        {"system": NDC, "code": ndc, "display": name},
    ]
    return {"coding": codings, "text": f"Fibrinogen concentrate ({name})"}


def amount_text(order: ProposedOrder) -> str:
    """The amount as people read it: `3000 mg`, `10 single-donor units (= 2 pools of 5)`, `250 mL`."""
    return amount_words(order) or "no amount"


def dose_text(order: ProposedOrder) -> str:
    """The dosage in one sentence."""
    name = medication(order)["text"]
    if order.dose_mg is None:
        return f"{name} {full_amount_words(order) or 'no amount'}, intravenously, once"
    parts = [f"{name} {amount_text(order)} intravenously, once"]
    if order.vials is not None:
        parts.append(f"{counted(order.vials, 'vial')}; use the potency on the vial label")
    if order.volume_ml is not None:
        parts.append(f"volume about {plain(order.volume_ml)} mL")
    if order.max_rate_ml_per_min is not None:
        parts.append(f"no faster than {plain(order.max_rate_ml_per_min)} mL/min")
    return "; ".join(parts)


def note_text(order: ProposedOrder, status: str) -> str:
    """What whoever carries it out must know, then rationale, arithmetic, rules and the label of decision support."""
    rules = ", ".join(f"{rule} v{version}" for rule, version in order.rules)
    sentences = (*order_facts(order), order.reason, *order.steps, *((f"Rules: {rules}",) if rules else ()))
    return " ".join(
        [*([NEEDS_SIGNATURE] if status == "draft" else []), *(f"{text.rstrip('.')}." for text in sentences), DISCLAIMER]
    )


def order_facts(order: ProposedOrder) -> tuple[str, ...]:
    """What must be known first, what stands beside it, weight, special requirements and whom to ring (guideline 10, PRD-05)."""
    told = (
        *(f"{text[0].upper()}{text[1:]}" for text in order.provisos if text),
        f"Standing beside this order: {order.beside}" if order.beside else "",
        f"Weight {plain(order.weight_kg)} kg" if order.weight_kg is not None else "",
        f"Special requirements: {order.special_requirements}" if order.special_requirements else "",
        f"Contact: {order.contact}" if order.contact else "",
    )
    return tuple(sentence for sentence in told if sentence)


def stored_words(body: Mapping[str, Any], recheck: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What people read in an order and its recheck as stored, as (name, words), word for word; a part that is not there has no line."""
    timing = recheck.get("occurrenceTiming", {}).get("code", {}).get("text") or recheck.get("occurrenceDateTime", "")
    told = (
        ("In full", " ".join(dosage["text"] for dosage in body.get("dosageInstruction", ()))),
        ("Product", (body.get("medicationCodeableConcept") or body.get("code") or {}).get("text", "")),
        ("Priority", body.get("priority", "")),
        ("Reason", " ".join(reason["text"] for reason in body.get("reasonCode", ()))),
        ("Note", " ".join(note["text"] for note in body.get("note", ()))),
        ("Recheck", timing),
        ("Recheck note", " ".join(note["text"] for note in recheck.get("note", ()))),
    )
    return tuple((name, str(words)) for name, words in told if words)


def _dosage(order: ProposedOrder) -> dict[str, Any]:
    given: dict[str, Any] = {"doseQuantity": _amount(order)} if _amount(order) else {}
    if order.max_rate_ml_per_min is not None:
        given["rateRange"] = {"high": _quantity(order.max_rate_ml_per_min, "mL/min")}
    body: dict[str, Any] = {"text": dose_text(order), "route": _IV, "timing": {"repeat": {"count": 1}}}
    return {**body, **({"doseAndRate": [given]} if given else {})}


def _amount(order: ProposedOrder) -> dict[str, Any] | None:
    """What is counted, in words without a code: no code tells a single-donor unit from a pool (PRD-05)."""
    if order.dose_mg is not None:
        return _quantity(order.dose_mg, "mg")
    if order.doses is not None:
        return {"value": order.doses, "unit": "dose"}
    if order.in_pools and order.pools is not None:
        return {"value": order.pools, "unit": "pool"}
    if order.units is not None:
        return {"value": order.units, "unit": "single-donor unit"}
    return _quantity(order.volume_ml, "mL") if order.volume_ml is not None else None


def _quantity(value: Decimal, unit: str) -> dict[str, Any]:
    return {"value": float(value) if value % 1 else int(value), "unit": unit, "system": UCUM, "code": unit}
