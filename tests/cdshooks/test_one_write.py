"""What a call costs the database: one write transaction, two where the caller signed (issue of speed: no call waits for more)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from smartapp.storage.audit_verify import records, verify
from smartapp.storage.database import Database
from tests.cdshooks import calls
from tests.cdshooks.served import app_of, post, settings_of
from tests.cdshooks.signing import Signer


@pytest.fixture
def begun() -> Iterator[list[str]]:
    """The write transactions that any SQLite connection begins."""
    told: list[str] = []

    def listen(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(lambda text: told.append(text) if text.startswith("BEGIN") else None)

    event.listen(Pool, "connect", listen)
    yield told
    event.remove(Pool, "connect", listen)


@pytest.mark.req("SEC-32", "CDS-42")
@pytest.mark.parametrize(("signed", "transactions"), [(False, 1), (True, 2)])
def test_a_call_begins_one_write_and_its_token_another(
    tmp_path: Path, begun: list[str], signed: bool, transactions: int
) -> None:
    signer = Signer()
    mode = "production" if signed else "development"
    settings = settings_of(tmp_path, signer, mode=mode, require_jwt=signed)
    app = app_of(settings)
    post(app, calls.url(), calls.call(), signer if signed else None)  # begins this process's chain of the audit
    begun.clear()
    reply = post(app, calls.url(), calls.call(), signer if signed else None)
    assert len(begun) == transactions
    told = [record["event"] for record in records(Database(settings.database))]
    a_call = ["hook assessed", *["card shown"] * len(reply.json["cards"])]
    assert told == ["policy changed", *a_call, *a_call]  # the first tells of the start
    assert verify(Database(settings.database), None).problems == []
