"""What several commands share: options, mistakes as one sentence, and the configuration's database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from smartapp.cli.databases import Storage
    from smartapp.storage.database import Database

CONFIG = click.option("--config", "config_file", type=click.Path(path_type=Path), help="The TOML configuration file.")


def fail(message: str, code: int = 2) -> NoReturn:
    """One sentence on stderr, and the end."""
    click.echo(f"smartapp: {message}", err=True)
    sys.exit(code)


class Time(click.ParamType[datetime]):
    """A time with its offset."""

    name = "RFC3339"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC."""
        try:
            at = datetime.fromisoformat(str(value))
            utc = at.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value} is not a time such as 2026-03-01T08:00:00Z", param, ctx)
        if at.tzinfo is None:
            self.fail(f"{value} has no offset: write 2026-03-01T08:00:00Z or +01:00", param, ctx)
        return utc


class Day(Time):
    """A day, or a time with its offset."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A day is its midnight in UTC; a time with its offset is taken as it is."""
        text = str(value)
        return super().convert(f"{text}T00:00:00Z" if len(text) == len("2026-03-01") else text, param, ctx)


@contextmanager
def database(config_file: Path | None, *, made: bool = False) -> Iterator["Database"]:
    """The database of the configuration, `made` with this version's schema; what cannot be opened is one sentence."""
    from smartapp.cli import databases  # noqa: PLC0415 - imported when it runs

    with _in_a_sentence(), databases.opened(config_file, made=made) as opened:
        yield opened


@contextmanager
def storage(config_file: Path | None) -> Iterator["Storage"]:
    """The same with this version's schema and the keys that open what is encrypted in it."""
    from smartapp.cli import databases  # noqa: PLC0415 - imported when it runs

    with _in_a_sentence(), databases.storage(config_file) as kept:
        yield kept


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    from smartapp.cli.databases import Unopened  # noqa: PLC0415 - imported when it runs
    from smartapp.config.errors import ConfigError  # noqa: PLC0415
    from smartapp.storage.database import SchemaError  # noqa: PLC0415

    try:
        yield
    except (ConfigError, Unopened) as error:
        fail(str(error))
    except SchemaError as error:
        fail(str(error), 1)
