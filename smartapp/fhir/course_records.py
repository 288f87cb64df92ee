"""One record of an export: whose it is, when it became known, and whether it may tell of a CAR-T infusion (interfaces.md section 9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, cast

import msgspec
from msgspec import Struct

from smartapp.clinical.codes import car_t_of
from smartapp.fhir.elements import CodeableConcept, Coding
from smartapp.fhir.local_codes import LocalCodes
from smartapp.fhir.times import read_moment

_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WORDS = re.compile(rb"tisagenlecleucel|kymriah|tisa-?cel|ctl019|ciltacabtagene|CAR[ -]?T", re.IGNORECASE)
_PATIENT = re.compile(rb'"(?:[^"\s]*/)?Patient/([A-Za-z0-9.\-]{1,64})(?:/_history/[^"]*)?"')
TELLING = frozenset({"Procedure", "MedicationAdministration", "MedicationRequest", "ServiceRequest", "Condition"})
"""Types of records that may tell of an infusion (APP-01); a Medication may be referred to by one."""


class KnownBy(StrEnum):
    """What says when a record became known (interfaces.md section 9)."""

    ISSUED = "issued"
    LAST_UPDATED = "meta.lastUpdated"
    OWN_TIME = "its own time and the lag"
    ALWAYS = "nothing: known from the beginning"


class BrokenRecord(ValueError):
    """A record that is not JSON or not a FHIR resource; the message is a clause, `patient` whose it seems to be ("": cannot be told)."""

    def __init__(self, why: str, patient: str = "") -> None:
        super().__init__(why)
        self.patient = patient


class _Subject(Struct, frozen=True, gc=False):
    reference: str = ""


class _Owned(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    subject: _Subject | None = None
    patient: _Subject | None = None


class _Loose(Struct, frozen=True, gc=False, rename="camel"):
    resource_type: Any = ""
    id: Any = ""
    subject: Any = None
    patient: Any = None


_decode_owned = msgspec.json.Decoder(_Owned).decode
_decode_loose = msgspec.json.Decoder(_Loose).decode


@dataclass(frozen=True, slots=True)
class Owned:
    """What a record is and whose: `owner` the patient's bare id ("": names none), `reference` how it names the patient if that is
    not `Patient/<id>`."""

    type: str
    id: str
    owner: str
    reference: str = ""


def read_owner(raw: bytes) -> Owned:
    """What a record is and whose; `BrokenRecord` if it is no resource."""
    try:
        owned: _Owned | _Loose = _decode_owned(raw)
    except _BROKEN:
        owned = _loosely(raw)
    kind, id_ = _word(owned.resource_type), _word(owned.id)
    if not kind:
        raise BrokenRecord("it is not a FHIR resource", _seeming_owner(raw))
    if kind == "Patient":
        return Owned(kind, id_, id_)
    reference = _reference(owned.subject) or _reference(owned.patient)
    if reference.startswith("Patient/") and "/" not in reference[8:]:
        return Owned(kind, id_, reference[8:])
    return Owned(kind, id_, _bare(reference), reference)


def _loosely(raw: bytes) -> _Loose:
    try:
        return _decode_loose(raw)
    except msgspec.ValidationError:
        raise BrokenRecord("it is not a FHIR resource", _seeming_owner(raw)) from None
    except _BROKEN as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON"
        raise BrokenRecord(why, _seeming_owner(raw)) from None


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _reference(subject: Any) -> str:
    if isinstance(subject, _Subject):
        return subject.reference
    return _word(subject.get("reference")) if isinstance(subject, dict) else ""


def _bare(reference: str) -> str:
    """The id of a patient that a reference names, relative, absolute or as a Bundle's own address."""
    plain = reference.split("/_history/", 1)[0]
    if plain.startswith("urn:"):
        return plain.rsplit(":", 1)[-1]
    kind, _, id_ = plain.rpartition("/")
    return id_ if kind == "Patient" or kind.endswith("/Patient") else ""


def _seeming_owner(raw: bytes) -> str:
    """The one patient that a broken record names; nothing if it names none or several."""
    found = {match.group(1) for match in _PATIENT.finditer(raw)}
    return found.pop().decode() if len(found) == 1 else ""


# --- what tells of an infusion ----------------------------------------------------------------------------------------


class _Told(Struct, frozen=True, gc=False, rename="camel"):
    code: CodeableConcept | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: _Subject | None = None
    contained: tuple[msgspec.Raw, ...] = ()


_decode_told = msgspec.json.Decoder(_Told).decode


@dataclass(frozen=True, slots=True)
class CarTHint:
    """Whether a record names CAR-T cells by code or words, and which Medication it refers to instead ("": none)."""

    names: bool
    medication: str = ""


def car_t_hint(raw: bytes, local_codes: LocalCodes) -> CarTHint:
    """A first look, wider than APP-01: what it lets pass is read in full later, and what it leaves out cannot tell of an infusion.

    A record in an odd form is let pass.
    """
    if _WORDS.search(raw):
        return CarTHint(names=True)
    try:
        told = _decode_told(raw)
    except _BROKEN:
        return CarTHint(names=True)
    concepts = (told.code, told.medication_codeable_concept)
    names = any(_is_car_t(coding, local_codes) for concept in concepts if concept for coding in concept.coding)
    if not names and told.contained:
        names = any(car_t_hint(bytes(contained), local_codes).names for contained in told.contained)
    return CarTHint(names, told.medication_reference.reference if told.medication_reference else "")


def _is_car_t(coding: Coding, local_codes: LocalCodes) -> bool:
    return car_t_of(*local_codes.meant_by(coding)) is not None


class _Ingredient(Struct, frozen=True, gc=False, rename="camel"):
    item_codeable_concept: CodeableConcept | None = None


class _Ingredients(Struct, frozen=True, gc=False):
    ingredient: tuple[_Ingredient, ...] = ()


_decode_ingredients = msgspec.json.Decoder(_Ingredients).decode


def is_car_t_medication(raw: bytes, local_codes: LocalCodes) -> bool:
    """Whether a Medication is CAR-T cells, by its code, its words or its ingredients."""
    if car_t_hint(raw, local_codes).names:
        return True
    try:
        found = _decode_ingredients(raw).ingredient
    except _BROKEN:
        return True
    concepts = [ingredient.item_codeable_concept for ingredient in found]
    return any(_is_car_t(coding, local_codes) for concept in concepts if concept for coding in concept.coding)


# --- when it became known -----------------------------------------------------------------------------------------------

_OWN_TIMES: Mapping[str, tuple[str, ...]] = {
    "Observation": ("effectiveDateTime", "effectivePeriod.end", "effectiveInstant", "effectivePeriod.start"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod.end"),
    "Procedure": ("performedDateTime", "performedPeriod.start"),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod.start"),
    "Condition": ("recordedDate", "onsetDateTime", "onsetPeriod.start"),
    "MedicationRequest": ("authoredOn",),
    "ServiceRequest": ("authoredOn",),
    "MedicationStatement": ("dateAsserted", "effectiveDateTime", "effectivePeriod.start"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
}
_ALWAYS = frozenset({"Patient", "Medication", "Specimen"})
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Known:
    """When a record became known (None: from the beginning), by what, and when it says that what it tells of happened or ended."""

    at: datetime | None
    by: KnownBy
    happened: datetime | None = None
    ended: datetime | None = None


def read_known(raw: bytes, kind: str, lag: timedelta, zone: tzinfo) -> Known:
    """When a record became known: `issued`, else `meta.lastUpdated`, else its own time and `lag`. Never raises."""
    if kind in _ALWAYS:
        return Known(None, KnownBy.ALWAYS)
    try:
        members = _decode_members(raw)
    except _BROKEN:
        return Known(None, KnownBy.ALWAYS)
    happened = next((at for name in _OWN_TIMES.get(kind, ()) if (at := _time(members, name, zone))), None)
    ended = _time(members, "abatementDateTime", zone)
    for name, by in (("issued", KnownBy.ISSUED), ("meta.lastUpdated", KnownBy.LAST_UPDATED)):
        at = _time(members, name, zone)
        if at is not None:
            return Known(at, by, happened, ended)
    if happened is None:
        return Known(None, KnownBy.ALWAYS)
    return Known(_later(happened, lag), KnownBy.OWN_TIME, happened, ended)


def _later(at: datetime, lag: timedelta) -> datetime:
    try:
        return at + lag
    except OverflowError:
        return at


def _time(members: Mapping[str, msgspec.Raw], path: str, zone: tzinfo) -> datetime | None:
    name, _, inner = path.partition(".")
    raw = members.get(name)
    if raw is None:
        return None
    try:
        value: Any = _decode_any(raw)
    except _BROKEN:
        return None
    if inner:
        value = cast("dict[str, Any]", value).get(inner) if isinstance(value, dict) else None
    moment = read_moment(value, zone) if isinstance(value, str) else None
    return moment.at.astimezone(UTC) if moment is not None else None
