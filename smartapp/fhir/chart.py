"""The answers to our queries about one patient, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class AnswerState(StrEnum):
    """How far a query was answered (FHIR-29): different states, never folded into one."""

    COMPLETE = "complete"  # all pages read; no resources means none exist
    INCOMPLETE = "incomplete"  # a page, a cap, a time limit: what is here is real, more may exist
    FAILED = "failed"  # error, time-out, unreadable reply
    NOT_PERMITTED = "not permitted"  # scope not granted, or 403
    AWAITED = "awaited"  # asked, and the answer has not come yet
    GONE = "not there"  # the EHR does not have the record that was asked for by its id (404, 410)
    NOT_OFFERED = (
        "not offered"  # the EHR has no such records, or the caller did not send them and there is nobody to ask
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One query's answer: raw JSON of each resource (Bundle entries of search.mode outcome left out), state and why.

    `notices` are sentences about it (filters the server dropped, entries refused, foreign-patient resources left out); `next_url`
    is where its next page lies, if someone else was given the first. `only_older_missing`: the search's own `self` link says that it is
    sorted by date, newest first, what was read is so, and only later pages are missing (DQ-17); `self_url` is that link, where someone else
    was given the first page. `full_urls`: the entries' own addresses in the order of `resources`, empty where they are not known (DQ-29)."""

    query: str
    state: AnswerState
    resources: tuple[bytes, ...] = ()
    reason: str = ""
    notices: tuple[str, ...] = ()
    next_url: str = ""
    only_older_missing: bool = False
    self_url: str = ""
    full_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is known of one patient's record: `patient` is the bare id, `base` the FHIR base URL ("" for a file), `aliases`
    the addresses under which a Bundle's own entry of the patient may be referred to (its fullUrl), `ambiguous` the resources
    (`Type/id`) that name a member twice and are not to be believed (CDS-73).

    A query without an answer was not asked.
    """

    patient: str
    base: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    ambiguous: frozenset[str] = frozenset()

    @classmethod
    def empty(cls, patient: str, base: str = "") -> "Chart":
        """Nothing asked yet."""
        return cls(patient=patient, base=base)

    def with_answers(self, *answers: Answer) -> "Chart":
        """A chart with these answers added or replaced."""
        return replace(self, answers={**self.answers, **{answer.query: answer for answer in answers}})

    def has(self, query: str) -> bool:
        """Whether the query was answered, in whatever state."""
        return query in self.answers
