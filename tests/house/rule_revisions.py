"""What each row's answers are made of, as a digest: its rule, the criteria it needs, and the parameters that they read.

`python -m tests.house.rule_revisions` (`make revisions`) names the rows whose code changed while they still have the version of the last
release, and keeps the new digests. Docstrings and comments do not count.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import smartapp.clinical
from smartapp.clinical.assessment import assess
from smartapp.clinical.parameters import BY_NAME
from smartapp.clinical.picture import ClinicalPicture, Patient
from smartapp.clinical.rule import Facts, Row, Rule
from smartapp.clinical.rules import all_rules
from tests.clinical.golden_patients import NUMBERS, a_patient

KEPT = Path(__file__).with_name("rule_revisions.json")
_CORE = "smartapp.clinical"
_FOLDER = Path(smartapp.clinical.__file__).parent
Place = tuple[str, str]
"""A module and a name that it defines at its top."""


def rows() -> Iterator[tuple[Rule, Row]]:
    return ((rule, row) for rule in all_rules() for row in rule.rows)


def digest(rule: Rule) -> str:
    """Over the code of the rule and of everything in the core that it reaches."""
    module = rule.applies.__module__
    call = next(call for call in _calls(module) if _names(_keyword(call, "applies")) == {rule.applies.__name__})
    reached: dict[Place, str] = {}
    pending = [(module, name) for name in _names(call)]
    while pending:
        place = pending.pop()
        if place not in reached and (node := _defined(place[0]).get(place[1])) is not None:
            reached[place] = ast.dump(node) + _parameters(node)
            pending += [_origin(place[0], name) for name in _names(node)]
    lines = "\n".join(f"{place} {code}" for place, code in sorted(reached.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


@cache
def _tree(module: str) -> ast.Module:
    """A module of the core, without docstrings."""
    part = module.removeprefix(_CORE).lstrip(".").replace(".", "/")
    file = _FOLDER / f"{part}.py" if part and (_FOLDER / f"{part}.py").exists() else _FOLDER / part / "__init__.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
            node.body = [one for one in node.body if not _is_text(one)]
    return tree


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _defined(module: str) -> dict[str, ast.stmt]:
    """What stands at the top of a module, by name."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(module).body:
        for name in _targets(node):
            found[name] = node
    return found


def _targets(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


@cache
def _imported(module: str) -> dict[str, Place]:
    lines = [node for node in _tree(module).body if isinstance(node, ast.ImportFrom)]
    return {
        each.asname or each.name: (line.module, each.name)
        for line in lines
        if line.module and line.module.startswith(_CORE)
        for each in line.names
    }


def _origin(module: str, name: str) -> Place:
    return _imported(module).get(name, (module, name))


def _names(node: ast.AST | None) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} if node is not None else set()


def _calls(module: str) -> list[ast.Call]:
    """The rules that a module lists."""
    listed = ast.walk(_defined(module)["RULES"])
    return [node for node in listed if isinstance(node, ast.Call) and _names(node.func) == {"Rule"}]


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _parameters(node: ast.AST) -> str:
    """The defaults of the parameters that the code names."""
    texts = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    named = [n for n in BY_NAME if n in texts or any(text.endswith(".") and n.startswith(text) for text in texts)]
    return "".join(f" {name}={BY_NAME[name].default}" for name in named)


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


def recorded() -> dict[str, dict[str, Any]]:
    """By row: its version at the last release, and the digest that was last looked at."""
    told: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return told


def unlooked() -> list[str]:
    """The rows whose code is not what was last looked at."""
    known = recorded()
    return [row.id for rule, row in rows() if known.get(row.id, {}).get("digest") != digest(rule)]


def look() -> None:
    """Keep the digests; name the rows that changed and may have to rise."""
    known = recorded()
    open_rows = set(unlooked())
    same = [row for _, row in rows() if row.id in open_rows and row.version == known.get(row.id, {}).get("released")]
    if same:
        names = ", ".join(f"{row.id} v{row.version}" for row in same)
        sys.stdout.write(
            f"Their code changed: raise the version of those that tell any patient something else: {names}\n"
        )
    new = {
        row.id: {"released": known.get(row.id, {}).get("released", 0), "digest": digest(rule)} for rule, row in rows()
    }
    KEPT.write_text(json.dumps(new, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    look()
