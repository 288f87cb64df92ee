"""One break tried: the tests that name its rows are run on the broken copy, and the first that turns red is told."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.breaks.table import Break
from tests.house.conformance import named_by_row

_RED, _GREEN = 1, 0
_SLOW = ("journeys/", "demo/", "cohort/")
_NOT_HERE = ("test_conformance.py", "breaks/", "house/test_wheel.py")
_SECONDS = 600


class NothingCanBeTold(Exception):
    """A trial that proves nothing: the tests cannot be run, or are red anyway."""


def tests_for(rows: Iterable[str]) -> list[str]:
    """The tests that name one of the rows, the quick ones first."""
    named = named_by_row()
    found = dict.fromkeys(test for row in rows for test in named.get(row, ()))
    kept = [test for test in found if not test.startswith(_NOT_HERE)]
    return sorted(kept, key=lambda test: test.startswith(_SLOW))


def tried(tree: Path, broken: Break) -> str:
    """The test that turned red and is green without the break; empty if none did. The copy is whole again afterwards."""
    whole = broken.done_to(tree)
    try:
        red = first_red(tree, tests_for(broken.rows))
    finally:
        (tree / broken.file).write_text(whole)
    if red and first_red(tree, [red.partition("[")[0]]):
        raise NothingCanBeTold(f"{red} is red without any break")
    return red


def first_red(tree: Path, tests: Sequence[str]) -> str:
    """The first of these tests that fails in the copy; empty if all pass. A test that cannot be run at all is no proof."""
    if not tests:
        return ""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
        + [f"tests/{test}" for test in tests],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode == _GREEN:
        return ""
    red = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", done.stdout, re.M)
    if done.returncode != _RED or red is None:
        raise NothingCanBeTold(f"the tests could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return red.group(1)
