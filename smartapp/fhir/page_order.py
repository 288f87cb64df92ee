"""Whether a search is sorted by date, newest first, and what it can lack then (DQ-17)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.elements import Period
from smartapp.fhir.queries import Query
from smartapp.fhir.r4_structs import Unreadable, decode
from smartapp.fhir.times import read_moment


class _Dated(Struct, frozen=True, rename="camel"):
    effective_date_time: str = ""
    effective_instant: str = ""
    effective_period: Period | None = None


def newest_first(self_url: str, resources: Sequence[bytes]) -> bool:
    """Whether the search's own `self` link says that it is sorted by date, newest first, and what was read is in that order."""
    sort = dict(parse_qsl(urlsplit(self_url).query)).get("_sort", "")
    if sort.split(",")[0] != "-date":
        return False
    times = [_at(raw) for raw in resources]
    dated = [at for at in times if at is not None]
    return len(dated) == len(times) and all(earlier >= later for earlier, later in pairwise(dated))


def reaches_back(self_url: str, resources: Sequence[bytes], since: datetime) -> bool:
    """Whether a search is sorted, newest first, and what was read of it goes back to before this moment."""
    if not newest_first(self_url, resources):
        return False
    earliest = _oldest(resources)
    return earliest is not None and earliest < since


def _oldest(resources: Iterable[bytes]) -> datetime | None:
    """The earliest time of these records; None where one of them has none."""
    times = [_at(raw) for raw in resources]
    dated = [at for at in times if at is not None]
    return min(dated, default=None) if len(dated) == len(times) else None


def covered(answer: Answer, query: Query, as_of: datetime, searched: Sequence[bytes]) -> Answer:
    """The answer, whole where only what is older than the query asks for is missing (DQ-17)."""
    if query.covers is None or not answer.only_older_missing:
        return answer
    earliest = _oldest(searched)
    if earliest is None or earliest > as_of - query.covers:
        return answer
    return replace(answer, state=AnswerState.COMPLETE, reason="", next_url="", only_older_missing=False)


def _at(raw: bytes) -> datetime | None:
    try:
        record = decode(raw, _Dated)
    except Unreadable:
        return None
    period = record.effective_period
    text = record.effective_date_time or record.effective_instant or (period.start if period else "")
    moment = read_moment(text, UTC) if text else None
    return moment.at if moment else None
