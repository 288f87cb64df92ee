"""Drugs given, running, ordered or said to be taken (guideline 9.7)."""

import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Raw

from smartapp.clinical.codes import CRYO_REDUCED_PLASMA, drug_of
from smartapp.clinical.picture import Exposure, Gap, GapKind, Topic
from smartapp.clinical.terminology import Drug
from smartapp.fhir.elements import CodeableConcept, Quantity
from smartapp.fhir.infusions import GIVEN, SETTLED, product_of
from smartapp.fhir.observation_values import ValueReading, local
from smartapp.fhir.r4_structs import (
    Medication,
    MedicationAdministration,
    MedicationUse,
    Procedure,
    Unreadable,
    decode,
    kind_of,
)
from smartapp.fhir.times import first_moment

_MG = {"mg": Decimal(1), "g": Decimal(1000)}
_ACTIVE = frozenset({"active"})
_FLUID = re.compile(r"fluid|saline|ringer|crystalloid|sodium chloride|albumin|plasma-?lyte", re.IGNORECASE)
_BOLUS = re.compile(r"\bbolus", re.IGNORECASE)
_HYPOTENSION = re.compile(r"hypotens|\bI95\b", re.IGNORECASE)


def drug_in(concept: CodeableConcept | None, local_codes: Mapping[str, str]) -> Drug | None:
    """The drug a concept names by code; plasma reduced of cryoprecipitate never counts (SAF-07)."""
    if concept is None:
        return None
    found = None
    for coding in concept.coding:
        if coding.code in CRYO_REDUCED_PLASMA:
            return None
        found = found or drug_of(*local(coding, local_codes))
    return found


def concept_of(
    given: MedicationAdministration | MedicationUse, medications: Mapping[str, Medication]
) -> CodeableConcept | None:
    """The medication: as a concept, contained, or among the chart's Medication resources (FHIR-13)."""
    if given.medication_codeable_concept is not None:
        return given.medication_codeable_concept
    reference = given.medication_reference
    if reference is None:
        return None
    if reference.reference.startswith("#"):
        return _contained(given.contained, reference.reference[1:])
    found = medications.get(reference.bare_id)
    if found is not None and found.code is not None:
        return found.code
    return CodeableConcept(text=reference.display) if reference.display else None


def is_asked_about(given: MedicationAdministration, concept: CodeableConcept | None, reading: ValueReading) -> bool:
    """Whether a rule asks about what was given: a drug, CAR-T, or fluid given for hypotension."""
    if drug_in(concept, reading.local_codes) is not None or product_of(concept, reading) is not None:
        return True
    return _fluid_bolus(given, concept) is not None


def is_unnamed(given: MedicationAdministration | MedicationUse, concept: CodeableConcept | None) -> bool:
    """Whether something given or ordered names its medication only by a reference to a record that is not here."""
    counts = given.status in (GIVEN if isinstance(given, MedicationAdministration) else _ACTIVE)
    return counts and given.medication_reference is not None and (concept is None or not concept.coding)


def _contained(raws: tuple[Raw, ...], id_: str) -> CodeableConcept | None:
    for raw in raws:
        data = bytes(raw)
        if kind_of(data).id == id_:
            try:
                return decode(data, Medication).code
            except Unreadable:
                return None
    return None


def unclear(
    given: MedicationAdministration | Procedure, concept: CodeableConcept | None, reading: ValueReading
) -> list[Gap]:
    """What is said of a CAR-T infusion or a drug the rules ask about, where nobody can tell whether or when it was given."""
    drug = drug_in(concept, reading.local_codes)
    if concept is None or (drug is None and product_of(concept, reading) is None):
        return []
    name = concept.label[:60]
    if given.status not in SETTLED:
        why = f"its status {given.status or 'is missing'} does not tell whether it was given"
    elif drug is not None and given.status in GIVEN and not _has_start(given, reading):
        why = "its time is missing or cannot be read"
    else:
        return []
    kind = type(given).__name__
    topic = Topic.PROCEDURES if kind == "Procedure" else Topic.ADMINISTRATIONS
    text = f"{name} could not be read: {why}"
    return [Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text=text, source=f"{kind}/{given.id}", topic=topic)]


def _has_start(given: MedicationAdministration | Procedure, reading: ValueReading) -> bool:
    if isinstance(given, Procedure):
        period, at = given.performed_period, given.performed_date_time
    else:
        period, at = given.effective_period, given.effective_date_time
    return first_moment(reading.zone, at, period.start if period else "") is not None


def from_administration(
    given: MedicationAdministration, concept: CodeableConcept | None, reading: ValueReading
) -> Exposure | None:
    """A dose given or running; None for a drug no rule asks about or one without a start."""
    drug = drug_in(concept, reading.local_codes) or _fluid_bolus(given, concept)
    period = given.effective_period
    start = first_moment(reading.zone, given.effective_date_time, period.start if period else "")
    if drug is None or given.status not in GIVEN or start is None:
        return None
    end = first_moment(reading.zone, period.end) if period and period.end else None
    dose = given.dosage.dose if given.dosage else None
    return Exposure(
        drug=drug,
        start=start,
        source=f"MedicationAdministration/{given.id}",
        running=given.status == "in-progress" and (end is None or end.at > reading.as_of),
        end=end,
        dose_mg=_milligrams(dose),
        units=_units(dose),
        label=concept.label if concept else "",
    )


def _fluid_bolus(given: MedicationAdministration, concept: CodeableConcept | None) -> Drug | None:
    """A fluid bolus given for hypotension (CRS-03): both by their words, since the guideline has no code for it."""
    words = concept.words if concept else ""
    if not (_FLUID.search(words) and _BOLUS.search(words)):
        return None
    why = " ".join(reason.words for reason in given.reason_code)
    return Drug.FLUID_BOLUS if _HYPOTENSION.search(why) else None


def from_procedure(procedure: Procedure, reading: ValueReading) -> Exposure | None:
    """A transfusion recorded as a procedure."""
    drug = drug_in(procedure.code, reading.local_codes)
    period = procedure.performed_period
    start = first_moment(reading.zone, procedure.performed_date_time, period.start if period else "")
    if drug is None or procedure.status not in GIVEN or start is None:
        return None
    end = first_moment(reading.zone, period.end) if period and period.end else None
    return Exposure(
        drug=drug,
        start=start,
        source=f"Procedure/{procedure.id}",
        running=procedure.status == "in-progress" and (end is None or end.at > reading.as_of),
        end=end,
        label=procedure.code.label,
    )


def _milligrams(dose: Quantity | None) -> Decimal | None:
    if dose is None or dose.value is None:
        return None
    factor = _MG.get(dose.code or dose.unit)
    return None if factor is None else dose.value * factor


def _units(dose: Quantity | None) -> Decimal | None:
    unit = (dose.code or dose.unit).strip("{}").lower() if dose else ""
    return dose.value if dose and unit in ("unit", "units") else None
