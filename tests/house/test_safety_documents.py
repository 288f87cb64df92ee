"""SECURITY.md, the hazard log and the notes for sites tell the truth: what they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
DOCUMENTS = ("SECURITY.md", "docs/safety.md", "docs/regulatory.md", "docs/operations.md")


def rows(document: str, pattern: str) -> list[list[str]]:
    """The cells of each row of a table whose first cell fits."""
    lines = [line.strip("|").split("|") for line in (ROOT / document).read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines if re.fullmatch(pattern, cells[0].strip())]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_exists(document: str) -> None:
    missing = [
        f"{file}::{name}"
        for file, name in NAMED.findall((ROOT / document).read_text())
        if not re.search(rf"^def {name}\(", _text(ROOT / "tests" / file), re.M)
    ]
    assert missing == []


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.req("SEC-35")
def test_every_hazard_has_cause_harm_control_and_a_test() -> None:
    log = rows("docs/safety.md", r"H-\d\d")
    assert len(log) >= 15
    assert [row[0] for row in log] == [f"H-{number:02}" for number in range(1, len(log) + 1)]
    for number, hazard, cause, harm, control, test in log:
        assert hazard, number
        assert cause, number
        assert re.match(r"(S|M|L|M–S)(:|$)", harm), number
        assert len(control) > 20, number
        assert NAMED.search(test), number


def test_every_threat_has_an_answer_and_a_test_and_no_letter_of_stride_is_missing() -> None:
    threats = rows("SECURITY.md", r"[STRIDE]\d")
    assert {row[0][0] for row in threats} == set("STRIDE")
    for number, threat, answer, test in threats:
        assert threat, number
        assert answer, number
        assert NAMED.search(test), number


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


@pytest.mark.req("DSI-16")
def test_the_readme_leads_to_each_of_them() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [document for document in DOCUMENTS if f"]({document})" not in readme] == []


def test_the_notes_for_sites_name_only_what_the_program_has() -> None:
    """Commands, events of the log and figures."""
    text = (ROOT / "docs" / "operations.md").read_text()
    code = "\n".join(path.read_text() for path in (ROOT / "smartapp").rglob("*.py"))
    commands = re.findall(r"smartapp ([a-z]+(?: [a-z]+)?)", text)
    assert [
        c for c in commands if not all(re.search(rf"def (\w+_)?{word}\b|\"{word}\"", code) for word in c.split())
    ] == []
    for figure in re.findall(r"`(smartapp_\w+?)(?:_total)?(?:\{[^`]*)?`", text):
        assert f'"{figure}"' in code, figure
    for event in re.findall(r"^\| `([a-z ]+)`(?:, `([a-z]+)`)? \|", text, re.M):
        assert all(f'"{word}"' in code for word in event if word)
