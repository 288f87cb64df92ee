"""What real exports hold besides clean records, each at its own rate: missing times and units, text for numbers, corrections, mistakes."""

from collections.abc import Callable, Iterator
from random import Random

from smartapp.cohort.synthetic.records import Record

_RATE = 0.006  # each


def with_oddities(made: Iterator[Record], chance: Random) -> Iterator[Record]:
    """The records, some of them odd, and some followed by a correction."""
    for record in made:
        if record["resourceType"] == "Observation":
            yield from _odd_observation(record, chance)
        elif not (record["resourceType"] == "Condition" and chance.random() < 0.01):
            yield record


def _odd_observation(record: Record, chance: Random) -> Iterator[Record]:
    place = int(chance.random() / _RATE)
    if place < len(_ODDITIES):
        yield from _ODDITIES[place](record)
    else:
        yield record


def _without_unit(record: Record) -> Iterator[Record]:
    yield record | {"valueQuantity": {"value": record["valueQuantity"]["value"]}}


def _as_text(record: Record) -> Iterator[Record]:
    quantity = record["valueQuantity"]
    bare = {name: value for name, value in record.items() if name != "valueQuantity"}
    yield bare | {"valueString": f"{quantity['value']} {quantity['unit']}"}


def _as_bound(record: Record) -> Iterator[Record]:
    yield record | {"valueQuantity": record["valueQuantity"] | {"comparator": "<"}}


def _clotted(record: Record) -> Iterator[Record]:
    yield record | {"note": [{"text": "specimen clotted"}]}


def _mistaken(record: Record) -> Iterator[Record]:
    yield record | {"status": "entered-in-error"}


def _not_yet_final(record: Record) -> Iterator[Record]:
    yield record | {"status": "preliminary"}


def _corrected(record: Record) -> Iterator[Record]:
    """Twice: as first issued, and as corrected a little later under the same id."""
    quantity = record["valueQuantity"]
    first: str = record["issued"] if "issued" in record else record["effectiveDateTime"]
    later = f"{first[:11]}23:59:00Z"
    yield record | {"meta": {"versionId": "1", "lastUpdated": first}}
    yield record | {
        "meta": {"versionId": "2", "lastUpdated": later},
        "issued": later,
        "status": "corrected",
        "valueQuantity": quantity | {"value": round(quantity["value"] * 1.1, 2)},
    }


def _not_issued(record: Record) -> Iterator[Record]:
    yield {name: value for name, value in record.items() if name != "issued"}


def _without_time(record: Record) -> Iterator[Record]:
    yield {name: value for name, value in record.items() if name not in ("effectiveDateTime", "issued")}


_ODDITIES: tuple[Callable[[Record], Iterator[Record]], ...] = (
    _without_unit,
    _as_text,
    _as_bound,
    _clotted,
    _mistaken,
    _not_yet_final,
    _corrected,
    _not_issued,
    _without_time,
)
