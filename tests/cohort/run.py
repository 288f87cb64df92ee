"""`make cohort`: background patients must get no card, courses must stay quiet while nothing is new. Exit 1 if not so."""

import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from tests.charts import Resource
from tests.cohort.watch import background, cards_for, watch

COURSES = 300
T = TypeVar("T")
_DROPPED = frozenset({"meta", "text", "identifier", "performer", "encounter", "requester", "note", "name", "address"})


def main(arguments: Sequence[str]) -> int:
    """A folder of NDJSON to watch; with `sample FOLDER FILE` the first hundred patients are written as a sample."""
    if arguments[0] == "sample":
        _sample(Path(arguments[1]), Path(arguments[2]))
        return 0
    patients = list(background(Path(arguments[0])))
    loud = [id_ for id_, resources in _shown(patients, "patients") if resources and cards_for(id_, resources)]
    courses = [watch(seed) for seed in _shown(range(COURSES), "courses")]
    moved = [text for course in courses for text in course.moved]
    looks, cards = sum(c.looks for c in courses), sum(c.cards for c in courses)
    click.echo(f"{len(patients)} background patients, {len(loud)} with a card")
    click.echo(
        f"{len(courses)} courses, {looks} looks, {cards} cards: {cards / (looks / 4):.2f} a patient-day at four looks a day"
    )
    quiet, strict = sum(c.quiet for c in courses), sum(c.strict for c in courses)
    click.echo(
        f"{quiet} looks with nothing new, {strict} of them with no limit in time passed: {len(moved)} answers moved"
    )
    for text in (*loud[:10], *moved[:10]):
        click.echo(f"  {text}")
    return 1 if loud or moved else 0


def _shown(things: Iterable[T], name: str) -> Iterator[T]:
    """The things, with their number on the terminal every hundred."""
    for number, thing in enumerate(things, start=1):
        if number % 100 == 0:
            click.echo(f"{number} {name}", err=True)
        yield thing


def _sample(folder: Path, target: Path) -> None:
    chosen = sorted(background(folder), key=lambda patient: -_interest(patient[1]))[:100]
    with target.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        for _, resources in chosen:
            for resource in _newest(resources):
                file.write(json.dumps({k: v for k, v in resource.items() if k not in _DROPPED}).encode() + b"\n")


def _newest(resources: list[Resource]) -> list[Resource]:
    """All but the oldest Observations, of which enough is in the long run."""
    observations = [r for r in resources if r["resourceType"] == "Observation"]
    kept = sorted(observations, key=lambda r: str(r.get("effectiveDateTime", "")))[-60:]
    others = [r for r in resources if r["resourceType"] != "Observation"]
    return [*others[:60], *kept, *(r for r in others[60:] if r["resourceType"] == "Patient")]


def _interest(resources: list[Resource]) -> int:
    """Sepsis, bleeding, liver disease first; then the fullest charts."""
    codes = {c.get("code", "") for r in resources for c in (r.get("code") or {}).get("coding", ())}
    looks_alike = sum(
        code.startswith(("A40", "A41", "R65", "K92", "I61", "I60", "R04", "K70", "K72", "K74", "D65")) for code in codes
    )
    return looks_alike * 10_000 + len(resources)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
