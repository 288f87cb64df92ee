"""Holding an order's identifier: one writer at a time, whichever process or machine it runs on."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smartapp.usecases.ports import Proposals, StoredProposal

A_PRESS, A_LOOK = 20.0, 3.0
"""How many seconds a press, or a look at a page, waits for another writer to finish, so that it ends on the truth."""

_STEP = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Takes identifiers; `pause` waits that many seconds."""

    proposals: Proposals
    pause: Callable[[float], None]

    @contextmanager
    def held(self, stored: StoredProposal, *, patience: float) -> Iterator[str]:
        """Hold the proposal's identifier; gives who holds it, empty if another writer still does after `patience`."""
        holder = secrets.token_hex(12)
        if not self._taken(stored.identifier, holder, patience):
            yield ""
            return
        try:
            yield holder
        finally:
            self.proposals.unlock(stored.identifier, holder)

    def _taken(self, identifier: str, holder: str, patience: float) -> bool:
        for _ in range(int(patience / _STEP)):
            if self.proposals.lock(identifier, holder):
                return True
            self.pause(_STEP)
        return self.proposals.lock(identifier, holder)
