"""Servers under measurement: started as in production, their CPU time and memory read from the kernel."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from smartapp.clinical.policy import build_policy
from smartapp.fhir.plan_definition import rules_bundle

ROOT = Path(__file__).parent.parent
PEER_PYTHON = ROOT / ".venv-healthchain" / "bin" / "python"
CQL_PACKAGES = ROOT / "tests" / "cql" / "node" / "node_modules"
NO_EHR = "http://127.0.0.1:9/fhir"
# the collector of the floor is frozen after start, as the app's is
_FREEZE = "import gc\ndef post_worker_init(worker):\n    gc.collect()\n    gc.freeze()\n"


def has_cql_peer() -> bool:
    """Whether there is Node with the packages of the CQL peer."""
    return shutil.which("node") is not None and CQL_PACKAGES.exists()


@dataclass(frozen=True)
class Server:
    """A listening server with one worker; `started` is how long it took to its first answer."""

    url: str
    process: subprocess.Popen[bytes]
    started: float

    def cpu_seconds(self) -> float:
        """Time on a processor of all its threads so far."""
        return sum(_cpu(pid) for pid in self._pids())

    def pss_mb(self) -> float:
        """Proportional memory of its worker."""
        for line in Path(f"/proc/{self._pids()[-1]}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


def _cpu(pid: int) -> float:
    """To the nanosecond, with the threads that have ended: Linux's clock of another process (clock_getcpuclockid)."""
    return time.clock_gettime(~pid << 3 | 2)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path) -> Mapping[str, str]:
    """Our own, but that bytecode is kept, as it is of an installed program."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONPATH": str(ROOT)}


@contextmanager
def floor(folder: Path, *, kept: bool = False) -> Iterator[Server]:
    """The floor: Flask under one synchronous gunicorn worker; `kept`: under one with threads that keeps connections, as the app's."""
    (folder / "floor_conf.py").write_text(_FREEZE)
    port = free_port()
    worker = ["-k", "gthread", "--threads", "4", "--keep-alive", "75"] if kept else ["-k", "sync"]
    options = ["-w", "1", *worker, "-b", f"127.0.0.1:{port}", "-c", str(folder / "floor_conf.py")]
    command = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "benchmarks.floor:app"]
    with started(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


def site(
    folder: Path,
    *,
    port: int = 0,
    fhir: str = NO_EHR,
    strict: bool = False,
    issuer: str = "",
    limits: str = "",
    caller: str = "",
) -> Path:
    """A configuration with its own data folder, limits on; `limits` and `caller` are further lines of those tables.

    Development mode, so that a caller without a token is answered (unless `strict`) and plain http on loopback may be asked.
    """
    port = port or free_port()
    home = folder / f"app-{port}"
    home.mkdir()
    (home / "site.toml").write_text(
        f'base_url = "http://127.0.0.1:{port}"\nmode = "development"\ndata_dir = "{home}"\n'
        f'[limits]\nhooks = "600000/minute"\nlaunch = "600000/minute"\n{limits}'
        f'[[ehr]]\nname = "bench"\nfhir_base = "{fhir}"\nissuer = "{issuer}"\nclient_id = "bench"\nwrite_back = true\n'
        '[[cds_client]]\nname = "bench"\nissuer = "https://ehr.example.org"\n'
        f'jwks_file = "{folder / "caller.jwks.json"}"\nfhir_servers = ["{fhir}"]\n'
        f"require_jwt = {'true' if strict else 'false'}\n{caller}"
    )
    return home / "site.toml"


_READY_SECONDS = 2.0  # a fresh process makes its pages ready beside the first requests, on a thread of its own


@contextmanager
def app(
    folder: Path, *, fhir: str = NO_EHR, strict: bool = False, issuer: str = "", ready: bool = False
) -> Iterator[Server]:
    """The app by `smartapp serve` with one worker; `ready`: once it has done what a fresh process does beside its first requests."""
    port = free_port()
    config = site(folder, port=port, fhir=fhir, strict=strict, issuer=issuer)
    options = ["serve", "--config", str(config), "--port", str(port), "--workers", "1"]
    with started([sys.executable, "-m", "smartapp.cli", *options], f"http://127.0.0.1:{port}", folder) as server:
        time.sleep(_READY_SECONDS if ready else 0)
        yield server


@contextmanager
def peer(folder: Path) -> Iterator[Server]:
    """HealthChain in its own environment, one uvicorn worker."""
    port = free_port()
    command = [str(PEER_PYTHON), "-m", "benchmarks.peer", str(port)]
    with started(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


@contextmanager
def cql_peer(folder: Path) -> Iterator[Server]:
    """The exported PlanDefinition in a CQL engine behind Node's own HTTP server, one process."""
    port, bundle = free_port(), folder / "rules.json"
    bundle.write_text(json.dumps(rules_bundle(build_policy(), "https://bench.example/fhir")))
    with started(
        ["node", "benchmarks/cql_peer.mjs", str(bundle), str(port)], f"http://127.0.0.1:{port}", folder
    ) as server:
        yield server


@contextmanager
def started(command: Sequence[str], url: str, folder: Path) -> Iterator[Server]:
    """A server process, once it answers; ended at the end."""
    began = time.perf_counter()
    with (folder / "stderr.txt").open("wb") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL, stderr=errors)
    try:
        _await(url, process, folder)
        yield Server(url, process, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError((folder / "stderr.txt").read_text()[-2000:])
        try:
            requests.get(f"{url}/healthz", timeout=60)
        except requests.ConnectionError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"{url} did not answer")
