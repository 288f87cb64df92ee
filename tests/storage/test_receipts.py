"""Receipts in the database: signed, found by proposal and address, encrypted, kept once."""

import pytest
from sqlalchemy import select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.receipts import ReceiptStore
from smartapp.storage.signatures import opened
from smartapp.storage.tables import receipts, signing_keys

RECEIPT = {"format": "x/1", "patient": "Patient/P1"}


def a_store(database: Database) -> ReceiptStore:
    return ReceiptStore(database, Keyring([b"k" * 32]), lambda: 5.0, version="1.2.3")


def test_a_receipt_is_found_as_it_was_signed(database: Database) -> None:
    kept = a_store(database)
    address = kept.keep("p1", RECEIPT)
    file = kept.file("p1", address)
    assert file is not None
    found = opened(file)
    assert found.address == address
    assert found.receipt == {**RECEIPT, "program": {"name": "fibrinogen-watch", "version": "1.2.3"}}


@pytest.mark.req("SEC-07")
def test_another_proposals_receipt_is_not_found(database: Database) -> None:
    kept = a_store(database)
    address = kept.keep("p1", RECEIPT)
    assert kept.file("p2", address) is None
    assert kept.file("p1", "0" * 64) is None


def test_the_same_receipt_is_kept_once(database: Database) -> None:
    kept = a_store(database)
    assert kept.keep("p1", RECEIPT) == kept.keep("p1", RECEIPT)
    with database.engine.connect() as connection:
        assert len(connection.execute(select(receipts)).all()) == 1


def test_two_processes_sign_with_keys_that_are_published(database: Database, second: Database) -> None:
    files = []
    for kept in (a_store(database), a_store(second)):
        proposal = f"p{len(files)}"
        files.append(kept.file(proposal, kept.keep(proposal, {**RECEIPT, "id": proposal})))
    published = {key["kid"] for key in a_store(database).public_keys()}
    assert {opened(file or b"").key for file in files} <= published


@pytest.mark.req("SEC-01")
def test_nothing_of_a_patient_and_no_private_key_lies_readable(database: Database) -> None:
    a_store(database).keep("p1", RECEIPT)
    with database.engine.connect() as connection:
        file = connection.execute(select(receipts.c.file)).scalar_one()
        key = connection.execute(select(signing_keys.c.private_jwk)).scalar_one()
    assert b"Patient/P1" not in file  # a sealed file may hold "P1" by chance
    assert b"Ed25519" not in key
    assert all("d" not in published for published in a_store(database).public_keys())
