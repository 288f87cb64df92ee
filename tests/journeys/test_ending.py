"""As a site runs it: another user who may write nowhere but in `data_dir`; told to end during an approval, it loses nothing (SEC-37)."""

import os
import pwd
import shutil
import site as installed
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from smartapp import assets
from smartapp.demo.faults import Fault
from tests.cli.test_serve import SECONDS
from tests.journeys.processes import Browser, form, hospital, started

PATIENT = "lindqvist"
ROOT = assets.templates().parent


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everyone may read, with a `var` that belongs to the other user."""
    with tempfile.TemporaryDirectory(prefix="fw-site-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name) / "site"


@pytest.fixture(scope="module")
def other_user() -> dict[str, Any]:
    """How to start Python as a user without rights; as ourselves where we have none."""
    if os.geteuid() != 0:
        return {"command": (sys.executable, "-m", "smartapp.cli")}
    paths = os.pathsep.join([str(ROOT), *installed.getsitepackages()])
    how: dict[str, Any] = {"user": "nobody", "cwd": "/", "env": {"PATH": os.environ["PATH"], "PYTHONPATH": paths}}
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{same}", f"/usr/local/bin/{same}"):
        trial = [python, "-c", "import smartapp.factory, gunicorn"]
        try:
            if subprocess.run(trial, check=False, capture_output=True, **how).returncode == 0:
                return {"command": (python, "-m", "smartapp.cli"), **how}
        except OSError:
            continue
    pytest.skip("no Python and no checkout that another user may read")


def foreign_files(folder: Path, user: str) -> list[Path]:
    """What that user owns outside `var`, here and among the temporary files."""
    uid = pwd.getpwnam(user).pw_uid
    found = [*folder.rglob("*"), *Path(tempfile.gettempdir()).glob("*"), *Path("/dev/shm").glob("*")]
    return [path for path in found if path.lstat().st_uid == uid and folder / "var" not in (path, *path.parents)]


@pytest.mark.req("SEC-37")
def test_told_to_end_during_an_approval_it_finishes_and_goes_on_where_it_was(
    folder: Path, other_user: dict[str, Any]
) -> None:
    with hospital() as site:
        config = site.configure(folder, f"sqlite:///{folder}/var/smartapp.db")
        (folder / "log").touch()
        (folder / "var").mkdir()
        if "user" in other_user:
            shutil.chown(folder / "var", other_user["user"])
            before = foreign_files(folder, other_user["user"])
        with started(config, site.base, **other_user) as running:
            browser = Browser(site.base, running.ready().address)
            page = browser.follow(f"{site.ehr}/chart/{PATIENT}/launch")
            receipt = browser.press(browser.press(page))
            last = form(browser.get(receipt).text, "/approve")
            site.demo.faults.switch_on(Fault.SLOW_FHIR, resource="MedicationRequest", seconds=2)
            answers: list[int] = []

            def approve() -> None:
                answers.append(browser.ask("POST", urljoin(receipt, last.action), data=last.fields).status_code)

            pressing = threading.Thread(target=approve)
            pressing.start()
            time.sleep(1)
            running.process.terminate()
            pressing.join(SECONDS)
            assert (answers, running.process.wait(SECONDS)) == ([303], 0)
        if "user" in other_user:
            assert foreign_files(folder, other_user["user"]) == before
        site.demo.faults.clear()
        with started(config, site.base, **other_user) as again:
            browser.at = again.ready().address
            assert "Saved as draft" in browser.get(receipt).text.partition("<main")[2]
        assert site.orders(PATIENT) == 1
