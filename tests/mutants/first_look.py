"""Try every mutant that was not tried yet, each in a fork of one process that has collected the tests once: `python -m tests.mutants.first_look`.

mutmut itself collects the tests anew for each mutant, which takes most of its time. The mutants, the tests that reach each function and the files
of results are its own. A function's own test file comes first, then the quickest tests, then those that mutmut never ran of files that are likely
to notice; the first that fails ends the look. `--again` tries those left alive once more, with the tests that mutmut never ran: so new tests show
what they are worth.
"""

import argparse
import functools
import gc
import json
import os
import sys
import time
from collections.abc import Collection, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click
import pytest
import rich.progress

from tests.mutants.second_look import COPY, KILLED, QUIET, SURVIVED, Mutant, likely, own_tests, silent, survivors, tried
from tests.mutants.trampolines import Swaps, function_of

_NO_TESTS = 33
NOTICED_BY = COPY / "noticed-by.txt"
_ALARM = "--timeout=60"


def untried(copy: Path, only: str) -> list[Mutant]:
    """Mutants without a result, with the file of results they stand in."""
    found = []
    for meta in sorted((copy / "smartapp" / "clinical").rglob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        found += [(meta, name) for name, code in codes.items() if code is None and only in name]
    return found


def keep(meta: Path, name: str, code: int) -> None:
    """Write a result where mutmut keeps it."""
    told = json.loads(meta.read_text())
    told["exit_code_by_key"][name] = code
    meta.write_text(json.dumps(told, indent=4))


def noticed_by(function: str) -> set[str]:
    """The tests that noticed other mutants of a function."""
    lines = NOTICED_BY.read_text().splitlines() if NOTICED_BY.exists() else []
    return {test for of, _, test in (line.partition(" ") for line in lines) if of == function}


def reaching(stats: Mapping[str, Any], name: str, own: str, noticed: Collection[str] = ()) -> list[str]:
    """The tests that call the mutant's function: first those that noticed its like, then those of its own file, then the quickest."""
    tests, took = stats["tests_by_mangled_function_name"].get(function_of(name), []), stats["duration_by_test"]
    return sorted(tests, key=lambda t: (t not in noticed, not t.startswith(f"{own}::"), took.get(t, 0), t))


class Looks:
    """A pytest plugin: in place of running the tests once, it runs them for one mutant after the other, each in a fork."""

    def __init__(self, swaps: Swaps, only: str, children: int, *, again: bool) -> None:
        self.swaps, self.only, self.children, self.again = swaps, only, children, again
        self.stats = json.loads((COPY / "mutmut-stats.json").read_text())

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All mutants that are left."""
        items = {item.nodeid: item for item in session.items}
        todo = list(survivors(COPY, self.only)) if self.again else untried(COPY, self.only)
        began, noticed = time.monotonic(), 0
        look = functools.partial(self.look, session, items)
        gc.freeze()  # what is collected in a fork is copied
        with rich.progress.Progress(disable=not sys.stdout.isatty()) as bar:
            task = bar.add_task("first look", total=len(todo))
            for meta, name, code in tried(todo, self.children, look):
                keep(meta, name, code)
                noticed += code not in (SURVIVED, _NO_TESTS)
                bar.advance(task)
        click.echo(f"{len(todo)} tried, {noticed} noticed, in {time.monotonic() - began:.0f} s")
        return True

    def chosen(self, meta: Path, name: str, collected: Collection[str]) -> list[str]:
        """The tests to run for a mutant, in order."""
        known = reaching(self.stats, name, own_tests(COPY, meta), noticed_by(function_of(name)))
        files, ran = likely(COPY, meta), self.stats["duration_by_test"]
        others = [test for test in collected if test not in ran and test.partition("::")[0] in files]
        return others if self.again else [*(test for test in known if test in collected), *others]

    def look(self, session: pytest.Session, items: Mapping[str, pytest.Item], meta: Path, name: str) -> int:
        """In a fork: whether a test notices the mutant."""
        silent()
        self.swaps.turn_on(name)
        chosen = [items[test] for test in self.chosen(meta, name, list(items))]
        if not chosen:
            return _NO_TESTS
        for item, following in zip_longest(chosen, chosen[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                with NOTICED_BY.open("a") as file:
                    file.write(f"{function_of(name)} {item.nodeid}\n")
                return KILLED
        return SURVIVED


def main() -> None:
    """Look at all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the mutants' names, such as criteria.dic")
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="those left alive, with tests that mutmut never ran")
    args = parser.parse_args()
    os.chdir(COPY)
    sys.path.insert(0, str(COPY))
    looks = Looks(Swaps(), args.only, args.children, again=args.again)
    pytest.main([*QUIET, _ALARM, "-s", "tests/clinical"], plugins=[looks])


if __name__ == "__main__":
    main()
