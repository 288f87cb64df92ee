"""CRS grades that a site records as Observations under codes of its own (CRS-01, `crs_grade_codes`)."""

import re
from collections.abc import Sequence

from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import CrsRecord, Gap, GapKind, Topic
from smartapp.clinical.record_words import grades_in, names_crs
from smartapp.fhir.conditions import grade_in, scale_in
from smartapp.fhir.elements import CodeableConcept
from smartapp.fhir.labs import USED
from smartapp.fhir.observation_values import ValueReading, meaning
from smartapp.fhir.r4_structs import Observation
from smartapp.fhir.specimens import collected
from smartapp.fhir.unrecognised import crs_code, unrecognised

_HIGHEST = 5
_BARE = re.compile(r"[0-5]")


def read_crs_observation(
    observation: Observation, reading: ValueReading, codes: Sequence[str]
) -> CrsRecord | Gap | None:
    """A recorded grade, value integer or text, under a code of the site's list, or of which the words name CRS and one grade
    (DQ-24); None if it is neither, or no result (DQ-01)."""
    if observation.status not in USED:
        return None
    if not is_grade(observation.code, codes):
        return _in_words(observation, reading)
    grade, (at, _) = _grade(observation), collected(observation, reading)
    if grade is None or at is None:
        return _unreadable(observation, "it holds no grade from 0 to 5" if grade is None else "its time is missing", at)
    method = observation.method.words if observation.method else ""
    return CrsRecord(
        grade=grade,
        source=observation.source,
        scale=scale_in(f"{method} {_text(observation)} {observation.code.words}"),
        onset=at,
        own_time=at,
        reported=str(grade),
    )


def _in_words(observation: Observation, reading: ValueReading) -> CrsRecord | Gap | None:
    if meaning(observation.code, reading) is not None or not names_crs(
        f"{observation.code.words} | {_text(observation)}"
    ):
        return None
    at, _ = collected(observation, reading)
    written = _written(observation).strip()
    told = frozenset({int(written)}) if _BARE.fullmatch(written) else grades_in(f"{observation.code.words} {written}")
    if len(told) != 1 or at is None:
        return _unreadable(observation, "its words do not tell one grade" if at else "its time is missing", at)
    (grade,) = told
    return CrsRecord(
        grade=grade,
        source=observation.source,
        scale=scale_in(f"{_text(observation)} {observation.code.words}"),
        onset=at,
        own_time=at,
        reported=f"{observation.code.label}: {_written(observation)}"[:80],
        in_words=True,
    )


def grade_in_words(observation: Observation, record: CrsRecord) -> Gap:
    """A grade read from words, with the line that would map its code (DQ-23, DQ-24)."""
    return unrecognised(
        observation.code,
        observation.source,
        what="A result",
        so=f"read from words as CRS grade {record.grade}; a code of grades belongs into crs_grade_codes",
        stands_for=crs_code(record.grade),
        topic=Topic.CONDITIONS,
        rule="DQ-24",
        at=record.own_time,
    )


def _written(observation: Observation) -> str:
    """Its value as words: text, or a whole number."""
    quantity, number = observation.value_quantity, observation.value_integer
    if number is None and quantity is not None and quantity.value is not None and not quantity.comparator:
        return f"{quantity.value}"
    return str(number) if number is not None else _text(observation)


def is_grade(code: CodeableConcept, codes: Sequence[str]) -> bool:
    """Whether a code is in the site's list."""
    return bool(codes) and any(f"{coding.system}|{coding.code}" in codes for coding in code.coding)


def _unreadable(observation: Observation, why: str, at: Moment | None) -> Gap:
    reported = _text(observation)[:60]
    return Gap(
        kind=GapKind.UNREADABLE,
        rule="CRS-01",
        text=f"CRS grade {reported + ' ' if reported else ''}could not be read: {why}",
        source=observation.source,
        at=at,
        reported=reported,
    )


def _text(observation: Observation) -> str:
    concept = observation.value_codeable_concept
    return observation.value_string or (concept.words if concept else "")


def _grade(observation: Observation) -> int | None:
    quantity, number = observation.value_quantity, observation.value_integer
    if number is None and quantity is not None and quantity.value is not None:
        whole = quantity.value == quantity.value.to_integral_value() and not quantity.comparator
        number = int(quantity.value) if whole else -1
    if number is not None:
        return number if 0 <= number <= _HIGHEST else None
    text = _text(observation).strip()
    return int(text) if _BARE.fullmatch(text) else grade_in(text)
