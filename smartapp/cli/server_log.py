"""What gunicorn says, as lines of our log: no addresses of requests, no headers (SEC-33)."""

import logging
import os
import sys
from typing import Any

from smartapp.ops.logs import adopt, make_log, template, told_of
from smartapp.ops.metrics import MULTIPROCESS


def server_log(level: str) -> type:
    """The class that gunicorn makes its logger of."""

    class ServerLog(_ServerLog):
        log_level = level

    return ServerLog


def worker_ended(_arbiter: object, worker: Any) -> None:
    """A worker that is gone no longer counts as live."""
    if os.environ.get(MULTIPROCESS):
        from prometheus_client import multiprocess  # noqa: PLC0415 - as in ops.metrics

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


class _ServerLog:
    """gunicorn's interface of a logger; access is logged by the app itself."""

    log_level = "info"

    def __init__(self, _settings: object) -> None:
        self.out = make_log(self.log_level)
        adopt(self.out)

    def critical(self, message: object, *arguments: object, **more: Any) -> None:
        """As the standard library's, and those below."""
        self.log(logging.CRITICAL, message, *arguments, **more)

    def error(self, message: object, *arguments: object, **more: Any) -> None:
        """An error."""
        self.log(logging.ERROR, message, *arguments, **more)

    def warning(self, message: object, *arguments: object, **more: Any) -> None:
        """A warning."""
        self.log(logging.WARNING, message, *arguments, **more)

    def info(self, message: object, *arguments: object, **more: Any) -> None:
        """How the server is."""
        self.log(logging.INFO, message, *arguments, **more)

    def debug(self, *_: object, **__: object) -> None:
        """Nothing: it tells of connections, not of us."""

    def exception(self, message: object, *arguments: object, **_: Any) -> None:
        """What failed, by kind and place."""
        self.log(logging.ERROR, message, *arguments, exc_info=True)

    def log(self, level: int, message: object, *arguments: object, exc_info: object = None, **_: Any) -> None:
        """The words without what they are about; an exception by kind and place."""
        error = sys.exc_info()[1] if exc_info else None
        about = told_of(error) if error else {}
        self.out.log(level, "server", logger="gunicorn", why=template(message, arguments), **about)

    def access(self, *_: object) -> None:
        """Nothing: one line a request is written by the app."""

    def setup(self, _settings: object) -> None:
        """Nothing: there is nothing to set."""

    def reopen_files(self) -> None:
        """Nothing: the log is a stream."""

    def close_on_exec(self) -> None:
        """Nothing: as above."""
