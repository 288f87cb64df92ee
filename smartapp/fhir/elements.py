"""The R4 data types we read, each with only the members we need; unknown members are ignored, decimals exact."""

from decimal import Decimal

from msgspec import Struct

_MOST_DIGITS = 30


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
        parts = [self.text] if self.text else []
        parts += [coding.display for coding in self.coding if coding.display]
        return " | ".join(parts)


class Reference(Element, frozen=True):
    reference: str = ""
    display: str = ""
    type: str = ""

    @property
    def bare_id(self) -> str:
        """The id it points at, whatever stands before it: a type, a base, `urn:uuid:`."""
        return self.reference.split("/_history/", 1)[0].rsplit("/", 1)[-1].removeprefix("urn:uuid:")


class Quantity(Element, frozen=True):
    value: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        """Refuse what no measurement is (NaN, infinity, absurd exponents), so that no later arithmetic can fail."""
        if self.value is not None and not (self.value.is_finite() and abs(self.value.adjusted()) <= _MOST_DIGITS):
            raise ValueError("a number no measurement can have")


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


class Range(Element, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None


class ReferenceRange(Element, frozen=True, rename="camel"):
    high: Quantity | None = None
    low: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: tuple[CodeableConcept, ...] = ()
    age: Range | None = None
    text: str = ""


class ConditionStage(Element, frozen=True):
    summary: CodeableConcept | None = None


class Dosage(Element, frozen=True):
    text: str = ""
    dose: Quantity | None = None


class Ratio(Element, frozen=True):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class DoseAndRate(Element, frozen=True, rename="camel"):
    type: CodeableConcept | None = None
    dose_quantity: Quantity | None = None
    dose_range: Range | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether it is the dose as ordered, not one calculated."""
        return self.type is not None and any(coding.code == "ordered" for coding in self.type.coding)


class DosageInstruction(Element, frozen=True, rename="camel"):
    text: str = ""
    dose_and_rate: tuple[DoseAndRate, ...] = ()


class Reaction(Element, frozen=True):
    severity: str = ""
    manifestation: tuple[CodeableConcept, ...] = ()


class HumanName(Element, frozen=True):
    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str, ...] = ()
