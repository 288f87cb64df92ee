"""Try the deliberate breaks: `python -m tests.breaks.run [NUMBER…] [--from NUMBER]`; prints a table, ends with 1 if one survives."""

import argparse
import sys
import tempfile
from pathlib import Path

import click

from tests.breaks.table import copied, read_table
from tests.breaks.trial import NothingCanBeTold, tried


def main(arguments: list[str]) -> int:
    """All breaks, or those whose numbers are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="which breaks (default: all)")
    parser.add_argument("--from", dest="first", type=int, default=1, help="go on from this number")
    given = parser.parse_args(arguments)
    table = list(enumerate(read_table(), start=1))
    chosen = [(n, one) for n, one in table if n >= given.first and (not given.numbers or n in given.numbers)]
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        click.echo("| no. | break | rows | red |\n| --- | --- | --- | --- |")
        for number, one in chosen:
            try:
                red = tried(tree, one)
            except NothingCanBeTold as problem:
                click.echo(f"{number}: {problem}", err=True)
                red = ""
            survived += [] if red else [number]
            click.echo(f"| {number} | {one.name} | {', '.join(one.rows)} | {red or '**none**'} |")
    click.echo(f"\n{len(chosen) - len(survived)} of {len(chosen)} breaks are noticed.")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
