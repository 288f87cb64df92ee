"""What of a chart is not known, and why: parts not read, drugs not named, remarks worth one line (DQ-17, FHIR-29)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.queries import BY_NAME, TOPICS_BY_NAME, words_of
from smartapp.fhir.r4_structs import kind_of
from smartapp.fhir.resource_readers import TOPICS

_GAP_KINDS = {
    AnswerState.INCOMPLETE: GapKind.INCOMPLETE,
    AnswerState.FAILED: GapKind.FAILED,
    AnswerState.NOT_PERMITTED: GapKind.NOT_PERMITTED,
    AnswerState.AWAITED: GapKind.AWAITED,
    AnswerState.GONE: GapKind.UNREADABLE,
    AnswerState.NOT_OFFERED: GapKind.NOTED,
}
_SAID = {
    AnswerState.INCOMPLETE: "incomplete",
    AnswerState.FAILED: "could not be read",
    AnswerState.NOT_PERMITTED: "not permitted",
    AnswerState.AWAITED: "awaited",
    AnswerState.GONE: "could not be read",
    AnswerState.NOT_OFFERED: "not offered",
}
_READ = frozenset({AnswerState.COMPLETE, AnswerState.NOT_OFFERED})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_FIBRINOGEN = frozenset({"fibrinogen", "panels", "reports", "Observation", "DiagnosticReport"})
"""Answers that may hold a fibrinogen: our queries by name, types of resource where a file was cut off."""


def unread_topics(chart: Chart) -> dict[Topic, Gap]:
    """DQ-17: each part of the chart that failed, was refused or is incomplete, with why."""
    found: dict[Topic, list[Answer]] = {}
    for answer in map(partial(_with_patient, chart), chart.answers.values()):
        if answer.state not in _READ:
            for topic in _topics(answer):
                found.setdefault(topic, []).append(answer)
    return {topic: _worst(answers, topic) for topic, answers in found.items()}


def _with_patient(chart: Chart, answer: Answer) -> Answer:
    """An answer about the patient that holds no such patient is no answer (counterparts D11)."""
    if answer.query != "patient" or answer.state is not AnswerState.COMPLETE:
        return answer
    kinds = map(kind_of, answer.resources)
    if any(kind.resource_type == "Patient" and kind.id == chart.patient for kind in kinds):
        return answer
    return replace(answer, state=AnswerState.FAILED, reason=f"Patient/{chart.patient} is not there")


def not_offered(chart: Chart) -> list[Gap]:
    """What was neither sent nor can be asked for, though advice stands without it (interfaces.md section 4: a named gap).

    Not the search for specimens: they are read by reference too, and a result whose specimen was not read says so itself (DQ-28).
    """
    names = [answer.query for answer in chart.answers.values() if answer.state is AnswerState.NOT_OFFERED]
    queries = [BY_NAME[name] for name in names if name in BY_NAME and BY_NAME[name].topic is not Topic.SPECIMENS]
    said = [(words_of([query])[0], chart.answers[query.name].reason) for query in queries]
    return [
        Gap(kind=GapKind.NOTED, rule="DQ-17", text=f"{words[0].upper()}{words[1:]} not read: {reason}")
        for words, reason in said
    ]


def _worst(answers: Sequence[Answer], topic: Topic) -> Gap:
    """The first that does not only lack older records; `only_older` where there is none such."""
    first = min(answers, key=lambda answer: answer.only_older_missing)
    return replace(_unread(first, topic), only_older=first.only_older_missing)


def _topics(answer: Answer) -> frozenset[Topic]:
    """The parts of the chart that an answer is about; under a key of the caller's own, those of the records it holds."""
    topic = topic_asked(answer.query)
    if topic is not None:
        return frozenset({topic})
    kinds = {kind_of(raw).resource_type for raw in answer.resources} or _asked_by(answer.next_url)
    return frozenset(TOPICS[kind] for kind in kinds if kind in TOPICS)


def _asked_by(next_url: str) -> Iterable[str]:
    """The type of resource that a search was for, by the link to its next page; all types where the link does not tell."""
    named = urlsplit(next_url).path.rsplit("/", 1)[-1]
    return {named} if named in TOPICS else TOPICS.keys() if next_url else ()


def fibrinogen_unread(chart: Chart) -> Gap | None:
    """Why fibrinogen results are known to be incomplete, refused or failed; None if all were read (DQ-17).

    `only_older` where every such answer holds the newest results and lacks only later pages.
    """
    found = [answer for answer in chart.answers.values() if answer.state not in _READ and _holds_fibrinogen(answer)]
    if not found:
        return None
    first = min(found, key=lambda answer: (answer.only_older_missing, answer.query))
    return replace(_unread(first, Topic.LABORATORY), only_older=all(answer.only_older_missing for answer in found))


def _holds_fibrinogen(answer: Answer) -> bool:
    """Whether an answer may hold a fibrinogen; an EHR that permits no reports at all need not hold results there."""
    if topic_asked(answer.query) is None:
        return Topic.LABORATORY in _topics(answer)
    unpermitted = answer.query == "reports" and answer.state is AnswerState.NOT_PERMITTED
    return answer.query in _FIBRINOGEN and not unpermitted


def topic_asked(name: str) -> Topic | None:
    """The part of the chart that an answer is about: by our query's name, or by a type of resource (prefetch of a file)."""
    return TOPICS_BY_NAME.get(name) or TOPICS.get(name)


def _unread(answer: Answer, topic: Topic) -> Gap:
    why = f": {answer.reason}" if answer.reason else ""
    text = f"{topic[0].upper()}{topic[1:]} {_SAID[answer.state]}{why}"
    return Gap(kind=_GAP_KINDS[answer.state], rule="DQ-17", text=text, topic=topic)


def once_each(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """The same remark on many results of one analyte once, with how many; everything else as it is."""
    remarks: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        if gap.kind is GapKind.NOTED and gap.rule == "DQ-05":
            remarks.setdefault((gap.rule, gap.text), []).append(gap)
        else:
            yield gap
    for same in remarks.values():
        newest = max(same, key=lambda gap: (gap.at.at if gap.at else _LONG_AGO, gap.source))
        yield newest if len(same) == 1 else replace(newest, text=f"{newest.text} ({len(same)} results)")


def unnamed_drugs(sources: Iterable[tuple[Topic, str]]) -> Iterator[Gap]:
    """What was given or ordered, where the record that says which drug it is was not there (FHIR-13)."""
    by_topic: dict[Topic, list[str]] = {}
    for topic, source in sorted(sources):
        by_topic.setdefault(topic, []).append(source)
    for topic, found in by_topic.items():
        text = f"{topic[0].upper()}{topic[1:]}: which drug it is could not be read in {len(found)} of them"
        yield Gap(kind=GapKind.UNREADABLE, rule="DQ-17", text=text, source=found[0], topic=topic)


def notices(chart: Chart) -> list[Gap]:
    """What the reading of the chart remarked on its answers."""
    return [
        Gap(
            kind=GapKind.NOTED,
            rule="DQ-17",
            text=notice,
            topic=topic_asked(answer.query),
        )
        for answer in chart.answers.values()
        for notice in answer.notices
    ]
