"""How a synthetic patient's CRS and fibrinogen run: the shape is that of the published courses (HAS20, WANG20), the numbers are invented."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

DAYS = 35
_HALF_LIFE_H = 80.0  # of fibrinogen that was given
_CHILD_KG = ((2, 12.0), (4, 17.0), (7, 24.0), (10, 33.0), (14, 50.0), (17, 62.0))
_INFLAMMATION_DAYS, _FALL_DAYS = 1.5, 4.0


@dataclass(slots=True)
class SyntheticPatient:
    """Who the course is of, and what it is made of: days of CRS from `onset` to `end`, highest grade, lowest fibrinogen (g/L)."""

    chance: Random
    id: str
    infused: datetime
    age: int
    weight: float
    onset: float
    end: float
    peak: int
    nadir: float
    baseline: float
    every_h: int
    in_mg_per_dl: bool
    doses: list[tuple[datetime, float]] = field(default_factory=list)

    def day(self, at: datetime) -> float:
        """Days since the infusion."""
        return (at - self.infused) / timedelta(days=1)

    def grade(self, at: datetime) -> int:
        """The grade of CRS."""
        day = self.day(at)
        if not self.onset <= day < self.end:
            return 0
        share = 1 - abs(day - (self.onset + self.end) / 2) / (self.end - self.onset) * 1.4
        return max(1, round(self.peak * share))

    def fibrinogen(self, at: datetime) -> float:
        """Baseline, up with inflammation, down to the nadir late in CRS, back within two weeks; and what was given, waning. g/L."""
        day = self.day(at)
        fall = (self.baseline - self.nadir) * _bell((day - self.end + 1) / _FALL_DAYS)
        rise = 1.2 * _bell((day - self.onset) / _INFLAMMATION_DAYS)
        given = sum(
            brought * math.exp2(-((at - start) / timedelta(hours=_HALF_LIFE_H)))
            for start, brought in self.doses
            if start <= at
        )
        return max(0.25, self.baseline + rise - fall + given + self.chance.gauss(0, 0.07))

    def platelets(self, at: datetime) -> float:
        """10*9/L."""
        fall = 150 * _bell((self.day(at) - self.end - 2) / 6)
        return max(4.0, 190 - fall * (0.6 + self.peak / 8) + self.chance.gauss(0, 9))

    def ferritin(self, at: datetime) -> float:
        """ug/L."""
        return 400 + 900 * self.peak**2 * _bell((self.day(at) - self.end) / 3) + self.chance.random() * 80


def _bell(x: float) -> float:
    return math.exp(-x * x)


def a_patient(seed: int, number: int, first_day: datetime) -> SyntheticPatient:
    """One patient; the same for the same seed and number."""
    chance = Random(f"car-t {seed} {number}")
    age = chance.choice([3, 6, 9, 11, 15, 17, 22, 25, 34, 47, 58, 66, 71])
    weight = next((kg for limit, kg in _CHILD_KG if age <= limit), chance.uniform(48, 105))
    onset, peak = chance.uniform(0.4, 6), chance.choice([1, 1, 2, 2, 2, 3, 3, 4])
    return SyntheticPatient(
        chance=chance,
        id=f"synthetic-{number:06d}",
        infused=first_day + timedelta(days=chance.randrange(300), minutes=chance.randrange(480, 1000)),
        age=age,
        weight=round(weight * chance.uniform(0.9, 1.1), 1),
        onset=onset,
        end=onset + chance.uniform(2, 8),
        peak=peak,
        nadir=chance.choice([0.6, 0.9, 1.1, 1.2, 1.4, 1.6, 2.0, 2.6]) * (0.85 if peak > 2 else 1),
        baseline=chance.uniform(2.6, 4.2),
        every_h=chance.choice([8, 12, 12, 24, 24, 48]),
        in_mg_per_dl=chance.random() < 0.3,
    )
