"""`make growth`: two days' traffic in fast motion on loopback, bounded in count and time; what grows, and what must not.

Tokens, launches and retention see two days pass in under two minutes; the clinical now stays that of the machine. Launches are kept
for one day here (the least a site may set), so that the second day shows their bound.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks import bodies, hooks, servers
from benchmarks.calls import HOOK, Caller
from benchmarks.ehr import Ehr, ehr_of, serve
from benchmarks.fast import hurry
from benchmarks.launches import Browser

HOURS = 48
SECONDS = 110.0
CALLS_A_LAUNCH = 20
_TABLES = ("caller_tokens", "pending_launches", "launches", "audit")
_MORE = "[retention]\nlaunch_days = 1\n"
_LIMITS = "state_minutes = 60\nidle_minutes = 60\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one hour: calls so far, memory, rows by table, the database's bytes."""

    hour: float
    calls: int
    pss_mb: float
    rows: dict[str, int]
    size: int


def main(quick: bool) -> int:
    """Print the course and what it shows; 0 if what must not grow did not."""
    samples = []
    for sample in course(SECONDS / (3 if quick else 1)):
        samples.append(sample)
        click.echo(line(sample))
    verdicts = told(samples)
    click.echo("\n".join(text for text, _ in verdicts))
    return 0 if all(fine for _, fine in verdicts) else 1


def course(seconds: float) -> Iterator[Sample]:
    """A sample every four hours."""
    began = time.time()
    hurry(began, HOURS * 3600 / seconds)
    ehr = ehr_of(bodies.chart(50, low=True), 0.0)
    server = serve(ehr)
    try:
        with tempfile.TemporaryDirectory() as name, _app(Path(name), ehr, began, seconds) as (app, key, database):
            yield from _driven(app, key, ehr, database, began)
    finally:
        server.shutdown()
        server.server_close()


def _driven(app: servers.Server, key: hooks.ECKey, ehr: Ehr, database: Path, began: float) -> Iterator[Sample]:
    body = bodies.hook_body(50).replace(servers.NO_EHR.encode(), f"{ehr.base}/fhir".encode())
    caller, calls, due = Caller(app), 0, 4.0
    while (hour := (time.time() - began) / 3600) < HOURS:
        for _ in range(CALLS_A_LAUNCH):
            headers = {"Authorization": f"Bearer {hooks.token(app, key, seconds=3600)}"}
            caller.post(HOOK, body, 200, headers)
        calls += CALLS_A_LAUNCH
        Browser().open(f"{app.url}/launch?iss={ehr.base}/fhir&launch=bench")
        if hour >= due:
            due += 4
            yield _sample(app, database, hour, calls)


def _sample(app: servers.Server, database: Path, hour: float, calls: int) -> Sample:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        rows = {table: opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES}  # noqa: S608
    size = sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))
    return Sample(hour, calls, app.pss_mb(), rows, size)


@contextmanager
def _app(folder: Path, ehr: Ehr, began: float, seconds: float) -> Iterator[tuple[servers.Server, hooks.ECKey, Path]]:
    key, port = hooks.caller_key(folder), servers.free_port()
    config = servers.site(
        folder, port=port, fhir=f"{ehr.base}/fhir", issuer=ehr.base, limits=_LIMITS, caller="token_minutes = 60\n"
    )
    config.write_text(config.read_text() + _MORE)
    fast = [sys.executable, "-m", "benchmarks.fast", str(began), str(HOURS * 3600 / seconds)]
    command = [*fast, "serve", "--config", str(config), "--port", str(port)]
    with servers.started(command, f"http://127.0.0.1:{port}", folder) as app:
        yield app, key, config.parent / "smartapp.db"


def line(sample: Sample) -> str:
    """As printed."""
    rows = ", ".join(f"{name} {count}" for name, count in sample.rows.items())
    return f"hour {sample.hour:5.1f}: {sample.calls:6} calls, {sample.pss_mb:6.1f} MB, rows: {rows}; {sample.size / 1e6:.1f} MB on disk"


def told(samples: list[Sample]) -> list[tuple[str, bool]]:
    """What the second day shows against the first, each with whether it is as it must be."""
    half = len(samples) // 2
    first, second, last = samples[:half], samples[half:], samples[-1]
    grown = last.pss_mb - second[0].pss_mb
    verdicts = [(f"memory over the second day: {grown:+.1f} MB", grown <= 5)]
    for table in ("caller_tokens", "pending_launches", "launches"):
        before, after = (max(each.rows[table] for each in some) for some in (first, second))
        fine = after <= before * 1.25 + 50
        verdicts.append((f"most rows of {table}: {before} on the first day, {after} on the second", fine))
    calls = last.calls - samples[0].calls
    rows, size = last.rows["audit"] - samples[0].rows["audit"], last.size - samples[0].size
    a_thousand = f"{1000 * rows / calls:.0f} audit records and {size / calls:.1f} kB on disk"
    return [*verdicts, (f"for each 1,000 calls, with a launch for every {CALLS_A_LAUNCH}: {a_thousand}", True)]


if __name__ == "__main__":
    sys.exit(main("--quick" in sys.argv[1:]))
