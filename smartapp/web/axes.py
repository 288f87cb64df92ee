"""The frame of the chart: its view box, where times and values lie, and its axes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.web.presenters.words import Clock

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 640, 44, 44, 58, 246
HEIGHT = 286
CRS_ROW, ICANS_ROW, DOSE_ROW = 6, 28, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisMark:
    """One shape: `kind` names its look, `label` is heard by a screen reader and shown to a pointer, `text` is drawn."""

    kind: str
    x: int
    y: int
    label: str = ""
    text: str = ""
    width: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a time and a value lie on the chart."""

    start: datetime
    end: datetime
    top: Decimal

    def x(self, at: datetime) -> int:
        """The place of a time."""
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + share * (WIDTH - RIGHT - LEFT))

    def y(self, value: Decimal) -> int:
        """The height of a value."""
        share = min(value, self.top) / self.top
        return round(BOTTOM - share * (BOTTOM - TOP))

    def holds(self, at: datetime) -> bool:
        """Whether a time is in the range."""
        return self.start <= at <= self.end


def levels(scale: Scale) -> Iterator[AxisMark]:
    """A line at each whole g/L, with the same in mg/dL at its other end."""
    step = 1 if scale.top < 5 else 2
    for value in range(0, int(scale.top) + 1, step):
        yield AxisMark(kind="level", x=LEFT, y=scale.y(Decimal(value)), text=str(value), label=str(value * 100))


def days(scale: Scale, clock: Clock) -> Iterator[AxisMark]:
    """A mark at each local midnight (each third one on long ranges), named by the day after infusion or the date."""
    first = scale.start.astimezone(clock.zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    total = (scale.end - scale.start).days + 1
    every = max(1, -(-total // 12))
    for number in range(0, total + 1, every):
        at = first + timedelta(days=number)
        if scale.holds(at):
            day = clock.day(at).removeprefix("day ")
            yield AxisMark(kind="day", x=scale.x(at), y=BOTTOM, text=day or f"{at.day} {at.strftime('%b')}")
