"""The engine, transactions, and the schema's version: made, upgraded, and refused if it is not ours.

Alembic is imported where the schema is changed, not where it is only looked at: a start does without it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 5000
_SCHEMA_LOCK = 6_031_966  # any number that nobody else locks on

_FOREIGN = (
    "the database has version {}, which this program does not know: use the program that made it, or an empty database"
)


class SchemaError(Exception):
    """The database has no schema, or another than this version's; the message says what to do."""


class Database:
    """One database by URL (`sqlite:///…` or `postgresql+psycopg://…`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self._records = self.engine
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", partial(_tune_sqlite, synchronous="FULL"))
            self._records = create_engine(url, pool_reset_on_return=None)
            event.listen(self._records, "connect", partial(_tune_sqlite, synchronous="NORMAL"))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that commits at the end and rolls back on any error; SQLite takes the write lock at once."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with connection.begin() if self.engine.dialect.name != "sqlite" else _finishing(connection):
                yield connection

    @contextmanager
    def recording(self) -> Iterator[Any]:
        """A transaction for records of what was answered, by the driver's own cursor.

        SQLite does not wait for the disk, so it has connections of its own for them: a power cut may lose the last records, the
        end of the process none (decision 0010).
        """
        connection = self._records.raw_connection()
        try:
            cursor = connection.cursor()
            if self._records is not self.engine:
                cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The driver's own cursor, for a look at what is committed."""
        connection = self.engine.raw_connection()
        try:
            yield connection.cursor()
        finally:
            connection.close()

    def claim(self, connection: Connection, table: Table) -> None:
        """Nobody else writes this table until the transaction ends (on SQLite nobody can anyway)."""
        if self.engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")

    def upgrade(self) -> None:
        """Bring the schema to this version; `SchemaError` where another program made it, of a version that this one has not."""
        from alembic import command  # noqa: PLC0415 - as said above

        if self._is_foreign():
            raise SchemaError(_FOREIGN.format(self.current()))
        if self.engine.dialect.name == "sqlite":
            _make_folder(self.url)
        self.move(lambda config: command.upgrade(config, "head"))

    def move(self, step: "Callable[[Config], None]") -> None:
        """An Alembic command on the schema: all of it or nothing, and one process at a time."""
        config = _config()
        with self.transaction() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
            config.attributes["connection"] = connection
            step(config)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Reading in which everything is as it was at one moment, whatever others write meanwhile."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
                with _finishing(connection):
                    yield connection
            else:
                yield connection.execution_options(isolation_level="REPEATABLE READ")

    def current(self) -> str:
        """The schema's version in the database, or nothing."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")

    def _is_foreign(self) -> bool:
        sqlite = self.engine.dialect.name == "sqlite"
        file = make_url(self.url).database
        return not (sqlite and file and not Path(file).exists()) and self.current() > newest()

    def check(self) -> None:
        """`SchemaError` unless the schema is this version's."""
        head, current = newest(), self.current()
        if current > head:
            raise SchemaError(_FOREIGN.format(current))
        if current != head:
            found = f"version {current}" if current else "no schema"
            raise SchemaError(f"the database has {found}, this program needs version {head}: run smartapp db upgrade")

    def close(self) -> None:
        """Release all connections."""
        self.engine.dispose()
        self._records.dispose()


@contextmanager
def _finishing(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _tune_sqlite(connection: object, _: ConnectionPoolEntry, *, synchronous: str) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined] # we begin transactions ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _make_folder(url: str) -> None:
    file = make_url(url).database
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)


def newest() -> str:
    """The version that the newest migration makes: its file's name begins with it."""
    return max(file.name[1:5] for file in (_MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as said above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
