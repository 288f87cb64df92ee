"""A reading under way: what has come is given, what has not is awaited (interfaces.md section 3, first answer)."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Protocol

from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.queries import Query

_ENDLESS = 3600.0  # seconds; no reading takes as long


class AsyncRead:
    """Queries that were asked, and their answers as they come; past `until` (of the monotonic clock) nothing is awaited."""

    def __init__(self, asked: Mapping[str, Future[Answer]], until: float = float("inf")) -> None:
        self._asked = asked
        self._until = until

    def answers(self, seconds: float | None) -> tuple[Answer, ...]:
        """All answers, after at most `seconds` (None: until then); one that has not come is AWAITED, or too late (FHIR-15)."""
        wait(self._asked.values(), timeout=self._patience(seconds))
        return tuple(self._now(name) for name in self._asked)

    def answer(self, name: str, seconds: float | None) -> Answer:
        """One of them, waited for as long."""
        wait([self._asked[name]], timeout=self._patience(seconds))
        return self._now(name)

    def come_within(self, seconds: float) -> bool:
        """Whether all have come after at most so long."""
        return not wait(self._asked.values(), timeout=seconds).not_done

    def coming(self, seconds: float | None) -> Iterator[tuple[int, int]]:
        """How many have come, of how many that were asked: at once, and each time that more come; for so long at most."""
        patience = self._patience(seconds)
        end = time.monotonic() + (_ENDLESS if patience is None else patience)
        asked = set(self._asked.values())
        come = {future for future in asked if future.done()}
        yield len(come), len(asked)
        while come != asked and time.monotonic() < end:
            new, _ = wait(asked - come, timeout=end - time.monotonic(), return_when=FIRST_COMPLETED)
            come |= new
            if new:
                yield len(come), len(asked)

    def _patience(self, seconds: float | None) -> float | None:
        left = max(self._until - time.monotonic(), 0.0)
        patience = left if seconds is None else min(left, seconds)
        return None if patience == float("inf") else patience

    def _now(self, name: str) -> Answer:
        future = self._asked[name]
        if future.done():
            return future.result()
        if time.monotonic() < self._until:
            return Answer(query=name, state=AnswerState.AWAITED)
        return Answer(query=name, state=AnswerState.FAILED, reason="the EHR did not answer in time")


class Begins(Protocol):
    """Asks all queries at once and does not wait."""

    def begin(self, queries: Iterable[Query]) -> AsyncRead:
        """The reading under way."""


class Readings:
    """The readings under way in this process, one a launch, for `seconds`; another process begins its own."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, AsyncRead]] = {}

    def remember(self, launch: str, reading: AsyncRead) -> None:
        """Keep it for the next look at the page, and forget all that are too old."""
        now = self._clock()
        with self._lock:
            young = {name: kept for name, kept in self._kept.items() if now - kept[0] < self._seconds}
            self._kept = {**young, launch: (now, reading)}

    def take(self, launch: str) -> AsyncRead | None:
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
        self.readings.remember(_ahead(self.launch), self.source.begin(queries))

    def begin(self, queries: Iterable[Query]) -> "Underway":
        """Ask, or go on with what the last look, or the launch, asked; the time begins to run."""
        kept = self.readings.take(self.launch if self.again else _ahead(self.launch))
        reading = kept or self.source.begin(queries)
        until = None if self.seconds is None else time.monotonic() + self.seconds
        return Underway(reading=reading, readings=self.readings, launch=self.launch, until=until)

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """What has come; the rest AWAITED."""
        return self.begin(queries).answer(queries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """A reading that a page waits for until a moment (None: until all has come); a ChartSource of what has come by then."""

    reading: AsyncRead
    readings: Readings
    launch: str
    until: float | None

    def come_within(self, seconds: float) -> bool:
        """Whether all has come after at most so long."""
        return self.reading.come_within(seconds)

    def coming(self) -> Iterator[tuple[int, int]]:
        """How many answers have come, of how many; ends when all have, or the page goes on without them."""
        return self.reading.coming(self._left())

    def one(self, query: str, seconds: float) -> Answer:
        """The answer to one query, as soon as it is there, or AWAITED after so long."""
        left = self._left()
        return self.reading.answer(query, seconds if left is None else min(seconds, left))

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """What has come; the rest AWAITED, and kept for the next look."""
        asked = {query.name for query in queries}
        answers = tuple(answer for answer in self.reading.answers(self._left()) if answer.query in asked)
        if any(answer.state is AnswerState.AWAITED for answer in answers):
            self.readings.remember(self.launch, self.reading)
        return answers

    def _left(self) -> float | None:
        return None if self.until is None else max(0.0, self.until - time.monotonic())


def _ahead(launch: str) -> str:
    return f"{launch} ahead"
