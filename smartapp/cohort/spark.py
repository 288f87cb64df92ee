"""The engine of a cluster: Apache Spark by `mapInArrow`, classic (`local-cluster[…]`, `spark://…`) or through Spark Connect (`sc://…`).

Executors read the export themselves, so its path must be one that they see. What is shipped to them is this package and the job (both
policies, local codes, digests of the chosen patients); what leaves them is sums and cases under digests.
"""

import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from smartapp.cohort.engine import WorkerLost
from smartapp.cohort.export import Part, UnusableExport
from smartapp.cohort.job import BucketResult, Job, Scan
from smartapp.cohort.rows import RowKind, replay_rows, rows_of
from smartapp.cohort.scan import referring, scan_part

_RESULT = "number long, result binary"
_ROWS = "bucket long, owner string, kind int, raw binary"
_ROWS_SCHEMA = pa.schema([("bucket", pa.int64()), ("owner", pa.string()), ("kind", pa.int32()), ("raw", pa.binary())])
_UNUSABLE = re.compile(r"UnusableExport: ([^\n]+)")
_BATCH_BYTES = 4 * 1024 * 1024


class Spark:
    """An engine on the cluster at a URL."""

    def __init__(self, url: str) -> None:
        builder: Any = SparkSession.builder.appName("Fibrinogen Watch replay")
        builder = builder.remote(url) if url.startswith("sc://") else builder.master(url)
        settings = {
            "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
            "spark.task.maxFailures": "4",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.adaptive.enabled": "false",
        }
        if url.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark asks for it by this name only
            settings |= {"spark.ui.enabled": "false"}
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._made = tempfile.TemporaryDirectory(
            prefix="smartapp-"
        )  # executors fetch from it as long as the session lives
        try:
            self._spark: Any = builder.getOrCreate()
        except Exception as error:  # noqa: BLE001 - Spark's start fails in many ways; each ends here, in a sentence
            self._made.cleanup()
            raise WorkerLost(f"Spark could not be reached at {url}: {_first_line(error)}") from None
        if not url.startswith("sc://"):
            self._spark.sparkContext.setLogLevel("OFF")
        self._ship()

    def _ship(self) -> None:
        """This package, so that executors need only Python, msgspec and PyArrow."""
        folder = Path(__file__).resolve().parents[1]
        archive = Path(self._made.name) / "smartapp.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for source in sorted(folder.rglob("*.py")):
                file.write(source, source.relative_to(folder.parent))
        self._spark.addArtifacts(str(archive), pyfile=True)

    def scan(self, job: Job, parts: Sequence[Part]) -> Iterator[tuple[int, Scan]]:
        """The first look at each part."""

        def scanned(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in _numbers(batches):
                yield _result(number, scan_part(job, parts[number]))

        return ((number, msgspec.json.decode(raw, type=Scan)) for number, raw in self._mapped(parts, scanned))

    def referring(self, job: Job, parts: Sequence[Part], medications: frozenset[str]) -> Iterator[list[bytes]]:
        """Who was given one of these Medications."""

        def found(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in _numbers(batches):
                yield _result(number, referring(job, parts[number], medications))

        return (msgspec.json.decode(raw, type=list[bytes]) for _, raw in self._mapped(parts, found))

    def replay(self, job: Job, parts: Sequence[Part], buckets: Sequence[int]) -> Iterator[tuple[int, BucketResult]]:
        """Rows of each part through Spark's shuffle to their bucket, and each bucket replayed."""
        wanted, lighter = frozenset(buckets), replace(job, chosen=frozenset())

        def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for number in _numbers(batches):
                yield from _batches(job, parts[number], wanted)

        def replayed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for bucket, told in _buckets(batches):
                yield _result(bucket, replay_rows(lighter, told))

        found = self._table(parts).mapInArrow(rows, _ROWS)
        grouped = self._with_medications(found).repartition(len(buckets), "bucket").sortWithinPartitions("bucket")
        seen = set()
        for bucket, result in _results(grouped.mapInArrow(replayed, _RESULT)):
            seen.add(bucket)
            yield bucket, msgspec.json.decode(result, type=BucketResult)
        for bucket in wanted - seen:
            yield bucket, BucketResult(sums=[], patients=[], without_infusion=0)

    def _with_medications(self, rows: DataFrame) -> DataFrame:
        """Medications of nobody are copied to those who refer to them."""
        own = rows.where(rows.kind.isin(int(RowKind.RECORD), int(RowKind.ALIAS)))
        wants = rows.where(rows.kind == int(RowKind.WANTS)).selectExpr(
            "bucket", "owner", "cast(raw as string) as medication"
        )
        shared = rows.where(rows.kind == int(RowKind.SHARED)).selectExpr("owner as medication", "raw")
        brought = wants.distinct().join(shared, "medication")
        return own.unionByName(
            brought.selectExpr("bucket", "owner", f"cast({int(RowKind.SHARED)} as int) as kind", "raw")
        )

    def _table(self, parts: Sequence[Part]) -> DataFrame:
        """The parts by their number, each a task."""
        rows = [(part.number,) for part in parts]
        table: DataFrame = self._spark.createDataFrame(rows, "number long")
        return table.repartition(max(1, len(parts)), "number")

    def _mapped(self, parts: Sequence[Part], function: Any) -> Iterator[tuple[int, bytes]]:
        if not parts:
            return
        yield from _results(self._table(parts).mapInArrow(function, _RESULT))

    def close(self) -> None:
        """End the session."""
        self._spark.stop()
        self._made.cleanup()


def _results(table: DataFrame) -> Iterator[tuple[int, bytes]]:
    """The rows as they come; what an executor could not do, in a sentence."""
    try:
        for row in table.toLocalIterator():
            yield row["number"], bytes(row["result"])
    except (PySparkException, Py4JError) as error:
        unusable = _UNUSABLE.search(str(error))
        if unusable:
            raise UnusableExport(unusable.group(1)) from None
        raise WorkerLost(f"Spark gave up: {_first_line(error)}; --resume goes on from here") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]


def _numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _result(number: int, value: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([number], pa.int64()), pa.array([msgspec.json.encode(value)], pa.binary())], ["number", "result"]
    )


def _batches(job: Job, part: Part, wanted: frozenset[int]) -> Iterator[pa.RecordBatch]:
    held: list[tuple[int, str, int, bytes]] = []
    size = 0
    for row in rows_of(job, part):
        if row.kind is RowKind.SHARED or row.bucket in wanted:
            held.append((row.bucket, row.owner, int(row.kind), row.raw))
            size += len(row.raw)
        if size > _BATCH_BYTES:
            yield _batch(held)
            held, size = [], 0
    if held:
        yield _batch(held)


def _batch(rows: list[tuple[int, str, int, bytes]]) -> pa.RecordBatch:
    columns = [
        pa.array(list(column), field.type) for column, field in zip(zip(*rows, strict=True), _ROWS_SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_ROWS_SCHEMA)


def _buckets(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, list[tuple[str, RowKind, bytes]]]]:
    """Rows that come sorted by bucket, a bucket at a time."""
    current, rows = None, list[tuple[str, RowKind, bytes]]()
    for batch in batches:
        for bucket, owner, kind, raw in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if bucket != current:
                if current is not None:
                    yield current, rows
                current, rows = bucket, []
            rows.append((owner, RowKind(kind), raw))
    if current is not None:
        yield current, rows
