"""What we write beside an order: Provenance; and what the EHR made of the order, read back (FHIR-48, FHIR-49)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from smartapp.clinical.report import rfc3339
from smartapp.fhir.document import CodeableConcept, Quantity, Reference, Unreadable, decode
from smartapp.fhir.models import validated

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def write_provenance(
    *, targets: list[str], at: datetime, author: str, entities: list[str], organization: str, software: str
) -> dict[str, Any]:
    """Who approved and what assembled it, from which records."""
    entity = [{"role": "source", "what": {"reference": source}} for source in entities]
    return validated(
        {
            "resourceType": "Provenance",
            "target": [{"reference": target} for target in targets],
            "recorded": rfc3339(at),
            "agent": [
                {
                    "type": {"coding": [{"system": _AGENT, "code": "author"}]},
                    "who": {"reference": author},
                    "onBehalfOf": {"display": organization},
                },
                {
                    "type": {"coding": [{"system": _AGENT, "code": "assembler"}]},
                    "who": {"display": software},
                    "onBehalfOf": {"display": organization},
                },
            ],
            **({"entity": entity} if entity else {}),
        }
    )


class _DoseAndRate(msgspec.Struct, rename="camel", frozen=True):
    dose_quantity: Quantity | None = None


class _DosageBack(msgspec.Struct, rename="camel", frozen=True):
    text: str = ""
    dose_and_rate: tuple[_DoseAndRate, ...] = ()


class _Stored(msgspec.Struct, rename="camel", frozen=True):
    status: str = ""
    intent: str = ""
    subject: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    code: CodeableConcept | None = None
    dosage_instruction: tuple[_DosageBack, ...] = ()
    quantity_quantity: Quantity | None = None


def differences(stored: bytes, approved: bytes) -> tuple[str, ...]:
    """How the EHR's order differs from what was approved, in words: patient, medication, dose, status."""
    try:
        ours, theirs = decode(approved, _Stored), decode(stored, _Stored)
    except Unreadable:
        return ("the stored order could not be read",)
    pairs = (
        ("patient", _subject(ours), _subject(theirs)),
        ("medication", _codes(ours), _codes(theirs)),
        ("dose", _dose(ours), _dose(theirs)),
        ("status", ours.status, theirs.status),
    )
    return tuple(f"{name}: approved {_said(a)}, stored {_said(b)}" for name, a, b in pairs if not _alike(name, a, b))


def _alike(name: str, ours: Any, theirs: Any) -> bool:
    if name == "medication":
        return bool(ours & theirs) if ours and theirs else ours == theirs
    return bool(ours == theirs)


def _subject(order: _Stored) -> str:
    reference = order.subject.reference if order.subject else ""
    return "/".join(reference.split("/")[-2:])


def _codes(order: _Stored) -> frozenset[str]:
    concept = order.medication_codeable_concept or order.code
    return frozenset(f"{coding.system}|{coding.code}" for coding in concept.coding) if concept else frozenset()


def _dose(order: _Stored) -> tuple[Decimal | None, str]:
    dosage = order.dosage_instruction[0] if order.dosage_instruction else None
    quantity = dosage.dose_and_rate[0].dose_quantity if dosage and dosage.dose_and_rate else order.quantity_quantity
    return (quantity.value.normalize(), quantity.code or quantity.unit) if quantity and quantity.value is not None else (None, "")


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(code.rsplit("|", 1)[-1] for code in value)) or "nothing"
    if isinstance(value, tuple):
        return f"{value[0]:f} {value[1]}" if value[0] is not None else "nothing"
    return value or "nothing"


