"""Resources that name a member twice: readers take the last of the two, so nothing may rest on them (CDS-73)."""

import json
from collections.abc import Iterable, Mapping


class _Twice(ValueError):
    """A member named twice."""


def ambiguous(records: Mapping[str, bytes], sources: Iterable[str]) -> bool:
    """Whether any of these sources (`Type/id`, contained ones with `#id`) names a member twice."""
    named = {source.partition("#")[0] for source in sources}
    return any(_has_twins(records[source]) for source in named if source in records)


def all_ambiguous(records: Mapping[str, bytes]) -> frozenset[str]:
    """Every resource that does."""
    return frozenset(source for source, raw in records.items() if _has_twins(raw))


def _has_twins(raw: bytes) -> bool:
    try:
        json.loads(raw, object_pairs_hook=_unique, parse_float=str, parse_int=str)
    except _Twice:
        return True
    except (ValueError, RecursionError):
        return False  # unreadable for another reason: its reader says so
    return False


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) != len({name for name, _ in pairs}):
        raise _Twice
