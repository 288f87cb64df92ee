"""The servers as they are started: they answer, keep one pair of keys a kind, and end cleanly when told."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from tests.conftest import free_port

SECONDS = 60


def get(url: str, process: subprocess.Popen[str]) -> str:
    """The body, as soon as the server answers."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "smartapp.cli", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.req("SEC-37")
def test_serve_makes_its_database_and_one_pair_of_keys_for_all_workers(tmp_path: Path) -> None:
    port, config = free_port(), tmp_path / "site.toml"
    config.write_text(f"base_url = 'http://127.0.0.1:{port}'\nmode = 'development'\n")
    with started("serve", "--config", str(config), "--port", str(port), "--workers", "2") as server:
        ready = json.loads(get(f"http://127.0.0.1:{port}/readyz", server))
        keys = json.loads(get(f"http://127.0.0.1:{port}/.well-known/jwks.json", server))["keys"]
        assert len(list((tmp_path / "var").glob("metrics-*"))) == 1
        server.send_signal(signal.SIGTERM)
        assert server.wait(SECONDS) == 0
    assert ready == {"status": "ready"}
    assert sorted(key["alg"] for key in keys) == ["ES384", "RS384"]
    assert {path.name for path in (tmp_path / "var").iterdir()} >= {"smartapp.db", "secret_key"}
    assert list((tmp_path / "var").glob("metrics-*")) == []


def test_demo_prints_one_line_and_ends_when_told() -> None:
    port, ehr_port = free_port(), free_port()
    with started("demo", "--port", str(port), "--ehr-port", str(ehr_port)) as both:
        get(f"http://127.0.0.1:{port}/healthz", both)
        get(f"http://127.0.0.1:{ehr_port}/", both)
        both.send_signal(signal.SIGINT)
        printed, errors = both.communicate(timeout=SECONDS)
    assert printed == f"Demo EHR: http://127.0.0.1:{ehr_port}/\n"
    assert (both.returncode, errors) == (0, "")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, [*words], catch_exceptions=False)


def test_the_demo_needs_two_ports() -> None:
    port = str(free_port())
    done = run("demo", "--port", port, "--ehr-port", port)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot both listen" in done.stderr


@pytest.mark.req("SEC-30")
@pytest.mark.parametrize(
    "command", [("db", "current"), ("db", "upgrade"), ("audit", "verify"), ("serve",)], ids=" ".join
)
def test_a_database_that_does_not_answer_is_one_sentence_without_its_password(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    config, port = tmp_path / "site.toml", free_port()
    config.write_text(
        f"base_url = 'http://127.0.0.1:8000'\nmode = 'development'\n"
        f"database_url = 'postgresql+psycopg://bob:hunter2@127.0.0.1:{port}/x'\n"
    )
    done = run(*command, "--config", str(config), *(("--port", str(free_port())) if command == ("serve",) else ()))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "could not be used" in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("db", "current"), ("audit", "verify")], ids=" ".join)
def test_asking_makes_no_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "site.toml").write_text("data_dir = 'var'\n")
    done = run(*command, "--config", str(tmp_path / "site.toml"))
    assert done.exit_code == 1
    assert "there is no database yet" in done.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("command", [("db", "current"), ("db", "upgrade"), ("audit", "verify")], ids=" ".join)
def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "smartapp.db").write_text("this is a text, not a database" * 100)
    (tmp_path / "site.toml").write_text("data_dir = '.'\n")
    done = run(*command, "--config", str(tmp_path / "site.toml"))
    assert done.exit_code == 2
    assert "could not be used" in done.stderr
