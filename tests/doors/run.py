"""`make doors`: at least 2,000 generated charts through all doors and habits; the first differences, and exit 1 where there is one."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

import click

from tests.doors.opened import Difference, differences

CHARTS, _STEP, _SHOWN = 2000, 50, 20


def _some(first: int) -> list[Difference]:
    return [each for number in range(first, first + _STEP) for each in differences(number)]


def main() -> int:
    """Compare, print, tell."""
    began, found, done = time.monotonic(), [], 0
    with ProcessPoolExecutor() as pool:
        for part in pool.map(_some, range(0, CHARTS, _STEP)):
            found += part
            done += _STEP
            click.echo(f"\r{done} of {CHARTS} charts, {len(found)} differences", nl=False, err=True)
    click.echo(err=True)
    for each in islice(found, _SHOWN):
        click.echo(str(each))
    click.echo(f"{CHARTS} charts, 3 habits, 4 doors: {len(found)} differences in {time.monotonic() - began:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
