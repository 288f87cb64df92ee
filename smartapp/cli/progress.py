"""A progress bar on stderr for what takes longer than two seconds on a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

_PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.1


@contextmanager
def bar(
    words: str, total: int, console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[..., None]]:
    """What is called for each step, or with how many; the bar stands only while it is needed."""
    shown = Progress(console=console or Console(stderr=True), transient=True, redirect_stdout=False)
    task, told, steps_told = shown.add_task(words, total=total), clock() + _PATIENCE_SECONDS, 0

    def passed(steps: int = 1) -> None:
        nonlocal told, steps_told
        steps_told += steps
        if shown.console.is_terminal and clock() > told:
            shown.start()
            shown.update(task, completed=steps_told)
            told = clock() + _LOOK_SECONDS

    try:
        yield passed
    finally:
        shown.stop()
