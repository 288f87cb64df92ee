"""A ChartSource on top of the client: all queries in parallel within one deadline, each with an answer."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from smartapp.ehr.async_read import AsyncRead
from smartapp.ehr.client import FhirClient, Pages, together
from smartapp.ehr.errors import EhrError, EhrRefused, Gone, NotPermitted
from smartapp.fhir.chart import Answer, AnswerState
from smartapp.fhir.medication_references import referred_to
from smartapp.fhir.queries import Query, plain_searches, search_params
from smartapp.fhir.r4_structs import Unreadable, kind_of

_AT_ONCE = 16  # every query of the table is under way at once: a chart costs one round trip, not two
_MOST_REFERRED, _REFERRED_AT_ONCE = 24, 4
_GRACE_SECONDS = 0.5  # for a request that ends at the deadline to say so itself
MayRead = Callable[[str], str]
"""Of a resource type: empty if its reading is granted, else why not; or a note on what a constrained grant hides."""


class FhirChartSource:
    """Reads one patient's chart; `may_read` tells from the granted scopes what need not be asked (SAL-53)."""

    def __init__(
        self,
        client: FhirClient,
        patient: str,
        *,
        as_of: Callable[[], datetime],
        may_read: MayRead,
        hidden: Callable[[str], str] = lambda _: "",
        seconds: float = 20.0,
    ) -> None:
        self._client = client
        self._patient = patient
        self._as_of = as_of
        self._may_read = may_read
        self._hidden = hidden
        self._seconds = seconds

    def answer(self, queries: Iterable[Query]) -> tuple[Answer, ...]:
        """Every query with its answer; a failure is an answer too."""
        return self.begin(queries).answers(None)

    def begin(self, queries: Iterable[Query], begun: Iterable[Answer] = ()) -> AsyncRead:
        """Ask everything at once and go on: the answers come one by one, all of them within the deadline.

        `begun` are answers of which only the first page is here; their other pages are read too.
        """
        deadline = time.monotonic() + self._seconds
        pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="fhir")
        try:
            asked = {query.name: pool.submit(self._one, query, deadline) for query in queries}
            rest = {answer.query: pool.submit(self._rest, answer, deadline) for answer in begun}
            return AsyncRead(asked | rest, deadline + _GRACE_SECONDS)
        finally:
            pool.shutdown(wait=False)

    def _one(self, query: Query, deadline: float) -> Answer:
        refused = self._may_read(query.resource)
        if refused:
            return Answer(query=query.name, state=AnswerState.NOT_PERMITTED, reason=refused)
        try:
            return self._read(query, deadline) if query.is_read else self._searched(query, deadline)
        except NotPermitted as error:
            return Answer(query=query.name, state=AnswerState.NOT_PERMITTED, reason=str(error))
        except (EhrError, Unreadable) as error:
            return Answer(query=query.name, state=AnswerState.FAILED, reason=str(error))

    def _rest(self, first: Answer, deadline: float) -> Answer:
        """The whole answer from its first page on; incomplete as before where its other pages cannot be read."""
        try:
            pages = self._client.rest(first.next_url, deadline)
        except (EhrError, Unreadable) as error:
            return replace(first, next_url="", reason=f"{first.reason}, and its next page could not be read ({error})")
        state = AnswerState.INCOMPLETE if pages.incomplete else AnswerState.COMPLETE
        notices = tuple(dict.fromkeys((*first.notices, *pages.notices)))
        resources = (*first.resources, *pages.resources)
        return Answer(query=first.query, state=state, resources=resources, reason=pages.incomplete, notices=notices)

    def _read(self, query: Query, deadline: float) -> Answer:
        raw = self._client.read(f"{query.resource}/{self._patient}", deadline)
        if kind_of(raw).resource_type != query.resource:
            return Answer(query=query.name, state=AnswerState.FAILED, reason="the EHR answered with another resource")
        return Answer(query=query.name, state=AnswerState.COMPLETE, resources=(raw,))

    def _searched(self, query: Query, deadline: float) -> Answer:
        pages = self._pages(query, deadline)
        if "patient" in pages.dropped:
            return Answer(query=query.name, state=AnswerState.FAILED, reason="the EHR ignored the patient filter")
        hidden = pages.incomplete or self._hidden(query.resource)
        return Answer(
            query=query.name,
            state=AnswerState.INCOMPLETE if hidden else AnswerState.COMPLETE,
            resources=(*pages.resources, *self._referred(query, pages.resources, deadline)),
            reason=hidden,
            notices=tuple(dict.fromkeys(pages.notices)),
        )

    def _referred(self, query: Query, found: Sequence[bytes], deadline: float) -> Iterable[bytes]:
        """What these records name by reference only; a drug that cannot be had is named as not known by who reads them."""
        wanted = referred_to(found, self._client.base) if query.refers else ()
        if not wanted or self._may_read(query.refers):
            return ()

        def read(reference: str) -> bytes:
            try:
                raw = self._client.read(reference, deadline)
            except EhrError:
                return b""
            kind = kind_of(raw)
            return raw if f"{kind.resource_type}/{kind.id}" == reference else b""

        with ThreadPoolExecutor(max_workers=_REFERRED_AT_ONCE, thread_name_prefix="fhir-referred") as pool:
            return [raw for raw in pool.map(read, wanted[:_MOST_REFERRED]) if raw]

    def _pages(self, query: Query, deadline: float) -> Pages:
        """The query, or once the plain US Core searches where the server refuses a parameter (FHIR-12)."""
        try:
            return self._client.search(query.resource, search_params(query, self._patient, self._as_of()), deadline)
        except EhrRefused:
            if not query.plain:
                raise
            plain = plain_searches(query, self._patient)
            return together([self._client.search(query.resource, params, deadline) for params in plain])
        except Gone:
            return Pages(resources=(), incomplete=f"the EHR does not offer {query.resource}")
