"""Draft orders as clients really send them: read leniently, never refused for an odd shape (guideline 7a, CDS-11, CDS-12)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from smartapp.clinical.codes import NDC
from smartapp.clinical.orders import DraftOrder
from smartapp.fhir.draft_amounts import amounts_in, listed
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.local_codes import LocalCodes
from smartapp.fhir.medications import drug_ordered
from smartapp.fhir.r4_structs import Medication, Unreadable, decode

ORDERS = frozenset({"MedicationRequest", "ServiceRequest"})
_NOT_ORDERED = ("cancelled", "revoked", "stopped", "completed", "entered-in-error")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as sent, and what could be read of it; `labellers` are those of the brands it names (empty: it names none)."""

    body: Mapping[str, Any]
    order: DraftOrder
    labellers: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        """`Type/id`; its place in the bundle where it has no id."""
        return self.order.source


def read_drafts(raw: bytes, local_codes: Mapping[str, str], patient: str = "") -> tuple[Draft, ...]:
    """Every MedicationRequest and ServiceRequest of this patient among the entries that is being ordered; all else is passed over,
    but for the Medication that a draft names by reference."""
    entries = _entries(raw)
    medications = _medications(entries)
    orders = ((place, entry.get("resource")) for place, entry in enumerate(entries, start=1))
    return tuple(
        _draft(place, each, medications, LocalCodes(local_codes))
        for place, each in orders
        if isinstance(each, dict) and each.get("resourceType") in ORDERS and _is_of(each, patient) and _is_ordered(each)
    )


def _entries(raw: bytes) -> list[Mapping[str, Any]]:
    body = _json(raw)
    return listed(body.get("entry")) if isinstance(body, dict) and isinstance(body.get("entry"), list) else []


def _medications(entries: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The Medication resources that came with the drafts, by every reference that may name them: fullUrl, `Medication/id`."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        each = entry.get("resource")
        if isinstance(each, dict) and each.get("resourceType") == "Medication":
            names = (entry.get("fullUrl"), f"Medication/{each.get('id')}")
            found |= {name: each for name in names if isinstance(name, str)}
    return found


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
    resources = (entry.get("resource") for entry in _entries(raw))
    return frozenset(f"{each.get('resourceType')}/{each.get('id')}" for each in resources if isinstance(each, dict))


def labellers(order: Mapping[str, Any]) -> frozenset[str]:
    """Whose brands an order names by code itself, by the labeller part of its NDC codes (guideline 9.5)."""
    return _labellers(_concepts(order, {}))


def _labellers(concepts: Iterable[CodeableConcept]) -> frozenset[str]:
    codings = (coding for concept in concepts for coding in concept.coding)
    return frozenset(each.code.partition("-")[0] for each in codings if each.system == NDC and each.code)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=Decimal, parse_int=Decimal) if raw else {}
    except (ValueError, RecursionError, InvalidOperation):
        return {}


def _draft(
    place: int, body: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]], local_codes: LocalCodes
) -> Draft:
    kind, id_ = str(body["resourceType"]), body.get("id")
    concepts = list(_concepts(body, medications))
    bare = DraftOrder(
        source=f"{kind}/{id_}" if isinstance(id_, str) and id_ else f"{kind}#{place}",
        drug=next((drug for concept in concepts if (drug := drug_ordered(concept, local_codes))), None),
        label=next((concept.label for concept in concepts if concept.label), ""),
        authored=_instant(body.get("authoredOn")),
        identifiers=tuple(
            f"{each.get('system') or ''}|{each['value']}"
            for each in listed(body.get("identifier"))
            if each.get("value")
        ),
        links=tuple(_references(body)),
    )
    order = _with_amounts(bare, amounts_in(body))
    return Draft(body, order, _labellers(concepts))


def _with_amounts(order: DraftOrder, amounts: Mapping[str, Decimal]) -> DraftOrder:
    return replace(
        order,
        dose_mg=amounts.get("dose_mg"),
        mg_per_kg=amounts.get("mg_per_kg"),
        ml=amounts.get("ml"),
        vials=amounts.get("vials"),
        units=amounts.get("units"),
        donor_units=amounts.get("donor_units"),
        pools=amounts.get("pools"),
        doses=amounts.get("doses"),
        low_share=amounts.get("low_share", order.low_share),
    )


def _instant(text: Any) -> datetime | None:
    """A time with its offset; a date alone does not tell what was written together (ORD-11)."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _references(body: Mapping[str, Any]) -> Iterator[str]:
    """What the draft is based on, renews or replaces."""
    prior = body.get("priorPrescription")
    named = [*listed(body.get("basedOn")), *listed(body.get("replaces")), *([prior] if isinstance(prior, dict) else [])]
    yield from (each["reference"] for each in named if isinstance(each.get("reference"), str))


def _concepts(body: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]) -> Iterator[CodeableConcept]:
    """What a draft orders: its own code, or that of the Medication it names and of its ingredients (contained, or sent with it)."""
    direct = _decoded(body.get("medicationCodeableConcept") or body.get("code"))
    if direct is not None:
        yield direct
        return
    named = body.get("medicationReference")
    reference = named.get("reference") if isinstance(named, dict) else None
    medication = _contained(body, reference) or _among(medications, reference)
    parts = [medication.get("code")] if medication else []
    parts += [each.get("itemCodeableConcept") for each in listed((medication or {}).get("ingredient"))]
    yield from (concept for part in parts if (concept := _decoded(part)) is not None)
    display = named.get("display") if isinstance(named, dict) else None
    if isinstance(display, str) and display:
        yield CodeableConcept(text=display)


def _contained(body: Mapping[str, Any], reference: Any) -> Mapping[str, Any] | None:
    return next((each for each in listed(body.get("contained")) if f"#{each.get('id')}" == reference), None)


def _among(medications: Mapping[str, Mapping[str, Any]], reference: Any) -> Mapping[str, Any] | None:
    """By the reference as written, else by its last two parts: drafts may name it absolutely."""
    if not isinstance(reference, str):
        return None
    bare = reference.partition("/_history/")[0]
    return medications.get(bare) or medications.get("/".join(bare.rsplit("/", 2)[-2:]))


def _decoded(value: Any) -> CodeableConcept | None:
    try:
        body = json.dumps({"resourceType": "Medication", "code": value}, default=str).encode()
        return decode(body, Medication).code if isinstance(value, dict) else None
    except Unreadable:
        return None
