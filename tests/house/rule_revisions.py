"""What each rule is made of, as a digest; `python -m tests.house.rule_revisions` prints the table for `clinical/revisions.py`.

Print it only after raising the version of each rule that says something else to any patient, and setting its revision date.
"""

import hashlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from smartapp.clinical.assessment import assess
from smartapp.clinical.picture import ClinicalPicture, Patient
from smartapp.clinical.revisions import REVISIONS
from smartapp.clinical.rule import Facts, Row, Rule
from smartapp.clinical.rules import all_rules
from tests.clinical.golden_patients import NUMBERS, a_patient

TODAY = "2026-11-23"


def rows() -> Iterator[tuple[Rule, Row]]:
    return ((rule, row) for rule in all_rules() for row in rule.rows)


def digest(rule: Rule) -> str:
    """Over the module's own words and code."""
    return hashlib.sha256(inspect.getsource(sys.modules[rule.applies.__module__]).encode()).hexdigest()[:16]


class WatchedPatient:
    """A patient that remembers whether its birth date was looked at."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self.asked = False

    def __getattr__(self, name: str) -> Any:
        self.asked = self.asked or name == "birth"
        return getattr(self._patient, name)


def birth_date_readers() -> frozenset[str]:
    """The rows whose needs or wants look at the birth date, for any of the golden patients."""
    found: set[str] = set()
    for number in NUMBERS:
        picture, policy = a_patient(number)
        if not assess(picture, policy).applicability.runs:
            continue
        for rule in all_rules():
            watched = WatchedPatient(picture.patient)
            members = {field.name: getattr(picture, field.name) for field in fields(picture)}
            facts = Facts(ClinicalPicture(**{**members, "patient": watched}), policy)
            for need in (*rule.needs, *rule.wants):
                facts.get(need)
            found |= {row.id for row in rule.rows} if watched.asked else set()
    return frozenset(found)


def table() -> str:
    """The lines of the table; what was released before keeps its date."""
    uses = birth_date_readers()
    lines = []
    for rule, row in rows():
        old = REVISIONS.get(row.id)
        released = old.released if old else TODAY
        same = old is not None and old.version == row.version
        revised = old.revised if old and same else TODAY
        told = f'Revision({row.version}, "{released}", "{revised}", "{digest(rule)}", uses_birth_date={row.id in uses})'
        lines.append(f'    "{row.id}": {told},')
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
