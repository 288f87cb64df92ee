"""The app's signing keys, listed and rotated."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from smartapp.cli.databases import Storage
from smartapp.factory.builders import KeyRows
from smartapp.smart.keys import ALGORITHMS, KEPT_SECONDS, LEAD_SECONDS, SigningKeys, StoredKey
from smartapp.storage.keys import StoredKeys


def listed(kept: Storage) -> Iterator[str]:
    """A line a key, newest first: algorithm, id, when it was made, and what it does now."""
    rows, now = _rows(kept), time.time()
    keys = SigningKeys(KeyRows(rows))
    signing = {keys.signing(alg).kid for alg in ALGORITHMS if any(pair.alg == alg for pair in rows.rows())}
    for key in KeyRows(rows).pairs():
        yield f"{key.alg:<8}{key.kid}  made {_moment(key.created_at)}  {_does(key, key.kid in signing, now)}"
    for pair in rows.rows():
        if pair.alg not in ALGORITHMS:
            yield f"{pair.alg:<8}{pair.kid}  made {_moment(pair.created_at)}  signs decision receipts; never rotated"


def rotated(kept: Storage) -> Iterator[str]:
    """A new pair of each algorithm, a line each."""
    rows = _rows(kept)
    rows.forget(time.time() - KEPT_SECONDS)
    keys = SigningKeys(KeyRows(rows))
    is_first = not KeyRows(rows).pairs()
    for key in keys.rotate():
        at = "now" if is_first else _moment(time.time() + LEAD_SECONDS)
        yield f"{key.alg:<8}{key.kid}  published now, signs from {at}"


def _rows(kept: Storage) -> StoredKeys:
    return StoredKeys(kept.database, kept.keyring, time.time)


def _does(key: StoredKey, is_signing: bool, now: float) -> str:
    until = f" until {_moment(key.retired_at)}" if key.retired_at is not None else ""
    if is_signing:
        return f"signs{until}"
    if key.signs(now):
        return f"published, signs after the one before it{until}"
    return "retired, still published" if key.is_published(now) else "retired"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
