"""Which resources name a member twice, at any depth and however it is spelt."""

import pytest

from smartapp.fhir.duplicate_keys import all_ambiguous, ambiguous

GOOD = b'{"resourceType": "Observation", "a": {"x": 1}, "b": {"x": 1}}'
TWINS = [
    b'{"id": "a", "id": "a"}',
    b'{"a": {"x": 1, "x": 2}}',
    b'{"a": [{"x": 1}, {"x": 1, "x": 2}]}',
    b'{"x": 1, "\\u0078": 2}',
]


@pytest.mark.req("CDS-73")
@pytest.mark.parametrize("raw", TWINS)
def test_twins_are_seen(raw: bytes) -> None:
    assert ambiguous({"Observation/a": raw}, ["Observation/a"])
    assert all_ambiguous({"Observation/a": raw, "Observation/b": GOOD}) == {"Observation/a"}


@pytest.mark.req("CDS-73")
def test_only_what_is_asked_about_is_looked_at() -> None:
    records = {"Observation/a": TWINS[0], "Observation/b": GOOD}
    assert not ambiguous(records, ["Observation/b", "Observation/unknown", ""])
    assert ambiguous({"DiagnosticReport/r": TWINS[1]}, ["DiagnosticReport/r#c"])


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"\xff", b'{"n": ' + b"9" * 10_000 + b"}"])
def test_what_cannot_be_read_at_all_is_its_readers_matter(raw: bytes) -> None:
    assert all_ambiguous({"Observation/a": raw}) == frozenset()
