"""A second look at the mutants of the clinical core that the first left alive: `python -m tests.mutants.second_look`.

The first forks from a process that has imported everything, so it cannot see a mutant in code that runs when a module is imported
(a rule's row, a need, a parameter), nor one that only the slow tests would notice. Each survivor is tried again in a process
that imports the core anew, the likeliest tests first. What it finds is kept beside mutmut's own results, so both can be stopped and
taken up again.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import pytest
import rich.progress

from tests.mutants.trampolines import only_for

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "mutants"
KEPT = "second-look.json"
KILLED, SURVIVED, CRASHED = 1, 0, 36
_NO_TESTS = (33, 5)
_WHOLE = ["tests/clinical", "--ignore=tests/clinical/test_would_change.py"]  # that test: its own module only
_BESIDE = [
    "tests/clinical/criteria/test_any_picture.py",
    "tests/house/test_rules.py",
]  # which the first look leaves out
_TOLD = [Path("tests/clinical/test_golden.py"), Path("tests/clinical/test_odd_patients.py")]
_FAILED_TO_LOOK = 70
QUIET = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no", "--timeout=240"]


Mutant = tuple[Path, str]
"""The file of results that it stands in, and its name."""


def looked(copy: Path) -> dict[str, int]:
    """What the second look found so far, by mutant."""
    file = copy / KEPT
    return json.loads(file.read_text()) if file.exists() else {}


def survivors(copy: Path, only: str) -> Iterator[Mutant]:
    """Mutants that no test noticed, with the file of results they stand in."""
    for meta in sorted((copy / "smartapp" / "clinical").rglob("*.py.meta")):
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            if code in (SURVIVED, *_NO_TESTS) and only in name:
                yield meta, name


def was_reached_by_none(meta: Path, name: str) -> bool:
    """Whether no test called the function in the first look."""
    return json.loads(meta.read_text())["exit_code_by_key"][name] in _NO_TESTS


def own_tests(copy: Path, meta: Path) -> str:
    """The test file of the mutant's module."""
    module = meta.relative_to(copy).with_suffix("").with_suffix("")
    return str(Path("tests", *module.parts[1:-1], f"test_{module.name}.py"))


def likely(copy: Path, meta: Path) -> list[str]:
    """The module's own test, what is told of golden and odd patients, and the tests that import it."""
    module = meta.relative_to(copy).with_suffix("").with_suffix("")
    dotted = ".".join(module.parts)
    pattern = re.compile(
        rf"\b{re.escape(dotted)}\b|from {re.escape(dotted.rpartition('.')[0])} import .*\b{module.name}\b"
    )
    users = [p for p in sorted((copy / "tests" / "clinical").rglob("test_*.py")) if pattern.search(p.read_text())]
    found = [Path(own_tests(copy, meta)), *_TOLD, *(p.relative_to(copy) for p in users)]
    return [str(path) for path in dict.fromkeys(found) if (copy / path).exists()]


def silent() -> None:
    """Say nothing from here on."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def look(meta: Path, name: str) -> int:
    """In a process of its own: whether any test notices the mutant."""
    os.environ["MUTANT_UNDER_TEST"] = name
    only_for(name)
    os.chdir(COPY)
    sys.path.insert(0, str(COPY))
    silent()
    for files in (likely(COPY, meta), _WHOLE if was_reached_by_none(meta, name) else _BESIDE):
        if pytest.main([*QUIET, *files]) != 0:
            return KILLED
    return SURVIVED


def tried(todo: Sequence[Mutant], children: int, look: Callable[[Path, str], int]) -> Iterator[tuple[Path, str, int]]:
    """Each mutant with its result, as they come; `look` runs in a fork."""
    waiting, running = list(reversed(todo)), dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < children:
            meta, name = waiting.pop()
            child = os.fork()
            if not child:
                try:
                    os._exit(look(meta, name))
                finally:
                    os._exit(_FAILED_TO_LOOK)
            running[child] = (meta, name)
        child, status = os.wait()
        meta, name = running.pop(child)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _FAILED_TO_LOOK:
            raise RuntimeError(f"{name} could not be looked at")
        yield meta, name, CRASHED if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main() -> None:
    """Try every survivor that was not tried yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the mutants' names, such as criteria.dic")
    parser.add_argument("--children", type=int, default=2)
    args = parser.parse_args()
    done = looked(COPY)
    todo = [(meta, name) for meta, name in survivors(COPY, args.only) if name not in done]
    began, killed = time.monotonic(), 0
    with rich.progress.Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("second look", total=len(todo))
        for _, name, code in tried(todo, args.children, look):
            done[name] = code
            (COPY / KEPT).write_text(json.dumps(done, indent=0))
            killed += code != SURVIVED
            bar.advance(task)
    click.echo(f"{len(todo)} tried again, {killed} noticed, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
