"""The commands about whole cohorts: replay, and a synthetic cohort to try it on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartapp import __version__
from smartapp.cli.options import CONFIG, fail

if TYPE_CHECKING:
    from smartapp.cohort.engine import Engine
    from smartapp.cohort.work import Work
    from smartapp.usecases.assess import Site

_SITE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(epilog="Example: smartapp cohort 200 var/cohort --seed 7 --background 2000")
@click.argument("courses", metavar="N", type=click.IntRange(1, 1_000_000))
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same bytes.")
@click.option("--background", default=0, show_default=True, type=click.IntRange(0, 10_000_000), metavar="M")
def cohort(courses: int, folder: Path, seed: int, background: int) -> None:
    """Write N synthetic CAR-T courses and M background patients as a bulk export: NDJSON, a file a type."""
    from smartapp.cli.progress import bar  # noqa: PLC0415 - imported when it runs
    from smartapp.cohort.synthetic.bulk_export import FolderInUse, write_cohort  # noqa: PLC0415

    try:
        with bar("patients", courses + background) as passed:
            written = write_cohort(folder, courses, background, seed, passed)
    except FolderInUse as error:
        fail(str(error))
    except OSError as error:
        fail(f"{folder} could not be written: {error.strerror}")
    click.echo(f"{courses} courses and {background} background patients, {written} records, in {folder}")


@click.command(epilog="Example: smartapp replay var/cohort --current site.toml --draft draft.toml --out var/replay")
@click.argument("export", type=_FOLDER)
@click.option("--current", required=True, type=_SITE, help="The site's TOML file in force.")
@click.option("--draft", required=True, type=_SITE, help="The same with another [site].")
@click.option("--out", default=Path("replay"), show_default=True, type=_FOLDER, help="Where the report goes.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--engine",
    default="processes",
    show_default=True,
    type=click.Choice(["processes", "spark"]),
    help="spark is experimental.",
)
@click.option("--spark", "url", default="local[2]", show_default=True, help="local-cluster[…], spark://… or sc://…")
@click.option("--lag-minutes", default=60, show_default=True, type=click.IntRange(0, 10_000), metavar="M")
@click.option("--resume", is_flag=True, help="Go on where a killed run was.")
def replay(
    export: Path,
    current: Path,
    draft: Path,
    out: Path,
    workers: int,
    engine: str,
    url: str,
    lag_minutes: int,
    resume: bool,
) -> None:
    """What a draft policy would have advised on every CAR-T course of an export, beside the policy in force."""
    from smartapp import assets  # noqa: PLC0415 - imported when it runs
    from smartapp.cdshooks.replay_cards import cards_made  # noqa: PLC0415
    from smartapp.cohort import run  # noqa: PLC0415
    from smartapp.cohort.job import Job  # noqa: PLC0415
    from smartapp.cohort.report import write_report  # noqa: PLC0415
    from smartapp.cohort.work import Work  # noqa: PLC0415
    from smartapp.usecases.replay.differences import pair_of  # noqa: PLC0415

    with _sentences(out):
        pair = pair_of(_site(current), _site(draft))
        job = Job(folder=export, pair=pair, make_cards=cards_made, lag=timedelta(minutes=lag_minutes))
        parts = run.parts_of(export)
        work = Work(out / ".replay", run.marks_of(job, parts, __version__), resume=resume)
        with closing(_engine(engine, work, workers, url)) as chosen, _Bars() as stage:
            outcome = run.run(job, parts, chosen, work, stage)
        files = write_report(job, outcome, out, assets.templates(), __version__)
        work.remove()
    click.echo(f"{files.html}\n{files.json}\n{files.cases}")
    if files.problems is not None:
        count = len(outcome.population.problems) + outcome.population.more_problems
        click.echo(
            f"smartapp: {count} records could not be used: {files.problems} names file and line of each", err=True
        )


@click.command(epilog="Example: smartapp timeline chart.json --out timeline.html")
@click.argument("file")
@click.option("--patient", help="Which Patient, where the file holds several.")
@CONFIG
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where it goes; default standard output.")
@click.option("--format", "form", type=click.Choice(["html", "json"]), default="html", show_default=True)
@click.option("--lag-minutes", default=60, show_default=True, type=click.IntRange(0, 10_000), metavar="M")
def timeline(
    file: str, patient: str | None, config_file: Path | None, out: Path | None, form: str, lag_minutes: int
) -> None:
    """What the advice would have been along one course: at each new record and each limit in time."""
    from smartapp.cli.assess_file import OfflineError  # noqa: PLC0415 - imported when it runs
    from smartapp.cli.timeline import written  # noqa: PLC0415

    try:
        told = written(file, patient, config_file, form, timedelta(minutes=lag_minutes))
        if out is None:
            click.echo(told, nl=False)
        else:
            out.write_text(told, encoding="utf-8")
    except OfflineError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{out} could not be written: {error.strerror}")


class _Bars:
    """One progress bar a stage, the last one's gone when the next begins."""

    def __init__(self) -> None:
        self._open = ExitStack()

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __call__(self, words: str, pieces: int) -> Callable[[], None]:
        """Begin a stage."""
        from smartapp.cli.progress import bar  # noqa: PLC0415 - imported when it runs

        self._open.close()
        return self._open.enter_context(bar(words, pieces))


@contextmanager
def _sentences(out: Path) -> Iterator[None]:
    """What stops a replay, in one sentence; no report was written then."""
    from smartapp.cohort.engine import WorkerLost  # noqa: PLC0415 - imported when it runs
    from smartapp.cohort.export import UnusableExport  # noqa: PLC0415
    from smartapp.cohort.work import OtherReplay  # noqa: PLC0415
    from smartapp.config.errors import ConfigError  # noqa: PLC0415

    try:
        yield
    except (UnusableExport, ConfigError, OtherReplay, WorkerLost) as error:
        fail(f"{error} (no report was written)")
    except OSError as error:
        fail(
            f"{error.filename or out}: {error.strerror or error}; no report was written, and --resume goes on from here"
        )


def _engine(name: str, work: "Work", workers: int, url: str) -> "Engine":
    if name == "processes":
        from smartapp.cohort.processes import Processes  # noqa: PLC0415 - imported when it runs

        return Processes(work, workers)
    try:
        from smartapp.cohort.spark import Spark  # noqa: PLC0415 - imported when it runs
    except ImportError:
        fail("--engine spark needs PySpark: pip install 'fibrinogen-watch[spark]'")
    return Spark(url)


def _site(file: Path) -> "Site":
    """A site's file as replay needs it: policy, time zone, local codes; the environment changes neither of the two."""
    from smartapp.config.errors import ConfigError  # noqa: PLC0415 - imported when it runs
    from smartapp.config.load import load_settings  # noqa: PLC0415
    from smartapp.factory.builders import site_of  # noqa: PLC0415

    try:
        return site_of(load_settings(file, {}))
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
