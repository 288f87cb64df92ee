"""Which process holds a lock, and whether it is surely gone; knowable only of processes of this machine and container."""

import hashlib
import os
from pathlib import Path

_PROC = Path("/proc")


def own_mark() -> str:
    """This process, short enough for a lock's row; empty where the system does not tell (then only time does)."""
    home, started = _home(), _started(os.getpid())
    return f"{home}.{os.getpid()}.{started}" if home and started else ""


def is_gone(mark: str) -> bool:
    """Whether the process of a mark has surely ended; of another machine's, or of no mark, nobody knows."""
    home, _, process = mark.partition(".")
    pid, _, started = process.partition(".")
    if not (home and started and pid.isdecimal()) or home != _home():
        return False
    return _started(int(pid)) != started


def _home() -> str:
    """One start of the machine and one container of it: only there a process id means the same process."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """When a living process began, in ticks since the machine did; empty if there is none, or only its remains."""
    try:
        told = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return ""
    fields = told.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]
