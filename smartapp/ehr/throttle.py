"""How much one EHR is asked: a budget a minute and a day, rest where it asks for rest, and a circuit that opens where it is silent.

One for each EHR in each process: the trouble of one never slows what is asked of another.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from smartapp.ehr.errors import Busy

MINUTE, DAY = 60.0, 86400.0
SILENT_REQUESTS = 32
"""So many requests in a row without any answer open the circuit: what about two charts ask."""
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_REST = 5.0, 60.0, 30.0  # seconds
_LONGEST_TRY = 15.0  # a try of which nothing was heard is forgotten
_OWN_PATIENCE = 1.0  # a time-out sooner than this is our haste, not the EHR's silence


class CircuitState(StrEnum):
    """Closed: it is asked. Open: it is left alone. Half-open: one request tries whether it answers again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Budget:
    """Requests a minute and a day in one process; 0: as many as there are."""

    per_minute: int = 0
    per_day: int = 0


@dataclass(slots=True)
class Throttle:
    """What may be asked of one EHR now; `withheld` is told why a request was not made (`budget`, `rest`, `circuit`)."""

    budget: Budget = Budget()
    withheld: Callable[[str], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    _minute: deque[float] = field(default_factory=deque)
    _day: deque[float] = field(default_factory=deque)
    _silent: int = 0
    _refusals: int = 0
    _rest_until: float = 0.0
    _open_until: float = 0.0
    _pause: float = 0.0
    _tried_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def state(self) -> CircuitState:
        """Of the circuit, as told on `/readyz`."""
        if not self._pause:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.clock() < self._open_until else CircuitState.HALF_OPEN

    def admit(self, patience: float) -> float:
        """Seconds to wait before a request that changes nothing; `Busy` where it is not to be made within `patience` seconds."""
        with self._lock:
            now = self.clock()
            self._check_circuit(now)
            self._check_budget(now)
            wait = max(self._rest_until - now, 0.0)
            if wait and wait > patience:
                raise self._held(
                    "rest", "the EHR is busy and asked to be left alone for longer than this page can wait"
                )
            self._tried_at = now if self._pause else None
            return wait

    def _check_circuit(self, now: float) -> None:
        if not self._pause:
            return
        if now < self._open_until:
            left = round(self._open_until - now) or 1
            raise self._held("circuit", f"the EHR has not answered for some time; it is asked again in {left} s")
        if self._tried_at is not None and now < self._tried_at + _LONGEST_TRY:
            raise self._held(
                "circuit", "the EHR has not answered for some time; one request is trying whether it does again"
            )

    def _check_budget(self, now: float) -> None:
        limits = ((self._minute, MINUTE, self.budget.per_minute), (self._day, DAY, self.budget.per_day))
        for times, seconds, limit in limits:
            while times and times[0] <= now - seconds:
                times.popleft()
            if limit and len(times) >= limit:
                span = "minute" if seconds == MINUTE else "day"
                raise self._held("budget", f"the requests that this site allows to the EHR in a {span} are spent")

    def _held(self, why: str, words: str) -> Busy:
        self.withheld(why)
        return Busy(words)

    def sent(self) -> None:
        """One request goes out, whatever it does: it counts."""
        now = self.clock()
        with self._lock:
            if self.budget.per_minute:
                self._minute.append(now)
            if self.budget.per_day:
                self._day.append(now)

    def answered(self) -> None:
        """It answered, whatever it said: the circuit is closed."""
        with self._lock:
            self._silent, self._pause, self._tried_at = 0, 0.0, None

    def silent(self, waited: float) -> None:
        """No answer, after so many seconds: too many of these in a row, or one more where it was tried, and it is left alone."""
        with self._lock:
            if waited < _OWN_PATIENCE and self._tried_at is None:
                return
            self._silent += 1
            if self._tried_at is not None or self._silent >= SILENT_REQUESTS:
                self._pause = min(2 * self._pause or _FIRST_PAUSE, _LONGEST_PAUSE)
                self._open_until = self.clock() + self._pause
                self._silent, self._tried_at = 0, None

    def rest(self, asked: float | None) -> None:
        """It answered that it is too busy: for so many seconds nothing new is asked; None: it did not say how long, so longer each
        time."""
        with self._lock:
            self._refusals = 0 if asked is not None else self._refusals + 1
            seconds = asked if asked is not None else float(2 ** min(self._refusals - 1, 5))
            self._rest_until = max(self._rest_until, self.clock() + min(seconds, _LONGEST_REST))


@dataclass(slots=True)
class Throttles:
    """One for each EHR by name; `budgets` as the site set them, `withheld` is told the EHR and why."""

    budgets: Mapping[str, Budget] = field(default_factory=dict)
    withheld: Callable[[str, str], None] = lambda *_: None
    _kept: dict[str, Throttle] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str) -> Throttle:
        """That EHR's."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = Throttle(self.budgets.get(name, Budget()), lambda why: self.withheld(name, why))
            return self._kept[name]

    def troubled(self) -> dict[str, str]:
        """The circuits that are not closed, by EHR."""
        with self._lock:
            return {name: str(kept.state) for name, kept in self._kept.items() if kept.state is not CircuitState.CLOSED}
