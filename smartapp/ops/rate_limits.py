"""Rates: hooks a caller, launches and pages an address; counted in memory, each worker with its share (SEC-31)."""

import math
import time

from flask import Flask, request
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from smartapp.ops.moving_windows import Windows

_UNCOUNTED = ("/static/", "/cds-services", "/healthz", "/readyz", "/metrics", "/.well-known/", "/openapi.json")


class Rate:
    """One rate such as `600/minute` (empty: none), divided among `workers`; a moving window, so that a burst is let through."""

    def __init__(self, limiter: MovingWindowRateLimiter, name: str, rate: str, workers: int) -> None:
        self._limiter = limiter
        self._name = name
        self._item = _share(rate, workers) if rate else None

    def wait(self, who: str) -> int:
        """Count one; 0 if `who` may go on, else the seconds after which it may come again."""
        item = self._item
        if item is None or self._limiter.hit(item, self._name, who):
            return 0
        reset = self._limiter.get_window_stats(item, self._name, who).reset_time
        return max(1, math.ceil(reset - time.time()))


def make_limiter() -> MovingWindowRateLimiter:
    """The counters of one process: what Flask-Limiter counts with, without the hooks that it adds to every request."""
    return MovingWindowRateLimiter(Windows())


def limit_pages(app: Flask, rate: Rate) -> None:
    """Launch, callback and pages by address: 429 with `Retry-After`; hooks have their own rate, operations none."""

    @app.before_request
    def count() -> None:
        if request.path.startswith(_UNCOUNTED):
            return
        seconds = rate.wait(get_remote_address())
        if seconds:
            raise TooManyRequests(retry_after=seconds)


def _share(rate: str, workers: int) -> RateLimitItem:
    whole = parse(rate)
    return type(whole)(math.ceil(whole.amount / workers), whole.multiples)
