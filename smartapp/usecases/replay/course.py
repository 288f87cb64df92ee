"""A patient's course: every record in the order in which it became known, and the window in which it is looked at."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from smartapp.fhir.chart import Answer, AnswerState, Chart
from smartapp.fhir.course_records import BrokenRecord, Known, KnownBy, read_known, read_owner

AFTER_LAST_RECORD = timedelta(hours=24)
"""How long a course goes on after its last record: then nobody is known to be looking."""
LATE = timedelta(days=30)
"""A record that became known so long after it happened was more likely loaded than learned then."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: when it became known (None: from the beginning), what it is, its bytes, and its own address in a Bundle."""

    known: datetime | None
    kind: str
    raw: bytes
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One patient's records, first known first; `base` and `aliases` are other addresses by which they name the patient.

    `beside` are answers that were not given in full, such as a type of record that the export does not hold; `notes` counts what the
    export says little of.
    """

    patient: str
    entries: tuple[Entry, ...]
    aliases: frozenset[str] = frozenset()
    base: str = ""
    beside: tuple[Answer, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def moments(self) -> list[datetime]:
        """When something became known, each once."""
        return sorted({entry.known for entry in self.entries if entry.known is not None})

    def known_at(self, at: datetime) -> Sequence[Entry]:
        """The records known at a moment."""
        return self.entries[: bisect_right(self.entries, (1, at.timestamp()), key=_place)]

    def chart_of(self, entries: Iterable[Entry]) -> Chart:
        """These records as a chart: complete, but for what stands beside."""
        known = tuple(entries)
        addresses = tuple(entry.address for entry in known) if any(entry.address for entry in known) else ()
        answer = Answer(
            query="export",
            state=AnswerState.COMPLETE,
            resources=tuple(entry.raw for entry in known),
            full_urls=addresses,
        )
        return Chart(patient=self.patient, base=self.base, aliases=self.aliases).with_answers(answer, *self.beside)


def build_course(
    patient: str,
    records: Iterable[bytes],
    *,
    lag: timedelta,
    zone: tzinfo,
    aliases: Iterable[str] = (),
    base: str = "",
    beside: Iterable[Answer] = (),
    addresses: Mapping[bytes, str] | None = None,
) -> Course:
    """The course of a patient from records in any order; of records that are the same to the byte one counts."""
    entries, notes = [], Counter[str]()
    for raw in set(records):
        kind = _kind(raw)
        known = read_known(raw, kind, lag, zone)
        entries.append(Entry(known.at, kind, raw, (addresses or {}).get(raw, "")))
        notes.update(_notes(kind, known))
    entries.sort(key=lambda entry: (*_place(entry), entry.kind, entry.raw))
    return Course(
        patient=patient,
        entries=tuple(entries),
        aliases=frozenset(aliases),
        base=base,
        beside=tuple(beside),
        notes=dict(sorted(notes.items())),
    )


def _kind(raw: bytes) -> str:
    try:
        return read_owner(raw).type
    except BrokenRecord:
        return ""


def _place(entry: Entry) -> tuple[int, float]:
    return (0, 0.0) if entry.known is None else (1, entry.known.timestamp())


def _notes(kind: str, known: Known) -> list[str]:
    """What the export tells little of, by name."""
    told = ["records", f"known by {known.by}"]
    if known.by is KnownBy.LAST_UPDATED and known.happened and known.at and known.at - known.happened > LATE:
        told.append("loaded late")
    if kind == "Condition" and known.ended and known.at and known.at >= known.ended:
        told.append("known only when over")
    return told
