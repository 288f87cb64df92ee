"""The watch: who is on it, when to look at whom next and why; times in, times out, no I/O (interfaces.md section 8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

_OFTEN, _RARE = 24, timedelta(hours=2)  # looks in a monitoring interval; at least one in so long
_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=1)


class Roster(StrEnum):
    """Who put a patient on the watch."""

    SEEN = "seen"  # a launch or a hook that found an infusion
    GROUP = "group"
    LIST = "list"
    FILE = "file"


class Why(StrEnum):
    """Why a look is due."""

    ENTERED = "entered"  # on the roster, never read
    PROBE = "probe"  # is there a newer fibrinogen?
    DUE = "due"  # a limit in time: MON-01, MON-06, RCK-01
    NEWS = "news"  # a probe found something
    NOTIFIED = "notified"  # the EHR hinted at a change
    FAILED = "failed"  # the last look could not be made


READS_ALL = frozenset({Why.ENTERED, Why.DUE, Why.NEWS, Why.NOTIFIED})
"""Reasons for which the whole chart is read; the others ask for new results first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """When to look next, and why."""

    at: datetime
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPatient:
    """A patient on the watch as kept: `entry` is the last reading as the board shows it (empty: never read), `newest` tells the
    results of that reading apart from newer ones, `failure` says in a sentence why the last look failed (empty: it did not)."""

    ehr: str
    patient: str
    roster: Roster
    until: datetime
    due: NextLook
    entry: Mapping[str, Any] = field(default_factory=dict)
    newest: str = ""
    looked_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLimits:
    """What makes a look worth its request: when the next fibrinogen is due (MON-01, MON-06, RCK-01, DQ-21), the interval it
    follows from, and moments at which the answer changes by itself (a result becomes stale, a day begins)."""

    interval: timedelta
    due: datetime | None = None
    turns: Sequence[datetime] = ()


def next_look(now: datetime, limits: LookLimits, *, least: timedelta) -> NextLook:
    """The next look after one at `now`: a probe after a part of the interval, never sooner than `least` (`probe_minutes`); sooner
    than that only a moment at which the answer turns, which needs the chart."""
    ahead = [turn for turn in (*limits.turns, *([limits.due] if limits.due else [])) if turn > now]
    overdue = limits.due is not None and limits.due <= now
    pause = least if overdue else max(least, min(limits.interval / _OFTEN, _RARE))
    turn = min(ahead, default=None)
    if turn is not None and turn <= now + pause:
        return NextLook(at=max(turn, now + timedelta(seconds=1)), why=Why.DUE)
    return NextLook(at=now + pause, why=Why.PROBE)


def retry(now: datetime, failures: int, *, least: timedelta) -> NextLook:
    """After so many failures in a row: twice as long each time, at most an hour."""
    pause = min(_RETRY * 2 ** min(failures, 8), _LONGEST_RETRY)
    return NextLook(at=now + max(pause, least), why=Why.FAILED)


class WatchList(Protocol):
    """Where watched patients are kept; several watchers share it, a patient is looked at by one at a time."""

    def enter(self, patients: Iterable[WatchedPatient]) -> int:
        """Put patients on the watch, or prolong their stay; how many were not there before."""

    def claim(self, holder: str, *, ehrs: Iterable[str], most: int, seconds: float) -> Sequence[WatchedPatient]:
        """Lease up to `most` patients whose look is due, the most urgent first, for so long; nobody else gets them."""

    def keep(self, holder: str, patient: WatchedPatient, change: Mapping[str, Any] | None = None) -> bool:
        """What a look found, and the change it made, together; the lease ends. False where it had passed to another."""

    def refresh(self, patient: WatchedPatient, change: Mapping[str, Any] | None = None) -> None:
        """What a launch or a hook found: like a look, without a lease."""

    def hint(self, ehr: str, patient: str) -> bool:
        """A notification: look now. False where the patient is not on the watch."""

    def of_ehr(self, ehr: str) -> Sequence[WatchedPatient]:
        """All that are watched there."""

    def spend(self, ehr: str, requests: int, most: int) -> bool:
        """Count requests of today; False, and nothing counted, where the budget would be passed."""

    def spent(self, ehr: str) -> int:
        """Requests of today."""
