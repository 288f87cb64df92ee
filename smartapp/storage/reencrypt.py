"""Encrypting everything anew with the newest secret, so that older ones can be taken away (interfaces.md section 3)."""

from collections.abc import Callable

from sqlalchemy import Column, Table, func, select, update

from smartapp.storage import audit_chain
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, Undecryptable
from smartapp.storage.tables import audit_chains, metadata

_AT_ONCE = 200
_ENCRYPTED = "BLOB"


def encrypted_columns() -> list[tuple[Table, str]]:
    """Every column that is only readable with a secret: all that hold bytes."""
    return [
        (table, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if str(column.type) == _ENCRYPTED
    ]


def count(database: Database) -> int:
    """How many values there are."""
    with database.engine.connect() as connection:
        counts = [select(func.count(table.c[name])) for table, name in encrypted_columns()]
        return sum(int(connection.execute(counted).scalar_one()) for counted in counts)


def encrypt_anew(database: Database, keyring: Keyring, passed: Callable[[int], None]) -> tuple[int, int]:
    """How many values were encrypted anew, and how many no secret opens. What others change meanwhile is left to them."""
    renewed = lost = 0
    for table, name in encrypted_columns():
        key = next(iter(table.primary_key.columns))
        last = ""
        while rows := _some(database, key, table.c[name], last):
            last = rows[-1][0]
            done, failed = _renewed(database, keyring, (table, key, name), rows)
            renewed, lost = renewed + done, lost + failed
            passed(len(rows))
    _seal_anew(database, keyring)
    return renewed, lost


def _some(database: Database, key: Column[str], column: Column[bytes], last: str) -> list[tuple[str, bytes]]:
    chosen = select(key, column).where((key > last) & column.is_not(None)).order_by(key).limit(_AT_ONCE)
    with database.engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(chosen)]


def _renewed(
    database: Database, keyring: Keyring, place: tuple[Table, Column[str], str], rows: list[tuple[str, bytes]]
) -> tuple[int, int]:
    table, key, name = place
    done = failed = 0
    with database.transaction() as connection:
        for row, sealed in rows:
            try:
                fresh = keyring.renewed(sealed)
            except Undecryptable:
                failed += 1
                continue
            if fresh != sealed:
                unchanged = (key == row) & (table.c[name] == sealed)
                done += connection.execute(update(table).where(unchanged).values({name: fresh})).rowcount
    return done, failed


def _seal_anew(database: Database, keyring: Keyring) -> None:
    """The entries of the audit's chains; one whose seal does not hold stays as it is, for `audit verify` to tell."""
    with database.transaction() as connection:
        for row in connection.execute(select(audit_chains).with_for_update()).all():
            if audit_chain.seals_hold(row, keyring):
                values = audit_chain.sealed_anew(row, keyring)
                connection.execute(update(audit_chains).where(audit_chains.c.chain == row.chain).values(**values))
