"""A ChartSource on top of the client: all queries in parallel within one deadline, each with an answer."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from smartapp.ehr.async_read import AsyncRead
from smartapp.ehr.client import Enough, FhirClient, Pages, never_enough, together
from smartapp.ehr.errors import EhrError, EhrRefused, Gone, NotPermitted
from smartapp.fhir.capabilities import UNKNOWN, Capabilities
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.page_order import covered, newest_first, reaches_back
from smartapp.fhir.queries import Query
from smartapp.fhir.query_plan import Params, category_ways, planned
from smartapp.fhir.r4_structs import Unreadable, kind_of
from smartapp.fhir.references import missing_references, references_of

_AT_ONCE = 20  # every query of the table is under way at once: a chart costs one round trip, not two
_MOST_REFERRED, _REFERRED_AT_ONCE, _NESTED = 60, 8, 2
_GRACE_SECONDS = 0.5  # for a request that ends at the deadline to say so itself
REFERRED = "referred"
"""The answer that holds what prefetched records name by reference."""
MayRead = Callable[[str], str]
"""Of a resource type: empty if its reading is granted, else why not; or a note on what a constrained grant hides."""


@dataclass(slots=True)
class _Searches:
    """The searches of one reading: the same one is sent once, whoever asks for it."""

    client: FhirClient
    deadline: float
    _kept: dict[tuple[str, tuple[tuple[str, str], ...]], Future[Pages]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pages(self, resource: str, params: Params, enough: Enough = never_enough) -> Pages:
        """All pages of a search that are asked for; an EhrError as the client raises it."""
        key = (resource, tuple(params))
        with self._lock:
            known = self._kept.get(key)
            mine: Future[Pages] = known or self._kept.setdefault(key, Future())
        if known is None:
            try:
                mine.set_result(self.client.search(resource, params, self.deadline, enough))
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it too
                mine.set_exception(error)
        return mine.result()


class FhirChartSource:
    """Reads one patient's chart; `may_read` tells from the granted scopes what need not be asked (SAL-53), `capabilities` what the
    EHR declares: nothing else is asked of it (FHIR-61)."""

    def __init__(
        self,
        client: FhirClient,
        patient: str,
        *,
        as_of: Callable[[], datetime],
        may_read: MayRead,
        hidden: Callable[[str], str] = lambda _: "",
        capabilities: Callable[[], Capabilities] = lambda: UNKNOWN,
        seconds: float = 20.0,
    ) -> None:
        self._client = client
        self._patient = patient
        self._as_of = as_of
        self._may_read = may_read
        self._hidden = hidden
        self._capabilities = capabilities
        self._seconds = seconds

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """Every query with its answer; a failure is an answer too."""
        return self.begin(queries).answers(None)

    def begin(self, queries: Iterable[Query], begun: Iterable[Answer] = (), seconds: float = float("inf")) -> AsyncRead:
        """Ask everything at once and go on: the answers come one by one, all of them within the deadline, or `seconds` if that is less.

        `begun` are answers of which only the first page is here; their other pages are read too.
        """
        searches = _Searches(self._client, time.monotonic() + min(self._seconds, seconds))
        pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="fhir")
        asked: dict[str, Future[Answer]] = {}
        try:
            # what others refer to is asked first: whoever waits for it waits for something that is under way
            for query in sorted(queries, key=lambda query: not query.optional):
                asked[query.name] = pool.submit(self._one, query, searches, dict(asked))
            rest = {answer.query: pool.submit(self._rest, answer, searches.deadline) for answer in begun}
            return AsyncRead(asked | rest, searches.deadline + _GRACE_SECONDS)
        finally:
            pool.shutdown(wait=False)

    def referred(self, answers: Iterable[Answer], seconds: float) -> Answer:
        """What the records of these answers name by reference and did not bring, as an answer of its own; what cannot be had is
        named as not known by who reads the records (FHIR-13, DQ-28)."""
        kinds = self._readable(_REFERRED_KINDS)
        resources = [raw for answer in answers for raw in answer.resources]
        found = self._referred(resources, kinds, time.monotonic() + min(seconds, self._seconds), frozenset())
        return Answer(query=REFERRED, state=AnswerState.COMPLETE, resources=found)

    def _one(self, query: Query, searches: _Searches, earlier: Mapping[str, Future[Answer]]) -> Answer:
        refused = self._may_read(query.resource)
        if refused:
            return Answer(query=query.name, state=AnswerState.NOT_PERMITTED, reason=refused)
        try:
            if query.is_read:
                return self._read(query, searches.deadline)
            return self._searched(query, searches, earlier)
        except (EhrError, Unreadable) as error:
            return Answer(query=query.name, state=_state_after(error, query), reason=str(error))

    def _rest(self, first: Answer, deadline: float) -> Answer:
        """The whole answer from its first page on; incomplete as before where its other pages cannot be read."""
        try:
            pages = self._client.rest(first.next_url, deadline)
        except (EhrError, Unreadable) as error:
            return replace(first, next_url="", reason=f"{first.reason}, and its next page could not be read ({error})")
        resources = (*first.resources, *pages.resources)
        notices = tuple(dict.fromkeys((*first.notices, *pages.notices)))
        whole = replace(first, next_url="", resources=resources, notices=notices, reason=pages.incomplete)
        if not pages.incomplete:
            return replace(whole, state=AnswerState.COMPLETE, only_older_missing=False)
        only_older = pages.more_pages and first.only_older_missing and newest_first(first.self_url, resources)
        return replace(whole, state=AnswerState.INCOMPLETE, only_older_missing=only_older)

    def _read(self, query: Query, deadline: float) -> Answer:
        raw = self._client.read(f"{query.resource}/{self._patient}", deadline)
        if kind_of(raw).resource_type != query.resource:
            return Answer(query=query.name, state=AnswerState.FAILED, reason="the EHR answered with another resource")
        return Answer(query=query.name, state=AnswerState.COMPLETE, resources=(raw,))

    def _searched(self, query: Query, searches: _Searches, earlier: Mapping[str, Future[Answer]]) -> Answer:
        pages = self._pages(query, searches)
        if "patient" in pages.dropped:
            return Answer(query=query.name, state=AnswerState.FAILED, reason="the EHR ignored the patient filter")
        hidden = pages.incomplete or self._hidden(query.resource)
        kinds = self._readable(query.refers)
        here = (
            _specimens_of(earlier)
            if "Specimen" in kinds and any(b'"specimen"' in raw for raw in pages.resources)
            else ()
        )
        answer = Answer(
            query=query.name,
            state=AnswerState.INCOMPLETE if hidden else AnswerState.COMPLETE,
            resources=(*pages.resources, *self._referred(pages.resources, kinds, searches.deadline, here)),
            reason=hidden,
            notices=tuple(dict.fromkeys(pages.notices)),
            only_older_missing=bool(pages.incomplete) and pages.only_older_missing,
        )
        return covered(answer, query, self._as_of(), pages.resources)

    def _referred(
        self, found: Sequence[bytes], kinds: Sequence[str], deadline: float, here: Iterable[str]
    ) -> tuple[bytes, ...]:
        """What these records name by reference only, and what that names in turn (an ingredient)."""
        read: list[bytes] = []
        known = set(here)
        for _ in range(_NESTED):
            wanted = missing_references([*found, *read], kinds, self._client.base, known)[:_MOST_REFERRED]
            if not wanted:
                break
            known.update(wanted)
            read += self._each(wanted, deadline)
        return tuple(read)

    def _each(self, wanted: Sequence[str], deadline: float) -> list[bytes]:
        def read(reference: str) -> bytes:
            try:
                raw = self._client.read(reference, deadline)
            except EhrError:
                return b""
            kind = kind_of(raw)
            return raw if f"{kind.resource_type}/{kind.id}" == reference else b""

        with ThreadPoolExecutor(max_workers=_REFERRED_AT_ONCE, thread_name_prefix="fhir-referred") as pool:
            return [raw for raw in pool.map(read, wanted) if raw]

    def _readable(self, kinds: Sequence[str]) -> list[str]:
        """Those that the token grants and the EHR declares to be read."""
        return [kind for kind in kinds if not self._may_read(kind) and not self._capabilities().may_not(kind, "read")]

    def _pages(self, query: Query, searches: _Searches) -> Pages:
        """The query in the richest form that the EHR declares and takes; a list of codes that finds nothing is asked by category
        (FHIR-12, FHIR-61)."""
        plan = planned(query, self._capabilities(), self._patient, self._as_of())
        try:
            pages = self._in_some_form(query, plan.ways, searches)
        except Gone:
            if query.optional:
                raise
            return Pages(resources=(), incomplete=f"the EHR does not offer {query.resource}")
        if pages.resources or pages.incomplete or not query.category:
            return pages
        return self._by_category(query, searches)

    def _in_some_form(self, query: Query, ways: Sequence[Sequence[Params]], searches: _Searches) -> Pages:
        """The first way that the EHR does not refuse."""
        refusal: EhrRefused | Gone = Gone(f"the EHR does not offer {query.resource}")
        for way in ways:
            try:
                found = [searches.pages(query.resource, params, self._enough(query)) for params in way]
                return found[0] if len(found) == 1 else together(found)
            except EhrRefused as error:
                refusal = error
        raise refusal

    def _enough(self, query: Query) -> Enough:
        """Whether pages go back far enough for a query that asks only for what is young (DQ-17)."""
        if query.covers is None:
            return never_enough
        since = self._as_of() - query.covers
        return lambda self_url, found: reaches_back(self_url, found, since)

    def _by_category(self, query: Query, searches: _Searches) -> Pages:
        why = "a list of codes found nothing, and its category could not be asked"
        for params in category_ways(query, self._capabilities(), self._patient, self._as_of()):
            try:
                return searches.pages(query.resource, params)
            except NotPermitted:
                break
            except EhrRefused as error:
                why = f"{why} ({error})"
            except EhrError as error:
                return Pages(resources=(), incomplete=f"{why} ({error})")
        return Pages(resources=(), incomplete=why)


_REFERRED_KINDS = ("Medication", "Specimen", "BiologicallyDerivedProduct", "Observation")


def _state_after(error: Exception, query: Query) -> AnswerState:
    """What an error means for a query: what an EHR need not offer it may refuse."""
    if isinstance(error, NotPermitted):
        return AnswerState.NOT_PERMITTED
    if query.optional and isinstance(error, Gone | EhrRefused):
        return AnswerState.NOT_OFFERED
    return AnswerState.GONE if isinstance(error, Gone) else AnswerState.FAILED


def _specimens_of(earlier: Mapping[str, Future[Answer]]) -> frozenset[str]:
    """The specimens that a search of their own has found by now."""
    asked = earlier.get("specimens")
    if asked is None:
        return frozenset()
    wait([asked])
    return references_of(asked.result().resources)
