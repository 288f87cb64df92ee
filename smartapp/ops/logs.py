"""The log: one JSON line an event on standard error, allow-listed keys, no control characters (SEC-33)."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

import msgspec

_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # structlog imports it where it finds it: a tenth of a start, for nothing
try:
    import structlog
finally:
    if _rich is None:
        del sys.modules["rich"]
    else:
        sys.modules["rich"] = _rich

KEYS = frozenset(
    {
        "time",
        "level",
        "event",
        "reference",  # the number on the page and in X-Request-ID
        "launch",  # the reference in the audit
        "method",
        "route",  # as registered, without ids
        "service",
        "status",
        "ms",
        "ehr",
        "host",
        "asked",  # a resource type or endpoint, without ids and query
        "why",
        "error",  # the kind of an exception; its words may hold what must not be logged
        "trace",
        "logger",
        "workers",
        "mode",
    }
)
"""All that a line may hold; anything else is dropped."""
_LONGEST = 300
_FRAMES = 12
_CONTROL = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")


def make_log(level: str, stream: BinaryIO | None = None) -> Any:
    """A structlog logger for this process; it is passed on, nothing is configured globally."""
    return structlog.wrap_logger(
        structlog.BytesLogger(stream or cast("BinaryIO", _StandardError())),
        processors=[_finished],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


class _StandardError:
    """Standard error as it is when a line is written, not as it was when the log was made."""

    def write(self, line: bytes) -> None:
        """Write it."""
        sys.stderr.buffer.write(line)

    def flush(self) -> None:
        """At once."""
        sys.stderr.buffer.flush()


def told_of(error: BaseException) -> Mapping[str, str]:
    """An exception as its kind and where it happened, without its words."""
    return {"error": type(error).__name__, "trace": _trace(error.__traceback__)}


def adopt(log: Any) -> None:
    """Warnings of libraries become lines of this log."""
    root = logging.getLogger()
    root.handlers = [Adopted(log)]
    root.setLevel(logging.WARNING)


class Adopted(logging.Handler):
    """A standard-library record as one of our lines: its template, with whole numbers only."""

    def __init__(self, log: Any) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log it."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        found = told_of(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        self._log.log(record.levelno, "library", logger=record.name, why=template(record.msg, arguments), **found)


def template(message: Any, arguments: tuple[Any, ...] = ()) -> str:
    """The words of a library without what they are about: a text may quote a header, an address or a value."""
    if isinstance(message, BaseException):
        return type(message).__name__
    words = str(message).split(": ")[0]
    kept = tuple(value if isinstance(value, int) else "…" for value in arguments)
    try:
        return words % kept if kept else words
    except (TypeError, ValueError):
        return words


def _finished(_logger: Any, level: str, event: MutableMapping[str, Any]) -> bytes:
    """The line: what may be logged, in one order, cleaned."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": at, "level": level, "event": event["event"]}
    line.update((name, _clean(value)) for name, value in event.items() if name in KEYS and value not in ("", None))
    return msgspec.json.encode(line)


def _clean(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    text = str(value)
    return (text if text.isprintable() else text.translate(_CONTROL))[:_LONGEST]


def _trace(trace: TracebackType | None) -> str:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).stem}.{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(frames[-_FRAMES:])
