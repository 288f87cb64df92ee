"""Pending launches, taken once; live launches, found by id and cookie together (SAL-23, SAL-27, SEC-01, SEC-03)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, insert, select, true, update

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, digest
from smartapp.storage.tables import launches, pending_launches

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A pending launch: `first` for the one callback that may redeem; else the launch it became, once that exists."""

    payload: Mapping[str, Any]
    first: bool
    launch: str = ""


class Ending(StrEnum):
    """Why a launch is no longer live."""

    SIGNED_OUT = "signed out"
    IDLE = "idle"
    TIME_OVER = "time over"
    CROWDED_OUT = "crowded out"
    REFUSED = "refused"  # by the EHR, at a refresh
    OTHER_PATIENT = "other patient"  # named by the EHR, at a refresh
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A launch that has not ended: its payload, and whether a process is refreshing its tokens."""

    payload: Mapping[str, Any]
    refreshing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumableEntry:
    """What a launch that timed out left: when it was last used (epoch seconds), and what was added by hand."""

    launch: str
    seen_at: float
    bedside: Mapping[str, Any]


class LaunchStore:
    """Launches in the database; `clock` gives epoch seconds, `tidy` is called whenever one begins."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, tidy: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._tidy = tidy

    def begin(self, state: str, browser: str, payload: Mapping[str, Any], minutes: float) -> None:
        """Keep a pending launch for `minutes`, bound to the browser's cookie."""
        self._tidy()
        now = self._clock()
        with self._database.transaction() as connection:
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
        self,
        *,
        state: str,
        launch: str,
        cookie: str,
        ehr: str,
        payload: Mapping[str, Any],
        minutes: float,
        who: str = "",
    ) -> None:
        """Keep a completed launch, and let its pending one tell of it; `who` is the same for the same user and patient."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                insert(launches).values(
                    id=launch,
                    cookie_hash=digest(cookie),
                    ehr=ehr,
                    who=digest(who) if who else None,
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
        here = (launches.c.id == launch) & (launches.c.cookie_hash == digest(cookie)) & _live(now, idle_minutes)
        with self._database.transaction() as connection:
            row = connection.execute(select(launches).where(here)).first()
            if row is None:
                return None
            connection.execute(update(launches).where(launches.c.id == launch).values(seen_at=now))
        bedside = self._keyring.open(row.bedside) if row.bedside else {}
        return {**self._keyring.open(row.payload), "bedside": bedside}

    def kept(self, launch: str) -> Kept | None:
        """A launch that has not ended, as it stands now."""
        here = (launches.c.id == launch) & launches.c.ended_at.is_(None)
        with self._database.engine.connect() as connection:
            row = connection.execute(select(launches).where(here)).first()
        if row is None:
            return None
        held = row.refresh_until is not None and row.refresh_until >= self._clock()
        return Kept(payload=self._keyring.open(row.payload), refreshing=held)

    def hold(self, launch: str, holder: str, seconds: float) -> bool:
        """The right to refresh a launch's tokens, for one process; a dead holder's falls after `seconds` (SAL-80)."""
        now = self._clock()
        free = launches.c.refresh_until.is_(None) | (launches.c.refresh_until < now)
        here = (launches.c.id == launch) & launches.c.ended_at.is_(None) & free
        values = {"refresh_holder": holder, "refresh_until": now + seconds}
        with self._database.transaction() as connection:
            return connection.execute(update(launches).where(here).values(**values)).rowcount == 1

    def release(self, launch: str, holder: str) -> None:
        """Give the right back, if it is still this holder's."""
        own = (launches.c.id == launch) & (launches.c.refresh_holder == holder)
        with self._database.transaction() as connection:
            connection.execute(update(launches).where(own).values(refresh_holder=None, refresh_until=None))

    def replace(self, launch: str, payload: Mapping[str, Any]) -> bool:
        """Keep refreshed tokens; False if the launch ended meanwhile: an ended launch has no tokens."""
        here = (launches.c.id == launch) & launches.c.ended_at.is_(None)
        with self._database.transaction() as connection:
            kept = connection.execute(update(launches).where(here).values(payload=self._keyring.seal(payload)))
        return kept.rowcount == 1

    def add_bedside(self, launch: str, bedside: Mapping[str, Any]) -> None:
        """Keep what the clinician added by hand; it ends with the launch."""
        with self._database.transaction() as connection:
            connection.execute(
                update(launches).where(launches.c.id == launch).values(bedside=self._keyring.seal(bedside))
            )

    def end(self, launch: str, why: str = Ending.SIGNED_OUT) -> None:
        """End a launch: its tokens and what was added by hand are gone."""
        self._end(launches.c.id == launch, why)

    def end_all(self, ehr: str = "") -> int:
        """An administrator ends the launches of an EHR, or of all; how many had not ended (SEC-03)."""
        return self._end(launches.c.ehr == ehr if ehr else true(), Ending.ADMINISTRATOR)

    def make_room(self, cookies: Mapping[str, str], idle_minutes: float, most: int) -> frozenset[str]:
        """End the oldest live launches of a browser's `cookies` beyond `most`; those that live on."""
        here = launches.c.id.in_(list(cookies)) & _live(self._clock(), idle_minutes)
        with self._database.engine.connect() as connection:
            rows = connection.execute(select(launches).where(here).order_by(launches.c.created_at)).all()
        own = [row.id for row in rows if row.cookie_hash == digest(cookies[row.id])]
        surplus = own[: max(0, len(own) - most)]
        if surplus:
            self._end(launches.c.id.in_(surplus), Ending.CROWDED_OUT)
        return frozenset(own) - frozenset(surplus)

    def ending(self, launch: str, idle_minutes: float) -> str:
        """Why a launch is no longer live; empty for one that is, or that is not known."""
        now = self._clock()
        with self._database.engine.connect() as connection:
            row = connection.execute(select(launches).where(launches.c.id == launch)).first()
        if row is None:
            return ""
        if row.ended_at is not None:
            return str(row.ended_why or Ending.SIGNED_OUT)
        if row.expires_at <= now:
            return Ending.TIME_OVER
        return Ending.IDLE if row.seen_at <= now - idle_minutes * 60 else ""

    def left(self, who: str, idle_minutes: float, minutes: float) -> ResumableEntry | None:
        """The last launch of this user and patient that timed out, if it was used in the last `minutes`; nobody's is nobody's."""
        now = self._clock()
        over = (launches.c.seen_at <= now - idle_minutes * 60) | (launches.c.expires_at <= now)
        timed_out = (launches.c.ended_at.is_(None) & over) | launches.c.ended_why.in_((Ending.IDLE, Ending.TIME_OVER))
        recent = (launches.c.who == digest(who)) & timed_out & (launches.c.seen_at > now - minutes * 60)
        with self._database.engine.connect() as connection:
            row = connection.execute(select(launches).where(recent).order_by(launches.c.seen_at.desc())).first()
        if row is None or not who:
            return None
        return ResumableEntry(
            launch=row.id, seen_at=row.seen_at, bedside=self._keyring.open(row.bedside) if row.bedside else {}
        )

    def _end(self, which: ColumnElement[bool], why: str) -> int:
        ended = {"ended_at": self._clock(), "ended_why": why, "payload": self._keyring.seal({}), "bedside": None}
        with self._database.transaction() as connection:
            here = which & launches.c.ended_at.is_(None)
            return connection.execute(update(launches).where(here).values(**ended)).rowcount


def _live(now: float, idle_minutes: float) -> ColumnElement[bool]:
    """Neither ended, nor over, nor idle."""
    seen = launches.c.seen_at > now - idle_minutes * 60
    return launches.c.ended_at.is_(None) & (launches.c.expires_at > now) & seen
