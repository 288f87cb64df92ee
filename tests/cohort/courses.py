"""Generated CAR-T courses: fibrinogen that rises with inflammation and falls with CRS, grades, tocilizumab, bleeding, doses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.charts import LOINC, SUBJECT, UCUM, Resource

INFUSED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
DAYS = 35
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_ATC = "http://www.whocc.no/atc"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, and when it stands in the chart."""

    known: datetime
    resource: Resource


@dataclass(slots=True)
class _Body:
    """What a course is made of: when CRS begins and ends (days), its highest grade, how deep fibrinogen falls (g/L)."""

    chance: random.Random
    onset: float
    end: float
    peak: int
    nadir: float
    weight: float
    sampling: int
    boost: float = 0.0

    def grade(self, day: float) -> int:
        if not self.onset <= day < self.end:
            return 0
        middle = (self.onset + self.end) / 2
        share = 1 - abs(day - middle) / (self.end - self.onset) * 1.4
        return max(1, round(self.peak * share))

    def fibrinogen(self, day: float) -> float:
        """Baseline 3.2, up to 5 with inflammation, down to the nadir around day 11, back within two weeks."""
        bottom = self.end + 1
        width = 4.0
        fall = (3.4 - self.nadir) * 2.718 ** (-(((day - bottom) / width) ** 2))
        rise = 1.2 * 2.718 ** (-(((day - self.onset) / 1.5) ** 2))
        return max(0.3, 3.3 + rise - fall + self.boost + self.chance.gauss(0, 0.08))


def a_course(seed: int) -> list[Entry]:
    """All records of one patient, in the order in which they come to stand in the chart."""
    chance = random.Random(seed)
    onset = chance.uniform(0.5, 6)
    body = _Body(
        chance=chance,
        onset=onset,
        end=onset + chance.uniform(2, 8),
        peak=chance.choice([1, 1, 2, 2, 3, 3, 4]),
        nadir=chance.choice([0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5]),
        weight=chance.choice([11.0, 18.5, 30.0, 42.0, 61.0, 84.0]),
        sampling=chance.choice([8, 12, 24, 24, 48]),
    )
    entries = [*_once(body), *_samples(body), *_grades(body), *_events(body)]
    return sorted(entries, key=lambda entry: (entry.known, entry.resource["id"]))


def _once(body: _Body) -> Iterator[Entry]:
    born = {11.0: "2024-05-01", 18.5: "2020-05-01", 30.0: "2016-05-01"}.get(body.weight, "1988-05-01")
    start = INFUSED - timedelta(days=7)
    yield Entry(start, {"resourceType": "Patient", "id": "P1", "birthDate": born})
    code = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "XW043J7"}]}
    infusion = {
        "id": "cart",
        "status": "completed",
        "subject": SUBJECT,
        "code": code,
        "performedDateTime": _at(INFUSED),
    }
    yield Entry(INFUSED, {"resourceType": "Procedure", **infusion})


def _samples(body: _Body) -> Iterator[Entry]:
    at, number = INFUSED - timedelta(days=2), 0
    while at < INFUSED + timedelta(days=DAYS):
        day = (at - INFUSED) / timedelta(days=1)
        level = body.fibrinogen(day)
        yield _lab(f"fib-{number}", "3255-7", level, "g/L", at)
        yield _lab(
            f"plt-{number}", "777-3", max(5, 180 - 14 * max(0, min(day, 11)) + body.chance.gauss(0, 9)), "10*9/L", at
        )
        yield _lab(f"inr-{number}", "6301-6", 1.1 + 0.1 * body.grade(day), "{INR}", at)
        if number % 2 == 0:
            yield _lab(f"hct-{number}", "20570-8", 24 + body.chance.random() * 8, "%", at)
            yield _lab(f"kg-{number}", "29463-7", body.weight, "kg", at)
        yield _lab(f"temp-{number}", "8310-5", 36.8 + 0.6 * body.grade(day), "Cel", at)
        if level < 1.0 and body.chance.random() < 0.5:
            yield _dose(number, at + timedelta(hours=3))
            body.boost += 0.5
        at += timedelta(hours=body.sampling, minutes=body.chance.randint(-40, 40))
        number += 1


def _grades(body: _Body) -> Iterator[Entry]:
    """A new record whenever the grade changes; the last one is abated."""
    last, day = 0, 0.0
    while day < DAYS:
        grade = body.grade(day)
        at = INFUSED + timedelta(days=day)
        if grade and grade != last:
            yield Entry(at, _condition(f"crs-{day}", f"D89.83{grade}", at))
        if last and not grade:
            over = {**_condition("crs-over", f"D89.83{last}", at), "abatementDateTime": _at(at)}
            yield Entry(at, over)
        last, day = grade, day + 0.25


def _events(body: _Body) -> Iterator[Entry]:
    if body.peak >= 2:
        at = INFUSED + timedelta(days=body.onset + 1)
        yield Entry(at, _given("toci", _ATC, "L04AC07", at))
    if body.chance.random() < 0.25:
        at = INFUSED + timedelta(days=body.chance.uniform(6, 20))
        yield Entry(at, _condition("bleed", body.chance.choice(["R04.0", "K92.1", "I61.9"]), at))


def _dose(number: int, at: datetime) -> Entry:
    return Entry(at, _given(f"cryo-{number}", "http://snomed.info/sct", "256401009", at))


def _given(id_: str, system: str, code: str, at: datetime) -> Resource:
    return {
        "resourceType": "MedicationAdministration",
        "id": id_,
        "status": "completed",
        "subject": SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": system, "code": code}]},
        "effectiveDateTime": _at(at),
    }


def _lab(id_: str, code: str, value: float, unit: str, at: datetime) -> Entry:
    """It stands in the chart half an hour after it was drawn."""
    quantity = {"value": round(value, 2), "unit": unit, "system": UCUM, "code": unit}
    body = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": _at(at),
        "valueQuantity": quantity,
    }
    return Entry(at + timedelta(minutes=30), body)


def _condition(id_: str, code: str, at: datetime) -> Resource:
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": SUBJECT,
        "code": {"coding": [{"system": _ICD, "code": code}]},
        "onsetDateTime": _at(at),
        "recordedDate": _at(at),
    }


def _at(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
