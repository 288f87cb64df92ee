"""Proposed orders as FHIR: the MedicationRequest (or ServiceRequest) and the follow-up (FHIR-41, FHIR-42)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from smartapp.clinical.codes import ATC, HCPCS, LOINC, NDC, SNOMED
from smartapp.clinical.orders import Brand, Product, ProposedOrder
from smartapp.clinical.report import DISCLAIMER, rfc3339
from smartapp.clinical.words import plain
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """For whom, by whom, when and under which identity an order is written; absent words are left out.

    `identifier` is (system, value); `status` and `intent` the site's; `requester` only a professional's reference.
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


def resource_type_of(order: ProposedOrder, component_resource: str) -> str:
    """Which resource an order becomes."""
    return component_resource if order.product is Product.CRYOPRECIPITATE else "MedicationRequest"


def recheck_body(order: ProposedOrder, ordering: Ordering) -> dict[str, Any]:
    """The follow-up fibrinogen, one hour after the dose (RCK-01)."""
    due = ordering.at + timedelta(hours=float(ordering.recheck_after_h))
    return {
        "resourceType": "ServiceRequest",
        **_shared(order, ordering, suffix="-recheck"),
        "category": [_LABORATORY],
        "code": {"coding": [{"system": LOINC, "code": "3255-7"}], "text": "Fibrinogen (Clauss)"},
        "occurrenceDateTime": rfc3339(due),
        **_supporting(order, "supportingInfo"),
        "instantiatesUri": [f"{ordering.rules_url}/RCK-01"],
        "note": [
            {
                "text": f"Fibrinogen {plain(ordering.recheck_after_h)} h after the end of the dose: the time counts from this order, move it "
                f"if the dose ends later. {NEEDS_SIGNATURE}"
            }
        ],
    }


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
        **({"quantityQuantity": _units(order.units)} if order.units is not None else {}),
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
        "reasonCode": [{"text": order.reason}],
    }
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
    """The amount as people read it: `3000 mg`, `10 units`, `250 mL`."""
    if order.dose_mg is not None:
        return f"{plain(order.dose_mg)} mg"
    if order.units is not None:
        return f"{order.units} units"
    return f"{plain(order.volume_ml)} mL" if order.volume_ml is not None else "no amount"


def dose_text(order: ProposedOrder) -> str:
    """The dosage in one sentence."""
    name = medication(order)["text"]
    parts = [f"{name} {amount_text(order)} intravenously, once"]
    if order.vials is not None:
        parts.append(f"{order.vials} vial{'s' if order.vials != 1 else ''}; use the potency on the vial label")
    if order.volume_ml is not None and (order.dose_mg is not None or order.units is not None):
        parts.append(f"volume about {plain(order.volume_ml)} mL")
    if order.max_rate_ml_per_min is not None:
        parts.append(f"no faster than {plain(order.max_rate_ml_per_min)} mL/min")
    return "; ".join(parts)


def note_text(order: ProposedOrder, status: str) -> str:
    """Rationale, arithmetic, rules and the label of decision support."""
    rules = ", ".join(f"{rule} v{version}" for rule, version in order.rules)
    sentences = (order.reason, *order.steps, *((f"Rules: {rules}",) if rules else ()))
    return " ".join(
        [*([NEEDS_SIGNATURE] if status == "draft" else []), *(f"{text.rstrip('.')}." for text in sentences), DISCLAIMER]
    )


def _dosage(order: ProposedOrder) -> dict[str, Any]:
    given: dict[str, Any] = {"doseQuantity": _amount(order)} if _amount(order) else {}
    if order.max_rate_ml_per_min is not None:
        given["rateRange"] = {"high": _quantity(order.max_rate_ml_per_min, "mL/min")}
    body: dict[str, Any] = {"text": dose_text(order), "route": _IV, "timing": {"repeat": {"count": 1}}}
    return {**body, **({"doseAndRate": [given]} if given else {})}


def _amount(order: ProposedOrder) -> dict[str, Any] | None:
    if order.dose_mg is not None:
        return _quantity(order.dose_mg, "mg")
    if order.units is not None:
        return _units(order.units)
    return _quantity(order.volume_ml, "mL") if order.volume_ml is not None else None


def _units(units: int) -> dict[str, Any]:
    return {"value": units, "unit": "units", "system": UCUM, "code": "{unit}"}


def _quantity(value: Decimal, unit: str) -> dict[str, Any]:
    return {"value": float(value) if value % 1 else int(value), "unit": unit, "system": UCUM, "code": unit}
