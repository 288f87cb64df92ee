"""Scopes: what we ask for, and what was granted (SAL-52 to SAL-55)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_V2 = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(c?r?u?d?s?)(?:\?(.+))?")
_V1 = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(read|write|\*)")
_V1_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}
_IDENTITY = ("openid", "fhirUser")
WRITES_V2 = ("patient/MedicationRequest.crus", "patient/ServiceRequest.crus", "patient/Provenance.c")
WRITES_V1 = ("patient/MedicationRequest.write", "patient/ServiceRequest.write", "patient/Provenance.write")


@dataclass(frozen=True, slots=True)
class Grant:
    """One granted scope: letters of `cruds` on a type (or `*`), perhaps constrained by a query."""

    level: str
    resource: str
    letters: str
    constraint: str = ""


@dataclass(frozen=True, slots=True)
class GrantedScopes:
    """The union of what was granted; unknown or out-of-order strings grant nothing."""

    grants: tuple[Grant, ...]
    others: frozenset[str]

    def may(self, resource: str, letter: str) -> bool:
        """Whether any grant on the type (or on all) has the letter, constrained or not."""
        return any(letter in grant.letters and grant.resource in (resource, "*") for grant in self.grants)

    def constraints(self, resource: str, letter: str) -> tuple[str, ...]:
        """The constraints under which the letter holds; empty if it holds without one (SAL-54)."""
        fitting = [grant for grant in self.grants if letter in grant.letters and grant.resource in (resource, "*")]
        if any(not grant.constraint for grant in fitting):
            return ()
        return tuple(grant.constraint for grant in fitting)


def parse_scopes(text: str) -> GrantedScopes:
    """The granted set of a `scope` string, SMART v2 or v1."""
    words = text.split()
    grants = tuple(grant for word in words if (grant := _grant(word)) is not None)
    return GrantedScopes(grants, frozenset(words))


def _grant(word: str) -> Grant | None:
    old = _V1.fullmatch(word)
    if old is not None:
        level, resource, access = old.groups()
        return Grant(level, resource, _V1_LETTERS[access])
    new = _V2.fullmatch(word)
    if new is None or not new.group(3):
        return None
    level, resource, letters, constraint = new.groups()
    return Grant(level, resource, letters, constraint or "")


def wanted_scopes(
    reads: Sequence[str], *, style: str, launch: bool, write_back: bool, refresh: Sequence[str] = ()
) -> str:
    """What we ask for: context, identity, the reads of the query table, writes only where the site enabled them, and the
    words of a refresh token only where it expects long reviews (SAL-55, SAL-82)."""
    context = [*(["launch"] if launch else ["launch/patient"]), *refresh]
    writes = (WRITES_V2 if style == "v2" else WRITES_V1) if write_back else ()
    return " ".join((*context, *_IDENTITY, *merged(reads, writes)))


def merged(reads: Iterable[str], writes: Iterable[str]) -> tuple[str, ...]:
    """Reads and writes, each type once in v2 (letters united in order); v1 words stay beside each other."""
    letters: dict[str, str] = {}
    plain: list[str] = []
    for scope in (*reads, *writes):
        name, _, access = scope.rpartition(".")
        if access in _V1_LETTERS:
            plain.append(scope)
        else:
            letters[name] = "".join(letter for letter in "cruds" if letter in letters.get(name, "") + access)
    return (*(f"{name}.{access}" for name, access in letters.items()), *dict.fromkeys(plain))
