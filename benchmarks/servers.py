"""Servers under measurement: started as in production, their workers' CPU time and memory read from the kernel."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

_TICKS = os.sysconf("SC_CLK_TCK")
_FREEZE = "import gc\ndef post_worker_init(worker):\n    gc.collect()\n    gc.freeze()\n"


@dataclass(frozen=True)
class Server:
    """A listening server with one worker."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far."""
        return sum(_cpu(pid) for pid in self._pids())

    def pss_mb(self) -> float:
        """Proportional memory of its worker."""
        worker = self._pids()[-1]
        for line in Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def floor(folder: Path) -> Iterator[Server]:
    """The floor server."""
    (folder / "floor_conf.py").write_text(_FREEZE)
    port = free_port()
    command = [
        "-m",
        "gunicorn",
        "-w",
        "1",
        "-k",
        "sync",
        "-b",
        f"127.0.0.1:{port}",
        "-c",
        str(folder / "floor_conf.py"),
        "--no-control-socket",
    ]
    with started([sys.executable, *command, "benchmarks.floor:app"], f"http://127.0.0.1:{port}") as server:
        yield server


@contextmanager
def app(folder: Path, extra: str = "") -> Iterator[Server]:
    """The app by `smartapp serve` with one worker; development mode, so that unsigned calls are answered."""
    port = free_port()
    config = folder / "site.toml"
    config.write_text(
        f'base_url = "http://127.0.0.1:{port}"\nmode = "development"\n'
        '[limits]\nhooks = "600000/minute"\n'
        '[[ehr]]\nname = "bench"\nfhir_base = "http://127.0.0.1:9/fhir"\nclient_id = "bench"\n'
        '[[cds_client]]\nname = "bench"\nissuer = "http://127.0.0.1:9"\njwks_uri = "http://127.0.0.1:9/jwks.json"\n'
        f'fhir_servers = ["http://127.0.0.1:9/fhir"]\nrequire_jwt = false\n{extra}'
    )
    command = [
        sys.executable,
        "-m",
        "smartapp.cli",
        "serve",
        "--config",
        str(config),
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    with started(command, f"http://127.0.0.1:{port}") as server:
        yield server


@contextmanager
def started(command: Sequence[str], url: str) -> Iterator[Server]:
    """A server process, once it answers; ended at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _await(url, process)
        yield Server(url, process)
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read().decode() if process.stderr else "it ended")
        try:
            requests.get(f"{url}/healthz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"{url} did not answer")
