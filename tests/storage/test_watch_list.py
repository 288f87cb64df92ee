"""Watched patients as leased rows on both databases (interfaces.md section 8)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import watched_patients
from smartapp.storage.watch_list import WatchListStore
from smartapp.usecases.watch import NextLook, Roster, WatchedPatient, Why

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ANNA = WatchedPatient(
    ehr="st-x",
    patient="anna",
    roster=Roster.SEEN,
    until=START + timedelta(days=20),
    due=NextLook(at=START, why=Why.ENTERED),
)


class Hours:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def watched(database: Database, clock: Hours) -> WatchListStore:
    store = WatchListStore(database, Keyring([b"k" * 32]), clock)
    store.enter([ANNA])
    return store


def claimed(store: WatchListStore, holder: str = "w1") -> list[str]:
    return [patient.patient for patient in store.claim(holder, ehrs=["st-x"], most=10, seconds=60)]


def test_a_patient_due_is_leased_once(watched: WatchListStore) -> None:
    assert claimed(watched) == ["anna"]
    assert claimed(watched, "w2") == []


def test_a_lease_that_ran_out_is_taken_by_another(watched: WatchListStore, clock: Hours) -> None:
    claimed(watched)
    clock.now += timedelta(seconds=61)
    assert claimed(watched, "w2") == ["anna"]


def test_what_a_look_found_is_kept_and_the_next_look_is_later(watched: WatchListStore, clock: Hours) -> None:
    claimed(watched)
    later = NextLook(at=START + timedelta(minutes=15), why=Why.PROBE)
    found = replace(ANNA, entry={"action": "MONITOR"}, newest="v1", looked_at=START, due=later)
    assert watched.keep("w1", found)
    assert claimed(watched) == []
    clock.now += timedelta(minutes=15)
    assert watched.claim("w1", ehrs=["st-x"], most=10, seconds=60) == [found]


def test_a_watcher_whose_lease_was_taken_keeps_nothing(watched: WatchListStore, clock: Hours) -> None:
    claimed(watched)
    clock.now += timedelta(seconds=61)
    claimed(watched, "w2")
    assert not watched.keep("w1", replace(ANNA, entry={"action": "NONE"}), {"to": "NONE"})
    assert watched.of_ehr("st-x")[0].entry == {}
    assert watched.changes("st-x", START - timedelta(days=1)) == []


def test_entering_twice_prolongs_and_forgets_nothing(watched: WatchListStore) -> None:
    claimed(watched)
    watched.keep("w1", replace(ANNA, entry={"action": "MONITOR"}, looked_at=START))
    assert watched.enter([replace(ANNA, until=START + timedelta(days=40))]) == 0
    (anna,) = watched.of_ehr("st-x")
    assert (anna.until, anna.entry) == (START + timedelta(days=40), {"action": "MONITOR"})


def test_a_window_that_ended_is_no_longer_watched(watched: WatchListStore, clock: Hours) -> None:
    clock.now = ANNA.until + timedelta(seconds=1)
    assert claimed(watched) == []
    assert list(watched.of_ehr("st-x")) == []


def test_the_longest_overdue_comes_first_and_another_ehr_s_not(watched: WatchListStore) -> None:
    early = NextLook(at=START - timedelta(hours=2), why=Why.DUE)
    watched.enter([replace(ANNA, patient="berta", due=early), replace(ANNA, ehr="st-y", patient="carl", due=early)])
    assert claimed(watched) == ["berta", "anna"]


def test_a_hint_makes_a_watched_patient_due_and_nobody_else(watched: WatchListStore) -> None:
    claimed(watched)
    watched.keep("w1", replace(ANNA, due=NextLook(at=START + timedelta(hours=2), why=Why.PROBE)))
    assert watched.hint("st-x", "anna")
    assert not watched.hint("st-x", "nobody")
    assert claimed(watched) == ["anna"]


def test_a_change_is_kept_with_the_look_that_made_it(watched: WatchListStore) -> None:
    claimed(watched)
    watched.keep("w1", replace(ANNA, looked_at=START), {"from": "MONITOR", "to": "REPLACE"})
    (change,) = watched.changes("st-x", START - timedelta(minutes=1))
    assert change == {"patient": "anna", "at": START, "from": "MONITOR", "to": "REPLACE"}
    assert watched.changes("st-x", START) == []


@pytest.mark.req("SEC-36")
def test_nothing_read_of_a_chart_is_kept_in_plain_text(watched: WatchListStore, database: Database) -> None:
    claimed(watched)
    watched.keep("w1", replace(ANNA, entry={"fibrinogen": "0.94"}, failure="no permission for Condition"))
    with database.transaction() as connection:
        row = connection.execute(select(watched_patients)).one()
    assert not [value for value in row if any(word in str(value) for word in ("0.94", "Condition", "anna"))]


def test_the_budget_of_a_day_is_shared_and_never_passed(watched: WatchListStore, clock: Hours) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        allowed = list(pool.map(lambda _: watched.spend("st-x", 3, 30), range(20)))
    assert (allowed.count(True), watched.spent("st-x")) == (10, 30)
    assert watched.spend("st-y", 1, 30)
    clock.now += timedelta(days=1)
    assert watched.spend("st-x", 3, 30)


def test_many_watchers_visit_everybody_and_nobody_twice_at_once(watched: WatchListStore) -> None:
    watched.enter([replace(ANNA, patient=f"p{number}") for number in range(60)])
    visits: list[str] = []
    guard = threading.Lock()

    def watcher(name: str) -> None:
        while found := watched.claim(name, ehrs=["st-x"], most=3, seconds=60):
            for patient in found:
                with guard:
                    visits.append(patient.patient)
                watched.keep(name, replace(patient, due=NextLook(at=START + timedelta(hours=1), why=Why.PROBE)))

    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(watcher, [f"w{number}" for number in range(6)]))
    assert len(visits) == len(set(visits)) == 61
