"""Opening the database that the configuration names, for commands and for serving."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from smartapp.config.addresses import without_password
from smartapp.config.load import load_settings
from smartapp.config.settings import Settings
from smartapp.storage.database import Database, SchemaError

_SQLITE = "sqlite:///"


class Unopened(Exception):
    """The database cannot be used, in one sentence without its password."""


@contextmanager
def opened(config: Path | None, *, made: bool) -> Iterator[Database]:
    """The configuration's database, closed at the end; `made`: `SchemaError` unless it has this version's schema."""
    settings = load_settings(config)
    with using(settings) as database:
        if made:
            if missing(settings):
                raise SchemaError("there is no database yet: run smartapp db upgrade")
            database.check()
        yield database


@contextmanager
def using(settings: Settings) -> Iterator[Database]:
    """The settings' database, closed at the end; `Unopened` where it cannot be read or written."""
    database = Database(settings.database)
    try:
        yield database
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
