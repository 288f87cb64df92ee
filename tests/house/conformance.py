"""`docs/conformance.md` from the rows of the checklist and the tests that name them: `python -m tests.house.conformance`."""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent
ROWS: dict[str, tuple[str, str]] = {
    row: (level, text) for row, (level, text) in tomllib.loads((_HERE / "conformance_rows.toml").read_text()).items()
}
REASONS: dict[str, str] = tomllib.loads((_HERE / "conformance_reasons.toml").read_text())
_FAMILIES = {
    "SAL": "SMART App Launch",
    "CDS": "CDS Hooks service",
    "FHIR": "FHIR client and write-back",
    "SEC": "Web and platform security",
    "DSI": "Decision-support transparency",
}
_HEAD = """# Conformance

Each row of the checklist that the product is built to, and the tests that name it with `@pytest.mark.req`. A star marks a rule of this project
that tightens its source. Where no test can name a row, the reason stands in its place. This page is generated: `make docs`.
"""


@cache
def named_by_row() -> dict[str, list[str]]:
    """For every id that a marker names: the tests below that marker, as `file::test`, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        name = file.relative_to(ROOT / "tests").as_posix()
        for row, test in _marked(ast.parse(file.read_text()).body, ()):
            entry = f"{name}::{test}"
            if entry not in found[row]:
                found[row].append(entry)
    return dict(found)


def _marked(body: list[ast.stmt], outer: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(row, test) below a module or a class; `pytestmark` counts for every test beside it."""
    shared = (*outer, *(row for node in body if _is_pytestmark(node) for row in _rows_in(node)))
    for node in body:
        if isinstance(node, ast.ClassDef):
            named = tuple(row for decorator in node.decorator_list for row in _rows_in(decorator))
            yield from ((row, f"{node.name}::{test}") for row, test in _marked(node.body, (*shared, *named)))
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [row for decorator in node.decorator_list for row in _rows_in(decorator)]
            yield from ((row, node.name) for row in (*shared, *own))


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets)


def _rows_in(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "req":
            yield from (str(arg.value) for arg in call.args if isinstance(arg, ast.Constant))


def document() -> str:
    """The page."""
    named = named_by_row()
    parts = [_HEAD]
    for family, title in _FAMILIES.items():
        rows = [row for row in ROWS if row.startswith(f"{family}-")]
        tested = sum(row in named for row in rows)
        parts.append(f"\n## {title} ({tested} of {len(rows)} rows have tests)\n")
        parts.append("| row | level | requirement | tests, or why there are none |\n| --- | --- | --- | --- |")
        parts += [f"| {row} | {ROWS[row][0]} | {_cell(ROWS[row][1])} | {_proof(row, named)} |" for row in rows]
    return "\n".join(parts) + "\n"


def _proof(row: str, named: dict[str, list[str]]) -> str:
    by_file: dict[str, list[str]] = defaultdict(list)
    for entry in named.get(row, []):
        file, _, test = entry.partition("::")
        by_file[file].append(test)
    listed = [f"`{file}`: {', '.join(tests)}" for file, tests in by_file.items()]
    reason = [_cell(REASONS[row])] if row in REASONS else []
    return "<br>".join([*listed, *reason]) or "**none**"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(document())
