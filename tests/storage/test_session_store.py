"""Launches as they are kept: the id in an address opens nothing without the cookie that was set for it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.session_store import LaunchStore
from smartapp.storage.tables import launches


@pytest.fixture
def store(tmp_path: Path) -> LaunchStore:
    database = Database(f"sqlite:///{tmp_path}/launches.db")
    database.upgrade()
    kept = LaunchStore(database, Keyring([b"k" * 32]), lambda: 1000.0)
    kept.begin("state", "browser", {"nonce": "n"}, 10)
    kept.open(state="state", launch="L1", cookie="ours", ehr="st-x", payload={"patient": "P1"}, minutes=60)
    return kept


@pytest.mark.req("SEC-07", "SEC-01", "SAL-14")
@pytest.mark.parametrize("cookie", ["", "another", "OURS", "state", "browser"])
def test_a_launch_is_not_opened_by_its_id_and_another_cookie(store: LaunchStore, cookie: str) -> None:
    assert store.find("L1", cookie, 15) is None
    found = store.find("L1", "ours", 15)
    assert found is not None
    assert found["patient"] == "P1"


@pytest.mark.req("SAL-83", "SEC-01")
def test_what_an_ended_launch_knew_is_gone_from_the_database(tmp_path: Path) -> None:
    keyring, database = Keyring([b"k" * 32]), Database(f"sqlite:///{tmp_path}/launches.db")
    database.upgrade()
    store = LaunchStore(database, keyring, lambda: 1000.0)
    store.begin("state", "browser", {}, 10)
    store.open(state="state", launch="L1", cookie="c", ehr="st-x", payload={"access_token": "secret"}, minutes=60)
    store.add_bedside("L1", {"weight_kg": "70"})
    store.end("L1")
    with database.engine.connect() as connection:
        row = connection.execute(select(launches)).one()
    assert (keyring.open(row.payload), row.bedside) == ({}, None)
