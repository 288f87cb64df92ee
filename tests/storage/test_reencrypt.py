"""A new secret_key: the old one is still read, everything is encrypted anew, and the old one can be taken away."""

import pytest
from sqlalchemy import select, update

from smartapp.storage import audit_verify, reencrypt
from smartapp.storage.audit import AuditLog
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring, Undecryptable
from smartapp.storage.session_store import LaunchStore
from smartapp.storage.tables import launches, looks
from tests.storage.test_retention import WHO, put

OLD, NEW = bytes(32), b"n" * 32
pytestmark = pytest.mark.req("SAL-41", "SEC-01")


def every_value(database: Database) -> list[bytes]:
    with database.engine.connect() as connection:
        return [
            value
            for table, name in reencrypt.encrypted_columns()
            for value in connection.execute(select(table.c[name])).scalars()
            if value is not None
        ]


def test_new_values_are_written_with_the_first_secret_and_old_ones_still_read(database: Database) -> None:
    before, both, after = (LaunchStore(database, Keyring(keys), lambda: 5.0) for keys in ([OLD], [NEW, OLD], [NEW]))
    before.open(state="s", launch="one", cookie="c", ehr="st-x", payload={"access_token": "a"}, minutes=5)
    both.open(state="t", launch="two", cookie="c", ehr="st-x", payload={"access_token": "b"}, minutes=5)
    assert both.find("one", "c", 15) == {"access_token": "a", "bedside": {}}
    assert after.find("two", "c", 15) == {"access_token": "b", "bedside": {}}
    with pytest.raises(Undecryptable):
        after.find("one", "c", 15)


def test_after_encrypting_anew_the_old_secret_is_not_needed(database: Database) -> None:
    for number in (1, 2, 3):
        put(database, 1, number)
    assert len(every_value(database)) == reencrypt.count(database) == 33
    assert reencrypt.encrypt_anew(database, Keyring([NEW, OLD]), lambda _: None) == (33, 0)
    assert all(Keyring([NEW]).open(value) == {"marker": 1} for value in every_value(database))
    assert audit_verify.verify(database, Keyring([NEW])).problems == []
    assert audit_verify.verify(database, Keyring([OLD])).problems != []
    assert reencrypt.encrypt_anew(database, Keyring([NEW, OLD]), lambda _: None) == (0, 0)


def test_what_no_secret_opens_is_counted_and_left(database: Database) -> None:
    put(database, 1)
    with database.transaction() as connection:
        connection.execute(update(looks).values(current=b"nonsense"))
    assert reencrypt.encrypt_anew(database, Keyring([NEW, OLD]), lambda _: None)[1] == 1
    assert b"nonsense" in every_value(database)


def test_every_column_of_bytes_is_encrypted_and_none_else(database: Database) -> None:
    """A new column with anything of a patient has to be one of these, or to stand in interfaces.md section 7."""
    told = {f"{table.name}.{name}" for table, name in reencrypt.encrypted_columns()}
    assert told == {
        "pending_launches.payload", "launches.payload", "launches.bedside", "signing_keys.private_jwk", "proposals.payload",
        "receipts.file", "looks.current", "looks.previous", "shown_cards.look", "feedback.payload",
        "manual_entries.payload", "watched_patients.payload", "watch_changes.payload",
    }  # fmt: skip


def test_the_audit_goes_on_while_a_secret_changes(database: Database) -> None:
    log = AuditLog(database, Keyring([OLD]), lambda: 5.0)
    log.noted(WHO, "launched", "before")
    reencrypt.encrypt_anew(database, Keyring([NEW, OLD]), lambda _: None)
    log.noted(WHO, "launched", "after, by a process that has only the old one")
    assert audit_verify.verify(database, Keyring([NEW, OLD])).problems == []
    with database.engine.connect() as connection:
        assert connection.execute(select(launches)).all() == []
