"""The app under test: in threads of this process, or as a real server that can be killed."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from smartapp.config.load import build
from smartapp.factory import create_app
from tests.conftest import free_port
from tests.sites import SECRET_TEXT
from tests.writeback.clinician import Clinician
from tests.writeback.hospital import Hospital, a_hospital, listening

_START_SECONDS = 120.0  # a busy machine takes its time


@dataclass
class Ward:
    """A hospital and the app beside it."""

    app: str
    hospital: Hospital

    def clinician(self) -> Clinician:
        """A browser of its own."""
        return Clinician(self.app)


@contextmanager
def a_ward(
    database_url: str, folder: Path, *, seconds: float = 10.0, profile: str = "plain", **site: Any
) -> Iterator[Ward]:
    """Both in this process; `seconds` is the budget of one FHIR request, `profile` that of the hospital."""
    port = free_port()
    app_url = f"http://127.0.0.1:{port}"
    with a_hospital(app_url, profile) as hospital:
        settings = build(told(hospital, database_url, folder, seconds=seconds, site=site))
        app = create_app(settings)
        with listening(app, port):
            yield Ward(app=app_url, hospital=hospital)
        app.extensions["database"].close()


def told(
    hospital: Hospital, database_url: str, folder: Path, *, seconds: float, site: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The settings: the hospital as the one EHR."""
    ehr = {
        "name": "demo",
        "fhir_base": f"{hospital.url}/fhir",
        "issuer": hospital.url,
        "client_id": "fibrinogen-watch",
        "write_back": True,
    }
    return {
        "mode": "development",
        "base_url": hospital.app_url,
        "data_dir": str(folder),
        "database_url": database_url,
        "secret_key": SECRET_TEXT,
        "organization": "St X",
        "site": {"fc_product": "riastap", "cryo_available": False, **(site or {})},
        "limits": {"launch": "", "hooks": ""},
        "budgets": {"fhir_request": seconds},
        "ehr": [ehr],
    }


@dataclass
class Server:
    """`smartapp serve` with workers, in a process group of its own."""

    config: Path
    port: int
    workers: int = 1
    process: "subprocess.Popen[bytes] | None" = None
    log: Path = field(default_factory=lambda: Path(os.devnull))

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "smartapp.cli", "serve", "--config", str(self.config)]
        command += ["--port", str(self.port), "--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.await_answer()

    def await_answer(self) -> None:
        """Until every worker is there and one answers: gunicorn starts them one after the other."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            try:
                answer = requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5)
                if answer.status_code == 200 and len(self.pids()) == self.workers:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the app did not start: {self.log.read_text()[-2000:]}")

    def pids(self) -> list[int]:
        """The workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_worker(self, number: int = 0) -> None:
        """SIGKILL one worker; the server starts another."""
        pids = self.pids()
        if pids:
            os.kill(pids[number % len(pids)], signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL everything."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def a_server(
    database_url: str, folder: Path, *, seconds: float = 10.0, workers: int = 1, profile: str = "plain", **site: Any
) -> Iterator[tuple[Ward, Server]]:
    """The hospital in this process, the app as a server that can be killed."""
    port = free_port()
    app_url = f"http://127.0.0.1:{port}"
    with a_hospital(app_url, profile) as hospital:
        config = folder / f"site-{secrets.token_hex(4)}.toml"
        config.write_text(toml(told(hospital, database_url, folder, seconds=seconds, site=site)))
        server = Server(config=config, port=port, workers=workers, log=folder / "server.log")
        try:
            server.start()
            yield Ward(app=app_url, hospital=hospital), server
        finally:
            server.kill()


def toml(settings: Mapping[str, Any]) -> str:
    """The settings as a file."""
    plain = [f"{name} = {_value(value)}" for name, value in settings.items() if not isinstance(value, dict | list)]
    tables = [(f"[{name}]", table) for name, table in settings.items() if isinstance(table, dict)]
    tables += [
        (f"[[{name}]]", entry) for name, entries in settings.items() if isinstance(entries, list) for entry in entries
    ]
    lines = [[head, *(f"{name} = {_value(value)}" for name, value in table.items())] for head, table in tables]
    return "\n".join([*plain, *(line for table in lines for line in table)]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
