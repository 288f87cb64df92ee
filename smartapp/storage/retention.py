"""How long each kind of record is kept, and its deletion: all at once by `db purge`, a little at a time in normal running (SEC-36)."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, or_, select, update

from smartapp.storage import audit_chain
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.session_store import Ending
from smartapp.storage.tables import (
    audit,
    audit_chains,
    caller_tokens,
    feedback,
    launches,
    looks,
    manual_entries,
    pending_launches,
    proposals,
    receipts,
    shown_cards,
    signing_keys,
    watch_changes,
    watch_requests,
    watched_patients,
    write_locks,
)

_DAY = 86400.0
_LEAST_SECONDS = 60.0
_AT_ONCE = 500  # rows a transaction: nobody waits long for it
_UNDECIDED = ("proposed", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Days; `idle_minutes` is how long a launch lives unseen."""

    launch_days: float = 30.0
    look_days: float = 90.0
    feedback_days: float = 730.0
    decision_days: float = 3650.0
    audit_days: float = 3650.0
    idle_minutes: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionKind:
    """Rows of a table that are past their time; `often`: also deleted in normal running."""

    words: str
    table: Table
    past: ColumnElement[bool]
    often: bool = False

    @property
    def key(self) -> Column[Any]:
        """The primary key's column."""
        return next(iter(self.table.primary_key.columns))

    def some(self) -> Any:
        """The statement that deletes a bounded number of them."""
        chosen = select(self.key).where(self.past).limit(_AT_ONCE).with_for_update(skip_locked=True)
        return delete(self.table).where(self.key.in_(chosen))


def kinds(now: float, periods: Periods) -> list[RetentionKind]:
    """What is past its time now, in an order in which it can be deleted."""

    def ago(days: float) -> float:
        return now - days * _DAY

    decided = proposals.c.id.in_(select(receipts.c.proposal))
    unsent = proposals.c.state.in_(_UNDECIDED) & (proposals.c.changed_at < ago(periods.launch_days)) & ~decided
    over = or_(launches.c.expires_at < ago(periods.launch_days), launches.c.ended_at < ago(periods.launch_days))
    unused = launches.c.id.not_in(select(proposals.c.launch))
    return [
        RetentionKind(
            words="pending launches", table=pending_launches, past=pending_launches.c.expires_at < now, often=True
        ),
        RetentionKind(words="callers' tokens", table=caller_tokens, past=caller_tokens.c.kept_until < now, often=True),
        RetentionKind(
            words="entries by hand", table=manual_entries, past=manual_entries.c.kept_until < now, often=True
        ),
        RetentionKind(words="write locks", table=write_locks, past=write_locks.c.taken_at < ago(1), often=True),
        RetentionKind(
            words="retired signing keys", table=signing_keys, past=signing_keys.c.retired_at < ago(1), often=True
        ),
        RetentionKind(
            words="watched patients", table=watched_patients, past=watched_patients.c.until < now, often=True
        ),
        RetentionKind(
            words="changes on the watch", table=watch_changes, past=watch_changes.c.at < ago(periods.look_days)
        ),
        RetentionKind(
            words="days of requests", table=watch_requests, past=watch_requests.c.at < ago(periods.look_days)
        ),
        RetentionKind(words="undecided proposals", table=proposals, past=unsent, often=True),
        RetentionKind(words="proposals", table=proposals, past=proposals.c.changed_at < ago(periods.decision_days)),
        RetentionKind(words="decision receipts", table=receipts, past=receipts.c.at < ago(periods.decision_days)),
        RetentionKind(words="launches", table=launches, past=over & unused, often=True),
        RetentionKind(words="last looks", table=looks, past=looks.c.seen_at < ago(periods.look_days)),
        RetentionKind(words="shown cards", table=shown_cards, past=shown_cards.c.at < ago(periods.feedback_days)),
        RetentionKind(words="feedback", table=feedback, past=feedback.c.received_at < ago(periods.feedback_days)),
    ]


def now_and_then(act: Callable[[], None], clock: Callable[[], float]) -> Callable[[], None]:
    """`act`, but at most once a minute."""
    guard, done_at = threading.Lock(), float("-inf")

    def called() -> None:
        nonlocal done_at
        with guard:
            if clock() - done_at < _LEAST_SECONDS:
                return
            done_at = clock()
        act()

    return called


class RetentionPurge:
    """Deletion by age; `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float], periods: Periods) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._periods = periods

    def count(self) -> int:
        """How many rows are past their time."""
        now = self._clock()
        old = audit.c.at < now - self._periods.audit_days * _DAY
        with self._database.engine.connect() as connection:
            kept = [(kind.table, kind.past) for kind in kinds(now, self._periods)]
            counts = [select(func.count()).select_from(table).where(past) for table, past in (*kept, (audit, old))]
            return sum(int(connection.execute(counted).scalar_one()) for counted in counts)

    def purge(self, passed: Callable[[int], None]) -> Iterator[tuple[str, int]]:
        """Delete all of it, in small transactions; the words and the number of each kind."""
        while self._closed_some():
            pass
        for kind in kinds(self._clock(), self._periods):
            yield kind.words, sum(self._batches(kind, passed))
        yield "audit records", sum(self._audit_batches(passed))

    def tidy(self) -> None:
        """Close launches that are over, and delete a bounded number of what does not last."""
        now = self._clock()
        with self._database.transaction() as connection:
            self._close(connection, now)
            for kind in kinds(now, self._periods):
                if kind.often:
                    connection.execute(kind.some())

    def _closed_some(self) -> int:
        with self._database.transaction() as connection:
            return self._close(connection, self._clock())

    def _close(self, connection: Connection, now: float) -> int:
        """Launches that expired or idled out lose their tokens, and a day later what was added by hand."""
        expired = launches.c.expires_at < now
        idle = launches.c.seen_at < now - self._periods.idle_minutes * 60
        closed = 0
        for past, why in ((expired, Ending.TIME_OVER), (idle, Ending.IDLE)):
            chosen = _unlocked(launches.c.ended_at.is_(None) & past)
            ended = {"ended_at": now, "ended_why": why, "payload": self._keyring.seal({})}
            still = launches.c.id.in_(chosen) & launches.c.ended_at.is_(None) & past
            closed += connection.execute(update(launches).where(still).values(**ended)).rowcount
        long_over = launches.c.bedside.is_not(None) & (launches.c.ended_at < now - _DAY)
        connection.execute(update(launches).where(launches.c.id.in_(_unlocked(long_over))).values(bedside=None))
        return closed

    def _some(self, kind: RetentionKind) -> int:
        with self._database.transaction() as connection:
            return connection.execute(kind.some()).rowcount

    def _batches(self, kind: RetentionKind, passed: Callable[[int], None]) -> Iterator[int]:
        while deleted := self._some(kind):
            passed(deleted)
            yield deleted

    def _audit_batches(self, passed: Callable[[int], None]) -> Iterator[int]:
        """Each chain from its beginning, as far as all records are old; its entry says what is gone, and still seals the rest."""
        before = self._clock() - self._periods.audit_days * _DAY
        with self._database.engine.connect() as connection:
            names = connection.execute(select(audit_chains.c.chain).order_by(audit_chains.c.begun_at)).scalars().all()
        for chain in names:
            while deleted := self._forgotten(chain, before):
                passed(deleted)
                yield deleted

    def _forgotten(self, chain: str, before: float) -> int:
        first = select(audit).where(audit.c.chain == chain).order_by(audit.c.number).limit(_AT_ONCE)
        with self._database.transaction() as connection:
            last = None
            for row in connection.execute(first).all():
                if row.at >= before:
                    break
                last = row
            if last is None:
                return 0
            audit_chain.forget(connection, self._keyring, (chain, last.number, last.hash))
            old = (audit.c.chain == chain) & (audit.c.number <= last.number)
            return connection.execute(delete(audit).where(old)).rowcount


def _unlocked(past: ColumnElement[bool]) -> Any:
    """Some such launches that no other process is at."""
    return select(launches.c.id).where(past).limit(_AT_ONCE).with_for_update(skip_locked=True)
