"""Watching charts as an EHR would: assess them, make the cards, and see what time alone may change."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from smartapp.cdshooks.cards import Addresses, cards_of
from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.policy import build_policy
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from smartapp.fhir.times import read_moment
from tests.charts import Resource, dumps
from tests.cohort.courses import DAYS, INFUSED, a_course

POLICY = build_policy()
EVERY = timedelta(hours=6)
TYPES = frozenset(
    {
        *("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration", "MedicationRequest"),
        *("MedicationStatement", "ServiceRequest", "AllergyIntolerance"),
    }
)
_ADDRESSES = Addresses(launch_url="https://app.test/launch", rules_url="https://app.test/rules")
# the limits in time, counted from a record, that the answer's facts may follow (guideline 0.2, BLD-01, SAF-01), in hours
LIMITS_H = (4, 6, 12, 24, 48, *(24 * days for days in (7, 14, 30)))


def assessed(resources: Iterable[bytes], patient: str, as_of: datetime) -> Assessment:
    """The answer for a chart that holds these resources and is complete."""
    answer = Answer(query="file", state=AnswerState.COMPLETE, resources=tuple(resources))
    chart = Chart.empty(patient).with_answers(answer)
    return assess(read_picture(chart, as_of, UTC, policy=POLICY), POLICY)


def cards(told: Assessment) -> int:
    """How many cards a patient-view would show."""
    return len(cards_of(told, _ADDRESSES, lambda _assessment, _option: ()))


# --- background patients ------------------------------------------------------------------------------------------------


def background(path: Path) -> Iterator[tuple[str, list[Resource]]]:
    """Patients of a folder of NDJSON files by type, or of one compressed NDJSON file, with all of their records."""
    charts: dict[str, list[Resource]] = defaultdict(list)
    for resource in _lines(path):
        if resource["resourceType"] in TYPES:
            charts[_owner(resource)].append(resource)
    yield from sorted(charts.items())


def _lines(path: Path) -> Iterator[Resource]:
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
        return
    for file in sorted(path.glob("*.ndjson")):
        if file.stem in TYPES:
            with file.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)


def _owner(resource: Resource) -> str:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    subject = resource.get("subject") or resource.get("patient") or {}
    return str(subject.get("reference", "")).removeprefix("Patient/")


def last_moment(resources: Iterable[Resource]) -> datetime:
    """When the newest result was taken."""
    times = [read_moment(str(r["effectiveDateTime"]), UTC) for r in resources if "effectiveDateTime" in r]
    return max((moment.at for moment in times if moment), default=datetime(2026, 6, 30, tzinfo=UTC))


def cards_for(patient: str, resources: list[Resource]) -> int:
    """Cards on the day of the newest result."""
    told = assessed([json.dumps(r).encode() for r in resources], patient, last_moment(resources) + timedelta(hours=1))
    return cards(told)


# --- courses --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Watched:
    """One course seen every six hours: how many cards on how many days, how often nothing was new, and what moved then
    without any limit in time having passed."""

    looks: int = 0
    cards: int = 0
    quiet: int = 0
    strict: int = 0
    moved: list[str] = field(default_factory=list)


def watch(seed: int) -> Watched:
    """Assess a course every six hours from the infusion on."""
    course = [(entry.known, dumps(entry.resource)) for entry in a_course(seed)]
    times = _times(seed)
    seen, before, count = Watched(), None, -1
    at = INFUSED + timedelta(hours=2)
    while at < INFUSED + timedelta(days=DAYS):
        known = [raw for when, raw in course if when <= at]
        told = assessed(known, "P1", at)
        seen.looks += 1
        seen.cards += cards(told)
        if before is not None and len(known) == count:
            seen.quiet += 1
            if not _passed(times, at - EVERY, at):
                seen.strict += 1
                if facts(before) != facts(told):
                    seen.moved.append(f"course {seed} at {at:%Y-%m-%d %H:%M}: {facts(before)} → {facts(told)}")
        before, count, at = told, len(known), at + EVERY
    return seen


def facts(told: Assessment) -> dict[str, Any]:
    """What an answer says, without what names time."""
    return {
        "action": str(told.action),
        "indicator": str(told.indicator),
        "tier": str(told.tier),
        "grade": told.crs.grade if told.crs else None,
        "bleeding": str(told.bleeding),
        "modifiers": [str(modifier) for modifier in told.modifiers],
        "doses": [(str(o.product), o.dose_mg, o.units) for o in told.options],
        "draft": told.draft_allowed,
    }


def _times(seed: int) -> list[datetime]:
    """When each record of a course happened: its limits in time count from there."""
    names = ("effectiveDateTime", "performedDateTime", "onsetDateTime", "recordedDate", "abatementDateTime")
    texts = (entry.resource[name] for entry in a_course(seed) for name in names if name in entry.resource)
    return [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in texts]


def _passed(times: list[datetime], start: datetime, end: datetime) -> bool:
    """Whether between two looks a limit in time passed for any record, or a day of the window ended."""
    days = {(end - INFUSED).days, (start - INFUSED).days}
    if any(day in days for day in (30, 31, 90)):
        return True
    return any(start < time + timedelta(hours=hours) <= end for time in times for hours in LIMITS_H if time <= end)
