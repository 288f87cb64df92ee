"""Every row of the guideline has code that names it, a place in the catalogue, and a test that names it."""

import ast
import re
from pathlib import Path

import pytest

from smartapp.clinical.catalogue import as_data, printed

ROOT = Path(__file__).resolve().parents[2]
_LAST = {  # the guideline's rows, counted on the page: the last number of each family, which has no holes but those below
    "APP": 6,
    "CRS": 5,
    "BLD": 1,
    "TRD": 1,
    "TOC": 1,
    "MOD": 1,
    "TIER": 1,
    "REP": 12,
    "PRD": 2,
    "FC": 6,
    "CRY": 5,
    "RCK": 1,
    "COAG": 4,
    "PLT": 4,
    "DIC": 1,
    "IEC": 2,
    "MON": 5,
    "SAF": 8,
    "DQ": 20,
}
ROWS = [f"{family}-{number:02}" for family, last in _LAST.items() for number in range(1, last + 1)]
VECTORS = [f"V{number:02}" for number in range(1, 21)]


def _named_in_tests() -> set[str]:
    """What `@pytest.mark.req(…)` names anywhere in the tests."""
    calls = (
        node
        for file in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req"
    )
    return {arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)}


def _named_in_code() -> set[str]:
    texts = (file.read_text() for folder in ("clinical", "fhir") for file in (ROOT / "smartapp" / folder).rglob("*.py"))
    apart = "smartapp/clinical/definitions.py"
    listed = (ROOT / apart).read_text()
    words = [word for text in texts if text != listed for word in re.findall(r"\b[A-Z]{2,4}-\d\d\b", text)]
    return set(words)


def test_the_rows_are_counted() -> None:
    assert len(ROWS) == 86


@pytest.mark.parametrize("row", ROWS)
def test_code_names_the_row(row: str) -> None:
    assert row in _NAMED_IN_CODE


@pytest.mark.parametrize("row", [*ROWS, *VECTORS])
def test_a_test_names_the_row(row: str) -> None:
    assert row in _NAMED_IN_TESTS


@pytest.mark.parametrize("row", ROWS)
def test_the_catalogue_lists_the_row(row: str) -> None:
    listed = as_data()
    assert [entry["id"] for entry in (*listed["rules"], *listed["definitions"])].count(row) == 1


@pytest.mark.req("SAF-08")
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form_of_the_catalogue_names_every_row(form: str) -> None:
    text = printed(form)
    assert [row for row in ROWS if row not in text] == []
    assert "site's own CRS protocol" in text


_NAMED_IN_CODE = _named_in_code()
_NAMED_IN_TESTS = _named_in_tests()
