"""The Node programs of this folder: asked in JSON, answering in JSON."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "node"


def ask(program: str, question: Any, seconds: int = 120) -> Any:
    """What a program says; AssertionError with its words where it fails."""
    run = subprocess.run(
        ["node", FOLDER / program],
        check=False,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.partition("\x02")[2])


def need_node() -> None:
    """Skip without Node and its packages; with `CI` set that is a failure."""
    if shutil.which("node") and (FOLDER / "node_modules" / "cql-execution").exists():
        return
    reason = "no node, or no packages for it (npm ci --prefix tests/cql/node), was found and none could be installed"
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def pruned(elm: Any) -> Any:
    """ELM without empty lists, the translator's remarks on the text, and the comments' tags: what it does, not how it is told."""
    if isinstance(elm, list):
        return [pruned(item) for item in elm]
    if not isinstance(elm, dict):
        return elm
    kept = {name: pruned(value) for name, value in elm.items() if name != "signature" or value}
    marks = [one for one in kept.get("annotation", ()) if one["type"] == "CqlToElmInfo"]
    return {
        **{name: value for name, value in kept.items() if name != "annotation"},
        **({"annotation": marks} if marks else {}),
    }
