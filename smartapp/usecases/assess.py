"""Assess one patient: complete the chart, read it, run the rules, record the answer. Both doors call this."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import SitePolicy
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.picture import read_picture
from smartapp.fhir.queries import Query
from smartapp.usecases.ports import AssessmentLog, ChartSource, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site brings to every assessment: its policy, its time zone, its local codes and what is asked of a chart."""

    policy: SitePolicy
    zone: tzinfo
    queries: tuple[Query, ...]
    local_codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The answer and the chart it was read from."""

    chart: Chart
    assessment: Assessment


def assess_patient(
    subject: Subject,
    *,
    sent: Chart,
    source: ChartSource | None,
    site: Site,
    as_of: datetime,
    log: AssessmentLog,
    event: str,
    bedside: Bedside = Bedside(),
) -> Assessed:
    """Complete `sent` from `source` (the EHR is asked only for what was not sent), assess, and record it under `event`.

    Without a source, what was not sent is an unanswered query and becomes a named gap (CDS-22, DQ-17).
    """
    chart = completed(sent, source, site.queries)
    assessed = Assessed(chart=chart, assessment=assess_chart(chart, site=site, as_of=as_of, bedside=bedside))
    log.assessed(subject, assessed.assessment, event)
    return assessed


def assess_chart(chart: Chart, *, site: Site, as_of: datetime, bedside: Bedside = Bedside()) -> Assessment:
    """Read a complete chart and run the rules; records nothing."""
    picture = read_picture(chart, as_of, site.zone, policy=site.policy, local_codes=site.local_codes, bedside=bedside)
    return assess(picture, site.policy)


def completed(sent: Chart, source: ChartSource | None, queries: Iterable[Query]) -> Chart:
    """The chart with every query answered: by what was sent, else by the source, else "not asked"."""
    open_queries = tuple(query for query in queries if not sent.has(query.name))
    ask: Callable[[Iterable[Query]], tuple[Answer, ...]] = source.answer if source else _nobody_to_ask
    return sent.with_answers(*ask(open_queries)) if open_queries else sent


def awaited_queries(chart: Chart, queries: Iterable[Query]) -> tuple[Query, ...]:
    """The queries whose answers have not come yet."""
    return tuple(query for query in queries if _is_awaited(chart.answers.get(query.name)))


def _is_awaited(answer: Answer | None) -> bool:
    return answer is not None and answer.state is AnswerState.AWAITED


def _nobody_to_ask(queries: Iterable[Query]) -> tuple[Answer, ...]:
    return tuple(
        Answer(query=query.name, state=AnswerState.FAILED, reason="it was not sent, and there is no server to ask")
        for query in queries
    )
