"""What we write beside an order: Provenance; and what the EHR made of the order, read back (FHIR-48, FHIR-49)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from smartapp.clinical.report_members import rfc3339
from smartapp.fhir.elements import CodeableConcept, Quantity, Reference
from smartapp.fhir.models import validated
from smartapp.fhir.r4_structs import Unreadable, decode

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
NOT_READ = "the stored order could not be read"
_COUNTED = frozenset({"single-donor unit", "pool", "dose"})
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


class _Range(msgspec.Struct, frozen=True):
    high: Quantity | None = None


class _DoseAndRate(msgspec.Struct, rename="camel", frozen=True):
    dose_quantity: Quantity | None = None
    rate_quantity: Quantity | None = None
    rate_range: _Range | None = None


class _Repeat(msgspec.Struct, frozen=True):
    count: int | None = None
    frequency: int | None = None


class _Timing(msgspec.Struct, frozen=True):
    repeat: _Repeat | None = None


class _DosageBack(msgspec.Struct, rename="camel", frozen=True):
    text: str = ""
    route: CodeableConcept | None = None
    timing: _Timing | None = None
    dose_and_rate: tuple[_DoseAndRate, ...] = ()


class _Dispense(msgspec.Struct, rename="camel", frozen=True):
    number_of_repeats_allowed: int = 0


class _Stored(msgspec.Struct, rename="camel", frozen=True):
    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    meta: _Meta = _Meta()
    identifier: tuple[_Identifier, ...] = ()
    subject: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    code: CodeableConcept | None = None
    dosage_instruction: tuple[_DosageBack, ...] = ()
    dispense_request: _Dispense = _Dispense()
    quantity_quantity: Quantity | None = None
    authored_on: str = ""
    requester: Reference | None = None
    recorder: Reference | None = None


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


def same_order(stored: bytes, sent: bytes) -> bool:
    """Whether a resource without an identifier of ours says the same as what was sent: patient, product, dose, author and minute."""
    ours, theirs = _read(sent), _read(stored)
    systems = {one.system for one in ours.identifier}
    if any(one.system in systems for one in theirs.identifier) or theirs.status == "entered-in-error":
        return False
    minute = _minute(ours)
    return (
        bool(minute and _codes(ours))
        and (_subject(ours), minute, _author(ours)) == (_subject(theirs), _minute(theirs), _author(theirs))
        and _same_concept(_codes(ours), _codes(theirs))
        and _doses(ours) == _doses(theirs)
    )


def _minute(order: _Stored) -> str:
    """When it was written, in UTC to the minute; empty if that cannot be read."""
    try:
        at = datetime.fromisoformat(order.authored_on)
    except ValueError:
        return ""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}" if at.tzinfo else ""


def _author(order: _Stored) -> str:
    who = order.requester or order.recorder
    return "/".join(who.reference.partition("/_history/")[0].split("/")[-2:]) if who else ""


def differences(stored: bytes, approved: bytes) -> tuple[str, ...]:
    """How the EHR's order differs from what was approved, in words: patient, medication, dose and how it is given, status, intent.

    A route, rate, timing or text that the EHR dropped is no difference; another one is.
    """
    try:
        ours, theirs = decode(approved, _Stored), decode(stored, _Stored)
    except Unreadable:
        return (NOT_READ,)
    pairs = (
        ("patient", _subject(ours), _subject(theirs)),
        ("medication", _codes(ours), _codes(theirs)),
        ("dose", _doses(ours), _doses(theirs)),
        ("status", ours.status, theirs.status),
        ("intent", ours.intent, theirs.intent),
        ("do not perform", _yes(ours.do_not_perform), _yes(theirs.do_not_perform)),
        ("repeats", _repeats(ours), _repeats(theirs)),
        *((name, of(ours), of(theirs)) for name, of in _GIVEN.items() if of(theirs)),
    )
    return tuple(f"{name}: approved {_said(a)}, stored {_said(b)}" for name, a, b in pairs if not _alike(name, a, b))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _repeats(order: _Stored) -> str:
    return str(order.dispense_request.number_of_repeats_allowed)


def _route(order: _Stored) -> frozenset[str]:
    routes = [dosage.route for dosage in order.dosage_instruction if dosage.route]
    return frozenset(f"{coding.system}|{coding.code}" for route in routes for coding in route.coding)


def _rate(order: _Stored) -> tuple[tuple[Decimal, str], ...]:
    parts = [each for dosage in order.dosage_instruction for each in dosage.dose_and_rate]
    highest = [each.rate_range.high if each.rate_range else each.rate_quantity for each in parts]
    return _measured(highest)


def _times(order: _Stored) -> str:
    repeats = [dosage.timing.repeat for dosage in order.dosage_instruction if dosage.timing and dosage.timing.repeat]
    said = [
        f"{repeat.frequency} times a period" if repeat.frequency else f"{repeat.count or '?'} in all"
        for repeat in repeats
    ]
    return ", ".join(said)


def _texts(order: _Stored) -> str:
    return "; ".join(" ".join(dosage.text.split()) for dosage in order.dosage_instruction if dosage.text)


_GIVEN: dict[str, Callable[[_Stored], Any]] = {"route": _route, "rate": _rate, "timing": _times, "dosage text": _texts}


def _read(stored: bytes) -> _Stored:
    try:
        return decode(stored, _Stored)
    except Unreadable:
        return _Stored()


def _alike(name: str, ours: Any, theirs: Any) -> bool:
    return _same_concept(ours, theirs) if name in ("medication", "route") else bool(ours == theirs)


def _same_concept(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """A code in common, and in no code system another one: the EHR may drop codings or add its own."""
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
    return _measured([*given, order.quantity_quantity])


def _measured(quantities: Sequence[Quantity | None]) -> tuple[tuple[Decimal, str], ...]:
    """Numbers with their units; grams as milligrams."""
    found = [(q.value, q.code or q.unit) for q in quantities if q is not None and q.value is not None]
    return tuple((value * 1000, "mg") if unit == "g" else (value, unit) for value, unit in found)


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(code.rsplit("|", 1)[-1] for code in value)) or "nothing"
    if isinstance(value, tuple):
        said = (f"{amount.normalize():f} {_unit_words(amount, unit)}".strip() for amount, unit in value)
        return ", ".join(said) or "nothing"
    return value or "nothing"


def _unit_words(amount: Decimal, unit: str) -> str:
    return f"{unit}s" if unit in _COUNTED and amount != 1 else _UNITS.get(unit, unit)
