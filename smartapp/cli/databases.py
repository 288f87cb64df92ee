"""Opening the database that the configuration names, for commands and for serving."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from smartapp.config.addresses import without_password
from smartapp.config.checks import secrets_of
from smartapp.config.load import load_settings
from smartapp.config.settings import Settings
from smartapp.factory.builders import keyring_of
from smartapp.storage.database import Database, SchemaError
from smartapp.storage.keyring import Keyring, Undecryptable

WRONG_KEY = (
    "secret_key does not open what is encrypted in this database: give the key it was encrypted with, "
    "as a further line below a new one"
)
_SQLITE = "sqlite:///"


class Unopened(Exception):
    """The database cannot be used, in one sentence without its password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A database with this version's schema, and what opens what is encrypted in it."""

    settings: Settings
    database: Database

    @property
    def keyring(self) -> Keyring:
        """The keys at rest; `ConfigError` where there are none."""
        return keyring_of(self.settings)

    @property
    def keys_or_none(self) -> Keyring | None:
        """The keys at rest, if they are given."""
        return self.keyring if secrets_of(self.settings) or self.settings.development else None


@contextmanager
def storage(config: Path | None) -> Iterator[Storage]:
    """The configuration's, closed at the end."""
    settings = load_settings(config)
    with opened_by(settings, made=True) as database:
        yield Storage(settings=settings, database=database)


@contextmanager
def opened(config: Path | None, *, made: bool) -> Iterator[Database]:
    """The configuration's database, closed at the end; `made`: `SchemaError` unless it has this version's schema."""
    with opened_by(load_settings(config), made=made) as database:
        yield database


@contextmanager
def opened_by(settings: Settings, *, made: bool) -> Iterator[Database]:
    """The same by settings that are read already."""
    with using(settings) as database:
        if made:
            if missing(settings):
                raise SchemaError("there is no database yet: run smartapp db upgrade")
            database.check()
        yield database


@contextmanager
def using(settings: Settings) -> Iterator[Database]:
    """The settings' database, closed at the end; `Unopened` where it cannot be read, written or decrypted."""
    database = Database(settings.database)
    try:
        yield database
    except Undecryptable:
        raise Unopened(WRONG_KEY) from None
    except (SQLAlchemyError, OSError) as error:
        # the driver's own words may repeat the address with its password; its kind is enough
        kind = type(getattr(error, "orig", None) or error).__name__
        raise Unopened(f"the database {without_password(settings.database)} could not be used ({kind})") from None
    finally:
        database.close()


def missing(settings: Settings) -> bool:
    """Is it a SQLite file that is not there yet?"""
    url = settings.database
    return url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists()
