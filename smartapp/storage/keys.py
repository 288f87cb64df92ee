"""Our signing keys in the database, private parts encrypted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import signing_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A row; times are epoch seconds, `retired_at` may lie ahead."""

    kid: str
    alg: str
    private_jwk: dict[str, object] = field(repr=False)
    created_at: float = 0.0
    retired_at: float | None = None


class StoredKeys:
    """Key pairs as rows; `clock` gives epoch seconds."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def rows(self) -> Sequence[KeyPair]:
        """All pairs, newest first."""
        newest_first = select(signing_keys).order_by(signing_keys.c.created_at.desc(), signing_keys.c.kid)
        with self._database.engine.connect() as connection:
            found = connection.execute(newest_first).all()
        return [
            KeyPair(
                kid=row.kid,
                alg=row.alg,
                private_jwk=self._keyring.open(row.private_jwk),
                created_at=row.created_at,
                retired_at=row.retired_at,
            )
            for row in found
        ]

    def add_first(self, kid: str, alg: str, private_jwk: dict[str, object]) -> None:
        """Keep a new pair, unless one of its algorithm is there that is not to be retired; two starts at once keep one."""
        lasting = (signing_keys.c.alg == alg) & signing_keys.c.retired_at.is_(None)
        with self._database.transaction() as connection:
            self._database.claim(connection, signing_keys)
            if connection.execute(select(signing_keys.c.kid).where(lasting)).first() is None:
                self._insert(connection, kid, alg, private_jwk)

    def succeed(self, kid: str, alg: str, private_jwk: dict[str, object], retired_at: float) -> None:
        """Keep a new pair; the others of its algorithm that are not to be retired yet are, at that time."""
        lasting = (signing_keys.c.alg == alg) & signing_keys.c.retired_at.is_(None)
        with self._database.transaction() as connection:
            self._database.claim(connection, signing_keys)
            connection.execute(update(signing_keys).where(lasting).values(retired_at=retired_at))
            self._insert(connection, kid, alg, private_jwk)

    def forget(self, retired_before: float) -> int:
        """Delete pairs that were retired before then; how many."""
        with self._database.transaction() as connection:
            return connection.execute(delete(signing_keys).where(signing_keys.c.retired_at < retired_before)).rowcount

    def _insert(self, connection: Connection, kid: str, alg: str, private_jwk: dict[str, object]) -> None:
        row = {"kid": kid, "alg": alg, "private_jwk": self._keyring.seal(private_jwk), "created_at": self._clock()}
        connection.execute(insert(signing_keys).values(**row))
