"""What was entered by hand for a patient: one encrypted row an entry, newest wins, for every launch and hook (interfaces.md section 4)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, digest
from smartapp.storage.tables import manual_entries


class EntryStore:
    """Entries by the EHR whose records they are about (`Subject.records`) and patient; `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def of(self, records: str, patient: str) -> Sequence[Mapping[str, Any]]:
        """What stands for the patient, oldest first; whether it still counts is for the rules to say."""
        chosen = select(manual_entries.c.payload).where(
            (manual_entries.c.who == _who(records, patient)) & (manual_entries.c.kept_until > self._clock())
        )
        with self._database.engine.connect() as connection:
            rows = connection.execute(chosen.order_by(manual_entries.c.at, manual_entries.c.entry)).scalars().all()
        return [self._keyring.open(row) for row in rows]

    def put(self, records: str, patient: str, name: str, payload: Mapping[str, Any], *, seconds: float) -> None:
        """Store one entry in the place of an earlier one of that name; it is deleted after `seconds`."""
        now, entry = self._clock(), _entry(records, patient, name)
        values = {"payload": self._keyring.seal(payload), "at": now, "kept_until": now + seconds}
        known = update(manual_entries).where(manual_entries.c.entry == entry).values(**values)
        try:
            with self._database.transaction() as connection:
                if connection.execute(known).rowcount == 0:
                    connection.execute(insert(manual_entries).values(entry=entry, who=_who(records, patient), **values))
        except IntegrityError:  # another process entered the same one in between
            with self._database.transaction() as connection:
                connection.execute(known)

    def remove(self, records: str, patient: str, name: str) -> None:
        """Taken back, by whoever sees it."""
        with self._database.transaction() as connection:
            connection.execute(delete(manual_entries).where(manual_entries.c.entry == _entry(records, patient, name)))


def _who(records: str, patient: str) -> str:
    return digest("\n".join((records, patient)))


def _entry(records: str, patient: str, name: str) -> str:
    return digest("\n".join((records, patient, name)))
