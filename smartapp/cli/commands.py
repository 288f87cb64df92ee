"""The command line (interfaces.md section 2); each command imports what it needs when it runs."""

import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from smartapp import __version__
from smartapp.cli import cohort_commands, data_commands
from smartapp.cli.options import CONFIG, Time, fail


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Fibrinogen Watch: coagulopathy after CAR-T therapy, watched from within the EHR."""


@main.command(epilog="Example: smartapp assess chart.json --at 2026-03-01T08:00:00Z --format json")
@click.argument("files", nargs=-1, required=True)
@click.option("--patient", help="Which Patient, where a file holds several.")
@click.option("--at", "as_of", type=Time(), help="The time of assessment, with offset; default now.")
@CONFIG
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
    from smartapp.cli.assess_file import OfflineError, assess_files  # noqa: PLC0415 - imported when it runs

    try:
        output, code = assess_files(
            files, patient=patient, as_of=as_of or datetime.now(UTC), config=config_file, sets=sets, form=form
        )
    except OfflineError as error:
        fail(str(error))
    click.echo(output, nl=False)
    sys.exit(code)


@main.group(invoke_without_command=True, epilog="Example: smartapp rules --format markdown")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text")
@click.pass_context
def rules(context: click.Context, form: str) -> None:
    """Every rule: id, version, citation, evidence level, inputs."""
    if context.invoked_subcommand is not None:
        return
    from smartapp.clinical import catalogue  # noqa: PLC0415 - imported when it runs

    click.echo(catalogue.printed(form), nl=False)


@rules.command("export", epilog="Example: smartapp rules export --format fhir --config site.toml --out rules")
@click.option("--format", "form", type=click.Choice(["fhir", "cql"]), required=True, help="One Bundle, or CQL and ELM.")
@CONFIG
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write to; default standard output."
)
def rules_export(form: str, config_file: Path | None, out: Path | None) -> None:
    """The rules for another engine: PlanDefinition and Libraries, or CQL and ELM; what has no twin there is listed."""
    from smartapp.cli import rules_export as export  # noqa: PLC0415 - imported when it runs
    from smartapp.config.errors import ConfigError  # noqa: PLC0415

    try:
        files = export.exported(form, config_file)
        export.put(files, out, click.echo)
    except ConfigError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{out} could not be written: {error.strerror}")


@main.command(epilog="Example: smartapp serve --config site.toml --workers 2")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@CONFIG
def serve(host: str, port: int, workers: int, config_file: Path | None) -> None:
    """The production server."""
    gc.disable()  # all that a start makes stays: looking for garbage in it would take a sixth of the time; `serving` enables it
    from smartapp.cli import serve  # noqa: PLC0415 - imported when it runs

    try:
        serve.serve(config_file, host=host, port=port, workers=workers)
    except serve.ServingError as error:
        fail(str(error))


@main.command(epilog="Example: smartapp demo --port 9000 --ehr-port 9001 --open")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--ehr-port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--open", "open_browser", is_flag=True, help="Open the address in a browser.")
@click.option("--clock", type=Time(), help="Freeze the clinical now of both.")
@click.option(
    "--profile",
    type=click.Choice(["plain", "epic-2026-05", "oracle-2026-08"]),
    default="plain",
    show_default=True,
    help="The EHR whose restrictions and habits the demo EHR takes on.",
)
def demo(port: int, ehr_port: int, open_browser: bool, clock: datetime | None, profile: str) -> None:
    """The demo EHR and the app, with embedded storage, until Ctrl-C."""
    from smartapp.cli import serve  # noqa: PLC0415 - imported when it runs

    try:
        serve.demo(
            port=port, ehr_port=ehr_port, open_browser=open_browser, frozen=clock, ready=click.echo, profile=profile
        )
    except serve.ServingError as error:
        fail(str(error))


@main.command(epilog="Example: smartapp fit metadata.json smart-configuration.json")
@click.argument("files", nargs=-1)
@click.option("--url", help="The FHIR base to ask instead.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def fit(files: tuple[str, ...], url: str | None, form: str) -> None:
    """What will work at an EHR, by its CapabilityStatement and SMART configuration; exit 1 if the main job cannot be done."""
    from smartapp.cli import fit as fitting  # noqa: PLC0415 - imported when it runs

    if bool(files) == bool(url):
        fail("give files, or --url with a FHIR base")
    try:
        found = fitting.fitness(fitting.from_url(url) if url else fitting.from_files(files))
    except fitting.UnusableInput as error:
        fail(str(error))
    click.echo(fitting.as_text(found) if form == "text" else fitting.as_json(found), nl=False)
    sys.exit(int(not found.fits))


@main.group()
def config() -> None:
    """The configuration."""


@config.command("check", epilog="Example: smartapp config check --config site.toml --online")
@CONFIG
@click.option("--online", is_flag=True, help="Also ask each EHR and each caller's keys, and say what will work.")
def config_check(config_file: Path | None, online: bool) -> None:
    """Print what is in effect, secrets hidden, and what follows from it. Exit 2 with a sentence for each mistake; with --online,
    exit 1 if something is found wanting."""
    from smartapp.cli import config_commands  # noqa: PLC0415 - imported when it runs

    sys.exit(config_commands.checked(config_file, online=online))


@config.command("init", epilog="Example: smartapp config init --ehr st-x --out site.toml")
@click.option(
    "--ehr", "ehr", default="st-x", show_default=True, help="What to call the EHR: small letters, digits, hyphens."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default="site.toml", show_default=True)
def config_init(ehr: str, out: Path) -> None:
    """Write a commented configuration and a fresh secret key beside it, and say what to register at the EHR."""
    from smartapp.cli import config_commands  # noqa: PLC0415 - imported when it runs

    try:
        click.echo("\n".join(config_commands.written(ehr, out)))
    except config_commands.NotWritten as error:
        fail(str(error))


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
        fail(str(error))


@receipt.command("verify", epilog="Example: smartapp receipt verify receipt.json --key NzbLsXh8uDCcd-6MNwXF4W")
@_FILE
@click.option("--key", help="The id of the key that must have signed it.")
def receipt_verify(file: Path, key: str | None) -> None:
    """Check the seal, and that the values give the same advice again; exit 1 if not."""
    from smartapp.cli import receipts  # noqa: PLC0415 - imported when it runs

    try:
        lines, code = receipts.verified(file, key)
    except receipts.UnusableReceipt as error:
        fail(str(error))
    click.echo("\n".join(lines))
    sys.exit(code)


for _group in (data_commands.db, data_commands.keys, data_commands.audit, data_commands.export, data_commands.sessions):
    main.add_command(_group)
for _command in (cohort_commands.cohort, cohort_commands.replay, cohort_commands.timeline):
    main.add_command(_command)
