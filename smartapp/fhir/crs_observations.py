"""CRS grades that a site records as Observations under codes of its own (CRS-01, `crs_grade_codes`)."""

import re
from collections.abc import Sequence

from smartapp.clinical.picture import CrsRecord
from smartapp.fhir.conditions import grade_in, scale_in
from smartapp.fhir.document import Observation
from smartapp.fhir.labs import USED
from smartapp.fhir.readings import Reading
from smartapp.fhir.times import first_moment

_HIGHEST = 5
_BARE = re.compile(r"[0-5]")


def read_crs_observation(observation: Observation, reading: Reading, codes: Sequence[str]) -> CrsRecord | None:
    """A recorded grade, value integer or text; None if the code is not in the site's list or no grade can be read."""
    listed = any(f"{coding.system}|{coding.code}" in codes for coding in observation.code.coding)
    if not listed or observation.status not in USED:
        return None
    grade = _grade(observation)
    at = first_moment(reading.zone, observation.effective_date_time, observation.effective_instant, observation.issued)
    if grade is None or at is None:
        return None
    texts = f"{observation.method.words if observation.method else ''} {observation.value_string or ''} {observation.code.words}"
    return CrsRecord(
        grade=grade,
        source=f"Observation/{observation.id}",
        scale=scale_in(texts),
        onset=at,
        own_time=at,
        reported=str(grade),
    )


def _grade(observation: Observation) -> int | None:
    if observation.value_integer is not None:
        return observation.value_integer if 0 <= observation.value_integer <= _HIGHEST else None
    quantity = observation.value_quantity
    if quantity is not None and quantity.value is not None:
        return (
            int(quantity.value) if quantity.value == int(quantity.value) and 0 <= quantity.value <= _HIGHEST else None
        )
    text = observation.value_string or (
        observation.value_codeable_concept.words if observation.value_codeable_concept else ""
    )
    if _BARE.fullmatch(text.strip()):
        return int(text)
    return grade_in(text)
