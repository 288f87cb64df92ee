"""The papers tell the truth: checklists name what exists, references lead somewhere, diagrams show the states of the code."""

import importlib.util
import re
from pathlib import Path

import pytest

from smartapp.usecases.orders.ledger import LEADS_TO

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GENERATED = {"rules.md", "conformance.md"}  # by `make docs`
SPOKEN_OF = re.compile(r"\b(interfaces|screens|house|guideline|stack|speed|glossary|architecture)\.md\b")


def checklists() -> dict[str, str]:
    parts = re.split(r"^## ", CONTRIBUTING, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0]: part for part in parts}


@pytest.mark.parametrize(
    "name", ["Add a rule", "Add a parameter of the site", "Read another resource", "Offer another hook", "Add a page"]
)
def test_every_step_of_a_checklist_names_what_exists(name: str) -> None:
    named = re.findall(r"`([^`]+)`", checklists()[name])
    paths = [ROOT / word for word in named if "/" in word or re.search(r"\.(md|json)$", word)]
    assert paths
    assert [path for path in paths if not path.exists()] == []


def test_every_command_of_the_checklists_can_be_run() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", CONTRIBUTING)) <= targets
    modules = re.findall(r"`python -m ([\w.]+)`", CONTRIBUTING)
    assert modules
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_the_map_of_the_tests_names_every_folder_that_does_not_mirror_the_code() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    mirrored = {path.name for path in (ROOT / "smartapp").iterdir() if path.is_dir()}
    told = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "tests" / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert folders - mirrored - told == set()
    assert told <= folders


def test_no_reference_to_a_document_dangles() -> None:
    """A module that names a document of the specification names one that is in the repository."""
    texts = [
        *(ROOT / "smartapp").rglob("*.py"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
    ]
    named = {found for text in texts for found in SPOKEN_OF.findall(text.read_text(encoding="utf-8"))}
    present = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {"interfaces", "screens", "house", "guideline"} <= named & present
    assert named - present - {"speed", "stack"} == set()


@pytest.mark.parametrize("document", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_link_between_documents_leads_somewhere(document: str) -> None:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (ROOT / "docs" / link).exists()]
    assert [link for link in missing if Path(link).name not in GENERATED] == []


def test_the_diagram_of_a_proposals_states_is_that_of_the_code() -> None:
    drawn = set(
        re.findall(r"^\s+(\w+) --> (\w+)$", ARCHITECTURE.split("stateDiagram-v2")[1].split("```")[0], re.MULTILINE)
    )
    told = {(source.name.lower(), target.name.lower()) for source, targets in LEADS_TO.items() for target in targets}
    assert drawn == told
