"""Drugs and blood components given or running: administrations, and transfusions recorded as procedures (guideline 9.7, DQ-24)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import Exposure, Gap, GapKind, Topic
from smartapp.clinical.record_words import may_name_product, product_named
from smartapp.clinical.records import WordedDose
from smartapp.clinical.terminology import Drug
from smartapp.fhir.dose_amounts import DoseAmount, amount_of
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.infusions import GIVEN, SETTLED, car_t_in
from smartapp.fhir.medications import concept_in, drug_in, is_reduced_plasma, medication_at
from smartapp.fhir.observation_values import ValueReading
from smartapp.fhir.r4_structs import (
    BiologicallyDerivedProduct,
    Medication,
    MedicationAdministration,
    Procedure,
    Unreadable,
    decode,
    kind_of,
)
from smartapp.fhir.references import named_in
from smartapp.fhir.times import first_moment
from smartapp.fhir.unrecognised import A_PRODUCT, ANY_PRODUCT, unrecognised

_FLUID = re.compile(r"fluid|saline|ringer|crystalloid|sodium chloride|albumin|plasma-?lyte", re.IGNORECASE)
_BOLUS = re.compile(r"\bbolus", re.IGNORECASE)
_HYPOTENSION = re.compile(r"hypotens|\bI95\b", re.IGNORECASE)
Given = MedicationAdministration | Procedure


def topic_of_given(given: Given) -> Topic:
    """The part of the chart it is from."""
    return Topic.PROCEDURES if isinstance(given, Procedure) else Topic.ADMINISTRATIONS


def read_given(
    given: Given, concept: CodeableConcept | None, reading: ValueReading
) -> Iterator[Exposure | WordedDose | Gap]:
    """What one record tells of a dose: of a drug that is known, of something whose words name a product, or that neither can be told."""
    drug = drug_in(concept, reading.local_codes)
    if drug is None and isinstance(given, MedicationAdministration):
        drug = _fluid_bolus(given, concept)
    if drug is not None:
        yield from _known(given, drug, concept, reading)
    elif given.status in GIVEN and car_t_in(concept, reading) is None:
        yield from _worded(given, concept, reading)


def product_used(
    procedure: Procedure,
    medications: Mapping[str, Medication],
    products: Mapping[str, BiologicallyDerivedProduct],
    reading: ValueReading,
) -> CodeableConcept:
    """What a procedure gave: its own code, else what its usedCode or usedReference names (9.7)."""
    if drug_in(procedure.code, reading.local_codes) is not None:
        return procedure.code
    used = [*procedure.used_code, *_referred(procedure, medications, products)]
    known = next((concept for concept in used if drug_in(concept, reading.local_codes) is not None), None)
    if known is not None:
        return known
    return next((concept for concept in used if may_name_product(concept.words)), procedure.code)


def _referred(
    procedure: Procedure, medications: Mapping[str, Medication], products: Mapping[str, BiologicallyDerivedProduct]
) -> Iterator[CodeableConcept]:
    for reference in procedure.used_reference:
        medication = medication_at(reference, procedure.contained, medications)
        concept = concept_in(medication, medications) if medication is not None else None
        if concept is not None:
            yield concept
        product = _contained_product(procedure, reference.reference) or named_in(
            products, reference.reference, "BiologicallyDerivedProduct"
        )
        if product is not None and product.product_code is not None:
            yield product.product_code
        if reference.display:
            yield CodeableConcept(text=reference.display)


def _contained_product(procedure: Procedure, reference: str) -> BiologicallyDerivedProduct | None:
    for raw in procedure.contained:
        data = bytes(raw)
        if reference == f"#{kind_of(data).id}" and kind_of(data).resource_type == "BiologicallyDerivedProduct":
            try:
                return decode(data, BiologicallyDerivedProduct)
            except Unreadable:
                return None
    return None


def unclear(given: Given, concept: CodeableConcept | None, reading: ValueReading) -> list[Gap]:
    """What is said of a CAR-T infusion or a drug the rules ask about, where nobody can tell whether or when it was given."""
    drug = drug_in(concept, reading.local_codes)
    worded = concept is not None and drug is None and product_named(concept.words) is not None
    if concept is None or (drug is None and not worded and car_t_in(concept, reading) is None):
        return []
    name = concept.label[:60]
    if given.status not in SETTLED:
        why = f"its status {given.status or 'is missing'} does not tell whether it was given"
    elif (drug is not None or worded) and given.status in GIVEN and _start(given, reading) is None:
        why = "its time is missing or cannot be read"
    else:
        return []
    text = f"{name} could not be read: {why}"
    topic = topic_of_given(given)
    return [Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text=text, source=given.source, topic=topic)]


def _start(given: Given, reading: ValueReading) -> Moment | None:
    return first_moment(reading.zone, given.at, given.period.start if given.period else "")


def _end(given: Given, reading: ValueReading) -> Moment | None:
    return first_moment(reading.zone, given.period.end) if given.period and given.period.end else None


def _known(given: Given, drug: Drug, concept: CodeableConcept | None, reading: ValueReading) -> Iterator[Exposure]:
    start, end = _start(given, reading), _end(given, reading)
    if given.status not in GIVEN or start is None:
        return
    amount = _amount(given)
    yield Exposure(
        drug=drug,
        start=start,
        source=given.source,
        running=given.status == "in-progress" and (end is None or end.at > reading.as_of),
        end=end,
        dose_mg=_of("mg", amount),
        units=_of("unit", amount) or _of("single-donor unit", amount),
        pools=_of("pool", amount),
        doses=_of("dose", amount),
        volume_ml=_of("mL", amount),
        label=concept.label if concept else "",
        links=given.links,
    )


def _worded(given: Given, concept: CodeableConcept | None, reading: ValueReading) -> Iterator[WordedDose | Gap]:
    """DQ-24: something whose code is not known, and whose words name a fibrinogen product, or may do so."""
    words = _words(given, concept)
    if not may_name_product(words) or (concept is not None and is_reduced_plasma(concept)):
        return
    start, end, drug = _start(given, reading), _end(given, reading), product_named(words)
    yield unrecognised(
        concept,
        given.source,
        what="Something given" if isinstance(given, MedicationAdministration) else "A procedure",
        so="it counts as given" if drug else "it may be a fibrinogen product",
        stands_for=A_PRODUCT[drug] if drug in FIBRINOGEN_PRODUCTS else ANY_PRODUCT,
        topic=topic_of_given(given),
        rule="DQ-24",
        at=start,
        words=words,
    )
    if start is not None:
        yield WordedDose(
            start=start,
            source=given.source,
            label=words[:80],
            drug=drug,
            end=end,
            running=given.status == "in-progress" and (end is None or end.at > reading.as_of),
            links=given.links,
        )


def _words(given: Given, concept: CodeableConcept | None) -> str:
    """Its own words; of an administration without any, those of its notes."""
    words = concept.words if concept else ""
    if words or isinstance(given, Procedure):
        return words
    return " | ".join(note.text for note in given.note)


def _fluid_bolus(given: MedicationAdministration, concept: CodeableConcept | None) -> Drug | None:
    """A fluid bolus given for hypotension (CRS-03): both by their words, since the guideline has no code for it."""
    words = concept.words if concept else ""
    if not (_FLUID.search(words) and _BOLUS.search(words)):
        return None
    why = " ".join(reason.words for reason in given.reason_code)
    return Drug.FLUID_BOLUS if _HYPOTENSION.search(why) else None


def _amount(given: Given) -> DoseAmount | None:
    dosage = given.dosage if isinstance(given, MedicationAdministration) else None
    return amount_of(dosage.dose) if dosage else None


def _of(unit: str, amount: DoseAmount | None) -> Decimal | None:
    return amount.value if amount is not None and amount.unit == unit else None
