"""Resources decoded by several threads of a process that has just begun."""

import subprocess
import sys

import pytest

FIRST_MEETINGS = """
import sys
import threading
import msgspec
from smartapp.fhir.r4_structs import decode

class Inner(msgspec.Struct):
    a: str = ""

RAW = b'{"x": {"a": "1"}, "y": [{"a": "2"}], "z": {"k": {}}}'
sys.setswitchinterval(1e-6)
for _ in range(200):
    inner = msgspec.defstruct("Inner", [("a", str, ""), ("b", list[Inner], [])])
    outer = msgspec.defstruct("Outer", [("x", inner | None, None), ("y", tuple[inner, ...], ()), ("z", dict[str, inner], {})])
    together = threading.Barrier(4)
    def meet():
        together.wait()
        assert decode(RAW, outer).y[0].a == "2"
    threads = [threading.Thread(target=meet) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
print("all met")
"""


@pytest.mark.req("FHIR-03")
def test_threads_that_meet_a_type_for_the_first_time_at_once() -> None:
    """msgspec 0.22 ends the process with a segmentation fault there, if nobody keeps them apart."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_MEETINGS], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "all met"), done.stderr[-500:]
