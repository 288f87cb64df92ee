"""The folder in which a replay keeps what is done, so that it can be taken up after it was killed; deleted when the report stands.

It holds records of patients: only its owner may read it.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class OtherReplay(ValueError):
    """The folder holds the work of another replay; the message is a sentence."""


class Work:
    """Results by name; each stands wholly or not at all."""

    def __init__(self, folder: Path, marks: Mapping[str, str], *, resume: bool) -> None:
        """`marks` say which replay it is: they must be the same to go on with it."""
        self.folder = folder
        told = json.dumps(dict(marks), sort_keys=True, indent=1)
        mark = folder / "replay.json"
        if resume and mark.is_file():
            self._check(json.loads(mark.read_text(encoding="utf-8")), marks)
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        mark.write_text(told, encoding="utf-8")

    def _check(self, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        other = sorted(name for name in before.keys() | dict(now).keys() if before.get(name) != now.get(name))
        if other:
            raise OtherReplay(f"it cannot be resumed: {', '.join(other)} changed since; start anew without --resume")

    def path(self, name: str) -> Path:
        """Where something is kept."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether it was kept."""
        return self.path(name).exists()

    def keep(self, name: str, value: object) -> None:
        """Keep a value, wholly or not at all."""
        self.keep_bytes(name, msgspec.json.encode(value))

    def keep_bytes(self, name: str, raw: bytes) -> None:
        """Keep bytes, wholly or not at all."""
        temporary = self.path(f"{name}.part")
        temporary.write_bytes(raw)
        temporary.replace(self.path(name))

    def load(self, name: str, kind: type[T]) -> T:
        """What was kept."""
        return msgspec.json.decode(self.path(name).read_bytes(), type=kind)

    def remove(self) -> None:
        """All of it."""
        shutil.rmtree(self.folder, ignore_errors=True)
