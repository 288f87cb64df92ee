"""Answer a hook call: chart (what tells of an infusion first), assess, suppress what was acknowledged, record (interfaces.md section 4)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.car_t_evidence import tells_of_car_t
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.picture import Bedside, Gap, GapKind, Topic
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.chart_from_json import sent_chart
from smartapp.fhir.picture import read_picture
from smartapp.fhir.queries import BY_NAME, TOPICS_BY_NAME, Query
from smartapp.usecases.assess import Site, assess_patient, completed
from smartapp.usecases.call_counts import CallCounts
from smartapp.usecases.feedback import AssessmentRecord, CardSummary, FeedbackService
from smartapp.usecases.ports import AssessmentLog, Subject

_HAD = frozenset({AnswerState.COMPLETE, AnswerState.INCOMPLETE})
_PATIENT, _FIBRINOGEN = "patient", "fibrinogen"


class HookSource(Protocol):
    """The caller's FHIR server, behind the call's own token and within what is left of its time."""

    def complete(self, queries: Sequence[Query], begun: Sequence[Answer]) -> tuple[Answer, ...]:
        """Ask what was not sent, and read on where only a first page was (CDS-25); what is late is a failed read."""

    def referred(self, answers: Sequence[Answer]) -> Answer:
        """What the records that were sent name by reference and did not bring."""


class RequiredDataMissing(Exception):
    """Required data were neither sent nor can be fetched (CDS-23); the message names each, and why it could not be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledChart:
    """A hook call's chart before it is read: `prefetch` as bytes by key, `source` the caller's server where the call has a token.

    `base` is the FHIR base of the patient's records.
    """

    patient: str
    base: str
    prefetch: Mapping[str, bytes]
    source: HookSource | None

    def read(self, site: Site, as_of: datetime, entered: Bedside = Bedside()) -> Chart | None:
        """The whole chart, or None where what tells of an infusion was read whole and tells of none, and nothing was entered by hand.

        Then nothing else was read or asked. `RequiredDataMissing` says what could not be had.
        """
        telling = tuple(query for query in site.queries if query.tells or query.name == _PATIENT)
        others = {query.name for query in site.queries} - {query.name for query in telling}
        first = self._completed(self.prefetch.keys() - others, telling)
        self._check_telling(first)
        if not entered.added and _tells_of_none(first, site, as_of):
            return None
        rest = tuple(query for query in site.queries if query.name in others)
        whole = first.with_answers(*self._completed(self.prefetch.keys() & others, rest).answers.values())
        self._check(whole, [_FIBRINOGEN])
        return whole

    def _completed(self, keys: Collection[str], queries: Sequence[Query]) -> Chart:
        """These keys as they were sent, completed from the caller's server."""
        sent = sent_chart(self.patient, self.base, {key: raw for key, raw in self.prefetch.items() if key in keys})
        return completed(_read_on(sent, queries, self.source) if self.source else sent, None, queries)

    def _check_telling(self, chart: Chart) -> None:
        """A patient, and what tells of an infusion: one that was asked for and failed is named, while another part could be read."""
        telling = [query.name for query in BY_NAME.values() if query.tells and query.required]
        some_read = self.source and any(name in self.prefetch or _was_had(chart, name) for name in telling)
        failed = [name for name in telling if some_read and chart.answers[name].state is AnswerState.FAILED]
        self._check(chart, [_PATIENT, *(name for name in telling if name not in failed)])

    def _check(self, chart: Chart, names: Iterable[str]) -> None:
        lacking = [name for name in names if name not in self.prefetch and not _was_had(chart, name)]
        if lacking:
            said = ", ".join(f"{name} ({chart.answers[name].reason})" for name in lacking)
            raise RequiredDataMissing(f"required data were not sent and could not be fetched: {said}")


def _was_had(chart: Chart, name: str) -> bool:
    return chart.answers[name].state in _HAD


def _read_on(sent: Chart, queries: Sequence[Query], source: HookSource) -> Chart:
    """What was sent with what was not, its other pages, and what it names by reference."""
    asked = tuple(query for query in queries if not sent.has(query.name))
    begun = tuple(answer for answer in sent.answers.values() if answer.next_url)
    read = sent.with_answers(*source.complete(asked, begun)) if asked or begun else sent
    referred = source.referred(tuple(read.answers[name] for name in sent.answers))
    if not referred.resources:
        return read
    return read.with_answers(replace(referred, query=f"{referred.query} by {queries[0].name}"))


def _tells_of_none(chart: Chart, site: Site, as_of: datetime) -> bool:
    """Whether all that tells of an infusion was read, and tells of none."""
    answers = (chart.answers[query.name] for query in site.queries if query.tells)
    if any(answer.state is not AnswerState.COMPLETE for answer in answers):
        return False
    picture = read_picture(chart, as_of, site.zone, policy=site.policy, local_codes=site.local_codes)
    return not tells_of_car_t(picture) and not any(_hides_something(gap) for gap in picture.gaps)


_TELLING_TOPICS = frozenset(TOPICS_BY_NAME[query.name] for query in BY_NAME.values() if query.tells)


def _hides_something(gap: Gap) -> bool:
    """Whether a record of those that tell could not be read."""
    return gap.kind is GapKind.UNREADABLE and gap.topic in (*_TELLING_TOPICS, None) and gap.topic is not Topic.PATIENT


class Presented(Protocol):
    """A card as a hook would show it: its uuid, the rules it speaks for, how loudly, and the draft order it is about, if any."""

    @property
    def uuid(self) -> str: ...
    @property
    def rules(self) -> tuple[str, ...]: ...
    @property
    def indicator(self) -> str: ...
    @property
    def about(self) -> str: ...


C = TypeVar("C", bound=Presented)


class _HeldRecord:
    """Holds the record of an answer until its cards are known: all of it is stored in one transaction."""

    def __init__(self, log: AssessmentLog) -> None:
        self.records: list[AssessmentRecord] = []
        self._log = log

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        """Hold it."""
        self.records.append(AssessmentRecord(subject=subject, assessment=assessment, read=read, event=event))

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Any other event is recorded at once."""
        self._log.noted(subject, event, outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """What every hook does with a call; `clock` gives the clinical now, `entries` what was entered by hand for the patient."""

    site: Site
    clock: Callable[[], datetime]
    feedback: FeedbackService
    counts: CallCounts
    entries: Callable[[Subject], Bedside] = lambda _: Bedside()

    def cards(
        self,
        subject: Subject,
        chart: CalledChart,
        *,
        hook: str,
        service: str,
        caller: str,
        drafts: tuple[DraftOrder, ...],
        present: Callable[[Assessment], Sequence[C]],
    ) -> tuple[tuple[C, str], ...]:
        """The cards to show, each with its deduplication key: those of `present` that say something new to this user (CDS-54).

        Shown or withheld, each is recorded together with the answer (CDS-42). A patient without CAR-T is only counted.
        """
        as_of = self.clock()
        entered = self.entries(subject)
        whole = chart.read(self.site, as_of, entered)
        if whole is None:
            self.counts.count(service, caller)
            return ()
        held = _HeldRecord(self.feedback.log)
        assessed = assess_patient(
            subject,
            sent=whole,
            source=None,
            site=self.site,
            as_of=as_of,
            log=held,
            event="hook assessed",
            drafts=drafts,
            bedside=entered,
        )
        (record,) = held.records
        cards = present(assessed.assessment)
        said = [CardSummary(card=c.uuid, rules=c.rules, indicator=c.indicator, about=c.about) for c in cards]
        shown = self.feedback.shown(record, hook, service, said)
        return tuple((card, shown[card.uuid]) for card in cards if card.uuid in shown)
