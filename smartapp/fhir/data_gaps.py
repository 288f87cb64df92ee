"""What of a chart is not known, and why: parts not read, drugs not named, remarks worth one line (DQ-17, FHIR-29)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.queries import TOPICS_BY_NAME
from smartapp.fhir.resources import TOPICS

_GAP_KINDS = {
    AnswerState.INCOMPLETE: GapKind.INCOMPLETE,
    AnswerState.FAILED: GapKind.FAILED,
    AnswerState.NOT_PERMITTED: GapKind.NOT_PERMITTED,
    AnswerState.AWAITED: GapKind.AWAITED,
}
_SAID = {
    AnswerState.INCOMPLETE: "incomplete",
    AnswerState.FAILED: "could not be read",
    AnswerState.NOT_PERMITTED: "not permitted",
    AnswerState.AWAITED: "awaited",
}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_HOLD_FIBRINOGEN = frozenset({"fibrinogen", "panels", "Observation", "DiagnosticReport"})
"""Answers that may hold a fibrinogen: our queries by name, types of resource where a file was cut off."""


def unread_topics(chart: Chart) -> dict[Topic, Gap]:
    """DQ-17: each part of the chart that failed, was refused or is incomplete, with why."""
    gaps: dict[Topic, Gap] = {}
    for answer in chart.answers.values():
        topic = topic_asked(answer.query)
        if topic is not None and answer.state is not AnswerState.COMPLETE:
            gaps.setdefault(topic, _unread(answer, topic))
    return gaps


def fibrinogen_unread(chart: Chart) -> Gap | None:
    """Why fibrinogen results are known to be incomplete, refused or failed; None if all were read (DQ-17).

    `only_older` where every such answer holds the newest results and lacks only later pages.
    """
    found = [a for a in chart.answers.values() if a.query in _HOLD_FIBRINOGEN and a.state is not AnswerState.COMPLETE]
    if not found:
        return None
    first = min(found, key=lambda answer: (answer.only_older_missing, answer.query))
    return replace(_unread(first, Topic.LABORATORY), only_older=all(answer.only_older_missing for answer in found))


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
