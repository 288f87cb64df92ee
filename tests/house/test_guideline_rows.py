"""Every row of the guideline has code that names it, a place in the catalogue, and a test that names it."""

import ast
import re
from pathlib import Path

import pytest

from smartapp.clinical.catalogue import as_data, printed
from tests.vectors import VECTORS as WORKED

ROOT = Path(__file__).resolve().parents[2]
_LAST = {  # the guideline's rows, counted on the page: the last number of each family, which has no holes but those below
    "APP": 6,
    "CRS": 5,
    "BLD": 1,
    "TRD": 1,
    "TOC": 1,
    "MOD": 1,
    "TIER": 1,
    "REP": 13,
    "PRD": 5,
    "FC": 6,
    "CRY": 6,
    "RCK": 2,
    "COAG": 4,
    "PLT": 4,
    "DIC": 1,
    "IEC": 2,
    "MON": 6,
    "SAF": 8,
    "DQ": 20,
    "ORD": 14,
}
ROWS = [f"{family}-{number:02}" for family, last in _LAST.items() for number in range(1, last + 1)]
VECTORS = [f"V{number:02}" for number in range(1, 34)]


LEVELS = {  # as each row or table states it; of two the one that its strongest number has
    "L1": "REP-01 REP-02 REP-10 PRD-02",
    "L2": "APP-03 APP-05 TOC-01 MOD-01 TIER-01 REP-03 REP-05 COAG-04 PRD-03 PRD-04",
    "L3": "APP-02 CRS-01 CRS-02 CRS-03 CRS-04 COAG-02 PLT-01 PLT-02 PLT-03 DIC-01 IEC-01",
    "L4": "COAG-01",
    "L5": (
        "APP-01 APP-04 BLD-01 TRD-01 REP-04 REP-06 REP-07 REP-08 REP-09 REP-11 REP-12 RCK-01 COAG-03 IEC-02 "
        "MON-01 MON-02 MON-03 MON-04 MON-05 MON-06 REP-13 RCK-02 PRD-05 DQ-21 DQ-22 DQ-24"
    ),
}
CITED = {  # sources that the row itself names
    "APP-03": "HAS20 JOH21 KYO",
    "TOC-01": "PERL24 YIL24",
    "PRD-03": "GRA20 IWK09",
    "PRD-04": "IFC",
    "CRY-06": "IFC",
    "PLT-03": "AABB25",
    "MON-01": "ASCO21",
    "TIER-01": "BUE21",
    "REP-01": "FIB24 ISTH13 NHSBT21",
    "REP-02": "FIB24",
    "REP-03": "BUE21 HAS20",
    "REP-05": "BUE21",
    "REP-10": "RIA",
    "COAG-01": "BSH04 CHEO",
    "COAG-02": "ISTH13 MUSC",
    "COAG-04": "HAS20",
    "PLT-01": "ISTH13",
    "PLT-02": "ISTH13",
    "DIC-01": "ISTH01",
    "IEC-01": "HINES23",
}


def _named_in_tests() -> set[str]:
    """What `@pytest.mark.req(…)` names anywhere in the tests."""
    calls = (
        node
        for file in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req"
    )
    worked = {vector.name.split()[0] for vector in WORKED}  # named by their parameters
    return worked | {arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)}


def _named_in_code() -> set[str]:
    texts = (file.read_text() for folder in ("clinical", "fhir") for file in (ROOT / "smartapp" / folder).rglob("*.py"))
    apart = "smartapp/clinical/definition_rows.py"
    listed = (ROOT / apart).read_text()
    words = [word for text in texts if text != listed for word in re.findall(r"\b[A-Z]{2,4}-\d\d\b", text)]
    return set(words)


def test_the_rows_are_counted() -> None:
    assert len(ROWS) == 107


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


def test_the_evidence_level_is_the_guideline_s() -> None:
    listed = as_data()
    found = {entry["id"]: entry["level"] for entry in (*listed["rules"], *listed["definitions"])}
    expected = {row: level for level, rows in LEVELS.items() for row in rows.split()}
    assert {row: found[row] for row in expected} == expected


@pytest.mark.parametrize("row", CITED)
def test_the_sources_are_the_guideline_s(row: str) -> None:
    cited = next(entry["citations"] for entry in as_data()["rules"] if entry["id"] == row)
    assert set(CITED[row].split()) <= set(cited)


@pytest.mark.req("SAF-08")
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form_of_the_catalogue_names_every_row(form: str) -> None:
    text = printed(form)
    assert [row for row in ROWS if row not in text] == []
    assert "site's own CRS protocol" in text


_NAMED_IN_CODE = _named_in_code()
_NAMED_IN_TESTS = _named_in_tests()
