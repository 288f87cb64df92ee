"""Names are found by searching: no class name twice, no method name everywhere, no module named by a participle (docs/house.md section 12)."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "smartapp"
MODULES = [path for path in sorted(ROOT.rglob("*.py")) if not {"demo", "migrations"} & set(path.parts)]
IDIOMS = {"get": "a Mapping's, and HTTP's own verb", "close": "Python's own", "of": "makes or finds one of its kind"}
PARTICIPLES = {
    "dosing": "the field's noun",
    "clotting": "the field's noun",
    "monitoring": "the field's noun",
    "bleeding_level": "the guideline's noun (BLD-01)",
    "monitoring_interval": "the guideline's noun (MON)",
    "standing_orders": "the field's noun: orders that stand in a chart",
    "signing_keys": "JOSE's term",
    "keyring": "no participle",
    "suggested_crs": "the guideline's term (CRS-03)",
    "derived_facts": "facts that rules derive",
    "missing_reference_range": "what it tells of",
    "stale_or_derived": "the guideline's words (DQ-03, DQ-05)",
    "compiled_statements": "SQLAlchemy's term",
    "last_viewed": "the usual term for what a user saw last",
    "reading": "how a recorded course is read (replay)",
    "unrecognised": "records whose meaning nobody knows",
    "recheck_timing": "the noun",
    "finding_order": "the order of findings",
    "standing": "the guideline's word (SAF)",
    "moving_windows": "the limits library's term",
}
_PARTICIPLE = re.compile(r"(?:^|_)\w*(?:ing|ed)(?:_|$)")


def public_classes() -> dict[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(node)
    return found


def test_no_class_name_stands_twice() -> None:
    assert {name: len(nodes) for name, nodes in public_classes().items() if len(nodes) > 1} == {}


def test_no_public_method_name_stands_on_more_than_four_classes() -> None:
    """A port counts once with all that implement it; a port's own name is a promise, so its implementers are not counted."""
    holders: dict[str, set[str]] = defaultdict(set)
    ports: dict[str, int] = defaultdict(int)
    for name, nodes in public_classes().items():
        for node in nodes:
            is_port = any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
            for member in node.body:
                if (
                    isinstance(member, ast.FunctionDef)
                    and not member.name.startswith("_")
                    and not member.decorator_list
                ):
                    if is_port:
                        ports[member.name] += 1
                    else:
                        holders[member.name].add(name)
    assert {
        name: sorted(who) for name, who in holders.items() if len(who) - ports[name] > 4 and name not in IDIOMS
    } == {}


def test_no_module_is_named_by_a_participle() -> None:
    named = {path.stem for path in MODULES if _PARTICIPLE.search(path.stem)}
    assert named - PARTICIPLES.keys() == set()
    assert PARTICIPLES.keys() - named <= {"keyring"}, "a reason without its module"
