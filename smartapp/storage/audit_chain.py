"""The audit's hash chains: how each begins after the others, how far it is, and what of it retention deleted (SEC-32).

One row a chain, sealed by `secret_key` and written with every record, so that a record missing at the end is noticed too; each
chain names the chains that no other had named when it began, so that a chain missing as a whole is noticed by the next.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from smartapp.storage.compiled_statements import Prepared
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import audit_chains

Head = tuple[str, int, str]
"""A chain, the number of a record of it, and that record's hash."""


def beginning(chain: str) -> str:
    """What the first record of a chain follows; each chain's own, so that equal records of two processes differ."""
    return hashlib.sha256(chain.encode()).hexdigest()


def chain_hash(previous: str, record: str) -> str:
    """The hash of a record in its chain."""
    return hashlib.sha256(f"{previous}\n{record}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that this process writes."""

    name: str
    begun_at: float
    follows: str


def begin(connection: Connection, keyring: Keyring, name: str, at: float) -> Chain:
    """A new chain, after all that nobody followed yet."""
    free = audit_chains.c.followed_by.is_(None)
    in_one_order = select(audit_chains).where(free).order_by(audit_chains.c.chain).with_for_update()
    rows = connection.execute(in_one_order).all()
    follows = json.dumps([[row.chain, row.number, row.hash] for row in rows], separators=(",", ":"))
    first = beginning(name)
    connection.execute(
        insert(audit_chains).values(
            chain=name,
            begun_at=at,
            follows=follows,
            number=0,
            hash=first,
            seal=keyring.stamp(_extent(name, at, follows, 0, first)),
            purged_number=0,
            purged_hash=first,
            purged_seal=keyring.stamp(_deleted(name, 0, first)),
        )
    )
    named = audit_chains.c.chain.in_([row.chain for row in rows])
    connection.execute(update(audit_chains).where(named).values(followed_by=name))
    return Chain(name, at, follows)


class Reaching:
    """Says with each record how far its chain is."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("number", "hash", "seal")}
        here = audit_chains.c.chain == bindparam("of_chain")
        self._update = Prepared(database, update(audit_chains).where(here).values(**values))
        self._keyring = keyring

    def reach(self, cursor: Any, chain: Chain, number: int, hashed: str) -> None:
        """The chain's last record is this one now."""
        seal = self._keyring.stamp(_extent(chain.name, chain.begun_at, chain.follows, number, hashed))
        row = {"of_chain": chain.name, "new_number": number, "new_hash": hashed, "new_seal": seal}
        cursor.execute(self._update.text, self._update.values(row))


def forget(connection: Connection, keyring: Keyring, upto: Head) -> None:
    """Retention deletes the chain's records up to this one; what is left follows its hash."""
    chain, number, hashed = upto
    seal = keyring.stamp(_deleted(chain, number, hashed))
    values = {"purged_number": number, "purged_hash": hashed, "purged_seal": seal}
    connection.execute(update(audit_chains).where(audit_chains.c.chain == chain).values(**values))


def seals_hold(row: Row[Any], keyring: Keyring) -> bool:
    """Whether a chain's row is as this program wrote it."""
    extent = _extent(row.chain, row.begun_at, row.follows, row.number, row.hash)
    deleted = _deleted(row.chain, row.purged_number, row.purged_hash)
    return keyring.stamps(extent, row.seal) and keyring.stamps(deleted, row.purged_seal)


def sealed_anew(row: Row[Any], keyring: Keyring) -> dict[str, str]:
    """Both seals by the newest secret."""
    extent = _extent(row.chain, row.begun_at, row.follows, row.number, row.hash)
    deleted = _deleted(row.chain, row.purged_number, row.purged_hash)
    return {"seal": keyring.stamp(extent), "purged_seal": keyring.stamp(deleted)}


def followed(row: Row[Any]) -> Iterator[Head]:
    """The chains that this one names, each with its last record then."""
    yield from ((chain, number, hashed) for chain, number, hashed in json.loads(row.follows))


def written(heads: Iterable[Head]) -> str:
    """Heads as lines to keep elsewhere."""
    lines = ({"chain": chain, "number": number, "hash": hashed} for chain, number, hashed in heads)
    return "\n".join(json.dumps(line) for line in lines)


def read(text: str) -> Sequence[Head]:
    """The heads of such lines; `ValueError` if they are not."""
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [(str(line["chain"]), int(line["number"]), str(line["hash"])) for line in lines]
    except (TypeError, KeyError):
        raise ValueError("not the heads of audit chains") from None


def _extent(chain: str, at: float, follows: str, number: int, hashed: str) -> str:
    return json.dumps(["extent", chain, at, follows, number, hashed])


def _deleted(chain: str, number: int, hashed: str) -> str:
    return json.dumps(["deleted", chain, number, hashed])
