"""Lenient structs of the R4 elements we need: unknown members ignored, decimals exact, a bad resource costs only itself."""

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct


class Element(Struct, frozen=True, gc=False):
    """Base of all structs; unknown members are ignored by msgspec."""


class Coding(Element, frozen=True):
    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Element, frozen=True):
    coding: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def label(self) -> str:
        """The concept in the record's own words: text, else the first display, else the first code."""
        return (
            self.text
            or next((c.display for c in self.coding if c.display), "")
            or next((c.code for c in self.coding), "")
        )

    @property
    def words(self) -> str:
        """Text and displays, for the few places where the guideline itself matches words (FHIR-30)."""
        return " | ".join(part for part in (self.text, *(c.display for c in self.coding)) if part)


class Reference(Element, frozen=True):
    reference: str = ""
    display: str = ""
    type: str = ""


class Quantity(Element, frozen=True):
    value: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Period(Element, frozen=True):
    start: str = ""
    end: str = ""


class Identifier(Element, frozen=True):
    system: str = ""
    value: str = ""
    type: CodeableConcept | None = None


class Meta(Element, frozen=True):
    versionId: str = ""  # noqa: N815 - FHIR's own name
    lastUpdated: str = ""  # noqa: N815


class Annotation(Element, frozen=True):
    text: str = ""


class ReferenceRange(Element, frozen=True):
    high: Quantity | None = None
    low: Quantity | None = None
    type: CodeableConcept | None = None


class Resource(Struct, frozen=True, rename="camel"):
    """What every resource has, and what must stop us (FHIR-04)."""

    resource_type: str = ""
    id: str = ""
    meta: Meta = Meta()
    implicit_rules: str = ""
    modifier_extension: tuple[msgspec.Raw, ...] = ()


class Component(Struct, frozen=True, rename="camel"):
    code: CodeableConcept = CodeableConcept()
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_codeable_concept: CodeableConcept | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()
    modifier_extension: tuple[msgspec.Raw, ...] = ()


class Specimen(Struct, frozen=True, rename="camel"):
    id: str = ""
    collection: "Collection | None" = None
    condition: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()


class Collection(Struct, frozen=True, rename="camel"):
    collected_date_time: str = ""
    collected_period: Period | None = None


class Observation(Resource, frozen=True, rename="camel"):
    status: str = ""
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    effective_instant: str = ""
    issued: str = ""
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_integer: int | None = None
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


class Stage(Element, frozen=True):
    summary: CodeableConcept | None = None


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
    stage: tuple[Stage, ...] = ()
    note: tuple[Annotation, ...] = ()


class Dosage(Element, frozen=True):
    text: str = ""
    dose: Quantity | None = None


class Procedure(Resource, frozen=True, rename="camel"):
    status: str = ""
    category: CodeableConcept | None = None
    code: CodeableConcept = CodeableConcept()
    subject: Reference | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None


class MedicationAdministration(Resource, frozen=True, rename="camel"):
    status: str = ""
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    dosage: Dosage | None = None
    contained: tuple[msgspec.Raw, ...] = ()


class MedicationUse(Resource, frozen=True, rename="camel"):
    """MedicationRequest or MedicationStatement: what both say of a drug."""

    status: str = ""
    intent: str = ""
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str = ""
    identifier: tuple[Identifier, ...] = ()
    contained: tuple[msgspec.Raw, ...] = ()


class Medication(Resource, frozen=True, rename="camel"):
    code: CodeableConcept | None = None


class ServiceRequest(Resource, frozen=True, rename="camel"):
    status: str = ""
    intent: str = ""
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    authored_on: str = ""
    occurrence_date_time: str = ""
    occurrence_period: Period | None = None


class Reaction(Element, frozen=True):
    severity: str = ""
    manifestation: tuple[CodeableConcept, ...] = ()


class AllergyIntolerance(Resource, frozen=True, rename="camel"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    criticality: str = ""
    code: CodeableConcept | None = None
    patient: Reference | None = None
    reaction: tuple[Reaction, ...] = ()


class HumanName(Element, frozen=True):
    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


class Patient(Resource, frozen=True, rename="camel"):
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


class Kind(Struct, frozen=True, rename="camel"):
    """Only what a resource is and whose: the first look at anything."""

    resource_type: str = ""
    id: str = ""


R = TypeVar("R")


class Unreadable(ValueError):
    """One resource that cannot be read; the message names the element."""


_MAX_DEPTH_WORDS = "it is nested too deeply"


def decode(raw: bytes, kind: type[R]) -> R:
    """One resource as `kind`; `Unreadable` names the path of the element that does not fit, never its value."""
    try:
        return (
            msgspec.json.decode(raw, type=kind, strict=False) if kind is Kind else msgspec.json.decode(raw, type=kind)
        )
    except RecursionError:
        raise Unreadable(_MAX_DEPTH_WORDS) from None
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is not JSON ({error})") from None


def kind_of(raw: bytes) -> Kind:
    """Type and id of a resource; empty words where it has none."""
    try:
        return decode(raw, Kind)
    except Unreadable:
        return Kind()


def stops_us(resource: Resource) -> str:
    """Why a resource must not be used (FHIR-04), or nothing."""
    if resource.modifier_extension:
        return "it carries a modifierExtension that is not understood"
    if resource.implicit_rules:
        return "it carries implicitRules that are not understood"
    return ""
