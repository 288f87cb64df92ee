"""What reading a course has found out and need not find out again at a later look.

A reader compares now only with times that stand in the record itself, so that what it reads once all of them have passed it reads for ever after.
A memory serves looks that go forward in time, over one patient, zone, policy and map of local codes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from smartapp.clinical.labs import LabResult
from smartapp.fhir.times import read_moment

_TIME = re.compile(rb'"(\d{4}(?:-\d\d(?:-\d\d(?:T[^"]{1,40})?)?)?)"')
_CLOCKS_DIFFER = timedelta(minutes=6)
_WHOLE_DAY = timedelta(days=2)
_NEVER = datetime.max.replace(tzinfo=UTC)
_DATE_LENGTHS = {4: timedelta(days=368), 7: timedelta(days=33), 10: _WHOLE_DAY}  # by how much of a date is written


@dataclass(slots=True)
class CourseMemory:
    """Kept from look to look: records and what is decoded of them, results that wait, results read, and what settled records tell."""

    records: dict[bytes, Any] = field(default_factory=dict)
    decoded: dict[tuple[bytes, str], Any] = field(default_factory=dict)
    commons: dict[bytes, Any] = field(default_factory=dict)
    waiting: dict[int, Any] = field(default_factory=dict)
    results: dict[int, LabResult] = field(default_factory=dict)
    drawn: dict[int, Any] = field(default_factory=dict)
    raws: dict[int, bytes] = field(default_factory=dict)
    has_ages: bool = False
    _bearer: object = None
    _settled: dict[int, datetime] = field(default_factory=dict)
    _beside: tuple[int, ...] = ()

    def beside(self, *others: Mapping[str, object]) -> None:
        """What records refer to, Medications and Specimens: if another one came, what was drawn from references is forgotten."""
        told = tuple(id(value) for other in others for value in other.values())
        if told != self._beside:
            self.drawn.clear()
            self._beside = told

    def of_bearer(self, bearer: object) -> None:
        """Whose age and gender chose reference ranges (DQ-27): on another day, what rests on a range with an age is forgotten."""
        if bearer != self._bearer and self.has_ages:
            for kept in (self.commons, self.waiting, self.results, self.drawn):
                kept.clear()
        self._bearer = bearer

    def is_settled(self, resource: object, as_of: datetime, zone: tzinfo) -> bool:
        """Whether every time in the record has passed."""
        key = id(resource)
        if key not in self._settled:
            self._settled[key] = _last_time(self.raws.get(key), zone)
        return as_of > self._settled[key]


def _last_time(raw: bytes | None, zone: tzinfo) -> datetime:
    if (
        raw is None or b"\\" in raw or b'"specimen"' in raw
    ):  # a time may be written otherwise, or stand in another record
        return _NEVER
    last = datetime.min.replace(tzinfo=UTC)
    for match in _TIME.finditer(raw):
        text = match.group(1).decode(errors="replace")
        moment = read_moment(text, zone)
        if moment is not None:
            last = max(last, _after(moment.at, _DATE_LENGTHS.get(len(text), _CLOCKS_DIFFER)))
    return last


def _after(at: datetime, span: timedelta) -> datetime:
    try:
        return at + span
    except OverflowError:
        return _NEVER
