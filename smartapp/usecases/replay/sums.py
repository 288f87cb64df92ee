"""Sums over courses that come out the same in any order: whole numbers by group, policy and measure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

LEAST = 11
"""A group of fewer patients is not told of."""


class Group(StrEnum):
    """By what patients or looks are grouped."""

    ALL = "all"
    AGE = "age"
    PRODUCT = "product"
    BAND = "crs_band"  # at the look
    DAY = "day"  # since the infusion
    WHY = "why"  # what a changed decision is explained by


class Policy(StrEnum):
    """Of which policy a sum tells; RECORD: of what the export itself says."""

    CURRENT = "current"
    DRAFT = "draft"
    RECORD = "record"


class SumKey(NamedTuple):
    """One sum: `name` says which member of the group, `measure` what is counted (`_s` seconds, `_mg` milligrams)."""

    group: Group
    name: str
    policy: Policy
    measure: str


Sums = Counter[SumKey]


def packed(sums: Sums) -> list[tuple[str, str, str, str, int]]:
    """As plain values, in one order."""
    return [(*map(str, key), count) for key, count in sorted(sums.items()) if count]  # type: ignore[misc]


def unpacked(rows: Iterable[tuple[str, str, str, str, int]]) -> Sums:
    """The sums again."""
    return Counter({SumKey(Group(g), n, Policy(p), m): c for g, n, p, m, c in rows})


def members(sums: Sums, group: Group) -> Iterator[tuple[str, int]]:
    """Each member of a group with how many patients it has."""
    for key, count in sorted(sums.items()):
        if key.group is group and key.measure == "patients":
            yield key.name, count
