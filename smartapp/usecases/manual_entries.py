"""What a clinician enters by hand for one launch (interfaces.md section 4): bleeding, CRS grade, weight, suspect results."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartapp.clinical.criteria.weight import HEAVIEST, LIGHTEST
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.usecases.json_values import json_types, value_from

_LONGEST_REASON = 200


class ImplausibleWeight(Exception):
    """A weight outside the range of DQ-11; the message names the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualEntry:
    """What is entered now, or taken back (the name of an entry, or the reference of a suspect); None: not given."""

    bleeding: BleedingLevel | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspect: str | None = None
    reason: str = ""
    take_back: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftEntries:
    """What the same user entered in a launch of this patient that timed out `minutes` ago; it does not count now."""

    minutes: int
    entries: Bedside


def check_weight(kg: Decimal) -> None:
    """`ImplausibleWeight` for one that no dose may rest on (DQ-11)."""
    if not LIGHTEST <= kg <= HEAVIEST:
        raise ImplausibleWeight(f"A weight must be from {LIGHTEST} to {HEAVIEST} kg.")


def merged(stored: Bedside, entry: ManualEntry, at: datetime) -> Bedside:
    """What was stored with what is entered or taken back at `at`; a weight outside DQ-11's range is refused."""
    if entry.weight_kg is not None:
        check_weight(entry.weight_kg)
    known = _without(stored, entry.take_back) if entry.take_back else stored
    suspects, times = dict(known.suspects), dict(known.times)
    if entry.suspect:
        suspects[entry.suspect] = entry.reason[:_LONGEST_REASON]
    merging = replace(
        known,
        bleeding=known.bleeding if entry.bleeding is None else entry.bleeding,
        crs_grade=known.crs_grade if entry.crs_grade is None else entry.crs_grade,
        weight_kg=known.weight_kg if entry.weight_kg is None else entry.weight_kg,
        suspects=suspects,
    )
    times.update(dict.fromkeys(_entered(entry), at))
    return replace(merging, times={name: time for name, time in times.items() if name in merging.added})


def _entered(entry: ManualEntry) -> list[str]:
    given = {"bleeding": entry.bleeding, "crs_grade": entry.crs_grade, "weight_kg": entry.weight_kg}
    names = [name for name, value in given.items() if value is not None]
    return [*names, *([entry.suspect] if entry.suspect else [])]


def _without(stored: Bedside, name: str) -> Bedside:
    """What was stored but for one entry, or one suspect by its reference."""
    match name:
        case "bleeding":
            return replace(stored, bleeding=None)
        case "crs_grade":
            return replace(stored, crs_grade=None)
        case "weight_kg":
            return replace(stored, weight_kg=None)
        case _:
            return replace(stored, suspects={source: why for source, why in stored.suspects.items() if source != name})


def names_of(entries: Bedside) -> str:
    """What was entered, by name, for the audit: no values, no references."""
    names = {name for name in entries.added if name not in entries.suspects}
    return ", ".join(sorted(names | ({"suspects"} if entries.suspects else set())))


def left_over(earlier: Bedside, now: Bedside) -> Bedside | None:
    """What was entered earlier and has not been entered now; None if nothing."""
    suspects = {source: why for source, why in earlier.suspects.items() if source not in now.suspects}
    missing = Bedside(
        bleeding=earlier.bleeding if now.bleeding is None else None,
        crs_grade=earlier.crs_grade if now.crs_grade is None else None,
        weight_kg=earlier.weight_kg if now.weight_kg is None else None,
        suspects=suspects,
    )
    return missing if missing.added else None


def packed_entries(entries: Bedside) -> dict[str, Any]:
    """The entries in JSON's own types, as a session stores them."""
    packed: dict[str, Any] = json_types(entries)
    return packed


def read_entries(packed: Mapping[str, Any]) -> Bedside:
    """The entries that a session stored; empty where it stored none."""
    return value_from(packed, Bedside) if packed else Bedside()
