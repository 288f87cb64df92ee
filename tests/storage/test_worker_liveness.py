"""Whether a lock's holder has died is known at once on the same machine, and never guessed of another (FHIR-46)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smartapp.storage.database import Database
from smartapp.storage.worker_liveness import is_gone, own_mark
from tests.storage.test_proposals import store_over

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells of other processes")
HOLDS = """
import sys, time
from smartapp.storage.database import Database
from smartapp.storage.worker_liveness import own_mark
from tests.storage.test_proposals import store_over
kept = store_over(Database(sys.argv[1]), time.time)
print(own_mark(), kept.lock("abc", "child"), flush=True)
time.sleep(60)
"""


def test_a_living_process_is_not_gone() -> None:
    assert own_mark()
    assert not is_gone(own_mark())
    assert len(own_mark()) < 39  # with a holder's 24 letters it fits the column


def test_a_process_id_that_another_process_took_over_is_gone() -> None:
    home, pid, started = own_mark().split(".")
    assert is_gone(f"{home}.{pid}.{int(started) - 1}")


@pytest.mark.parametrize(
    "mark", ["", "x", "0000.1.2", "0000..", f"0000.{os.getpid()}.5"], ids=["none", "word", "one", "empty", "own"]
)
def test_of_another_machine_nobody_knows(mark: str) -> None:
    assert not is_gone(mark)


@pytest.mark.req("FHIR-44", "FHIR-46")
def test_the_lock_of_a_killed_process_falls_at_once_and_of_a_living_one_not(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    child = subprocess.Popen([sys.executable, "-c", HOLDS, url], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    told = child.stdout.readline().split()
    kept = store_over(database, lambda: 0.0)
    assert (told[1], kept.lock("abc", "here")) == ("True", False)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert (is_gone(told[0]), kept.lock("abc", "here")) == (True, True)
