"""A caller's token is used once, by whichever thread or process comes first, for as long as it could be used."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from smartapp.storage.database import Database
from smartapp.storage.jti_store import ReplayStore
from smartapp.storage.tables import caller_tokens


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(caller_tokens)).scalar_one())


@pytest.mark.req("CDS-86")
def test_a_pair_of_issuer_and_jti_is_used_once(database: Database) -> None:
    store = ReplayStore(database, Clock())
    pairs = [("a", "1"), ("a", "1"), ("b", "1"), ("a", "2"), ("a", "1\n"), ("b", "1")]
    assert [store.first_use(*pair, 2000) for pair in pairs] == [True, False, True, True, True, False]


@pytest.mark.req("CDS-86")
def test_twenty_at_once_through_two_processes_stores_are_one_use(database: Database, second: Database) -> None:
    stores = [ReplayStore(opened, Clock()) for opened in (database, second)]
    with ThreadPoolExecutor(max_workers=20) as pool:
        uses = list(pool.map(lambda number: stores[number % 2].first_use("a", "once", 2000), range(20)))
    assert uses.count(True) == 1


@pytest.mark.req("CDS-86", "SEC-36")
def test_tokens_that_could_not_be_used_any_more_are_forgotten(database: Database) -> None:
    clock = Clock()
    store = ReplayStore(database, clock)
    store.first_use("a", "1", 1010)
    clock.now = 1065.0
    assert store.first_use("a", "2", 1300)
    assert kept(database) == 1
    assert not store.first_use("a", "2", 1300)
