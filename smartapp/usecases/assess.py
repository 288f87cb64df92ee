"""Assess one patient: complete the chart, read it, run the rules, record the answer. Both doors call this."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.manual_entries import counting
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.picture import Bedside
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.words import source_of
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.duplicate_keys import all_ambiguous, ambiguous
from smartapp.fhir.page_order import covered
from smartapp.fhir.picture import read_records
from smartapp.fhir.queries import Query
from smartapp.usecases.ports import AssessmentLog, ChartSource, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site brings to every assessment: its policy, its time zone, its local codes, what is asked of a chart, and the identifier
    system of the orders that this app writes (REP-13)."""

    policy: SitePolicy
    zone: tzinfo
    queries: tuple[Query, ...]
    local_codes: Mapping[str, str] = field(default_factory=dict)
    proposal_system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The answer and the chart it was read from."""

    chart: Chart
    assessment: Assessment


class PatientNotThere(Exception):
    """The EHR does not have the patient whose chart is to be assessed (404, 410); no rule was run. The message is a sentence."""


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
    drafts: tuple[DraftOrder, ...] = (),
) -> Assessed:
    """Complete `sent` from `source` (the EHR is asked only for what was not sent), assess, and record it under `event`.

    `drafts` are the orders the clinician is writing. Without a source, what was not sent is an unanswered query and becomes a
    named gap (CDS-22, DQ-17).
    """
    chart = completed(sent, source, site.queries)
    _check_patient(chart, subject, log)
    assessed = Assessed(
        chart=chart, assessment=assess_chart(chart, site=site, as_of=as_of, bedside=bedside, drafts=drafts)
    )
    log.assessed(subject, assessed.assessment, event, data_sets(chart, site.queries))
    return assessed


def _check_patient(chart: Chart, subject: Subject, log: AssessmentLog) -> None:
    """A wrong launch context must not read as an answer: a chart of nobody is not assessed."""
    patient = chart.answers.get("patient")
    if patient is not None and patient.state is AnswerState.GONE:
        log.noted(subject, "not assessed", "the EHR does not have this patient")
        raise PatientNotThere(
            "The EHR does not have the patient that this launch names. No rule was run, and nothing is advised."
        )


def assess_chart(
    chart: Chart,
    *,
    site: Site,
    as_of: datetime,
    bedside: Bedside = Bedside(),
    drafts: tuple[DraftOrder, ...] = (),
) -> Assessment:
    """Read a complete chart and run the rules; records nothing.

    If the answer would rest on a resource that names a member twice, all such resources are unreadable and it is given anew.
    """
    chart = _within_reach(chart, site.queries, as_of)
    read = partial(
        read_records,
        as_of=as_of,
        zone=site.zone,
        policy=site.policy,
        local_codes=site.local_codes,
        proposal_system=site.proposal_system,
    )
    picture, records = read(chart, bedside=bedside)
    assessment = assess(counting(replace(picture, draft_orders=drafts), site.policy), site.policy)
    if not ambiguous(records, rests_on(assessment)):
        return assessment
    picture, _ = read(replace(chart, ambiguous=all_ambiguous(records)), bedside=bedside)
    return assess(counting(replace(picture, draft_orders=drafts), site.policy), site.policy)


def _within_reach(chart: Chart, queries: Iterable[Query], as_of: datetime) -> Chart:
    """The chart with what was sent in part as whole where only what nobody asks for is missing (DQ-17)."""
    sent = [(query, chart.answers[query.name]) for query in queries if query.covers and query.name in chart.answers]
    return chart.with_answers(*(covered(answer, query, as_of, answer.resources) for query, answer in sent))


def rests_on(assessment: Assessment) -> frozenset[str]:
    """The records that an answer rests on: evidence of its findings and inputs of its rules."""
    facts = (assessment.weight, assessment.crs, assessment.infusion)
    found = {source for finding in assessment.findings for source in finding.evidence}
    declared = {id(outcome.facts): outcome.facts for outcome in assessment.outcomes}  # rows of one rule share them
    used = {need: value for facts in declared.values() for need, value in facts.items()}
    found |= {source_of(value) for value in used.values()}
    found |= {fact.source for fact in facts if fact is not None} | {assessment.picture.patient.reference}
    return frozenset(found | ({assessment.fibrinogen.result.source} if assessment.fibrinogen else set()))


def completed(sent: Chart, source: ChartSource | None, queries: Iterable[Query]) -> Chart:
    """The chart with every query answered: by what was sent, else by the source, else "not asked"."""
    open_queries = tuple(query for query in queries if not sent.has(query.name))
    ask: Callable[[Iterable[Query]], tuple[Answer, ...]] = source.answer if source else _nobody_to_ask
    return sent.with_answers(*ask(open_queries)) if open_queries else sent


def data_sets(chart: Chart, queries: Iterable[Query]) -> dict[str, str]:
    """For each type of resource that was asked for: how many came, and in what state an answer is that is not complete (SEC-32)."""
    counts, unfinished = Counter[str](), dict[str, set[str]]()
    for query in queries:
        answer = chart.answers.get(query.name)
        counts[query.resource] += len(answer.resources) if answer else 0
        if answer is None or answer.state is not AnswerState.COMPLETE:
            unfinished.setdefault(query.resource, set()).add(str(answer.state) if answer else "not asked")
    return {
        resource: ", ".join((str(count), *sorted(unfinished.get(resource, ())))) for resource, count in counts.items()
    }


def awaited_queries(chart: Chart, queries: Iterable[Query]) -> tuple[Query, ...]:
    """The queries whose answers have not come yet."""
    return tuple(query for query in queries if _is_awaited(chart.answers.get(query.name)))


def _is_awaited(answer: Answer | None) -> bool:
    return answer is not None and answer.state is AnswerState.AWAITED


def _nobody_to_ask(queries: Iterable[Query]) -> tuple[Answer, ...]:
    return tuple(_unanswered(query) for query in queries)


def _unanswered(query: Query) -> Answer:
    """Without what is optional advice stands, and a gap names it (interfaces.md section 4)."""
    state = AnswerState.NOT_OFFERED if query.may_be_left_out else AnswerState.FAILED
    return Answer(query=query.name, state=state, reason="it was not sent, and there is no server to ask")
