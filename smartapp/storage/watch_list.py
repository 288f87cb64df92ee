"""Watched patients as leased rows: each looked at by one watcher at a time, at least once (interfaces.md section 8).

On SQLite the transaction that leases takes the write lock at once; on PostgreSQL rows that another watcher is leasing are skipped.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, digest
from smartapp.storage.tables import watch_changes, watch_requests, watched_patients
from smartapp.usecases.watch import NextLook, Roster, WatchedPatient, Why

_ROWS = watched_patients.c


class WatchListStore:
    """A `WatchList`; `clock` gives epoch seconds of real time."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def enter(self, patients: Iterable[WatchedPatient]) -> int:
        """Put patients on the watch; one that is there already stays as it is, for longer where this says so."""
        new = 0
        for patient in patients:
            try:
                with self._database.transaction() as connection:
                    if not self._prolonged(connection, patient):
                        connection.execute(
                            insert(watched_patients).values(**self._row(patient), entered_at=self._clock())
                        )
                        new += 1
            except IntegrityError:
                continue  # another watcher was faster
        return new

    def claim(self, holder: str, *, ehrs: Iterable[str], most: int, seconds: float) -> Sequence[WatchedPatient]:
        """Lease what is due, the longest overdue first."""
        now = self._clock()
        free = or_(_ROWS.lease_until.is_(None), _ROWS.lease_until < now)
        due = free & (_ROWS.due_at <= now) & (_ROWS.until > now) & _ROWS.ehr.in_(list(ehrs))
        chosen = select(_ROWS.id).where(due).order_by(_ROWS.due_at, _ROWS.id).limit(most)
        with self._database.transaction() as connection:
            ids = connection.execute(chosen.with_for_update(skip_locked=True)).scalars().all()
            leased = update(watched_patients).where(_ROWS.id.in_(ids))
            leased = leased.values(lease_holder=holder, lease_until=now + seconds)
            rows = connection.execute(leased.returning(*watched_patients.columns)).all()
        return sorted((self._patient(row) for row in rows), key=lambda patient: patient.due.at)

    def keep(self, holder: str, patient: WatchedPatient, change: Mapping[str, Any] | None = None) -> bool:
        """What a look found; nothing is kept of one whose lease had run out and been taken."""
        own = (_ROWS.id == _id(patient.ehr, patient.patient)) & (_ROWS.lease_holder == holder)
        values = {**self._row(patient), "lease_holder": None, "lease_until": None}
        with self._database.transaction() as connection:
            kept = connection.execute(update(watched_patients).where(own).values(**values)).rowcount == 1
            if kept and change is not None:
                self._changed(connection, patient, change)
        return kept

    def refresh(self, patient: WatchedPatient, change: Mapping[str, Any] | None = None) -> None:
        """What a launch or a hook found, later than what stands there; a watcher that is looking keeps its own a moment later."""
        with self._database.transaction() as connection:
            values = self._row(patient)
            values.pop("roster")
            done = connection.execute(
                update(watched_patients).where(_ROWS.id == _id(patient.ehr, patient.patient)).values(**values)
            ).rowcount
            if done and change is not None:
                self._changed(connection, patient, change)

    def hint(self, ehr: str, patient: str) -> bool:
        """Due now, if it is not already."""
        now = self._clock()
        here = (_ROWS.id == _id(ehr, patient)) & (_ROWS.until > now)
        with self._database.transaction() as connection:
            found = connection.execute(select(_ROWS.due_at).where(here)).first()
            if found is not None and found.due_at > now:
                later = update(watched_patients).where(here & (_ROWS.due_at > now))
                connection.execute(later.values(due_at=now, due_why=str(Why.NOTIFIED)))
        return found is not None

    def of_ehr(self, ehr: str) -> Sequence[WatchedPatient]:
        """All whose window has not ended."""
        here = (_ROWS.ehr == ehr) & (_ROWS.until > self._clock())
        with self._database.engine.connect() as connection:
            rows = connection.execute(select(watched_patients).where(here).order_by(_ROWS.entered_at, _ROWS.id)).all()
        return [self._patient(row) for row in rows]

    def changes(self, ehr: str, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Changes of state since a moment, oldest first: `patient`, `at`, and what was kept of the change."""
        rows = watch_changes.c
        here = (rows.ehr == ehr) & (rows.at > since.timestamp())
        with self._database.engine.connect() as connection:
            found = connection.execute(select(watch_changes).where(here).order_by(rows.at, rows.id)).all()
        return [{"at": _moment(row.at), **self._keyring.open(row.payload)} for row in found]

    def spend(self, ehr: str, requests: int, most: int) -> bool:
        """Count requests of today (UTC) in the row that all watchers share."""
        here = watch_requests.c.id == self._today(ehr)
        within = update(watch_requests).where(here & (watch_requests.c.requests + requests <= most))
        with self._database.transaction() as connection:
            if connection.execute(within.values(requests=watch_requests.c.requests + requests)).rowcount:
                return True
            if connection.execute(select(watch_requests.c.requests).where(here)).first() is not None or requests > most:
                return False
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    insert(watch_requests).values(id=self._today(ehr), at=self._clock(), requests=requests)
                )
        except IntegrityError:
            return self.spend(ehr, requests, most)  # another watcher made the day's row
        return True

    def spent(self, ehr: str) -> int:
        """Requests of today (UTC)."""
        here = watch_requests.c.id == self._today(ehr)
        with self._database.engine.connect() as connection:
            return int(connection.execute(select(watch_requests.c.requests).where(here)).scalar() or 0)

    def _today(self, ehr: str) -> str:
        return f"{ehr} {datetime.fromtimestamp(self._clock(), UTC).date().isoformat()}"

    def _prolonged(self, connection: Connection, patient: WatchedPatient) -> bool:
        """Whether the patient is there; one whose window had ended is due at once."""
        found = connection.execute(select(_ROWS.until).where(_ROWS.id == _id(patient.ehr, patient.patient))).first()
        if found is None:
            return False
        values: dict[str, Any] = {"until": max(found.until, patient.until.timestamp())}
        if found.until <= self._clock():
            values |= {"due_at": patient.due.at.timestamp(), "due_why": str(patient.due.why)}
        connection.execute(
            update(watched_patients).where(_ROWS.id == _id(patient.ehr, patient.patient)).values(**values)
        )
        return True

    def _changed(self, connection: Connection, patient: WatchedPatient, change: Mapping[str, Any]) -> None:
        payload = self._keyring.seal({"patient": patient.patient, **change})
        row = {"id": secrets.token_hex(16), "ehr": patient.ehr, "at": self._clock(), "payload": payload}
        connection.execute(insert(watch_changes).values(**row))

    def _row(self, patient: WatchedPatient) -> dict[str, Any]:
        payload = {
            "patient": patient.patient,
            "entry": dict(patient.entry),
            "newest": patient.newest,
            "failure": patient.failure,
            "failures": patient.failures,
        }
        return {
            "id": _id(patient.ehr, patient.patient),
            "ehr": patient.ehr,
            "roster": str(patient.roster),
            "until": patient.until.timestamp(),
            "due_at": patient.due.at.timestamp(),
            "due_why": str(patient.due.why),
            "looked_at": patient.looked_at.timestamp() if patient.looked_at else None,
            "failed_at": patient.failed_at.timestamp() if patient.failed_at else None,
            "payload": self._keyring.seal(payload),
        }

    def _patient(self, row: Row[Any]) -> WatchedPatient:
        return WatchedPatient(
            ehr=row.ehr,
            roster=Roster(row.roster),
            until=_moment(row.until),
            due=NextLook(at=_moment(row.due_at), why=Why(row.due_why)),
            looked_at=_moment(row.looked_at) if row.looked_at else None,
            failed_at=_moment(row.failed_at) if row.failed_at else None,
            **self._keyring.open(row.payload),
        )


def _id(ehr: str, patient: str) -> str:
    return digest(f"{ehr}\n{patient}")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
