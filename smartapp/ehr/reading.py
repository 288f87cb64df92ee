"""A reading under way: what has come is given, what has not is awaited (interfaces.md section 3, first answer)."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol

from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import Query


class Reading:
    """Queries that were asked, and their answers as they come."""

    def __init__(self, asked: Mapping[str, Future[Answer]]) -> None:
        self._asked = asked

    def answers(self, seconds: float | None) -> tuple[Answer, ...]:
        """All answers, after at most `seconds` (None: all have come); one that has not come is AWAITED."""
        wait(self._asked.values(), timeout=seconds)
        return tuple(
            future.result() if future.done() else Answer(query=name, state=AnswerState.AWAITED)
            for name, future in self._asked.items()
        )


class Begins(Protocol):
    """Asks all queries at once and does not wait."""

    def begin(self, queries: Iterable[Query]) -> Reading:
        """The reading under way."""


class Readings:
    """The readings under way in this process, one a launch, for `seconds`; another process begins its own."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Reading]] = {}

    def keep(self, launch: str, reading: Reading) -> None:
        """Keep it for the next look at the page, and forget all that are too old."""
        now = self._clock()
        with self._lock:
            young = {name: kept for name, kept in self._kept.items() if now - kept[0] < self._seconds}
            self._kept = {**young, launch: (now, reading)}

    def take(self, launch: str) -> Reading | None:
        """The reading of the last look, once, if it is young enough to be believed."""
        with self._lock:
            began, reading = self._kept.pop(launch, (0.0, None))
        return reading if reading is not None and self._clock() - began < self._seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswers:
    """A ChartSource that does not make the page wait: after `seconds` (None: all have come) the rest is awaited, and the
    next look goes on with the same reading. `again`: this is such a next look; the first goes on with what `ahead` began."""

    source: Begins
    readings: Readings
    launch: str
    seconds: float | None
    again: bool

    def ahead(self, queries: Iterable[Query]) -> None:
        """Ask before the page is asked for; a reading that no page takes is forgotten."""
        self.readings.keep(_ahead(self.launch), self.source.begin(queries))

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """What has come; the rest AWAITED."""
        kept = self.readings.take(self.launch if self.again else _ahead(self.launch))
        reading = kept or self.source.begin(queries)
        answers = reading.answers(self.seconds)
        if any(answer.state is AnswerState.AWAITED for answer in answers):
            self.readings.keep(self.launch, reading)
        return answers


def _ahead(launch: str) -> str:
    return f"{launch} ahead"
