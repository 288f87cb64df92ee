"""The command line (interfaces.md section 2); each command imports what it needs when it runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from smartapp import __version__

_CONFIG = click.option("--config", "config_file", type=click.Path(path_type=Path), help="The TOML configuration file.")


def _fail(message: str, code: int = 2) -> NoReturn:
    click.echo(f"smartapp: {message}", err=True)
    sys.exit(code)


class _Time(click.ParamType[datetime]):
    name = "RFC3339"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is not a time such as 2026-03-01T08:00:00Z", param, ctx)
        if at.tzinfo is None:
            self.fail(f"{value} has no offset: write 2026-03-01T08:00:00Z or +01:00", param, ctx)
        return at.astimezone(UTC)


class _Day(_Time):
    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A day is its midnight in UTC; a time with its offset is taken as it is."""
        text = str(value)
        return super().convert(f"{text}T00:00:00Z" if len(text) == len("2026-03-01") else text, param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Fibrinogen Watch: coagulopathy after CAR-T therapy, watched from within the EHR."""


@main.command(epilog="Example: smartapp assess chart.json --at 2026-03-01T08:00:00Z --format json")
@click.argument("files", nargs=-1, required=True)
@click.option("--patient", help="Which Patient, where a file holds several.")
@click.option("--at", "as_of", type=_Time(), help="The time of assessment, with offset; default now.")
@_CONFIG
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A parameter of the policy; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def assess(
    files: tuple[str, ...],
    patient: str | None,
    as_of: datetime | None,
    config_file: Path | None,
    sets: tuple[str, ...],
    form: str,
) -> None:
    """Assess one patient a file, offline: a FHIR R4 Bundle, an array of resources, or a CDS Hooks request; - is standard input."""
    from smartapp.cli.offline import OfflineError, assess_files  # noqa: PLC0415 - imported when it runs

    try:
        output, code = assess_files(
            files, patient=patient, as_of=as_of or datetime.now(UTC), config=config_file, sets=sets, form=form
        )
    except OfflineError as error:
        _fail(str(error))
    click.echo(output, nl=False)
    sys.exit(code)


@main.command(epilog="Example: smartapp rules --format markdown")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text")
def rules(form: str) -> None:
    """Every rule: id, version, citation, evidence level, inputs."""
    from smartapp.clinical import catalogue  # noqa: PLC0415 - imported when it runs

    click.echo(catalogue.printed(form), nl=False)


@main.command(epilog="Example: smartapp serve --config site.toml --workers 2")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@_CONFIG
def serve(host: str, port: int, workers: int, config_file: Path | None) -> None:
    """The production server."""
    from smartapp.cli import serving  # noqa: PLC0415 - imported when it runs

    try:
        serving.serve(config_file, host=host, port=port, workers=workers)
    except serving.ServingError as error:
        _fail(str(error))


@main.command(epilog="Example: smartapp demo --port 9000 --ehr-port 9001 --open")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--ehr-port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--open", "open_browser", is_flag=True, help="Open the address in a browser.")
@click.option("--clock", type=_Time(), help="Freeze the clinical now of both.")
def demo(port: int, ehr_port: int, open_browser: bool, clock: datetime | None) -> None:
    """The demo EHR and the app, with embedded storage, until Ctrl-C."""
    from smartapp.cli import serving  # noqa: PLC0415 - imported when it runs

    try:
        serving.demo(port=port, ehr_port=ehr_port, open_browser=open_browser, frozen=clock, ready=click.echo)
    except serving.ServingError as error:
        _fail(str(error))


@main.group()
def config() -> None:
    """The configuration."""


@config.command("check", epilog="Example: smartapp config check --config site.toml")
@_CONFIG
def config_check(config_file: Path | None) -> None:
    """Validate the configuration and print what is in effect, secrets hidden."""
    from smartapp.config import load, mistake  # noqa: PLC0415 - imported when it runs
    from smartapp.config.checks import check_served  # noqa: PLC0415

    try:
        settings = load.load_settings(config_file)
        check_served(settings, "127.0.0.1")
    except mistake.ConfigError as error:
        _fail(str(error))
    click.echo("\n".join(load.shown(settings)))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade", epilog="Example: smartapp db upgrade --config site.toml")
@_CONFIG
def db_upgrade(config_file: Path | None) -> None:
    """Bring the schema to this version."""
    with _database(config_file) as database:
        database.upgrade()
        click.echo(f"schema version {database.current()}")


@db.command("current", epilog="Example: smartapp db current --config site.toml")
@_CONFIG
def db_current(config_file: Path | None) -> None:
    """The schema's version; exit 1 if it is not this program's."""
    with _database(config_file, made=True) as database:
        click.echo(f"schema version {database.current()}")


@main.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify", epilog="Example: smartapp audit verify --config site.toml")
@_CONFIG
def audit_verify(config_file: Path | None) -> None:
    """Check the audit's hash chains; exit 1 if a record was changed, removed or reordered."""
    from smartapp.storage.audit import verify  # noqa: PLC0415 - imported when it runs

    with _database(config_file, made=True) as database:
        problems = verify(database)
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo("the audit's chains hold")


_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@main.group()
def receipt() -> None:
    """One decision receipt, without a database."""


@receipt.command("show", epilog="Example: smartapp receipt show receipt.json")
@_FILE
def receipt_show(file: Path) -> None:
    """Who decided what, when, on which values; exit 2 if the file is not as it was sealed."""
    from smartapp.cli import receipts  # noqa: PLC0415 - imported when it runs

    try:
        click.echo("\n".join(receipts.shown(file)))
    except receipts.UnusableReceipt as error:
        _fail(str(error))


@receipt.command("verify", epilog="Example: smartapp receipt verify receipt.json --key NzbLsXh8uDCcd-6MNwXF4W")
@_FILE
@click.option("--key", help="The id of the key that must have signed it.")
def receipt_verify(file: Path, key: str | None) -> None:
    """Check the seal, and that the values give the same advice again; exit 1 if not."""
    from smartapp.cli import receipts  # noqa: PLC0415 - imported when it runs

    try:
        lines, code = receipts.verified(file, key)
    except receipts.UnusableReceipt as error:
        _fail(str(error))
    click.echo("\n".join(lines))
    sys.exit(code)


@main.group()
def export() -> None:
    """Computable exports."""


@export.command("feedback", epilog="Example: smartapp export feedback --since 2026-03-01 --format csv")
@_CONFIG
@click.option("--since", type=_Day(), help="From this day (UTC) or time on.")
@click.option("--until", type=_Day(), help="Before this day (UTC) or time.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option(
    "--rates", is_flag=True, help="How often each rule was shown, accepted and overridden, instead of the events."
)
def export_feedback(
    config_file: Path | None, since: datetime | None, until: datetime | None, form: str, rates: bool
) -> None:
    """What clinicians answered to cards and proposals: intervention, action taken, user feedback, user, date, location."""
    from smartapp.cli import databases, exports  # noqa: PLC0415 - imported when it runs
    from smartapp.config.mistake import ConfigError  # noqa: PLC0415
    from smartapp.storage.database import SchemaError  # noqa: PLC0415

    try:
        for line in exports.feedback(config_file, since=since, until=until, form=form, rates=rates):
            click.echo(line)
    except (ConfigError, databases.Unopened) as error:
        _fail(str(error))
    except SchemaError as error:
        _fail(str(error), 1)


@contextmanager
def _database(config_file: Path | None, *, made: bool = False) -> Iterator[Any]:
    """The database of the configuration, `made` with this version's schema; what cannot be opened is one sentence."""
    from smartapp.cli import databases  # noqa: PLC0415 - imported when it runs
    from smartapp.config.mistake import ConfigError  # noqa: PLC0415
    from smartapp.storage.database import SchemaError  # noqa: PLC0415

    try:
        with databases.opened(config_file, made=made) as database:
            yield database
    except (ConfigError, databases.Unopened) as error:
        _fail(str(error))
    except SchemaError as error:
        _fail(str(error), 1)
