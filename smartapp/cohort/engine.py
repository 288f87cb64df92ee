"""The port behind which work is spread: over processes of one machine, or over a Spark cluster."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from smartapp.cohort.export import Part
from smartapp.cohort.job import BucketResult, Job, Scan


class WorkerLost(RuntimeError):
    """Workers kept dying at the same work; the message is a sentence."""


class Engine(Protocol):
    """Split (parts, made by us), map (over parts), reduce (by bucket). Results come in any order, each once."""

    def scan(self, job: Job, parts: Sequence[Part]) -> Iterator[tuple[int, Scan]]:
        """The first look at each part, by its number."""

    def referring(self, job: Job, parts: Sequence[Part], medications: frozenset[str]) -> Iterator[list[bytes]]:
        """Who was given one of these Medications, part by part."""

    def replay(self, job: Job, parts: Sequence[Part], buckets: Sequence[int]) -> Iterator[tuple[int, BucketResult]]:
        """Group the records of the chosen patients, and replay those of these buckets."""

    def close(self) -> None:
        """Let go of workers."""
