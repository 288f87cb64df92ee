"""When a sample was taken, and whether it was any good (DQ-02, DQ-10)."""

import re
from datetime import datetime, timedelta

from smartapp.clinical.gaps import UnusableReason
from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.fhir.observation_values import Unusable, Value, ValueReading
from smartapp.fhir.r4_structs import Observation, Specimen, Unreadable, decode, kind_of
from smartapp.fhir.times import read_moment

CLOCKS_DIFFER = timedelta(minutes=5)
_BAD_SPECIMEN = re.compile(
    r"clotted|ha?emoly[sz]ed|insufficient|short draw|\bQNS\b|contaminat|wrong tube", re.IGNORECASE
)


def collected(observation: Observation, reading: ValueReading) -> tuple[Moment | None, str]:
    """DQ-02: effective dateTime, period end, instant, the specimen's collection; only `issued` is used with a note."""
    period = observation.effective_period
    for text in (
        observation.effective_date_time,
        period.end if period else "",
        observation.effective_instant,
        _from_specimen(observation, reading),
    ):
        if text:
            moment = read_moment(text, reading.zone)
            return (moment, "") if moment is not None and moment.precision >= Precision.DAY else (None, "")
    issued = read_moment(observation.issued, reading.zone) if observation.issued else None
    return (
        (issued, "only the time of issue is recorded; it is used as the time of collection") if issued else (None, "")
    )


def is_future(moment: Moment, reading: ValueReading) -> bool:
    """DQ-02: later than five minutes from now; clocks differ by less."""
    return moment.at > reading.as_of + CLOCKS_DIFFER


def says_bad(words: str) -> bool:
    """DQ-10: whether words say that the specimen was bad."""
    return _BAD_SPECIMEN.search(words) is not None


def _from_specimen(observation: Observation, reading: ValueReading) -> str:
    specimen = _specimen(observation, reading)
    if specimen is None or specimen.collection is None:
        return ""
    period = specimen.collection.collected_period
    return specimen.collection.collected_date_time or (period.end if period else "")


def _specimen(observation: Observation, reading: ValueReading) -> Specimen | None:
    reference = observation.specimen
    for raw in observation.contained:
        kind = kind_of(bytes(raw))
        if kind.resource_type == "Specimen" and (reference is None or reference.bare_id in (kind.id, f"#{kind.id}")):
            try:
                return decode(bytes(raw), Specimen)
            except Unreadable:
                return None
    return reading.specimens.get(reference.bare_id) if reference else None


def check_specimen(observation: Observation, value: Value, reading: ValueReading) -> None:
    """DQ-10: words that say the specimen was bad."""
    specimen = _specimen(observation, reading)
    texts = [
        *(concept.words for concept in value.interpretation),
        value.absent.words if value.absent else "",
        value.string or "",
        *(note.text for note in observation.note),
        *((concept.words for concept in specimen.condition) if specimen else ()),
        *((note.text for note in specimen.note) if specimen else ()),
    ]
    for text in texts:
        bad = _BAD_SPECIMEN.search(text)
        if bad is not None:
            raise Unusable(
                "DQ-10", f"the specimen is called “{bad.group(0).lower()}”: re-draw", UnusableReason.SPECIMEN
            )


def issued(observation: Observation, reading: ValueReading) -> datetime | None:
    """When the laboratory issued it."""
    moment = read_moment(observation.issued, reading.zone) if observation.issued else None
    return moment.at if moment else None
