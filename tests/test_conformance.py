"""Every row of the conformance checklist has a test or a reason, and the document made of them says which."""

import pytest

from tests.house.conformance import REASONS, ROWS, document, named_by_row

_NAMED = named_by_row()
_FAMILIES = ("SAL-", "CDS-", "FHIR-", "SEC-", "DSI-")


def test_the_rows_are_counted() -> None:
    assert len(ROWS) >= 207


@pytest.mark.parametrize("row", ROWS)
def test_a_test_names_the_row_or_a_reason_says_why_not(row: str) -> None:
    assert row in _NAMED or row in REASONS


@pytest.mark.parametrize("row", REASONS)
def test_a_reason_stands_only_where_no_test_does(row: str) -> None:
    assert row in ROWS
    assert row not in _NAMED
    assert len(REASONS[row]) > 20


def test_no_test_names_a_row_that_is_none() -> None:
    assert [row for row in _NAMED if row.startswith(_FAMILIES) and row not in ROWS] == []


def test_the_document_has_a_line_for_every_row() -> None:
    assert [row for row in ROWS if f"\n| {row} | " not in document()] == []
