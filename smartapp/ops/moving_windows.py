"""Moving windows in this process's memory, for Flask-Limiter: its own starts a thread for each request that it counts."""

import threading
import time
from collections import deque
from typing import Any

from limits.storage import MovingWindowSupport, Storage

SCHEME = "windows"
_SWEEP_SECONDS = 60.0


class Windows(Storage, MovingWindowSupport):
    """When each was counted lately, oldest first; who has been silent for a whole window is forgotten."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._counted: dict[str, tuple[int, deque[float]]] = {}
        self._guard = threading.Lock()
        self._swept_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more of this key, if the limit leaves room for them."""
        now = time.time()
        with self._guard:
            self._sweep(now)
            _, times = self._counted.setdefault(key, (expiry, deque()))
            _forget(times, now - expiry)
            if len(times) + amount > limit:
                return False
            times.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest was counted that still counts, and how many do."""
        del limit
        now = time.time()
        with self._guard:
            _, times = self._counted.get(key, (expiry, deque()))
            _forget(times, now - expiry)
            return (times[0] if times else now), len(times)

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        silent = [key for key, (expiry, times) in self._counted.items() if not times or times[-1] <= now - expiry]
        for key in silent:
            del self._counted[key]

    def check(self) -> bool:
        """Memory is there."""
        return True

    def reset(self) -> int | None:
        """Forget everything; how many keys."""
        with self._guard:
            keys = len(self._counted)
            self._counted.clear()
            return keys

    def clear(self, key: str) -> None:
        """Forget one key."""
        with self._guard:
            self._counted.pop(key, None)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more, whatever the limit; how many count now."""
        now = time.time()
        with self._guard:
            _, times = self._counted.setdefault(key, (expiry, deque()))
            times.extend([now] * amount)
            return len(times)

    def get(self, key: str) -> int:
        """How many count."""
        expiry, times = self._counted.get(key, (0, deque[float]()))
        return sum(counted >= time.time() - expiry for counted in tuple(times))

    def get_expiry(self, key: str) -> float:
        """When the newest of them no longer counts."""
        expiry, times = self._counted.get(key, (0, deque[float]()))
        return times[-1] + expiry if times else time.time()


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] < before:
        times.popleft()
