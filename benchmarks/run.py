"""`make bench`: what a call costs, as ratios to the floor in the same run; one table on the terminal, the numbers as JSON."""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import requests

from benchmarks import bodies, servers

CALLS = {50: 200, 300: 100, 2000: 20}
ROUNDS = 3
_JSON = {"Content-Type": "application/json"}
_CALL = "/cds-services/coagulopathy-patient-view"


@dataclass(frozen=True)
class Row:
    """One figure: its median and range over the rounds, and the target of the specification."""

    name: str
    median: float
    low: float
    high: float
    target: str


def main(arguments: list[str]) -> None:
    """Print the table; with a path, write the numbers there as well."""
    with tempfile.TemporaryDirectory() as name:
        rows = list(_rows(Path(name)))
    for row in rows:
        click.echo(f"{row.name:<62} {row.median:8.2f}  ({row.low:.2f} to {row.high:.2f})  target {row.target}")
    if arguments:
        Path(arguments[0]).write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def _rows(folder: Path) -> Iterator[Row]:
    with servers.floor(folder) as floor, servers.app(folder) as app:
        yield _row("memory of an idle worker, MB (PSS)", app.pss_mb, "<= 75")
        ratios: dict[int, list[float]] = {size: [] for size in CALLS}
        own: dict[int, list[float]] = {size: [] for size in CALLS}
        for _ in _shown(range(ROUNDS), "rounds"):
            for size, calls in CALLS.items():
                body = bodies.hook_body(size)
                base, ours = _cpu(floor, "/", body, calls), _cpu(app, _CALL, body, calls)
                ratios[size].append(ours / base)
                own[size].append(ours)
        for size, target in ((50, "<= 2.0"), (300, "<= 1.0"), (2000, "<= 0.6")):
            yield _told(f"hook, CPU over the floor, {size} Observations", ratios[size], target)
        sizes = {size: len(bodies.hook_body(size)) for size in CALLS}
        slopes = [
            math.log(b / a) / math.log(sizes[2000] / sizes[300]) for a, b in zip(own[300], own[2000], strict=True)
        ]
        yield _told("growth of CPU with bytes, 300 to 2,000 (slope on log scales)", slopes, "<= 1.05")
        refused = [_cpu(app, _CALL, b"{}", 200, status=400) / _cpu(floor, "/healthz", None, 200) for _ in range(ROUNDS)]
        yield _told("a malformed call refused, CPU over a constant answer", refused, "<= 1.5")
        yield _row("memory after the calls above, MB (PSS)", app.pss_mb, "<= 130")
    yield _row(
        "import smartapp.clinical over bare Python, ms",
        lambda: 1000 * (_run("import smartapp.clinical.assessment") - _run("")),
        "<= 80",
    )
    chart = folder / "chart.json"
    chart.write_bytes(bodies.hook_body(50))
    assess = ["-m", "smartapp.cli", "assess", str(chart)]
    yield _row("smartapp assess of one patient over python -c ''", lambda: _process(assess) / _run(""), "<= 30")


def _cpu(server: servers.Server, path: str, body: bytes | None, calls: int, status: int = 200) -> float:
    """CPU milliseconds a call, after five to warm up."""
    session = requests.Session()

    def call() -> None:
        url = f"{server.url}{path}"
        answer = session.post(url, data=body, headers=_JSON) if body is not None else session.get(url)
        if answer.status_code != status:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:200]}")

    for _ in range(5):
        call()
    before = server.cpu_seconds()
    for _ in range(calls):
        call()
    return max(server.cpu_seconds() - before, 0.001) / calls * 1000


def _run(code: str) -> float:
    return _process(["-c", code])


def _process(arguments: list[str]) -> float:
    """Seconds of a whole Python process, the best of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return min(times)


def _row(name: str, measure: Callable[[], float], target: str) -> Row:
    return _told(name, [measure() for _ in range(ROUNDS)], target)


def _told(name: str, values: list[float], target: str) -> Row:
    return Row(name, statistics.median(values), min(values), max(values), target)


def _shown(rounds: range, name: str) -> Iterator[int]:
    for number in rounds:
        click.echo(f"{number + 1} of {len(rounds)} {name}", err=True)
        yield number


if __name__ == "__main__":
    main(sys.argv[1:])
