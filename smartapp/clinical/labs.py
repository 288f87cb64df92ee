"""One measured value in its analyte's own unit, and all values of one analyte in order of collection."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.terminology import Analyte, Variant


class ResultStatus(StrEnum):
    """Statuses under which a result may be looked at (DQ-01); the reader leaves out all others."""

    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    PRELIMINARY = "preliminary"


class Comparator(StrEnum):
    """The value is a bound, not a number (DQ-04, FHIR-26)."""

    BELOW = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOVE = ">"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabResult:
    """One usable value.

    `value` is unrounded and in the analyte's own unit (g/L, kg, 10*9/L, s, ug/L, Cel …); `reported` is the value and unit
    as the record has them, comparator included. `collected` follows DQ-02. `upper_limit` is the record's own reference
    limit in the same unit. `source` is the reference of the record, such as `Observation/fib` (for one member of a panel
    `Observation/panel#component-2`). `low` is the lower end of a recorded range, of which `value` is the upper (DQ-25).
    `identifiers` (`system|value`, also of the specimen's accession) and `updated` tell corrections under a new id (DQ-29).
    `flags` are remarks of the reading, in words ("may read low", "time of issue used").
    """

    analyte: Analyte
    value: Decimal
    reported: str
    collected: Moment
    source: str
    status: ResultStatus = ResultStatus.FINAL
    comparator: Comparator | None = None
    variant: Variant | None = None
    upper_limit: Decimal | None = None
    issued: datetime | None = None
    flags: tuple[str, ...] = ()
    low: Decimal | None = None
    identifiers: tuple[str, ...] = ()
    updated: datetime | None = None

    @property
    def least(self) -> Decimal:
        """The value, of a range its lower end."""
        return self.value if self.low is None else self.low

    @property
    def is_final(self) -> bool:
        """Not preliminary (DQ-01)."""
        return self.status is not ResultStatus.PRELIMINARY


class LabSeries:
    """All usable results of one analyte, oldest first, each event once (DQ-09, DQ-18).

    A result may be given unread, as its time and what `read` makes it from: it is read when a rule first looks at it, so that
    two weeks of results cost only what the rules ask. A part (`between`) shares what was read with the whole.
    """

    __slots__ = ("_kept", "_part", "_read", "_times")

    def __init__(
        self,
        times: Sequence[datetime] = (),
        kept: list[Any] | None = None,
        read: Callable[[Any], LabResult] | None = None,
        part: range | None = None,
    ) -> None:
        """`times` ascending; `kept` beside them holds results, and what `read` makes results from."""
        self._times = times
        self._kept = kept if kept is not None else []
        self._read = read
        self._part = part if part is not None else range(len(times))

    @classmethod
    def of(cls, results: Iterable[LabResult]) -> "LabSeries":
        """Sort by collection, then issue time, then source, so that the order of arrival never matters."""
        ordered = sorted(results, key=_order)
        return cls([result.collected.at for result in ordered], list[Any](ordered))

    @classmethod
    def partly_read(
        cls, results: Iterable[LabResult], unread: Iterable[tuple[datetime, Any]], read: Callable[[Any], LabResult]
    ) -> "LabSeries":
        """Results, and unread ones of which none shares its time with another of either."""
        known = [(result.collected.at, result) for result in sorted(results, key=_order)]
        ordered = sorted([*known, *unread], key=_time_of)
        return cls([at for at, _ in ordered], [one for _, one in ordered], read)

    @property
    def results(self) -> tuple[LabResult, ...]:
        """All of them, read."""
        return tuple(self)

    def __iter__(self) -> Iterator[LabResult]:
        return map(self._result, self._part)

    def __reversed__(self) -> Iterator[LabResult]:
        return map(self._result, reversed(self._part))

    def __len__(self) -> int:
        return len(self._part)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabSeries) and self.results == other.results

    def __hash__(self) -> int:
        return hash(self.results)

    def __repr__(self) -> str:
        return f"LabSeries.of({self.results!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return LabSeries.of, (self.results,)

    def latest(self, where: Callable[[LabResult], bool] = lambda _: True) -> LabResult | None:
        """The newest result by collection that satisfies `where`."""
        return next((result for result in reversed(self) if where(result)), None)

    def between(self, start: datetime, end: datetime) -> "LabSeries":
        """Results collected from `start` to `end`, both included."""
        low, high = self._part.start, self._part.stop
        part = range(bisect_left(self._times, start, low, high), bisect_right(self._times, end, low, high))
        return LabSeries(self._times, self._kept, self._read, part)

    def _result(self, place: int) -> LabResult:
        kept = self._kept[place]
        if self._read is not None and type(kept) is not LabResult:
            kept = self._kept[place] = self._read(kept)
        return kept  # type: ignore[no-any-return]


def _time_of(pair: tuple[datetime, Any]) -> datetime:
    return pair[0]


def _order(result: LabResult) -> tuple[datetime, datetime, str]:
    return (result.collected.at, result.issued or result.collected.at, result.source)
