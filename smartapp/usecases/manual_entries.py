"""What a clinician enters by hand for a patient (interfaces.md section 4): bleeding, CRS grade, weight, infusion, suspect results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartapp.clinical.criteria.weight import HEAVIEST, LIGHTEST
from smartapp.clinical.manual_entries import without
from smartapp.clinical.picture import Bedside, BleedingLevel
from smartapp.clinical.terminology import CarTProduct
from smartapp.usecases.json_values import json_types, value_from

_LONGEST_REASON = 200


class FutureInfusion(Exception):
    """An infusion on a day that has not come."""


class ImplausibleWeight(Exception):
    """A weight outside the range of DQ-11; the message names the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualEntry:
    """What is entered now, or taken back (the name of an entry, or the reference of a suspect); None: not given.

    `standing` is a draft or order beside which another is wanted, for this launch only (REP-13).
    """

    bleeding: BleedingLevel | None = None
    crs_grade: int | None = None
    weight_kg: Decimal | None = None
    suspect: str | None = None
    reason: str = ""
    infusion_product: CarTProduct | None = None
    infusion_date: date | None = None
    standing: tuple[str, ...] = ()
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


def merged(stored: Bedside, entry: ManualEntry, at: datetime, user: str = "") -> Bedside:
    """What was stored with what `user` enters or takes back at `at`; a weight outside DQ-11's range is refused."""
    if entry.weight_kg is not None:
        check_weight(entry.weight_kg)
    if entry.infusion_date is not None and entry.infusion_date > (at + timedelta(hours=14)).date():
        raise FutureInfusion("The infusion's date has not come yet.")
    known = without(stored, entry.take_back) if entry.take_back else stored
    suspects, times, users = dict(known.suspects), dict(known.times), dict(known.users)
    if entry.suspect:
        suspects[entry.suspect] = entry.reason[:_LONGEST_REASON]
    merging = replace(
        known,
        bleeding=known.bleeding if entry.bleeding is None else entry.bleeding,
        crs_grade=known.crs_grade if entry.crs_grade is None else entry.crs_grade,
        weight_kg=known.weight_kg if entry.weight_kg is None else entry.weight_kg,
        suspects=suspects,
        infusion_product=entry.infusion_product or known.infusion_product,
        infusion_date=entry.infusion_date or known.infusion_date,
        standing=known.standing | set(entry.standing),
    )
    times.update(dict.fromkeys(_entered(entry), at))
    users.update(dict.fromkeys(_entered(entry), user))
    added = merging.added
    return replace(
        merging,
        times={name: time for name, time in times.items() if name in added},
        users={name: who for name, who in users.items() if name in added and who},
    )


def _entered(entry: ManualEntry) -> list[str]:
    given = {
        "bleeding": entry.bleeding,
        "crs_grade": entry.crs_grade,
        "weight_kg": entry.weight_kg,
        "infusion": entry.infusion_date,
    }
    names = [name for name, value in given.items() if value is not None]
    return [*names, *([entry.suspect] if entry.suspect else [])]


def only(entries: Bedside, name: str) -> Bedside:
    """One entry by its name, with its time and user."""
    return without(replace(entries, standing=frozenset()), *(entries.added - {name}))


def together(entries: Iterable[Bedside]) -> Bedside:
    """Several entries as one; of two of the same name the later in order."""
    whole = Bedside()
    for one in entries:
        whole = replace(
            whole,
            bleeding=whole.bleeding if one.bleeding is None else one.bleeding,
            crs_grade=whole.crs_grade if one.crs_grade is None else one.crs_grade,
            weight_kg=whole.weight_kg if one.weight_kg is None else one.weight_kg,
            infusion_product=one.infusion_product or whole.infusion_product,
            infusion_date=one.infusion_date or whole.infusion_date,
            suspects={**whole.suspects, **one.suspects},
            times={**whole.times, **one.times},
            users={**whole.users, **one.users},
        )
    return whole


def changed(before: Bedside, after: Bedside) -> tuple[frozenset[str], frozenset[str]]:
    """The names of what was entered, also anew, and of what was taken back."""
    entered = {name for name in after.added if only(before, name) != only(after, name)}
    return frozenset(entered), before.added - after.added


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
