"""The stories: compact files, told relative to now, expanded into whole charts; the same now gives the same chart."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

from smartapp.demo.results import observations

Resource = dict[str, Any]

CLINICIAN: Resource = {
    "resourceType": "Practitioner",
    "id": "osei",
    "identifier": [{"system": "http://demo-ehr.example/staff", "value": "4021"}],
    "name": [{"family": "Osei", "given": ["Nana"], "prefix": ["Dr"], "text": "Dr N Osei"}],
}
_SPAN = re.compile(r"([+-])((?:\d+(?:y|d|h|m))+)")
_PART = re.compile(r"(\d+)(y|d|h|m)")
_TIME = re.compile(r"@(date)?([+-](?:\d+(?:y|d|h|m))+|now)")
_ABOUT_PATIENT = {"AllergyIntolerance": "patient"}


@dataclass(frozen=True, slots=True)
class Story:
    """One patient's story: what the list shows, and the compact file it came from."""

    patient: str
    title: str
    look_for: str
    file: dict[str, Any]

    @property
    def encounter(self) -> str:
        """The id of the stay."""
        return f"{self.patient}-stay"


def read_stories() -> tuple[Story, ...]:
    """All stories, in the order of their file names."""
    folder = resources.files("smartapp.demo") / "patients"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name)
    read = (json.loads(entry.read_text(encoding="utf-8")) for entry in files)
    return tuple(Story(one["patient"]["id"], one["title"], one["look_for"], one) for one in read)


def lay_out(story: Story, now: datetime, edition: int = 0) -> list[Resource]:
    """The whole chart of a story as it stands at `now`: references resolved, times absolute.

    Each later `edition` gives results and orders ids of their own, so that what was written for a chart before a
    reset is not taken for what is written after it.
    """
    moment = now.astimezone(UTC).replace(second=0, microsecond=0)
    frame = [_timed(_patient(story), moment), _timed(_stay(story), moment)]
    results = observations(story.patient, story.encounter, story.file, lambda offset: shifted(offset, moment))
    told = [*(_timed(one, moment) for one in _told(story)), *results]
    return [*frame, *({**one, "id": f"{one['id']}-{edition}" if edition else one["id"]} for one in told)]


def shifted(offset: str, moment: datetime) -> datetime:
    """The moment plus an offset such as `-6d`, `-1d4h`, `+3d`, `now`; ValueError for anything else."""
    if offset == "now":
        return moment
    span = _SPAN.fullmatch(offset)
    if span is None:
        raise ValueError(f"not an offset: {offset}")
    amounts = {unit: int(number) for number, unit in _PART.findall(span[2])}
    sign = 1 if span[1] == "+" else -1
    years = moment.year + sign * amounts.get("y", 0)
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    base = moment.replace(year=years, day=day) if amounts.get("y") else moment
    return base + sign * timedelta(days=amounts.get("d", 0), hours=amounts.get("h", 0), minutes=amounts.get("m", 0))


def _timed(value: Any, moment: datetime) -> Any:
    """Every `@-35m` becomes a time, every `@date-6d` a date."""
    if isinstance(value, dict):
        return {name: _timed(one, moment) for name, one in value.items()}
    if isinstance(value, list):
        return [_timed(one, moment) for one in value]
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    when = shifted(found[2], moment)
    return when.date().isoformat() if found[1] else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _patient(story: Story) -> Resource:
    told = story.file["patient"]
    return {
        "resourceType": "Patient",
        "id": told["id"],
        "identifier": [{"system": "http://demo-ehr.example/mrn", "value": told["mrn"], "type": {"text": "MRN"}}],
        "name": [
            {"family": told["family"], "given": told["given"], "text": " ".join([*told["given"], told["family"]])}
        ],
        "gender": told["gender"],
        "birthDate": f"@date-{told['age']}",
    }


def _stay(story: Story) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": story.encounter,
        "status": "in-progress",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "IMP",
            "display": "inpatient encounter",
        },
        "subject": {"reference": f"Patient/{story.patient}"},
        "participant": [{"individual": {"reference": "Practitioner/osei", "display": "Dr N Osei"}}],
        "period": {"start": f"@{story.file.get('admitted', '-10d')}"},
        "serviceProvider": {"display": story.file.get("ward", "Haematology ward 4B")},
    }


def _told(story: Story) -> Iterator[Resource]:
    """The resources that the file tells in full, with their subject and an id."""
    for number, told in enumerate(story.file.get("resources", ()), start=1):
        kind = told["resourceType"]
        subject = {_ABOUT_PATIENT.get(kind, "subject"): {"reference": f"Patient/{story.patient}"}}
        yield {"id": f"{story.patient}-{kind.lower()[:20]}-{number}", **subject, **_exact(told)}


def _exact(value: Any) -> Any:
    """Quantities are told as text, so that 0.80 stays 0.80."""
    if isinstance(value, dict):
        return {
            name: Decimal(one) if name == "value" and isinstance(one, str) and _is_number(one) else _exact(one)
            for name, one in value.items()
        }
    return [_exact(one) for one in value] if isinstance(value, list) else value


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None
