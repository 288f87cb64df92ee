"""The report's two charts as shapes for an SVG: hours by action, and cards by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, LEFT, ROW = 640, 150, 22
LINE_HEIGHT, LINE_TOP, LINE_BOTTOM = 200, 16, 168
_POLICIES = ("current", "draft")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is called, whose policy it is of, where it stands, and its number in words."""

    name: str
    policy: str
    y: int
    width: int
    words: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """One policy's cards per patient-day by day: the points of its line, the days below, and the highest number."""

    policy: str
    points: str
    days: tuple[tuple[int, str], ...]
    highest: str
    words: str


def action_bars(figures: Mapping[str, Any]) -> tuple[Bar, ...]:
    """Two bars an action: hours for which it stood under each policy."""
    hours = {policy: figures["totals"][policy]["hours_by_action"] for policy in _POLICIES}
    most = max((Decimal(h) for told in hours.values() for h in told.values()), default=Decimal(0)) or Decimal(1)
    bars = []
    for place, action in enumerate(hours["current"]):
        for second, policy in enumerate(_POLICIES):
            told = Decimal(hours[policy][action])
            y = place * (2 * ROW + 10) + second * ROW
            bars.append(Bar(action, policy, y, int(told / most * (WIDTH - LEFT - 90)), f"{told} h"))
    return tuple(bars)


def card_lines(figures: Mapping[str, Any]) -> tuple[DayLine, ...]:
    """A line a policy, over the days that are told of; none if fewer than two are."""
    days = [day for day in figures["groups"]["day"] if "current" in day]
    if len(days) < 2 or figures["totals"] is None:
        return ()
    rates = {p: [Decimal(day[p]["cards_per_patient_day"] or 0) for day in days] for p in _POLICIES}
    most = max(max(told) for told in rates.values()) or Decimal(1)
    first, last = int(days[0]["name"]), int(days[-1]["name"])
    places = [LEFT + round((int(day["name"]) - first) / (last - first) * (WIDTH - LEFT - 20)) for day in days]
    marks = tuple((x, day["name"]) for x, day in zip(places, days, strict=True) if int(day["name"]) % 7 == 0)
    return tuple(
        DayLine(
            policy=policy,
            points=" ".join(f"{x},{_height(rate, most)}" for x, rate in zip(places, rates[policy], strict=True)),
            days=marks,
            highest=f"{most}",
            words=f"{policy}: from {rates[policy][0]} on day {first} to {rates[policy][-1]} on day {last}, at most {max(rates[policy])}",
        )
        for policy in _POLICIES
    )


def _height(rate: Decimal, most: Decimal) -> int:
    return round(LINE_BOTTOM - rate / most * (LINE_BOTTOM - LINE_TOP))
