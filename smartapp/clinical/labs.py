"""One measured value in its analyte's own unit, and all values of one analyte in order of collection."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from smartapp.clinical.moments import Moment
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
    `Observation/panel#component-2`). `flags` are remarks of the reading, in words ("may read low", "time of issue used").
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

    @property
    def is_final(self) -> bool:
        """Not preliminary (DQ-01)."""
        return self.status is not ResultStatus.PRELIMINARY


@dataclass(frozen=True, slots=True)
class LabSeries:
    """All usable results of one analyte, oldest first, each event once (DQ-09, DQ-18)."""

    results: tuple[LabResult, ...] = ()

    @classmethod
    def of(cls, results: Iterable[LabResult]) -> "LabSeries":
        """Sort by collection, then issue time, then source, so that the order of arrival never matters."""
        return cls(tuple(sorted(results, key=_order)))

    def __iter__(self) -> Iterator[LabResult]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def latest(self, where: Callable[[LabResult], bool] = lambda _: True) -> LabResult | None:
        """The newest result by collection that satisfies `where`."""
        return next((result for result in reversed(self.results) if where(result)), None)

    def between(self, start: datetime, end: datetime) -> "LabSeries":
        """Results collected from `start` to `end`, both included."""
        return LabSeries(tuple(result for result in self.results if start <= result.collected.at <= end))


def _order(result: LabResult) -> tuple[datetime, datetime, str]:
    return (result.collected.at, result.issued or result.collected.at, result.source)
