"""A bar on a terminal, from two seconds on, and nothing anywhere else (interfaces.md section 2)."""

import io

import pytest
from rich.console import Console

from smartapp.cli.progress import bar


@pytest.mark.parametrize(("terminal", "seconds", "shown"), [(True, 3, True), (True, 1, False), (False, 3, False)])
def test_a_bar_stands_only_where_it_is_needed(terminal: bool, seconds: int, shown: bool) -> None:
    out, ticks = io.StringIO(), [0.0, *(seconds / 10 * step for step in range(1, 40))]
    console = Console(file=out, force_terminal=terminal, width=80)
    with bar("audit records", 10, console, iter(ticks).__next__) as passed:
        for _ in range(10):
            passed()
    assert ("audit records" in out.getvalue()) == shown
