"""Every kind of record is deleted when it is past its time and not before; what is left of the audit still holds (SEC-36)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select

from smartapp.storage import audit_verify
from smartapp.storage.audit import AuditLog
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.retention import Periods, RetentionKind, RetentionPurge, kinds, now_and_then
from smartapp.storage.session_store import LaunchStore
from smartapp.storage.tables import (
    audit,
    caller_tokens,
    feedback,
    launches,
    looks,
    metadata,
    pending_launches,
    proposals,
    receipts,
    shown_cards,
    signing_keys,
    write_locks,
)
from smartapp.usecases.ports import Subject
from tests.storage.test_audit_verify import problems

DAY = 86400.0
KEYS = Keyring([bytes(32)])
WHO = Subject(ehr="st-x", patient="P1", reference="launch-1")
PERIODS = Periods(launch_days=10, look_days=20, feedback_days=30, decision_days=40, audit_days=50, idle_minutes=15)
pytestmark = pytest.mark.req("SEC-36")


class Clock:
    now = 100 * DAY

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def retention(database: Database, clock: Clock) -> RetentionPurge:
    return RetentionPurge(database, KEYS, clock, PERIODS)


def put(database: Database, age_days: float, number: int = 1) -> None:
    """A row of every kind that is that old; the decided proposal has a receipt, the other has none."""
    at, sealed, key = Clock.now - age_days * DAY, KEYS.seal({"marker": 1}), f"{number}"
    launch = {"cookie_hash": "x", "ehr": "st-x", "payload": sealed, "bedside": sealed}
    times = {"created_at": at, "seen_at": at, "expires_at": at, "ended_at": None}
    proposal = {"identifier": "i", "payload": sealed, "created_at": at, "expires_at": at, "changed_at": at}
    card = dict.fromkeys(
        ("service", "reference", "ehr", "user", "patient", "encounter", "rules", "likeness", "severity"), "x"
    )
    rows = [
        (pending_launches, {"state_hash": key, "browser_hash": "x", "payload": sealed, "expires_at": at}),
        (caller_tokens, {"token_hash": key, "kept_until": at}),
        (write_locks, {"identifier": key, "proposal": "x", "taken_at": at}),
        (signing_keys, {"kid": key, "alg": "ES384", "private_jwk": sealed, "created_at": at, "retired_at": at}),
        (launches, {"id": f"bare-{key}", **launch, **times}),
        (launches, {"id": f"used-{key}", **launch, **times}),
        (proposals, {"id": f"open-{key}", "launch": f"used-{key}", "state": "proposed", **proposal}),
        (proposals, {"id": f"done-{key}", "launch": f"used-{key}", "state": "written", **proposal}),
        (receipts, {"address": key, "proposal": f"done-{key}", "at": at, "file": sealed}),
        (looks, {"who": key, "launch": "x", "current": sealed, "seen_at": at}),
        (shown_cards, {"card": key, "at": at, **card}),
        (feedback, {"event": key, "card": key, "ehr": "x", "outcome": "x", "at": at, "received_at": at, "payload": sealed}),
    ]  # fmt: skip
    with database.transaction() as connection:
        for table, row in rows:
            connection.execute(insert(table).values(**row))
    AuditLog(database, KEYS, lambda: at).noted(WHO, "launched", "")


def left(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    counted = [table for table in metadata.sorted_tables if table.name not in ("audit_chains", "policy_history")]
    with database.engine.connect() as connection:
        counts = {t.name: int(connection.execute(select(func.count()).select_from(t)).scalar_one()) for t in counted}
    return {name: count for name, count in counts.items() if count}


def purged(retention: RetentionPurge) -> dict[str, int]:
    return {words: count for words, count in retention.purge(lambda _: None) if count}


SHORT = {"pending launches", "callers' tokens", "write locks", "retired signing keys"}


@pytest.mark.parametrize(
    ("age", "gone"),
    [
        (9, SHORT),
        (11, SHORT | {"undecided proposals", "launches"}),
        (21, SHORT | {"undecided proposals", "launches", "last looks"}),
        (31, SHORT | {"undecided proposals", "launches", "last looks", "shown cards", "feedback"}),
    ],
)
def test_each_kind_goes_at_its_own_time(
    retention: RetentionPurge, database: Database, age: float, gone: set[str]
) -> None:
    put(database, age)
    assert purged(retention).keys() == gone
    assert left(database)["receipts"] == 1


def test_in_the_end_nothing_is_left(retention: RetentionPurge, database: Database, clock: Clock) -> None:
    put(database, 51)
    assert retention.count() >= 11
    purged(retention)
    assert left(database) == {}
    assert retention.count() == 0


def test_what_is_younger_stays(retention: RetentionPurge, database: Database) -> None:
    put(database, 0)
    before = left(database)
    purged(retention)
    assert left(database) == before


def test_a_launch_with_a_decision_stays_as_long_as_that(retention: RetentionPurge, database: Database) -> None:
    put(database, 39)
    purged(retention)
    with database.engine.connect() as connection:
        assert connection.execute(select(launches.c.id)).scalars().all() == ["used-1"]
        assert connection.execute(select(proposals.c.id)).scalars().all() == ["done-1"]


@pytest.mark.req("SEC-03")
def test_a_launch_that_idled_out_loses_its_tokens(retention: RetentionPurge, database: Database, clock: Clock) -> None:
    store = LaunchStore(database, KEYS, clock, retention.tidy)
    store.open(state="s", launch="one", cookie="c", ehr="st-x", payload={"access_token": "secret"}, minutes=480)
    store.add_bedside("one", {"crs_grade": 3})
    clock.now += 14 * 60
    store.begin("t", "c", {}, 10)
    assert store.find("one", "c", 15) is not None
    clock.now += 16 * 60
    store.begin("u", "c", {}, 10)
    assert store.ending("one", 15) == "idle"
    with database.engine.connect() as connection:
        row = connection.execute(select(launches)).one()
    assert KEYS.open(row.payload) == {}
    clock.now += DAY + 1
    retention.tidy()
    with database.engine.connect() as connection:
        assert connection.execute(select(launches.c.bedside)).scalar() is None


def test_normal_running_deletes_what_does_not_last_and_no_more(retention: RetentionPurge, database: Database) -> None:
    put(database, 29)
    before = left(database)
    retention.tidy()
    after = left(database)
    gone = {name for name, count in before.items() if after.get(name, 0) < count}
    assert gone == {"pending_launches", "caller_tokens", "write_locks", "signing_keys", "proposals", "launches"}


def test_normal_running_deletes_a_bounded_number(retention: RetentionPurge, database: Database) -> None:
    rows = [{"token_hash": str(number), "kept_until": 1.0} for number in range(1200)]
    with database.transaction() as connection:
        connection.execute(insert(caller_tokens), rows)
    retention.tidy()
    assert left(database) == {"caller_tokens": 700}
    assert purged(retention) == {"callers' tokens": 700}


def test_cleaning_up_is_at_most_once_a_minute() -> None:
    done, clock = [], Clock()
    tidy = now_and_then(lambda: done.append(clock.now), clock)
    for _ in range(10):
        tidy()
        clock.now += 10
    assert len(done) == 2


@pytest.mark.req("SEC-32")
def test_the_audit_holds_after_a_purge_and_goes_on(retention: RetentionPurge, database: Database, clock: Clock) -> None:
    log = AuditLog(database, KEYS, clock)
    clock.now -= 60 * DAY
    for _ in range(700):
        log.noted(WHO, "launched", "old")
    clock.now += 60 * DAY
    log.noted(WHO, "launched", "new")
    assert purged(retention) == {"audit records": 700}
    log.noted(WHO, "launched", "later")
    assert problems(database) == []
    assert [record["outcome"] for record in audit_verify.records(database)] == ["new", "later"]
    with database.transaction() as connection:
        connection.execute(audit.delete().where(audit.c.number == 701))
    assert problems(database) != []


@pytest.mark.req("SEC-32")
def test_deleting_old_records_by_hand_is_not_a_purge(
    retention: RetentionPurge, database: Database, clock: Clock
) -> None:
    log = AuditLog(database, KEYS, clock)
    for _ in range(3):
        log.noted(WHO, "launched", "")
    with database.transaction() as connection:
        connection.execute(audit.delete().where(audit.c.number == 1))
    assert "record 2 does not follow record 0" in problems(database)[0]


def test_every_table_has_its_period() -> None:
    lasting = {"audit", "audit_chains", "policy_history"}
    assert {kind.table.name for kind in of_all()} == {table.name for table in metadata.sorted_tables} - lasting


def of_all() -> Iterator[RetentionKind]:
    yield from kinds(0.0, PERIODS)
