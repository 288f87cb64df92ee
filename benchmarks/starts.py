"""The rows about starting: imports and one offline assessment (processor time), and a server up to its first answer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bodies, servers
from benchmarks.table import Seen

_CORE = "import smartapp.clinical.assessment as a; a.all_rules()"


def rows(folder: Path, rounds: int) -> Iterator[Seen]:
    """Each the best of some processes in a round; bytecode is there, as of an installed program."""
    chart = folder / "chart.json"
    chart.write_bytes(bodies.hook_body(50))
    assess = ["-m", "smartapp.cli", "assess", str(chart)]
    for arguments in (["-c", _CORE], assess):
        _once(folder, arguments)
    bare, core, whole = [], [], []
    for _ in range(rounds):
        bare.append(_best(folder, ["-c", ""]))
        core.append(_best(folder, ["-c", _CORE]))
        whole.append(_best(folder, assess))
    yield Seen("import_core", tuple(1000 * (a - b) for a, b in zip(core, bare, strict=True)))
    yield Seen("assess", tuple(a / b for a, b in zip(whole, bare, strict=True)))
    yield Seen("start", tuple(_start(folder) for _ in range(rounds)))


def _best(folder: Path, arguments: list[str]) -> float:
    return min(_once(folder, arguments) for _ in range(5))


def _once(folder: Path, arguments: list[str]) -> float:
    """Processor seconds of a whole process."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=servers.ROOT, env=servers.environment(folder), stdout=subprocess.DEVNULL
    )
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime


def _start(folder: Path) -> float:
    """Wall time of a restart, the better of two; a first start, which makes the database and the keys, goes before."""
    port = servers.free_port()
    config = servers.site(folder, port=port)
    serve = [sys.executable, "-m", "smartapp.cli", "serve", "--config", str(config), "--port", str(port)]
    ours, bare = [], []
    for _ in range(3):
        with servers.started(serve, f"http://127.0.0.1:{port}", folder) as app:
            ours.append(app.started)
        with servers.floor(folder) as floor:
            bare.append(floor.started)
    return min(ours[1:]) / min(bare[1:])
