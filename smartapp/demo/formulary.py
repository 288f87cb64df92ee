"""What this hospital's order pad offers, coded, and how a typed amount becomes a draft order."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartapp.demo.analytes import UCUM
from smartapp.demo.fhir_server import Resource

ATC = "http://www.whocc.no/atc"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
NDC = "http://hl7.org/fhir/sid/ndc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"

UNITS = {
    "mg": "mg",
    "g": "g",
    "units": "{unit}",
    "single-donor unit": "",
    "pools": "{pool}",
    "pool": "",
    "dose": "",
    "mg/kg": "mg/kg",
}
"""How the pad names a unit, and its UCUM code (empty: words alone)."""

_AMOUNT = re.compile(r"\d{1,9}([.,]\d{1,3})?")
_THOUSANDS = re.compile(r"\d{1,3},\d{3}")
_CONCENTRATE = (ATC, "B02BB01", "fibrinogen, human")
_ROUTE = {"coding": [{"system": SNOMED, "code": "47625008", "display": "Intravenous route"}], "text": "intravenous"}


@dataclass(frozen=True, slots=True)
class Product:
    """One line of the formulary: its name and its codings (system, code, display)."""

    name: str
    codings: tuple[tuple[str, str, str], ...]

    def concept(self) -> dict[str, Any]:
        """As FHIR: codings and text."""
        return {
            "coding": [{"system": system, "code": code, "display": display} for system, code, display in self.codings],
            "text": self.name,
        }


PRODUCTS = {
    "fibryga": Product("Fibrinogen concentrate (Fibryga)", (_CONCENTRATE, (NDC, "68982-347", "Fibryga"))),
    "riastap": Product("Fibrinogen concentrate (RiaSTAP)", (_CONCENTRATE, (NDC, "63833-891", "RiaSTAP"))),
    "cryoprecipitate": Product(
        "Cryoprecipitate",
        ((SNOMED, "256401009", "Cryoprecipitate"), (HCPCS, "P9012", "Cryoprecipitate, each unit")),
    ),
    "heparin": Product("Heparin", ((ATC, "B01AB01", "heparin"),)),
    "tranexamic-acid": Product(
        "Tranexamic acid", ((ATC, "B02AA02", "tranexamic acid"), (RXNORM, "10691", "tranexamic acid"))
    ),
    "tocilizumab": Product("Tocilizumab", ((ATC, "L04AC07", "tocilizumab"), (RXNORM, "612865", "tocilizumab"))),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and the pad's name of its unit."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value} {self.unit}"


def amount(value: str, unit: str) -> Amount | None:
    """What was typed; None where it is no plain number above zero, or reads as thousands as well as a fraction."""
    text = value.strip()
    if unit not in UNITS or not _AMOUNT.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return None
    number = Decimal(text.replace(",", "."))
    return Amount(number, unit) if number else None


def draft_order(product: Product, given: Amount, *, patient: str, encounter: str, user: str, now: datetime) -> Resource:
    """A new draft for this patient, without an id."""
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": product.concept(),
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "authoredOn": _instant(now),
        "requester": {"reference": user},
        "dosageInstruction": [_dosage(given)],
    }


def with_amount(draft: Resource, given: Amount) -> Resource:
    """The draft with another amount; words about the amount before go with it."""
    kept = {name: value for name, value in draft.items() if name != "note"}
    return {**kept, "dosageInstruction": [_dosage(given)]}


def signed(draft: Resource, user: str, now: datetime) -> Resource:
    """The order that a signed draft becomes: active, by whoever signed, from now on."""
    kept = {name: value for name, value in draft.items() if name != "id"}
    return {
        **kept,
        "status": "active",
        "intent": "order",
        "authoredOn": _instant(now),
        "requester": {"reference": user},
    }


def _dosage(given: Amount) -> dict[str, Any]:
    code = UNITS[given.unit]
    dose = {"value": given.value, "unit": given.unit, **({"system": UCUM, "code": code} if code else {})}
    return {"text": f"{given} intravenously, once", "route": _ROUTE, "doseAndRate": [{"doseQuantity": dose}]}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
