"""The lock of an order's identifier: one writer at a time, whichever process or machine it runs on."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smartapp.usecases.orders.ports import Proposals

PRESS_SECONDS, VIEW_SECONDS = 20.0, 3.0
"""How long a press, or a page, waits for another writer to finish, so that it ends on the truth."""

_STEP_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLock:
    """Takes identifiers; `pause` waits that many seconds."""

    proposals: Proposals
    pause: Callable[[float], None]

    @contextmanager
    def held(self, identifier: str, *, seconds: float) -> Iterator[str]:
        """Hold the identifier; gives its holder's name, empty if another writer still holds it after `seconds`."""
        holder = secrets.token_hex(12)
        if not self._taken(identifier, holder, seconds):
            yield ""
            return
        try:
            yield holder
        finally:
            self.proposals.unlock(identifier, holder)

    def _taken(self, identifier: str, holder: str, seconds: float) -> bool:
        for _ in range(int(seconds / _STEP_SECONDS)):
            if self.proposals.lock(identifier, holder):
                return True
            self.pause(_STEP_SECONDS)
        return self.proposals.lock(identifier, holder)
