"""The commands about what is kept: the schema, the signing keys, the audit trail, and the exports."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from smartapp.cli.options import CONFIG, Day, database, fail, storage

_SINCE = click.option("--since", type=Day(), help="From this day (UTC) or time on.")
_UNTIL = click.option("--until", type=Day(), help="Before this day (UTC) or time.")
_FORMAT = click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade", epilog="Example: smartapp db upgrade --config site.toml")
@CONFIG
def db_upgrade(config_file: Path | None) -> None:
    """Bring the schema to this version."""
    with database(config_file) as opened:
        opened.upgrade()
        click.echo(f"schema version {opened.current()}")


@db.command("current", epilog="Example: smartapp db current --config site.toml")
@CONFIG
def db_current(config_file: Path | None) -> None:
    """The schema's version; exit 1 if it is not this program's."""
    with database(config_file, made=True) as opened:
        click.echo(f"schema version {opened.current()}")


@db.command("purge", epilog="Example: smartapp db purge --config site.toml")
@CONFIG
def db_purge(config_file: Path | None) -> None:
    """Delete what is older than [retention] says; what is left of the audit can still be verified."""
    from smartapp.cli.progress import bar  # noqa: PLC0415 - imported when it runs
    from smartapp.factory.builders import retention_of  # noqa: PLC0415

    with storage(config_file) as kept:
        retention = retention_of(kept.settings, kept.database, kept.keyring)
        with bar("rows deleted", retention.count()) as passed:
            deleted = list(retention.purge(passed))
    for words, number in deleted:
        click.echo(f"{number:>9} {words}")


@db.command("reencrypt", epilog="Example: smartapp db reencrypt --config site.toml")
@CONFIG
def db_reencrypt(config_file: Path | None) -> None:
    """Encrypt everything anew with the first secret_key, so that older ones can be taken away; exit 1 if something cannot be read."""
    from smartapp.cli.progress import bar  # noqa: PLC0415 - imported when it runs
    from smartapp.storage import reencrypt  # noqa: PLC0415

    with storage(config_file) as kept, bar("values", reencrypt.count(kept.database)) as passed:
        renewed, lost = reencrypt.encrypt_anew(kept.database, kept.keyring, passed)
    click.echo(f"{renewed} values encrypted anew; {lost} that no secret_key opens")
    sys.exit(1 if lost else 0)


@click.group()
def keys() -> None:
    """The app's signing keys."""


@keys.command("list", epilog="Example: smartapp keys list --config site.toml")
@CONFIG
def keys_list(config_file: Path | None) -> None:
    """Each key with its id and what it does now."""
    from smartapp.cli import signing_keys  # noqa: PLC0415 - imported when it runs

    with storage(config_file) as kept:
        _echo(signing_keys.listed(kept))


@keys.command("rotate", epilog="Example: smartapp keys rotate --config site.toml")
@CONFIG
def keys_rotate(config_file: Path | None) -> None:
    """Make a new pair of each algorithm: published at once, used once every EHR can have fetched it. No restart is needed."""
    from smartapp.cli import signing_keys  # noqa: PLC0415 - imported when it runs

    with storage(config_file) as kept:
        _echo(signing_keys.rotated(kept))


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify", epilog="Example: smartapp audit verify --config site.toml --heads heads.jsonl")
@CONFIG
@click.option(
    "--heads",
    "noted",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `audit heads` printed earlier: every record noted there must still stand.",
)
def audit_verify(config_file: Path | None, noted: Path | None) -> None:
    """Check the audit's hash chains; exit 1 if a record was changed, removed or reordered."""
    from smartapp.cli.progress import bar  # noqa: PLC0415 - imported when it runs
    from smartapp.storage import audit_chain, audit_verify  # noqa: PLC0415

    try:
        heads = audit_chain.read(noted.read_text(encoding="utf-8")) if noted else []
    except (OSError, ValueError):
        fail(f"{noted} does not hold what smartapp audit heads prints")
    with storage(config_file) as kept, bar("audit records", audit_verify.count(kept.database)) as passed:
        checked = audit_verify.verify(kept.database, kept.keys_or_none, kept=heads, passed=passed)
    for problem in checked.problems:
        click.echo(problem)
    if checked.problems:
        sys.exit(1)
    ends = (
        "" if checked.sealed else "; whether records are missing at their ends was not checked, for want of secret_key"
    )
    click.echo(f"the audit's chains hold: {checked.records} records in {checked.chains} chains{ends}")


@audit.command("heads", epilog="Example: smartapp audit heads --config site.toml > heads.jsonl")
@CONFIG
def audit_heads(config_file: Path | None) -> None:
    """The last record of each chain, to keep elsewhere: with it `audit verify --heads` notices a database that was set back."""
    from smartapp.storage import audit_chain, audit_verify  # noqa: PLC0415 - imported when it runs

    with database(config_file, made=True) as opened:
        click.echo(audit_chain.written(audit_verify.heads(opened)))


@click.group()
def export() -> None:
    """Computable exports."""


@export.command("feedback", epilog="Example: smartapp export feedback --since 2026-03-01 --format csv")
@CONFIG
@_SINCE
@_UNTIL
@_FORMAT
@click.option(
    "--rates", is_flag=True, help="How often each rule was shown, accepted and overridden, instead of the events."
)
def export_feedback(
    config_file: Path | None, since: datetime | None, until: datetime | None, form: str, rates: bool
) -> None:
    """What clinicians answered to cards and proposals: intervention, action taken, user feedback, user, date, location."""
    from smartapp.cli import exports  # noqa: PLC0415 - imported when it runs

    with storage(config_file) as kept:
        _echo(exports.feedback(kept, since=since, until=until, form=form, rates=rates))


@export.command("audit", epilog="Example: smartapp export audit --since 2026-03-01 --format csv")
@CONFIG
@_SINCE
@_UNTIL
@_FORMAT
def export_audit(config_file: Path | None, since: datetime | None, until: datetime | None, form: str) -> None:
    """The audit trail: who was shown what about whom, by which rules, on which inputs, and what came of it."""
    from smartapp.cli import exports  # noqa: PLC0415 - imported when it runs

    with storage(config_file) as kept:
        _echo(exports.audit(kept, since=since, until=until, form=form))


@export.command("policy", epilog="Example: smartapp export policy --config site.toml")
@CONFIG
@_FORMAT
def export_policy(config_file: Path | None, form: str) -> None:
    """Every policy that was in force: when it came, by which version, what it changed, and all its parameters."""
    from smartapp.cli import exports  # noqa: PLC0415 - imported when it runs
    from smartapp.storage import policies  # noqa: PLC0415

    with storage(config_file) as kept:
        _echo(exports.printed(policies.history(kept.database), form))


@click.group()
def sessions() -> None:
    """The launches of clinicians."""


@sessions.command("end", epilog="Example: smartapp sessions end --ehr st-x --config site.toml")
@CONFIG
@click.option("--ehr", default="", help="Only the launches of this [[ehr]].")
def sessions_end(config_file: Path | None, ehr: str) -> None:
    """End every launch at once: its tokens are forgotten here, and its pages ask to be opened again."""
    import time  # noqa: PLC0415 - imported when it runs

    from smartapp.storage.session_store import LaunchStore  # noqa: PLC0415

    with storage(config_file) as kept:
        if ehr and ehr not in {entry.name for entry in kept.settings.ehr}:
            fail(f"there is no [[ehr]] named {ehr}")
        ended = LaunchStore(kept.database, kept.keyring, time.time).end_all(ehr)
    click.echo(f"{ended} launch{'' if ended == 1 else 'es'} ended")


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
