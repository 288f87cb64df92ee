"""Our signing keys in the database, private parts encrypted."""

from collections.abc import Callable, Sequence

from sqlalchemy import insert, select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import signing_keys


class StoredKeys:
    """Key pairs as rows: `rows()` newest first as (kid, alg, private JWK, retired)."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def rows(self) -> Sequence[tuple[str, str, dict[str, object], bool]]:
        """All pairs."""
        with self._database.engine.connect() as connection:
            found = connection.execute(select(signing_keys).order_by(signing_keys.c.created_at.desc())).all()
        return [(row.kid, row.alg, self._keyring.open(row.private_jwk), row.retired_at is not None) for row in found]

    def add(self, kid: str, alg: str, private_jwk: dict[str, object]) -> None:
        """Keep a new pair."""
        with self._database.transaction() as connection:
            connection.execute(
                insert(signing_keys).values(
                    kid=kid, alg=alg, private_jwk=self._keyring.seal(private_jwk), created_at=self._clock()
                )
            )
