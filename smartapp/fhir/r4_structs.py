"""Lenient structs of the R4 elements we need: unknown members ignored, decimals exact, a bad resource costs only itself."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from smartapp.fhir.elements import (
    Annotation,
    CodeableConcept,
    ConditionStage,
    Dosage,
    DosageInstruction,
    HumanName,
    Identifier,
    Meta,
    Period,
    Quantity,
    Range,
    Ratio,
    Reaction,
    Reference,
    ReferenceRange,
)


class Resource(Struct, frozen=True, rename="camel"):
    """What every resource has, and what must stop us (FHIR-04)."""

    resource_type: str = ""
    id: str = ""
    meta: Meta = Meta()
    implicit_rules: str = ""
    modifier_extension: tuple[msgspec.Raw, ...] = ()

    @property
    def source(self) -> str:
        """How it is referred to: `Type/id`, or its own address where two servers have one of the same id (DQ-29)."""
        return self.id if ":" in self.id else f"{self.resource_type}/{self.id}"


class Component(Struct, frozen=True, rename="camel"):
    code: CodeableConcept = CodeableConcept()
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_codeable_concept: CodeableConcept | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()
    modifier_extension: tuple[msgspec.Raw, ...] = ()


class Specimen(Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    id: str = ""
    status: str = ""
    accession_identifier: Identifier | None = None
    collection: "Collection | None" = None
    condition: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()


class Collection(Struct, frozen=True, rename="camel"):
    collected_date_time: str = ""
    collected_period: Period | None = None


class Observation(Resource, frozen=True, rename="camel"):
    """One contained in a report or a panel has the id `<Type>/<id>#<id>`: it can be referred to only through what holds it (DQ-15, DQ-30)."""

    status: str = ""
    identifier: tuple[Identifier, ...] = ()
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    focus: tuple[Reference, ...] = ()
    effective_date_time: str = ""
    effective_period: Period | None = None
    effective_instant: str = ""
    issued: str = ""
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_codeable_concept: CodeableConcept | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()
    method: CodeableConcept | None = None
    device: Reference | None = None
    specimen: Reference | None = None
    contained: tuple[msgspec.Raw, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()
    component: tuple[Component, ...] = ()

    @property
    def source(self) -> str:
        """How this result is referred to."""
        return self.id if ":" in self.id or "#" in self.id else f"Observation/{self.id}"


class Condition(Resource, frozen=True, rename="camel"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    severity: CodeableConcept | None = None
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    onset_date_time: str = ""
    onset_period: Period | None = None
    abatement_date_time: str = ""
    abatement_period: Period | None = None
    abatement_string: str = ""
    abatement_age: msgspec.Raw = msgspec.Raw()
    abatement_range: msgspec.Raw = msgspec.Raw()
    recorded_date: str = ""
    stage: tuple[ConditionStage, ...] = ()
    note: tuple[Annotation, ...] = ()


class Procedure(Resource, frozen=True, rename="camel"):
    status: str = ""
    category: CodeableConcept | None = None
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None
    used_code: tuple[CodeableConcept, ...] = ()
    used_reference: tuple[Reference, ...] = ()
    based_on: tuple[Reference, ...] = ()
    contained: tuple[msgspec.Raw, ...] = ()

    @property
    def period(self) -> Period | None:
        """When it was done, as a period."""
        return self.performed_period

    @property
    def at(self) -> str:
        """When it was done, as one time."""
        return self.performed_date_time

    @property
    def links(self) -> tuple[str, ...]:
        """The references of the orders it belongs to, as written."""
        return tuple(each.reference for each in self.based_on if each.reference)


class MedicationAdministration(Resource, frozen=True, rename="camel"):
    status: str = ""
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    dosage: Dosage | None = None
    note: tuple[Annotation, ...] = ()
    request: Reference | None = None
    contained: tuple[msgspec.Raw, ...] = ()

    @property
    def period(self) -> Period | None:
        """When it was given, as a period."""
        return self.effective_period

    @property
    def at(self) -> str:
        """When it was given, as one time."""
        return self.effective_date_time

    @property
    def links(self) -> tuple[str, ...]:
        """The reference of the order it belongs to, as written."""
        return (self.request.reference,) if self.request and self.request.reference else ()


class DispenseRequest(Struct, frozen=True, rename="camel"):
    quantity: Quantity | None = None


class MedicationUse(Resource, frozen=True, rename="camel"):
    """MedicationRequest, MedicationStatement or MedicationDispense: what they say of a drug."""

    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str = ""
    when_handed_over: str = ""
    when_prepared: str = ""
    requester: Reference | None = None
    dosage_instruction: tuple[DosageInstruction, ...] = ()
    dispense_request: DispenseRequest | None = None
    quantity: Quantity | None = None
    based_on: tuple[Reference, ...] = ()
    prior_prescription: Reference | None = None
    authorizing_prescription: tuple[Reference, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    contained: tuple[msgspec.Raw, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """The references of the orders it belongs to, as written."""
        linked = (*self.based_on, *self.authorizing_prescription, self.prior_prescription)
        return tuple(each.reference for each in linked if each is not None and each.reference)


class Ingredient(Struct, frozen=True, rename="camel"):
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None


class Medication(Resource, frozen=True, rename="camel"):
    code: CodeableConcept | None = None
    ingredient: tuple[Ingredient, ...] = ()
    contained: tuple[msgspec.Raw, ...] = ()


class BiologicallyDerivedProduct(Resource, frozen=True, rename="camel"):
    product_code: CodeableConcept | None = None


class ServiceRequest(Resource, frozen=True, rename="camel"):
    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    authored_on: str = ""
    occurrence_date_time: str = ""
    occurrence_period: Period | None = None
    requester: Reference | None = None
    quantity_quantity: Quantity | None = None
    quantity_range: Range | None = None
    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    replaces: tuple[Reference, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """The references of the orders it belongs to, as written."""
        return tuple(each.reference for each in (*self.based_on, *self.replaces) if each.reference)


class AllergyIntolerance(Resource, frozen=True, rename="camel"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    criticality: str = ""
    code: CodeableConcept | None = None
    patient: Reference | None = None
    reaction: tuple[Reaction, ...] = ()


class PatientStruct(Resource, frozen=True, rename="camel"):
    name: tuple[HumanName, ...] = ()
    birth_date: str = ""
    gender: str = ""
    identifier: tuple[Identifier, ...] = ()
    deceased_boolean: bool | None = None
    deceased_date_time: str = ""


class DiagnosticReport(Resource, frozen=True, rename="camel"):
    status: str = ""
    subject: Reference | None = None
    contained: tuple[msgspec.Raw, ...] = ()


class ResourceKind(Struct, frozen=True, rename="camel"):
    """Only what a resource is and which version of it: the first look at anything."""

    resource_type: str = ""
    id: str = ""
    meta: Meta = Meta()


class _Named(Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    id: str = ""


class _Typed(Struct, frozen=True, rename="camel"):
    resource_type: str = ""


R = TypeVar("R")


class Unreadable(ValueError):
    """One resource that cannot be read; the message names the element."""


_MAX_DEPTH_WORDS = "it is nested too deeply"
_DECODERS: dict[type[Any], Callable[[bytes], Any]] = {}
_PREPARING = threading.Lock()


def _prepared(kind: type[R]) -> Callable[[bytes], R]:
    """msgspec crashes the process where two threads meet a type for the first time at once: one prepares it."""
    with _PREPARING:
        return _DECODERS.setdefault(kind, msgspec.json.Decoder(kind).decode)


def _misformed(error: str) -> str:
    """In words that a clinician can pass on: which element, not which type of the program it is not."""
    _, _, path = error.partition(" - at `$")
    element = path.strip(".`")
    return f"{f'its {element}' if element else 'it'} is not in the form that FHIR gives it"


def decode(raw: bytes, kind: type[R]) -> R:
    """One resource as `kind`; `Unreadable` names the path of the element that does not fit, never its value."""
    try:
        return (_DECODERS.get(kind) or _prepared(kind))(raw)  # type: ignore[no-any-return]
    except RecursionError:
        raise Unreadable(_MAX_DEPTH_WORDS) from None
    except msgspec.ValidationError as error:
        raise Unreadable(_misformed(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is not JSON ({error})") from None


def kind_of(raw: bytes) -> ResourceKind:
    """Type, id and version of a resource; empty words for what it has not, or has in an odd form."""
    try:
        return decode(raw, ResourceKind)
    except Unreadable:
        pass
    try:
        named = decode(raw, _Named)
        return ResourceKind(resource_type=named.resource_type, id=named.id)
    except Unreadable:
        pass
    try:
        return ResourceKind(resource_type=decode(raw, _Typed).resource_type)
    except Unreadable:
        return ResourceKind()


def stops_us(resource: Resource) -> str:
    """Why a resource must not be used (FHIR-04), or nothing."""
    if resource.modifier_extension:
        return "it carries a modifierExtension that is not understood"
    if resource.implicit_rules:
        return "it carries implicitRules that are not understood"
    return ""
