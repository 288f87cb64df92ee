"""What the simulated days show: memory and short-lived rows must not grow on the second day."""

import subprocess
import sys
from dataclasses import replace

from benchmarks.growth import Sample, told

DAY = [
    Sample(hour, 10 * hour, 70.0, {"caller_tokens": 9, "pending_launches": 5, "launches": 9, "audit": 31 * hour}, 0)
    for hour in range(4, 49, 4)
]


def test_flat_is_fine() -> None:
    assert all(fine for _, fine in told(DAY))
    assert "3100 audit records" in told(DAY)[-1][0]


def test_what_grows_is_named() -> None:
    grown = [replace(each, pss_mb=70.0 + each.hour, rows={**each.rows, "launches": 20 * each.hour}) for each in DAY]
    assert [text.split(":")[0] for text, fine in told(grown) if not fine] == [
        "memory over the second day",
        "most rows of launches",
    ]


def test_a_clock_can_be_hurried() -> None:
    code = "import time; from benchmarks.fast import hurry; at = time.time(); hurry(at, 100000); time.sleep(0.1); print(time.time() - at)"
    passed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert float(passed) > 9000
