"""Which drug a record names: by code, by its Medication and the ingredients of that, by an RxNorm product's text (guideline 9.7)."""

from collections.abc import Mapping

from msgspec import Raw

from smartapp.clinical.code_systems import system_of
from smartapp.clinical.codes import CRYO_REDUCED_PLASMA, RXNORM, drug_of
from smartapp.clinical.drug_words import drug_in_product_text
from smartapp.clinical.record_words import product_named
from smartapp.clinical.terminology import Drug
from smartapp.fhir.elements import CodeableConcept, Reference
from smartapp.fhir.infusions import GIVEN
from smartapp.fhir.local_codes import LocalCodes
from smartapp.fhir.r4_structs import Medication, MedicationAdministration, MedicationUse, Unreadable, decode, kind_of
from smartapp.fhir.references import named_in

_ACTIVE = frozenset({"active"})


def drug_in(concept: CodeableConcept | None, local_codes: LocalCodes) -> Drug | None:
    """The drug a concept names by code, or by the text of an RxNorm product (9.7); plasma reduced of cryoprecipitate never counts (SAF-07)."""
    if concept is None or is_reduced_plasma(concept):
        return None
    found = next((drug for coding in concept.coding if (drug := drug_of(*local_codes.meant_by(coding)))), None)
    return found or _drug_in_rxnorm_text(concept)


def drug_ordered(concept: CodeableConcept, local_codes: LocalCodes) -> Drug | None:
    """The drug of a draft: by code, else the fibrinogen product that its words name (guideline 7a)."""
    by_code = drug_in(concept, local_codes)
    return by_code if by_code or is_reduced_plasma(concept) else product_named(concept.words)


def is_reduced_plasma(concept: CodeableConcept) -> bool:
    """Whether a concept is coded as plasma reduced of cryoprecipitate, which is neither (SAF-07)."""
    return any(coding.code in CRYO_REDUCED_PLASMA for coding in concept.coding)


def _drug_in_rxnorm_text(concept: CodeableConcept) -> Drug | None:
    """RxNorm's codes of products exclude their ingredients: the text names it."""
    coded = [coding for coding in concept.coding if system_of(coding.system) == RXNORM]
    texts = (text for coding in coded for text in (coding.display, concept.text) if text)
    return next((drug for text in texts if (drug := drug_in_product_text(text))), None)


def concept_of(
    given: MedicationAdministration | MedicationUse, medications: Mapping[str, Medication]
) -> CodeableConcept | None:
    """The medication: as a concept, contained, or among the chart's Medication resources; with its ingredients (FHIR-13, 9.7)."""
    if given.medication_codeable_concept is not None:
        return given.medication_codeable_concept
    reference = given.medication_reference
    if reference is None:
        return None
    found = medication_at(reference, given.contained, medications)
    if found is not None and (concept := concept_in(found, medications)) is not None:
        return concept
    return CodeableConcept(text=reference.display) if reference.display else None


def medication_at(
    reference: Reference, contained: tuple[Raw, ...], medications: Mapping[str, Medication]
) -> Medication | None:
    """The Medication that a reference names: contained, in the answer by `Type/id` or fullUrl, absolute or versioned."""
    if reference.reference.startswith("#"):
        return _contained(contained, reference.reference[1:])
    return named_in(medications, reference.reference, "Medication")


def concept_in(medication: Medication, medications: Mapping[str, Medication]) -> CodeableConcept | None:
    """Its own code together with the codes of its ingredients, one level deep; None where it names nothing."""
    parts = [medication.code] if medication.code else []
    for ingredient in medication.ingredient:
        if ingredient.item_codeable_concept is not None:
            parts.append(ingredient.item_codeable_concept)
        elif ingredient.item_reference is not None:
            item = medication_at(ingredient.item_reference, medication.contained, medications)
            parts += [item.code] if item is not None and item.code is not None else []
    if not parts:
        return None
    text = next((part.text for part in parts if part.text), "")
    return CodeableConcept(coding=tuple(coding for part in parts for coding in part.coding), text=text)


def is_unnamed(given: MedicationAdministration | MedicationUse, concept: CodeableConcept | None) -> bool:
    """Whether something given or ordered names its medication only by a reference to a record that is not here."""
    counts = given.status in (GIVEN if isinstance(given, MedicationAdministration) else _ACTIVE)
    return counts and given.medication_reference is not None and (concept is None or not concept.coding)


def _contained(raws: tuple[Raw, ...], id_: str) -> Medication | None:
    for raw in raws:
        data = bytes(raw)
        if kind_of(data).id == id_:
            try:
                return decode(data, Medication)
            except Unreadable:
                return None
    return None
