"""Draft orders as clients really send them: read leniently, never refused for an odd shape (guideline 7a, CDS-11, CDS-12)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from smartapp.clinical.codes import NDC
from smartapp.clinical.orders import DraftOrder
from smartapp.fhir.elements import CodeableConcept, Quantity
from smartapp.fhir.medications import drug_in
from smartapp.fhir.r4_structs import Medication, Unreadable, decode

ORDERS = frozenset({"MedicationRequest", "ServiceRequest"})
_NOT_ORDERED = ("cancelled", "revoked", "stopped", "completed", "entered-in-error")
_MOST_DIGITS = 12
_AMOUNT = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s*(mg/kg|mg|g|ug|mcg|[µμ]g|units?|pools?)(?![\w/])", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)[, \u202f](?=\d{3}\b)")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as sent, and what could be read of it."""

    body: Mapping[str, Any]
    order: DraftOrder

    @property
    def reference(self) -> str:
        """`Type/id`; its place in the bundle where it has no id."""
        return self.order.source


def read_drafts(raw: bytes, local_codes: Mapping[str, str], patient: str = "") -> tuple[Draft, ...]:
    """Every MedicationRequest and ServiceRequest of this patient among the entries that is being ordered; all else is passed over."""
    body = _json(raw)
    entries = body.get("entry") if isinstance(body, dict) else None
    found = [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    orders = ((place, each) for place, each in enumerate(found, start=1) if isinstance(each, dict))
    return tuple(
        Draft(each, _order(place, each, local_codes))
        for place, each in orders
        if each.get("resourceType") in ORDERS and _is_of(each, patient) and _is_ordered(each)
    )


def _is_of(body: Mapping[str, Any], patient: str) -> bool:
    """A draft that names another patient is not this one's; one that names none is what the clinician has open."""
    subject = body.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    return not patient or not isinstance(reference, str) or reference.rsplit("/", 1)[-1] == patient


def _is_ordered(body: Mapping[str, Any]) -> bool:
    """Not what is taken back, over, or an order not to give (guideline 7a: only what the clinician is ordering)."""
    return body.get("status") not in _NOT_ORDERED and body.get("doNotPerform") is not True


def references(raw: bytes) -> frozenset[str]:
    """`Type/id` of every resource in the bundle, for the check of selections (CDS-11)."""
    body = _json(raw)
    entries = body.get("entry") if isinstance(body, dict) else None
    resources = (
        [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return frozenset(f"{each.get('resourceType')}/{each.get('id')}" for each in resources if isinstance(each, dict))


def labellers(order: Mapping[str, Any]) -> frozenset[str]:
    """Whose brands an order names, by the labeller part of its NDC codes; empty where it names none (guideline 9.5)."""
    concept = _concept(order)
    return frozenset(
        c.code.partition("-")[0] for c in (concept.coding if concept else ()) if c.system == NDC and c.code
    )


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=Decimal, parse_int=Decimal) if raw else {}
    except (ValueError, RecursionError, InvalidOperation):
        return {}


def _order(place: int, body: Mapping[str, Any], local_codes: Mapping[str, str]) -> DraftOrder:
    kind, id_ = str(body["resourceType"]), body.get("id")
    concept = _concept(body)
    amounts = list(_amounts(body))
    return DraftOrder(
        source=f"{kind}/{id_}" if isinstance(id_, str) and id_ else f"{kind}#{place}",
        drug=drug_in(concept, local_codes) if concept else None,
        label=concept.label if concept else "",
        **{name: _only(name, amounts) for name in ("dose_mg", "mg_per_kg", "units", "pools")},
    )


def _concept(body: Mapping[str, Any]) -> CodeableConcept | None:
    """The product, coded; named by a reference only if it is contained."""
    direct = _decoded(body.get("medicationCodeableConcept") or body.get("code"))
    if direct is not None:
        return direct
    reference = body.get("medicationReference")
    target = str(reference.get("reference", "")) if isinstance(reference, dict) else ""
    contained = body.get("contained")
    for each in contained if isinstance(contained, list) else ():
        if isinstance(each, dict) and f"#{each.get('id')}" == target:
            return _decoded(each.get("code"))
    return None


def _decoded(value: Any) -> CodeableConcept | None:
    try:
        body = json.dumps({"resourceType": "Medication", "code": value}, default=str).encode()
        return decode(body, Medication).code if isinstance(value, dict) else None
    except Unreadable:
        return None


def _amounts(body: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Each structured amount; where there is none, those in the words of the dosage."""
    structured = [found for quantity in _quantities(body) if (found := _measured(quantity))]
    yield from structured or _in_words(body)


def _quantities(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for dosage in _list(body.get("dosageInstruction")):
        for given in _list(dosage.get("doseAndRate")):
            if isinstance(given.get("doseQuantity"), dict):
                yield given["doseQuantity"]
        if isinstance(dosage.get("doseQuantity"), dict):  # as in DSTU2 and STU3
            yield dosage["doseQuantity"]
    if isinstance(body.get("quantityQuantity"), dict):
        yield body["quantityQuantity"]


def _list(value: Any) -> list[Mapping[str, Any]]:
    """An array, or the one object that some clients send in its place."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]


def _measured(quantity: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    value, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit")
    if not isinstance(value, Decimal) or not isinstance(unit, str) or quantity.get("comparator"):
        return None
    try:
        Quantity(value=value)
    except ValueError:
        return None
    return _named(value, unit.strip("{}").lower())


def _in_words(body: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    texts = [dosage.get("text") for dosage in _list(body.get("dosageInstruction"))]
    for text in texts:
        for number, unit in _AMOUNT.findall(_THOUSANDS.sub("", text)) if isinstance(text, str) else ():
            found = _named(Decimal(number.replace(",", ".")), unit.lower())
            if found and len(number) <= _MOST_DIGITS:
                yield found


def _named(value: Decimal, unit: str) -> tuple[str, Decimal] | None:
    known: dict[str, tuple[str, Decimal | int]] = {
        "mg": ("dose_mg", 1),
        "g": ("dose_mg", 1000),
        "mg/kg": ("mg_per_kg", 1),
    }
    known |= dict.fromkeys(("ug", "mcg", "µg", "μg"), ("dose_mg", Decimal("0.001")))
    known |= dict.fromkeys(("unit", "units"), ("units", 1)) | dict.fromkeys(("pool", "pools"), ("pools", 1))
    name, factor = known.get(unit, ("", 0))
    return (name, value * factor) if name else None


def _only(name: str, amounts: list[tuple[str, Decimal]]) -> Decimal | None:
    """One amount is an amount; two different ones cannot be read."""
    found = {value for kind, value in amounts if kind == name}
    return found.pop() if len(found) == 1 else None
