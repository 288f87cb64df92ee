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
    """ELM without what says nothing: empty lists, and remarks of the translator on the text."""
    if isinstance(elm, list):
        return [pruned(item) for item in elm]
    if not isinstance(elm, dict):
        return elm
    kept = {
        name: pruned(value) for name, value in elm.items() if not (name in ("annotation", "signature") and value == [])
    }
    if "annotation" in kept and kept.get("identifier"):
        kept["annotation"] = [one for one in kept["annotation"] if one["type"] == "CqlToElmInfo"]
    return kept
