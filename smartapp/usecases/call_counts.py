"""Hook calls of patients without CAR-T cells: counted, and nothing else is kept of them (interfaces.md section 4)."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping

HOUR_SECONDS = 3600.0
Counts = Mapping[tuple[str, str], int]
"""How many calls of each service by each caller."""


class CallCounts:
    """The calls of this process since the last row of the audit trail; one row an hour, and one when the process stops.

    `write` appends the row. A process that is killed loses at most its hour.
    """

    def __init__(self, write: Callable[[Counts], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, service: str, caller: str) -> None:
        """One call more; the row of an hour that is over is appended first."""
        with self._lock:
            over = self._taken() if self._clock() - self._since >= HOUR_SECONDS else {}
            self._counts[service, caller] += 1
        if over:
            self._write(over)

    def close(self) -> None:
        """Append what was counted since the last row, if anything was."""
        with self._lock:
            left = self._taken()
        if left:
            self._write(left)

    def _taken(self) -> Counts:
        taken, self._counts, self._since = self._counts, Counter(), self._clock()
        return taken
