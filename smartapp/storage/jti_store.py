"""Callers' tokens that were used: one row an issuer and jti, so that all processes together accept each once (CDS-86)."""

import threading
from collections.abc import Callable

from sqlalchemy import bindparam, delete, insert

from smartapp.storage.compiled_statements import Prepared
from smartapp.storage.database import Database
from smartapp.storage.keyring import digest
from smartapp.storage.tables import caller_tokens

_SWEEP_SECONDS = 60.0


class ReplayStore:
    """A unique insert decides; `clock` gives epoch seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._insert = Prepared(database, insert(caller_tokens))
        self._sweep = Prepared(database, delete(caller_tokens).where(caller_tokens.c.kept_until < bindparam("now")))
        self._is_known: type[Exception] = database.engine.dialect.loaded_dbapi.IntegrityError
        self._clock = clock
        self._swept_at = float("-inf")
        self._guard = threading.Lock()

    def first_use(self, issuer: str, jti: str, until: float) -> bool:
        """Whether this pair was not used before; from now on it is."""
        row = {"token_hash": digest(f"{issuer}\n{jti}"), "kept_until": until}
        try:
            with self._database.recording() as cursor:
                if self._is_time_to_sweep():
                    cursor.execute(self._sweep.text, self._sweep.values({"now": self._clock()}))
                cursor.execute(self._insert.text, self._insert.values(row))
        except self._is_known:
            return False
        return True

    def _is_time_to_sweep(self) -> bool:
        with self._guard:
            now = self._clock()
            due = now - self._swept_at >= _SWEEP_SECONDS
            if due:
                self._swept_at = now
            return due
