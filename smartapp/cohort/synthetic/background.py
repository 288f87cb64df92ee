"""Background patients of a hospital: no CAR-T cells, but much that looks alike."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from smartapp.cohort.synthetic import records
from smartapp.cohort.synthetic.records import ATC, ICD10CM, Record

_CONDITIONS = ("I10", "E11.9", "A41.9", "K92.1", "D65", "I61.9", "K70.30", "C91.00", "J18.9", "R04.0")
_DRUGS = ("B01AB01", "A02BC01", "C09AA02", "B01AF01", "L04AC07")
_LABS = (
    ("3255-7", "g/L", 2.0, 4.0),
    ("777-3", "10*9/L", 60, 400),
    ("6301-6", "{INR}", 0.9, 2.4),
    ("2276-4", "ng/mL", 20, 900),
)


def background(seed: int, number: int, first_day: datetime) -> Iterator[Record]:
    """One patient's records; the same for the same seed and number."""
    chance = Random(f"background {seed} {number}")
    id_ = f"background-{number:07d}"
    yield records.patient(id_, f"{chance.randint(1935, 2020)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}")
    at = first_day + timedelta(days=chance.randrange(300), minutes=chance.randrange(1440))
    for place in range(chance.randint(0, 2)):
        yield records.condition(id_, f"{id_}-c{place}", ICD10CM, chance.choice(_CONDITIONS), at)
    for place in range(chance.randint(0, 2)):
        yield records.medication_request(id_, f"{id_}-m{place}", ATC, chance.choice(_DRUGS), at)
    if chance.random() < 0.2:
        yield records.procedure(id_, f"{id_}-p", "http://snomed.info/sct", "116859006", at)
    for place in range(chance.randint(2, 10)):
        code, unit, low, high = chance.choice(_LABS)
        value = round(chance.uniform(low, high), 2)
        taken = at + timedelta(hours=7 * place)
        yield records.result(id_, f"{id_}-o{place}", code, value, unit, taken, issued=taken + timedelta(hours=1))
