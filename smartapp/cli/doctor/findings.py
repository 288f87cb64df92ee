"""What the doctor says: sentences, and whether something is wanting."""

from dataclasses import dataclass
from enum import StrEnum


class CheckMark(StrEnum):
    """How a sentence is meant: it works, it is worth knowing, or it will not work."""

    OK = "ok"
    NOTE = "note"
    WANTING = "wanting"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One finding in words."""

    mark: CheckMark
    words: str

    def __str__(self) -> str:
        return f"  {self.mark:<8} {self.words}"


def ok(words: str) -> Sentence:
    """It works."""
    return Sentence(CheckMark.OK, words)


def note(words: str) -> Sentence:
    """Worth knowing."""
    return Sentence(CheckMark.NOTE, words)


def wanting(words: str) -> Sentence:
    """It will not work."""
    return Sentence(CheckMark.WANTING, words)
