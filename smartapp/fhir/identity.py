"""Who the patient is: for the rules (birth date, deceased) and for the banner (name, sex, identifiers)."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from smartapp.clinical.picture import Patient as PicturePatient
from smartapp.fhir.chart import Chart
from smartapp.fhir.elements import HumanName
from smartapp.fhir.r4_structs import PatientStruct, Unreadable, decode, kind_of
from smartapp.fhir.reference_ranges import NOBODY, Bearer
from smartapp.fhir.times import read_birth_date, read_moment


@dataclass(frozen=True, slots=True)
class Identity:
    """What the banner shows; words that are not recorded are empty."""

    name: str = ""
    birth_date: str = ""
    sex: str = ""
    identifier: str = ""


def read_patient(patient: PatientStruct, as_of: datetime, zone: tzinfo) -> PicturePatient:
    """The patient as the rules see one."""
    died = read_moment(patient.deceased_date_time, zone) if patient.deceased_date_time else None
    dead = (
        bool(patient.deceased_boolean)
        or (died is not None and died.at <= as_of)
        or (bool(patient.deceased_date_time) and died is None)
    )
    return PicturePatient(
        reference=f"Patient/{patient.id}",
        birth=read_birth_date(patient.birth_date) if patient.birth_date else None,
        deceased=dead,
    )


def read_identity(chart: Chart) -> Identity:
    """Name, birth date, sex and identifier of the chart's own patient; empty where they could not be read."""
    patient = find_patient(chart)
    if patient is None:
        return Identity()
    official = next((n for n in patient.name if n.use == "official"), patient.name[0] if patient.name else HumanName())
    name = official.text or " ".join((*official.given, official.family)).strip()
    identifier = next((i.value for i in patient.identifier if i.value), "")
    return Identity(name=name, birth_date=patient.birth_date, sex=patient.gender, identifier=identifier)


def find_patient(chart: Chart) -> PatientStruct | None:
    """The Patient resource whose id is the chart's patient."""
    for answer in chart.answers.values():
        for raw in answer.resources:
            kind = kind_of(raw)
            if kind.resource_type == "Patient" and kind.id == chart.patient:
                try:
                    return decode(raw, PatientStruct)
                except Unreadable:
                    return None
    return None


def bearer_of(chart: Chart, as_of: datetime, zone: tzinfo) -> Bearer:
    """Age and gender of the chart's patient, by which a reference range is chosen (DQ-27)."""
    patient = find_patient(chart)
    if patient is None:
        return NOBODY
    birth = read_birth_date(patient.birth_date) if patient.birth_date else None
    today = as_of.astimezone(zone).date()
    if birth is None or birth.earliest() > today:
        return Bearer(gender=patient.gender)
    first, last = birth.earliest(), min(birth.latest(), today)
    years = tuple(
        today.year - born.year - ((today.month, today.day) < (born.month, born.day)) for born in (last, first)
    )
    days = ((today - last).days, (today - first).days)
    return Bearer(years=(years[0], years[1]), days=days, gender=patient.gender)
