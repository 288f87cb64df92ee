"""Points in time as charts give them: exact, or known to the day, month or year only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import IntEnum


class Precision(IntEnum):
    """How much of a time was recorded; larger is finer."""

    YEAR = 1
    MONTH = 2
    DAY = 3
    INSTANT = 4


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A recorded time: `at` (aware, UTC) and how precisely it is known.

    A date without a time stands at 00:00 in the site's time zone (DQ-02, APP-02).
    """

    at: datetime
    precision: Precision = Precision.INSTANT

    @property
    def has_time(self) -> bool:
        """Whether a time of day was recorded."""
        return self.precision is Precision.INSTANT

    def local_date(self, zone: tzinfo) -> date:
        """The calendar day in `zone` (APP-02)."""
        return self.at.astimezone(zone).date()

    def age(self, as_of: datetime) -> timedelta:
        """How long before `as_of`; negative if later."""
        return as_of - self.at
