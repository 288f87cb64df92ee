"""Holding an order's identifier: one writer at a time, whichever process or machine it runs on."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from smartapp.usecases.ports import Proposals, StoredProposal


@contextmanager
def held(proposals: Proposals, stored: StoredProposal) -> Iterator[str]:
    """Hold the proposal's identifier; gives who holds it, empty if another writer does."""
    holder = f"{stored.id}:{secrets.token_hex(8)}"
    if not proposals.lock(stored.identifier, holder):
        yield ""
        return
    try:
        yield holder
    finally:
        proposals.unlock(stored.identifier, holder)
