"""Two weeks of laboratory results and vital signs, grown from the few points a story names; no chance, no clock."""

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from smartapp.demo.analytes import ALWAYS, LOINC, MEASURED, UCUM, Measured

Resource = dict[str, Any]
Clock = Callable[[str], datetime]
Point = tuple[datetime, Decimal]

_OFTEN = {
    "coagulation": timedelta(hours=12),
    "count": timedelta(hours=24),
    "chemistry": timedelta(hours=48),
    "vitals": timedelta(hours=6),
}
_SELDOM = {
    "coagulation": timedelta(hours=24),
    "count": timedelta(hours=24),
    "chemistry": timedelta(hours=48),
    "vitals": timedelta(hours=24),
}
_OFTEN_FOR = timedelta(hours=48)
_JITTER = Decimal("0.03")
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_WEIGHT = "weight"


def observations(patient: str, stay: str, story: dict[str, Any], clock: Clock) -> list[Resource]:
    """All results of a story; `clock` turns an offset into a time."""
    made: list[Resource] = []
    for name in (*ALWAYS, "oxygen", _WEIGHT):
        points = _points(name, story, clock)
        for number, (when, value) in enumerate(_drawn(name, points)):
            body = _body(MEASURED[name], f"{patient}-{name.replace('_', '-')}-{number}", patient, stay, when)
            made.append(_pressure(body, value) if name == "systolic" else {**body, **_value(name, value, story)})
    return made


def _points(name: str, story: dict[str, Any], clock: Clock) -> list[Point]:
    """The points told, else the usual value from the story's first to its last draw; an empty list: never measured."""
    told = story.get("series", {}).get(name)
    if told is not None:
        return sorted((clock(offset), Decimal(value)) for offset, value in told)
    if name in ("oxygen", _WEIGHT):
        return []
    last = clock(story.get("last_draw", "-1h") if not MEASURED[name].is_vital else story.get("last_vitals", "-20m"))
    return [(last - timedelta(days=13), MEASURED[name].usual), (last, MEASURED[name].usual)]


def _drawn(name: str, points: list[Point]) -> Iterator[Point]:
    """Draws backwards from the last point, told exactly; the others follow the line with a little noise."""
    if name in (_WEIGHT, "oxygen"):
        yield from points
        return
    if not points:
        return
    panel, step = MEASURED[name].panel, MEASURED[name].step
    when, last = points[-1]
    yield when, last.quantize(step)
    end = when
    while (when := when - (_OFTEN if end - when < _OFTEN_FOR else _SELDOM)[panel]) >= points[0][0]:
        noise = 1 + _JITTER * Decimal(zlib.crc32(f"{name}{(end - when).total_seconds()}".encode()) % 201 - 100) / 100
        vital_noise = noise if name != "temperature" else 1 + (noise - 1) / 10
        yield when, (_between(points, when) * vital_noise).quantize(step)


def _between(points: list[Point], when: datetime) -> Decimal:
    for (left, low), (right, high) in pairwise(points):
        if left <= when <= right:
            share = Decimal((when - left).total_seconds()) / Decimal((right - left).total_seconds() or 1)
            return low + (high - low) * share
    return points[0][1]


def _body(measured: Measured, resource_id: str, patient: str, stay: str, when: datetime) -> Resource:
    category = "vital-signs" if measured.is_vital else "laboratory"
    taken = timedelta(minutes=2 if measured.is_vital else 25)
    body: Resource = {
        "resourceType": "Observation",
        "id": resource_id,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": category}]}],
        "code": {
            "coding": [{"system": LOINC, "code": measured.code, "display": measured.display}],
            "text": measured.label,
        },
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/{stay}"},
        "effectiveDateTime": _text(when),
        "issued": _text(when + taken),
        "performer": [{"display": "Ward 4B" if measured.is_vital else "Demo Hospital Laboratory"}],
    }
    if not measured.is_vital:
        body["referenceRange"] = [
            {
                side: _quantity(bound, measured)
                for side, bound in (("low", measured.low), ("high", measured.high))
                if bound is not None
            }
        ]
    return body


def _value(name: str, value: Decimal, story: dict[str, Any]) -> Resource:
    measured = MEASURED[name]
    if name == "fibrinogen" and story.get("fibrinogen_unit") == "mg/dL":
        high_low = [
            {
                side: {"value": bound, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}
                for side, bound in (("low", 200), ("high", 400))
            }
        ]
        return {
            "valueQuantity": {"value": int(value * 100), "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
            "referenceRange": high_low,
        }
    if name == "oxygen":
        return {
            "valueQuantity": _quantity(value, measured),
            "method": {"text": story.get("oxygen_device", "Nasal cannula")},
        }
    return {"valueQuantity": _quantity(value, measured)}


def _pressure(body: Resource, systolic: Decimal) -> Resource:
    """One panel with both pressures, as wards record them."""
    diastolic = (systolic * Decimal("0.6")).quantize(Decimal(1))
    values = (("systolic", systolic), ("diastolic", diastolic))
    components = [
        {
            "code": {"coding": [{"system": LOINC, "code": MEASURED[name].code, "display": MEASURED[name].display}]},
            "valueQuantity": _quantity(value, MEASURED[name]),
        }
        for name, value in values
    ]
    code = {
        "coding": [{"system": LOINC, "code": "85354-9", "display": "Blood pressure panel with all children optional"}],
        "text": "Blood pressure",
    }
    return {**body, "code": code, "component": components}


def _quantity(value: Decimal, measured: Measured) -> Resource:
    return {"value": value, "unit": measured.shown_unit, "system": UCUM, "code": measured.unit}


def _text(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
