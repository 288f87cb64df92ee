"""Reading the audit trail: as exported, and checked for what was changed, removed or moved (SEC-32)."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, select

from smartapp.storage.audit_chain import Head, chain_hash, followed, seals_hold
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import audit, audit_chains

FIELDS = (
    "time", "event", "reference", "request", "ehr", "user", "patient", "encounter", "read", "rules", "policy_sha256",
    "input_digest", "action", "indicator", "outcome",
)  # fmt: skip
_AT_ONCE = 1000


def records(
    database: Database, *, since: float = float("-inf"), until: float = float("inf")
) -> Iterator[Mapping[str, Any]]:
    """The records of that time (epoch seconds), oldest first, each with every field."""
    in_time = (audit.c.at >= since) & (audit.c.at < until)
    chosen = select(audit.c.record).where(in_time).order_by(audit.c.at, audit.c.chain, audit.c.number)
    with database.snapshot() as connection:
        for row in connection.execute(chosen.execution_options(yield_per=_AT_ONCE)):
            record = json.loads(row.record)
            yield {**dict.fromkeys(FIELDS, ""), "read": {}, "rules": {}, **record}


def heads(database: Database) -> list[Head]:
    """The last record of each chain."""
    with database.engine.connect() as connection:
        return [(row.chain, row.number, row.hash) for row in _chains(connection)]


@dataclass(slots=True)
class Checked:
    """How much was checked, whether the seals were too, and what is wrong, a sentence each."""

    sealed: bool
    chains: int = 0
    records: int = 0
    problems: list[str] = field(default_factory=list)


def count(database: Database) -> int:
    """How many records there are."""
    with database.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def verify(
    database: Database,
    keyring: Keyring | None,
    *,
    kept: Sequence[Head] = (),
    passed: Callable[[], None] = lambda: None,
) -> Checked:
    """Check every chain; `kept` are heads noted earlier elsewhere, `passed` is called for each record.

    Without a keyring the seals of the chains' entries are not checked.
    """
    checked = Checked(sealed=keyring is not None)
    with database.snapshot() as connection:
        rows = {row.chain: row for row in _chains(connection)}
        ordered = select(audit).order_by(audit.c.chain, audit.c.number).execution_options(yield_per=_AT_ONCE)
        wanted = _wanted(rows, kept)
        seen = set[str]()
        for chain, found in groupby(connection.execute(ordered), key=lambda row: str(row.chain)):
            seen.add(chain)
            _check_chain(chain, rows.get(chain), found, wanted.get(chain, {}), checked, passed)
        for chain in rows.keys() - seen:
            _check_chain(chain, rows[chain], iter(()), wanted.get(chain, {}), checked, passed)
    for chain in wanted.keys() - rows.keys() - seen:
        checked.problems.append(f"chain {chain} was removed as a whole")
    for chain, row in rows.items():
        if keyring is not None and not seals_hold(row, keyring):
            checked.problems.append(f"chain {chain}: its entry was changed, or was sealed with another secret_key")
    checked.chains = len(rows)
    checked.problems.sort()
    return checked


def _chains(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(select(audit_chains).order_by(audit_chains.c.begun_at, audit_chains.c.chain)).all()


def _wanted(rows: Mapping[str, Row[Any]], kept: Sequence[Head]) -> dict[str, dict[int, str]]:
    """What other chains, and notes kept elsewhere, say of each chain's records."""
    wanted: dict[str, dict[int, str]] = {}
    for named in (*kept, *(head for row in rows.values() for head in followed(row))):
        wanted.setdefault(named[0], {})[named[1]] = named[2]
    return wanted


def _check_chain(
    chain: str,
    row: Row[Any] | None,
    found: Iterator[Row[Any]],
    wanted: Mapping[int, str],
    checked: Checked,
    passed: Callable[[], None],
) -> None:
    """One chain from where retention left it to its end."""
    say = checked.problems.append
    number, last = (row.purged_number, row.purged_hash) if row else (0, "")
    if row is None:
        say(f"chain {chain}: its entry was removed")
    hashes = {number: last} if row else {}
    for record in found:
        if row and (record.number != number + 1 or record.previous_hash != last):
            say(f"chain {chain}: record {record.number} does not follow record {number}")
        if record.hash != chain_hash(record.previous_hash, record.record):
            say(f"chain {chain}: record {record.number} was changed")
        number, last = record.number, record.hash
        if number in wanted:
            hashes[number] = last
        checked.records += 1
        passed()
    if row and (number, last) != (row.number, row.hash):
        say(f"chain {chain}: it ends with record {number}, but record {row.number} was written")
    for noted, hashed in wanted.items():
        if row and noted >= row.purged_number and hashes.get(noted) != hashed:
            say(f"chain {chain}: record {noted} is not the one that was noted")
