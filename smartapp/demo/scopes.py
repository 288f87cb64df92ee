"""SMART scopes, v2 and v1: which words are granted, and what they allow on one resource type."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

_V2 = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(c?r?u?d?s?)(?:\?(.+))?")
_V1 = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(read|write|\*)")
_V1_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}
PLAIN = frozenset(
    {"openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "online_access", "offline_access"}
)


@dataclass(frozen=True, slots=True)
class Grant:
    """Letters of `cruds` on a type (or `*`), for the launch's patient or all a user may see, perhaps under a query."""

    level: str
    resource: str
    letters: str
    query: tuple[tuple[str, str], ...] = ()

    def allows(self, resource: str, letter: str) -> bool:
        """Whether this grant speaks of that interaction."""
        return letter in self.letters and self.resource in (resource, "*")


def parse_grant(word: str) -> Grant | None:
    """The grant that a resource scope means; None for any other word."""
    old = _V1.fullmatch(word)
    if old is not None:
        return Grant(old[1], old[2], _V1_LETTERS[old[3]])
    new = _V2.fullmatch(word)
    if new is None or not new[3]:
        return None
    return Grant(new[1], new[2], new[3], tuple(parse_qsl(new[4] or "", keep_blank_values=True)))


@lru_cache(maxsize=256)
def parse_grants(scope: str) -> tuple[Grant, ...]:
    """All resource grants of a scope string."""
    return tuple(grant for word in scope.split() if (grant := parse_grant(word)) is not None)


def supported(scope: str) -> str:
    """The words of a request that can be granted, once each, in their order; system scopes are for backends only."""
    words = dict.fromkeys(scope.split())
    return " ".join(word for word in words if word in PLAIN or _for_people(parse_grant(word)))


def _for_people(grant: Grant | None) -> bool:
    return grant is not None and grant.level != "system"


def without(scope: str, resource: str, letters: str) -> str:
    """The scope with these letters taken from the type: a downgrade."""
    return " ".join(filter(None, (_reduced(word, resource, letters) for word in scope.split())))


def _reduced(word: str, resource: str, letters: str) -> str:
    grant = parse_grant(word)
    if grant is None or grant.resource != resource or not set(grant.letters) & set(letters):
        return word
    left = "".join(letter for letter in grant.letters if letter not in letters)
    if not left:
        return ""
    query = word.partition("?")[2]
    return f"{grant.level}/{grant.resource}.{left}" + (f"?{query}" if query else "")


def within(scope: str, limit: Iterable[str]) -> str:
    """The words of a scope that a launch allows at most."""
    allowed = set(limit)
    return " ".join(word for word in scope.split() if word in allowed)
