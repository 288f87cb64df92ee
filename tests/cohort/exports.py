"""Synthetic exports for tests, and replays of them without a command line."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from smartapp.clinical.policy import build_policy
from smartapp.cohort.synthetic.courses import course
from smartapp.cohort.synthetic.kinetics import a_patient
from smartapp.cohort.synthetic.odd import with_oddities
from smartapp.usecases.assess import Site
from smartapp.usecases.replay.course import Course, build_course
from smartapp.usecases.replay.differences import Pair, pair_of

HOUR = timedelta(hours=1)
FIRST_DAY = datetime(2025, 1, 6, tzinfo=UTC)


def a_site(**overrides: object) -> Site:
    """A site with these parameters (`replace_below_severe` stands for `replace_below.severe`)."""
    return Site(
        policy=build_policy(None, {name.replace("__", "."): value for name, value in overrides.items()}),
        zone=UTC,
        queries=(),
    )


def a_pair(**overrides: object) -> Pair:
    """The default policy, and a draft with these parameters."""
    return pair_of(a_site(), a_site(**overrides))


@cache
def records(number: int, seed: int = 5) -> tuple[bytes, ...]:
    """One synthetic patient's records."""
    made = with_oddities(course(a_patient(seed, number, FIRST_DAY)), Random(number))
    return tuple(json.dumps(record).encode() for record in made)


def a_course(number: int, seed: int = 5) -> Course:
    """One synthetic patient's course."""
    return build_course(f"synthetic-{number:06d}", records(number, seed), lag=HOUR, zone=UTC)


def a_short_course(number: int, days: int = 6) -> Course:
    """The records of the first days after the infusion."""
    whole = a_course(number)
    end = a_patient(5, number, FIRST_DAY).infused + timedelta(days=days)
    return replace(whole, entries=tuple(e for e in whole.entries if e.known is None or e.known < end))


def write_export(folder: Path, lines: Mapping[str, Iterable[bytes]]) -> Path:
    """A folder of NDJSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in lines.items():
        (folder / name).write_bytes(b"".join(line + b"\n" for line in each))
    return folder


def by_type(raw: Iterable[bytes]) -> dict[str, list[bytes]]:
    """Records by the file of their type."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for line in raw:
        found[f"{json.loads(line)['resourceType']}.ndjson"].append(line)
    return dict(found)


def resource(raw: bytes) -> dict[str, Any]:
    """A record as JSON."""
    return dict(json.loads(raw))
