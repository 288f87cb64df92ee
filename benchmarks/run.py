"""`make bench`: every target beside its floor in one run; one table on the terminal, the numbers as JSON.

Options: `--quick` (a tenth of the calls, one round), `--json FILE` (default var/bench.json), and names of
parts to run only these: starts, launches, hooks, without.
"""

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from benchmarks import hooks, launches, servers, starts, table, without
from benchmarks.table import Seen


def main(arguments: list[str]) -> None:
    """Measure, print, keep."""
    parser = ArgumentParser(prog="make bench ARGS=")
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, default=servers.ROOT / "var" / "bench.json")
    chosen = parser.parse_args(arguments)
    machine, seen = table.machine(), []
    with tempfile.TemporaryDirectory() as name:
        for part, rows in _parts(Path(name), quick=chosen.quick).items():
            if chosen.parts and part not in chosen.parts:
                continue
            began = time.perf_counter()
            for each in rows():
                seen.append(each)
                click.echo(each.line())
            click.echo(f"({part}: {time.perf_counter() - began:.0f} s)", err=True)
    notes = [] if servers.PEER_PYTHON.exists() else ["the peer's environment is not made: no throughput row"]
    notes += (
        [] if servers.has_cql_peer() else ["there is no Node, or no packages of tests/cql/node: no row of the CQL peer"]
    )
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(table.as_json(seen, machine, notes), encoding="utf-8")
    click.echo(f"{machine}; {'; '.join([*notes, f'numbers in {chosen.json}'])}")


def _parts(folder: Path, *, quick: bool) -> dict[str, Callable[[], Iterator[Seen]]]:
    rounds, scale = (1, 0.1) if quick else (3, 1.0)
    key = hooks.caller_key(folder)
    return {
        "starts": lambda: starts.rows(folder, rounds),
        "launches": lambda: launches.rows(folder, rounds),
        "hooks": lambda: hooks.rows(folder, key, rounds, scale),
        "without": lambda: without.rows(folder, rounds, scale),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
