"""When a sample was taken, and whether it was any good (DQ-02, DQ-10, DQ-28)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.record_words import specimen_fault
from smartapp.fhir.elements import Coding
from smartapp.fhir.observation_values import Unusable, Value, ValueReading
from smartapp.fhir.r4_structs import Observation, Specimen, Unreadable, decode, kind_of
from smartapp.fhir.references import named_in
from smartapp.fhir.times import read_moment

CLOCKS_DIFFER = timedelta(minutes=5)
NOT_READ = "specimen_not_read"
_ISSUED_USED = "only the time of issue is recorded; it is used as the time of collection"
_DRAWN_EARLIER = "its specimen was collected earlier than the result says; the specimen's time is used"
_EARLIER = timedelta(minutes=15)  # DQ-28
_TABLE = re.compile(r"0(490|493)/?$")  # HL7 v2 tables: reason for reject, specimen condition
_BAD_CONDITIONS = {
    "CLOT": "clotted",
    "CON": "contaminated",
    "HEM": "haemolysed",
    "AUT": "autolysed",
    "SNR": "not received",
}
_STILL_GOOD = "EX"  # of v2-0490: expired


def collected(observation: Observation, reading: ValueReading) -> tuple[Moment | None, str]:
    """DQ-02: effective dateTime, period end, instant, the specimen's collection; only `issued` is used with a note. A specimen collected
    more than 15 min before that time is the time of collection (DQ-28)."""
    period, drawn = observation.effective_period, _drawn(observation, reading)
    told = (observation.effective_date_time, period.end if period else "", observation.effective_instant)
    for text in told:
        if text:
            moment = read_moment(text, reading.zone)
            if moment is None or moment.precision < Precision.DAY:
                return None, ""
            return (
                (drawn, _DRAWN_EARLIER) if drawn is not None and _is_earlier(drawn, moment, reading) else (moment, "")
            )
    if drawn is not None:
        return drawn, ""
    issue_time = read_moment(observation.issued, reading.zone) if observation.issued else None
    return (issue_time, _ISSUED_USED) if issue_time else (None, "")


def _is_earlier(drawn: Moment, effective: Moment, reading: ValueReading) -> bool:
    if drawn.has_time and effective.has_time:
        return effective.at - drawn.at > _EARLIER
    return drawn.local_date(reading.zone) < effective.local_date(reading.zone)


def is_future(moment: Moment, reading: ValueReading) -> bool:
    """DQ-02: later than five minutes from now; clocks differ by less."""
    return moment.at > reading.as_of + CLOCKS_DIFFER


def says_bad(words: str) -> bool:
    """DQ-10: whether words say that the specimen was bad."""
    return bool(specimen_fault(words))


def _drawn(observation: Observation, reading: ValueReading) -> Moment | None:
    specimen = _specimen(observation, reading)
    if specimen is None or specimen.collection is None:
        return None
    period = specimen.collection.collected_period
    text = specimen.collection.collected_date_time or (period.end if period else "")
    moment = read_moment(text, reading.zone) if text else None
    return moment if moment is not None and moment.precision >= Precision.DAY else None


def _specimen(observation: Observation, reading: ValueReading) -> Specimen | None:
    """The specimen: contained, in the answer by `Type/id` or fullUrl (DQ-28)."""
    reference = observation.specimen
    name = reference.reference.split("/_history/", 1)[0] if reference else ""
    for raw in observation.contained:
        kind = kind_of(bytes(raw))
        if kind.resource_type == "Specimen" and (reference is None or name.removeprefix("#") == kind.id):
            try:
                return decode(bytes(raw), Specimen)
            except Unreadable:
                return None
    return named_in(reading.specimens, name, "Specimen") if name else None


def is_specimen_unread(observation: Observation, reading: ValueReading) -> bool:
    """Whether a specimen is named and is not there, or was entered in error (DQ-28)."""
    if observation.specimen is None or not observation.specimen.reference:
        return False
    specimen = _specimen(observation, reading)
    return specimen is None or specimen.status == "entered-in-error"


def check_specimen(observation: Observation, value: Value, reading: ValueReading) -> None:
    """DQ-10, DQ-28: words, codes and a status that say the specimen was bad."""
    specimen = _specimen(observation, reading)
    fault = _coded_fault(specimen) if specimen else ""
    fault = fault or next((bad for text in _texts(observation, value, specimen) if (bad := specimen_fault(text))), "")
    if fault:
        raise Unusable("DQ-10", f"the specimen is called “{fault}”: re-draw", UnusableReason.SPECIMEN)


def _texts(observation: Observation, value: Value, specimen: Specimen | None) -> Iterator[str]:
    yield from (concept.words for concept in value.interpretation)
    yield value.absent.words if value.absent else ""
    yield value.string or ""
    yield value.concept.words if value.concept else ""
    yield from (note.text for note in observation.note)
    if specimen is not None:
        yield from (concept.words for concept in specimen.condition)
        yield from (note.text for note in specimen.note)


def _coded_fault(specimen: Specimen) -> str:
    if specimen.status == "unsatisfactory":
        return "unsatisfactory"
    codings = (coding for concept in specimen.condition for coding in concept.coding)
    return next((fault for coding in codings if (fault := _fault_of(coding))), "")


def _fault_of(coding: Coding) -> str:
    table = _TABLE.search(coding.system)
    if table is None:
        return ""
    if table.group(1) == "493":
        return _BAD_CONDITIONS.get(coding.code, "")
    return "" if coding.code == _STILL_GOOD else f"rejected: {coding.display or coding.code}"


def issued(observation: Observation, reading: ValueReading) -> datetime | None:
    """When the laboratory issued it."""
    moment = read_moment(observation.issued, reading.zone) if observation.issued else None
    return moment.at if moment else None


def updated_at(observation: Observation, reading: ValueReading) -> datetime | None:
    """When the server last wrote it (`meta.lastUpdated`)."""
    text = observation.meta.lastUpdated
    moment = read_moment(text, reading.zone) if text else None
    return moment.at if moment else None


def identifiers_of(observation: Observation, reading: ValueReading) -> tuple[str, ...]:
    """Its business identifiers and the accession of its specimen, as `system|value` (DQ-29)."""
    own = tuple(f"{each.system}|{each.value}" for each in observation.identifier if each.value)
    specimen = _specimen(observation, reading) if observation.specimen or observation.contained else None
    accession = specimen.accession_identifier if specimen else None
    return own if accession is None or not accession.value else (*own, f"{accession.system}|{accession.value}")
