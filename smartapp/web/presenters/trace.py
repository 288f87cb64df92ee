"""Why: every rule with what it said, what it looked at and what it lacked, and what could not be read (DSI-13)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartapp.clinical.assessment import Assessment, Outcome, OutcomeKind
from smartapp.clinical.citations import PROJECT_DEFAULT, SOURCES
from smartapp.clinical.findings import EvidenceLevel
from smartapp.clinical.picture import GapKind
from smartapp.clinical.rule import Missing, Row
from smartapp.clinical.rules import all_rules
from smartapp.web.presenters.words import clock_of, input_words

_LEVELS = {
    EvidenceLevel.L1: "L1: regulatory label or randomised trial",
    EvidenceLevel.L2: "L2: cohort",
    EvidenceLevel.L3: "L3: published scale, guideline or consensus",
    EvidenceLevel.L4: "L4: institutional or manufacturer practice",
    EvidenceLevel.L5: f"L5: {PROJECT_DEFAULT}",
}
_HEADINGS = (
    (OutcomeKind.APPLIES, "Applies"),
    (OutcomeKind.CANNOT_TELL, "Cannot tell"),
    (OutcomeKind.SILENT, "Silent"),
    (OutcomeKind.OFF, "Switched off by the site"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One rule's outcome in words; `inputs` are (name, value in words, source)."""

    rule: str
    version: int
    title: str
    level: str
    says: tuple[str, ...]
    inputs: tuple[tuple[str, str, str], ...]
    missing: str
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceGroup:
    """All rules that ended alike."""

    heading: str
    rows: tuple[TraceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing about the data: absent, unreadable, incomplete, not permitted or noted."""

    kind: str
    text: str
    rule: str
    source: str
    again: bool = False  # the reading failed, and may not fail again


def trace(assessment: Assessment) -> tuple[TraceGroup, ...]:
    """Every rule asked, grouped by how it ended; empty groups are left out."""
    grouped = ((heading, [o for o in assessment.outcomes if o.kind is kind]) for kind, heading in _HEADINGS)
    return tuple(
        TraceGroup(heading=heading, rows=tuple(_row(assessment, outcome) for outcome in outcomes))
        for heading, outcomes in grouped
        if outcomes
    )


def applied(assessment: Assessment) -> str:
    """`3 of 24 apply`."""
    count = sum(outcome.kind is OutcomeKind.APPLIES for outcome in assessment.outcomes)
    return f"{count} of {len(assessment.outcomes)} apply"


def issues(assessment: Assessment) -> tuple[Issue, ...]:
    """Each data issue once; what could not be read stands before what is only remarked on."""
    clock = clock_of(assessment)
    seen = {(gap.text, gap.source): gap for gap in assessment.gaps}.values()
    ordered = sorted(seen, key=lambda gap: (gap.kind is GapKind.NOTED, gap.kind is GapKind.ABSENT))
    return tuple(
        Issue(
            kind=gap.kind.brief,
            text=clock.local(gap.text),
            rule=gap.rule,
            source=gap.source,
            again=gap.kind in (GapKind.FAILED, GapKind.INCOMPLETE),
        )
        for gap in ordered
    )


def issue_line(assessment: Assessment) -> str:
    """`Could not be read: 2 · Missing: haematocrit`; empty if nothing is to say."""
    found = [issue.kind for issue in issues(assessment)]
    unread = sum(kind not in (GapKind.NOTED, GapKind.ABSENT) for kind in found)
    lacking = dict.fromkeys(
        words for o in assessment.outcomes if o.kind is OutcomeKind.CANNOT_TELL for words in _lacking(o)
    )
    parts = [f"Could not be read or used: {unread}"] if unread else []
    lead = "Not known" if assessment.picture.unread else "Missing"  # what was not read may well be there
    parts += [f"{lead}: " + ", ".join(lacking)] if lacking else []
    remarks = sum(kind == GapKind.NOTED for kind in found)
    return " · ".join(parts + ([f"{remarks} remark{'s' if remarks != 1 else ''} on the data"] if remarks else []))


def _lacking(outcome: Outcome) -> Iterator[str]:
    """What a rule lacks; of a result that is only too old, since when there is none."""
    whys = {value.inputs: value.why for value in outcome.facts.values() if isinstance(value, Missing)}
    for name in outcome.missing:
        _, old, window = whys.get((name,), "").partition(" of the last ")
        yield f"{input_words(name)} (none of the last {window})" if old else input_words(name)


def level_words(level: EvidenceLevel) -> str:
    """The evidence level with what it means."""
    return _LEVELS[level]


def citation_words(keys: Iterable[str]) -> tuple[str, ...]:
    """The sources in full."""
    return tuple(f"{key}: {SOURCES[key].citation}" for key in keys)


def _row(assessment: Assessment, outcome: Outcome) -> TraceRow:
    row, clock = _known_rows().get(outcome.rule), clock_of(assessment)
    return TraceRow(
        rule=outcome.rule,
        version=outcome.version,
        title=row.title if row else "",
        level=level_words(row.level) if row else "",
        says=tuple(clock.local(finding.text) for finding in assessment.findings if finding.rule == outcome.rule),
        inputs=tuple((input_words(name), clock.local(words), source) for name, words, source in outcome.inputs),
        missing=", ".join(map(input_words, outcome.missing)),
        citations=citation_words(row.citations) if row else (),
    )


def _known_rows() -> dict[str, Row]:
    return {row.id: row for rule in all_rules() for row in rule.rows}


def assessed_at(assessment: Assessment) -> str:
    """`27 Nov 2026 03:13`, in the site's time zone: a printed page is read on another day."""
    local = assessment.picture.as_of.astimezone(assessment.picture.zone)
    return f"{local.day} {local.strftime('%b %Y %H:%M')}"
