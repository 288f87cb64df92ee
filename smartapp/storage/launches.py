"""Pending launches, taken once; live launches, found by id and cookie together (SAL-23, SAL-27, SEC-01, SEC-03)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, digest
from smartapp.storage.tables import launches, pending_launches, proposals

Clock = Callable[[], float]
_GRACE_SECONDS = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A pending launch: `first` for the one callback that may redeem; else the launch it became, once that exists."""

    payload: Mapping[str, Any]
    first: bool
    launch: str = ""


class LaunchStore:
    """Launches in the database; `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def begin(self, state: str, browser: str, payload: Mapping[str, Any], minutes: float) -> None:
        """Keep a pending launch for `minutes`, bound to the browser's cookie."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute(delete(pending_launches).where(pending_launches.c.expires_at < now - _GRACE_SECONDS))
            connection.execute(
                insert(pending_launches).values(
                    state_hash=digest(state),
                    browser_hash=digest(browser),
                    payload=self._keyring.seal(payload),
                    expires_at=now + minutes * 60,
                )
            )

    def take(self, state: str, browser: str) -> Taken | None:
        """Take a pending launch: atomically first once, later only told what it became; None if unknown, expired or another's."""
        now = self._clock()
        table = pending_launches
        here = (
            (table.c.state_hash == digest(state))
            & (table.c.browser_hash == digest(browser))
            & (table.c.expires_at >= now)
        )
        with self._database.transaction() as connection:
            first = (
                connection.execute(update(table).where(here & table.c.taken_at.is_(None)).values(taken_at=now)).rowcount
                == 1
            )
            row = connection.execute(select(table).where(here)).first()
        if row is None:
            return None
        return Taken(payload=self._keyring.open(row.payload), first=first, launch=row.launch or "")

    def open(
        self, *, state: str, launch: str, cookie: str, ehr: str, payload: Mapping[str, Any], minutes: float
    ) -> None:
        """Keep a completed launch, and let its pending one tell of it."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                insert(launches).values(
                    id=launch,
                    cookie_hash=digest(cookie),
                    ehr=ehr,
                    payload=self._keyring.seal(payload),
                    created_at=now,
                    seen_at=now,
                    expires_at=now + minutes * 60,
                )
            )
            connection.execute(
                update(pending_launches).where(pending_launches.c.state_hash == digest(state)).values(launch=launch)
            )

    def find(self, launch: str, cookie: str, idle_minutes: float) -> Mapping[str, Any] | None:
        """The launch's payload if id and cookie belong together and it has not ended, idled out or expired; marks it seen."""
        now = self._clock()
        here = (
            (launches.c.id == launch)
            & (launches.c.cookie_hash == digest(cookie))
            & launches.c.ended_at.is_(None)
            & (launches.c.expires_at > now)
            & (launches.c.seen_at > now - idle_minutes * 60)
        )
        with self._database.transaction() as connection:
            row = connection.execute(select(launches).where(here)).first()
            if row is None:
                return None
            connection.execute(update(launches).where(launches.c.id == launch).values(seen_at=now))
        bedside = self._keyring.open(row.bedside) if row.bedside else {}
        return {**self._keyring.open(row.payload), "bedside": bedside}

    def replace(self, launch: str, payload: Mapping[str, Any]) -> None:
        """Keep refreshed tokens."""
        with self._database.transaction() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch).values(payload=self._keyring.seal(payload))
            )

    def add_bedside(self, launch: str, bedside: Mapping[str, Any]) -> None:
        """Keep what the clinician added by hand; it ends with the launch."""
        with self._database.transaction() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch).values(bedside=self._keyring.seal(bedside))
            )

    def end(self, launch: str) -> None:
        """End a launch: its tokens and what was added by hand are gone."""
        with self._database.transaction() as connection:
            connection.execute(
                update(launches)
                .where(launches.c.id == launch)
                .values(ended_at=self._clock(), payload=self._keyring.seal({}), bedside=None)
            )

    def purge(self, older_than_days: float) -> int:
        """Delete launches that ended or expired that long ago and have no proposals; how many."""
        before = self._clock() - older_than_days * 86400
        with self._database.transaction() as connection:
            kept = select(proposals.c.launch)
            gone = connection.execute(
                delete(launches).where((launches.c.expires_at < before) & launches.c.id.not_in(kept))
            )
            connection.execute(delete(pending_launches).where(pending_launches.c.expires_at < before))
        return gone.rowcount
