"""How many mutants of the clinical core the tests notice, a module a line: `python -m tests.mutants.figures [--survivors]`."""

import argparse
import json
from collections import Counter
from pathlib import Path

import click

from tests.mutants.second_look import COPY, SURVIVED, looked

_NOTICED_BY_NOBODY = (SURVIVED, 33, 5)


def results(copy: Path) -> dict[str, dict[str, int | None]]:
    """Module → mutant → exit code (None: not tried yet), the second look's where it looked."""
    again, core = looked(copy), copy / "smartapp" / "clinical"
    found = {}
    for meta in sorted(core.rglob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        found[str(meta.relative_to(core)).removesuffix(".meta")] = {
            name: again.get(name, code) for name, code in codes.items()
        }
    return found


def alive(codes: dict[str, int | None]) -> list[str]:
    """The mutants that no test noticed."""
    return [name for name, code in codes.items() if code in _NOTICED_BY_NOBODY]


def main() -> None:
    """Print the table and the share noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--survivors", action="store_true", help="name those that no test noticed")
    args = parser.parse_args()
    total: Counter[str] = Counter()
    for module, codes in results(COPY).items():
        tried = {name: code for name, code in codes.items() if code is not None}
        left = alive(tried)
        total.update(tried=len(tried), alive=len(left), untried=len(codes) - len(tried))
        click.echo(f"{module:45} {len(tried) - len(left):5} of {len(tried):5} noticed")
        if args.survivors:
            click.echo("".join(f"    {name}\n" for name in left), nl=False)
    share = 100 * (total["tried"] - total["alive"]) / max(total["tried"], 1)
    click.echo(f"{share:.1f} % of {total['tried']} mutants noticed, {total['alive']} not; {total['untried']} not tried")


if __name__ == "__main__":
    main()
