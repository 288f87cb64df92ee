"""Whose chart it is: one line that stands on every page of a launch (SAL-59)."""

from dataclasses import dataclass

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.picture import GapKind, Topic
from smartapp.clinical.words import rounded
from smartapp.fhir.identity import Identity
from smartapp.web.presenters.words import absence, clock_of

_SEXES = {"female": "F", "male": "M", "other": "other", "unknown": "sex unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """The patient line: `name` stands first and on buttons, `facts` follow; `weight` says that it is missing if so."""

    name: str
    facts: tuple[str, ...]
    therapy: str
    weight: str


def banner(identity: Identity, assessment: Assessment) -> Banner:
    """The banner of an assessed patient."""
    unknown = absence(assessment, Topic.PATIENT)
    facts = (_sex_and_age(identity, assessment, unknown), _born(identity, unknown), _number(identity, unknown))
    return Banner(
        name=patient_name(identity, assessment),
        facts=tuple(fact for fact in facts if fact),
        therapy=_therapy(assessment),
        weight=_weight(assessment),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What stands on a page while its chart is being read: who the patient is, as far as that is known."""

    name: str
    facts: tuple[str, ...]


def arrival(identity: Identity) -> Arrival:
    """The patient line before the assessment."""
    facts = (
        _SEXES.get(identity.sex, ""),
        identity.birth_date and _born(identity, ""),
        identity.identifier and _number(identity, ""),
    )
    return Arrival(name=identity.name or "Patient not read yet", facts=tuple(fact for fact in facts if fact))


def patient_name(identity: Identity, assessment: Assessment) -> str:
    """The name, or the record's own id where no name could be read."""
    return identity.name or f"{assessment.picture.patient.reference} (name {absence(assessment, Topic.PATIENT)})"


def _sex_and_age(identity: Identity, assessment: Assessment, unknown: str) -> str:
    age = assessment.age
    years = "" if age is None else f"{age.low} y" if age.exact else f"{age.low} or {age.high} y"
    sex = _SEXES.get(identity.sex, "")
    return " ".join(part for part in (sex, years) if part) or f"age {unknown}"


def _born(identity: Identity, unknown: str) -> str:
    return f"born {identity.birth_date}" if identity.birth_date else f"birth date {unknown}"


def _number(identity: Identity, unknown: str) -> str:
    return f"ID {identity.identifier}" if identity.identifier else f"identifier {unknown}"


def _therapy(assessment: Assessment) -> str:
    infusion = assessment.infusion
    if infusion is None:
        unknown = absence(assessment, Topic.PROCEDURES, Topic.ADMINISTRATIONS)
        return "no CAR-T infusion found" if unknown == GapKind.ABSENT else f"CAR-T infusion {unknown}"
    return (
        f"{infusion.product} day {infusion.day:+d}"
        if infusion.day is not None
        else f"{infusion.product}, infusion date not recorded"
    )


def _weight(assessment: Assessment) -> str:
    weight = assessment.weight
    if weight is None:
        return f"weight {absence(assessment, Topic.VITAL_SIGNS)}"
    told = f"{rounded(weight.kg)} kg ({clock_of(assessment).age(weight.measured)})"
    marks = ["added by you"] if weight.by_hand else []
    return ", ".join([told, *marks, *([weight.why_not] if not weight.valid else [])])
