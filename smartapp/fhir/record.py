"""What we write beside an order: Provenance; and what the EHR made of the order, read back (FHIR-48, FHIR-49)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from smartapp.clinical.report import rfc3339
from smartapp.fhir.document import Unreadable, decode
from smartapp.fhir.elements import CodeableConcept, Quantity, Reference
from smartapp.fhir.models import validated

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_UNITS = {"{unit}": "units"}  # UCUM's spelling is for machines
_OVER = frozenset({"cancelled", "revoked", "completed", "stopped", "ended", "entered-in-error"})


def write_provenance(
    *,
    targets: Sequence[str],
    at: datetime,
    author: str,
    entities: Sequence[str],
    rules: Sequence[tuple[str, int]],
    rules_url: str,
    organization: str,
    software: str,
    receipt: tuple[str, str] = ("", ""),
) -> dict[str, Any]:
    """Who approved and what assembled it, from which records and by which rules (id, version); `receipt` is the decision
    receipt's (system, address)."""
    sources = [{"role": "source", "what": {"reference": source}} for source in entities]
    applied = [
        {
            "role": "derivation",
            "what": {"identifier": {"system": rules_url, "value": rule}, "display": f"{rule} v{version}"},
        }
        for rule, version in rules
    ]
    if receipt[1]:
        named = {"identifier": {"system": receipt[0], "value": receipt[1]}, "display": "Decision receipt"}
        applied.append({"role": "quotation", "what": named})
    return validated(
        {
            "resourceType": "Provenance",
            "target": [{"reference": target} for target in targets],
            "recorded": rfc3339(at),
            "agent": [
                _agent("author", {"reference": author}, organization),
                _agent("assembler", {"type": "Device", "display": software}, organization),
            ],
            **({"entity": [*sources, *applied]} if sources or applied else {}),
        }
    )


def _agent(role: str, who: dict[str, str], organization: str) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": _AGENT, "code": role}]},
        "who": who,
        "onBehalfOf": {"display": organization},
    }


class _Meta(msgspec.Struct, rename="camel", frozen=True):
    version_id: str = ""


class _Identifier(msgspec.Struct, frozen=True):
    system: str = ""
    value: str = ""


class _DoseAndRate(msgspec.Struct, rename="camel", frozen=True):
    dose_quantity: Quantity | None = None


class _DosageBack(msgspec.Struct, rename="camel", frozen=True):
    text: str = ""
    dose_and_rate: tuple[_DoseAndRate, ...] = ()


class _Stored(msgspec.Struct, rename="camel", frozen=True):
    status: str = ""
    intent: str = ""
    meta: _Meta = _Meta()
    identifier: tuple[_Identifier, ...] = ()
    subject: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    code: CodeableConcept | None = None
    dosage_instruction: tuple[_DosageBack, ...] = ()
    quantity_quantity: Quantity | None = None


def over(stored: bytes) -> str:
    """The status of a stored order that is over (cancelled, completed, …); empty if it stands or cannot be read."""
    status = _read(stored).status
    return status if status in _OVER else ""


def status_of(stored: bytes) -> str:
    """The status of a stored order; empty if it cannot be read."""
    return _read(stored).status


def version_of(stored: bytes) -> str:
    """The version the EHR keeps a resource under; empty if it names none."""
    return _read(stored).meta.version_id


def carries(stored: bytes, identifier: str) -> bool:
    """Whether a resource bears the identifier `system|value`, exactly: a server may ignore the search's filter."""
    return any(f"{found.system}|{found.value}" == identifier for found in _read(stored).identifier)


def differences(stored: bytes, approved: bytes) -> tuple[str, ...]:
    """How the EHR's order differs from what was approved, in words: patient, medication, dose, status, intent."""
    try:
        ours, theirs = decode(approved, _Stored), decode(stored, _Stored)
    except Unreadable:
        return ("the stored order could not be read",)
    pairs = (
        ("patient", _subject(ours), _subject(theirs)),
        ("medication", _codes(ours), _codes(theirs)),
        ("dose", _doses(ours), _doses(theirs)),
        ("status", ours.status, theirs.status),
        ("intent", ours.intent, theirs.intent),
    )
    return tuple(f"{name}: approved {_said(a)}, stored {_said(b)}" for name, a, b in pairs if not _alike(name, a, b))


def _read(stored: bytes) -> _Stored:
    try:
        return decode(stored, _Stored)
    except Unreadable:
        return _Stored()


def _alike(name: str, ours: Any, theirs: Any) -> bool:
    return _same_product(ours, theirs) if name == "medication" else bool(ours == theirs)


def _same_product(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """A code in common, and in no code system another product: the EHR may drop codings or add its own."""
    systems = {code.rpartition("|")[0] for code in ours} & {code.rpartition("|")[0] for code in theirs}
    shared = {code.rpartition("|")[0] for code in ours & theirs}
    return systems == shared if ours & theirs else ours == theirs


def _subject(order: _Stored) -> str:
    reference = order.subject.reference if order.subject else ""
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])


def _codes(order: _Stored) -> frozenset[str]:
    concept = order.medication_codeable_concept or order.code
    return frozenset(f"{coding.system}|{coding.code}" for coding in concept.coding) if concept else frozenset()


def _doses(order: _Stored) -> tuple[tuple[Decimal, str], ...]:
    """Every dose that an order names: one that the EHR added is a difference too."""
    given = [each.dose_quantity for dosage in order.dosage_instruction for each in dosage.dose_and_rate]
    named = [quantity for quantity in (*given, order.quantity_quantity) if quantity and quantity.value is not None]
    return tuple((q.value.normalize(), q.code or q.unit) for q in named if q.value is not None)


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(code.rsplit("|", 1)[-1] for code in value)) or "nothing"
    if isinstance(value, tuple):
        said = (f"{amount:f} {_UNITS.get(unit, unit)}".strip() for amount, unit in value)
        return ", ".join(said) or "nothing"
    return value or "nothing"
