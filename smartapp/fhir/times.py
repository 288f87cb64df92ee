"""FHIR dates and times as moments: partial dates keep their precision, an instant needs a zone (FHIR-28)."""

import re
from datetime import UTC, datetime, tzinfo

from smartapp.clinical.partial_datetime import Moment, Precision
from smartapp.clinical.picture import BirthDate

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def read_moment(text: str, zone: tzinfo) -> Moment | None:
    """A dateTime or instant; a date without a time stands at 00:00 in `zone`. None for nothing or nonsense."""
    text = text.strip()
    if "T" in text:
        return _instant(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    try:
        local = datetime(int(year), int(month or 1), int(day or 1), tzinfo=zone)
    except ValueError:
        return None
    return Moment(local.astimezone(UTC), precision)


def _instant(text: str) -> Moment | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return None if at.tzinfo is None else Moment(at.astimezone(UTC))
    except OverflowError:
        return None


def read_birth_date(text: str) -> BirthDate | None:
    """A birth date, of which month and day may be missing; None for nonsense."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        datetime(year or 1, month or 1, day or 1, tzinfo=UTC)
    except ValueError:
        return None
    return BirthDate(year or 1, month, day)


def first_moment(zone: tzinfo, *texts: str) -> Moment | None:
    """The first of several times that is given and readable."""
    return next((moment for text in texts if text and (moment := read_moment(text, zone)) is not None), None)
