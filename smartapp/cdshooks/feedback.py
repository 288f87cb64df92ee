"""Feedback as a client sends it: entry by entry, so that a bad one does not lose the good ones (CDS-60, CDS-61)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from smartapp.cdshooks.strict_json import JsonRefused, members, value_of

_LONGEST_CODE = 200
_LONGEST_ID = 200


class FeedbackOutcome(StrEnum):
    """What the user did with a card."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEntry:
    """One event: which card, what was done with it, when, and why. `comment` is untrusted text, shortened (CDS-62)."""

    card: str
    outcome: FeedbackOutcome
    at: datetime
    suggestions: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call brought: the entries that can be read, and how many cannot."""

    entries: tuple[FeedbackEntry, ...]
    refused: int


def parse_feedback(raw: bytes) -> Batch:
    """The entries of a call; `Refused` with 400 if there is none that can be read."""
    top = members(raw, "the request")
    listed = value_of(top["feedback"], "feedback") if "feedback" in top else None
    if not isinstance(listed, list) or not listed:
        raise JsonRefused(400, "feedback is missing or not an array of entries", "required")
    entries, problems = [], []
    for given in listed:
        try:
            entries.append(_entry(given))
        except _UnreadableEntry as problem:
            problems.append(str(problem))
    if not entries:
        raise JsonRefused(400, f"no entry of feedback can be read: {problems[0]}")
    return Batch(tuple(entries), len(problems))


class _UnreadableEntry(Exception):
    """An entry that cannot be kept; the message names the member."""


def _entry(given: Any) -> FeedbackEntry:
    if not isinstance(given, dict):
        raise _UnreadableEntry("an entry is not an object")
    outcome, suggestions = _outcome(given.get("outcome")), _suggestions(given.get("acceptedSuggestions"))
    if outcome is FeedbackOutcome.ACCEPTED and not suggestions:
        raise _UnreadableEntry("acceptedSuggestions is missing")
    why = given.get("overrideReason") or {}
    if not isinstance(why, dict):
        raise _UnreadableEntry("overrideReason is not an object")
    system, code = _coding(why)
    return FeedbackEntry(
        card=_card(given.get("card")),
        outcome=outcome,
        at=_time(given.get("outcomeTimestamp")),
        suggestions=suggestions,
        reason_system=system,
        reason_code=code,
        comment=_shortened(why.get("userComment", given.get("userComment"))),
    )


def _card(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isprintable():
        raise _UnreadableEntry("card is missing or not a string")
    return value


def _outcome(value: Any) -> FeedbackOutcome:
    if not isinstance(value, str) or value not in tuple(FeedbackOutcome):
        raise _UnreadableEntry("outcome is neither accepted nor overridden")
    return FeedbackOutcome(value)


def _time(value: Any) -> datetime:
    """RFC 3339 with its offset, in UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _UnreadableEntry("outcomeTimestamp is missing or not a time with its offset")


def _suggestions(value: Any) -> tuple[str, ...]:
    """The ids of the accepted suggestions; none where the member is absent."""
    listed = value if isinstance(value, list) else [] if value is None else [None]
    ids = [one.get("id") for one in listed if isinstance(one, dict)]
    kept = tuple(id_ for id_ in ids if isinstance(id_, str) and 0 < len(id_) <= _LONGEST_ID)
    if len(kept) != len(listed):
        raise _UnreadableEntry("acceptedSuggestions is not an array of ids")
    return kept


def _coding(why: Mapping[str, Any]) -> tuple[str, str]:
    """Clients send code and system, often without display; any code of any system is taken."""
    reason = why.get("reason")
    coding = reason if isinstance(reason, dict) else {}
    system, code = coding.get("system"), coding.get("code")
    return _word(system), _word(code)


def _word(value: Any) -> str:
    return value[:_LONGEST_CODE] if isinstance(value, str) else ""


def _shortened(comment: Any) -> str:
    return comment.strip() if isinstance(comment, str) else ""


def batch_json(recorded: int, refused: int) -> Mapping[str, int]:
    """The answer: how many events are on record, and how many entries could not be read."""
    return {"recorded": recorded, "refused": refused}
