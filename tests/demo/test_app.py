import ast
from pathlib import Path

import smartapp.demo

FOLDER = Path(smartapp.demo.__file__).parent


def test_nothing_of_the_app_is_imported() -> None:
    for module in FOLDER.glob("*.py"):
        names = [
            name
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        ]
        assert [name for name in names if name.startswith("smartapp") and not name.startswith("smartapp.demo")] == [], (
            module.name
        )
