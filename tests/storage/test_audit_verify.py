"""The chains of the audit: what was changed, removed or moved is noticed, also at the end and as a whole (SEC-32)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from smartapp.storage import audit_chain, audit_verify
from smartapp.storage.audit import AuditLog
from smartapp.storage.audit_chain import Head
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import audit, audit_chains
from smartapp.usecases.ports import Subject

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7", encounter="E1", reference="launch-1")
KEYS = Keyring([bytes(32)])
SECONDS = count(1_772_352_000)


def a_log(database: Database) -> AuditLog:
    return AuditLog(database, KEYS, lambda: float(next(SECONDS)))


def written(database: Database, *counts: int) -> list[str]:
    """Chains of that many records, one after the other; their names."""
    for records in counts:
        log = a_log(database)
        for number in range(records):
            log.noted(WHO, "launched", str(number))
    return [chain for chain, _, _ in audit_verify.heads(database)]


def problems(database: Database, *, kept: Sequence[Head] = ()) -> list[str]:
    return audit_verify.verify(database, KEYS, kept=kept).problems


def tamper(database: Database, *statements: Any) -> None:
    with database.transaction() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.req("SEC-32")
def test_chains_of_two_processes_hold(database: Database, second: Database) -> None:
    one, two = a_log(database), a_log(second)
    for log in (one, two, one, one, two):
        log.noted(WHO, "launched", "begun")
    checked = audit_verify.verify(database, KEYS)
    assert (checked.problems, checked.records, checked.chains) == ([], 5, 2)


@pytest.mark.req("SEC-32")
@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        (update(audit).where(audit.c.number == 2).values(record='{"event":"nothing"}'), "record 2 was changed"),
        (delete(audit).where(audit.c.number == 2), "record 3 does not follow record 1"),
        (delete(audit).where(audit.c.number == 3), "it ends with record 2, but record 3 was written"),
        (delete(audit), "it ends with record 0, but record 3 was written"),
        (update(audit).where(audit.c.number == 3).values(number=9), "record 9 does not follow record 2"),
        (update(audit).where(audit.c.number == 1).values(previous_hash="f" * 64), "record 1 does not follow record 0"),
        (delete(audit_chains), "its entry was removed"),
        (update(audit_chains).values(number=2), "its entry was changed"),
    ],
)
def test_tampering_is_noticed(database: Database, tampering: Any, said: str) -> None:
    written(database, 3)
    tamper(database, tampering)
    assert any(said in problem for problem in problems(database))


@pytest.mark.req("SEC-32")
def test_two_records_that_changed_places_are_noticed(database: Database) -> None:
    written(database, 3)
    places = [update(audit).where(audit.c.number == old).values(number=new) for old, new in ((2, 9), (3, 2), (9, 3))]
    tamper(database, *places)
    assert any("does not follow" in problem for problem in problems(database))


@pytest.mark.req("SEC-32")
def test_an_end_that_was_rewritten_without_the_secret_is_noticed(database: Database) -> None:
    """Whoever may write every row can chain hashes, but not seal the chain's entry."""
    written(database, 3)
    with database.transaction() as connection:
        first = connection.execute(select(audit).where(audit.c.number == 1)).one()
    forged = audit_chain.chain_hash(first.hash, "{}")
    tamper(
        database,
        delete(audit).where(audit.c.number > 1),
        insert(audit).values(chain=first.chain, number=2, at=1.0, record="{}", previous_hash=first.hash, hash=forged),
        update(audit_chains).values(number=2, hash=forged),
    )
    assert [problem for problem in problems(database) if "its entry was changed" in problem]


@pytest.mark.req("SEC-32")
def test_a_chain_that_is_gone_as_a_whole_is_noticed_by_the_next(database: Database) -> None:
    first, _ = written(database, 2, 1)
    gone = [delete(audit).where(audit.c.chain == first), delete(audit_chains).where(audit_chains.c.chain == first)]
    tamper(database, *gone)
    assert problems(database) == [f"chain {first} was removed as a whole"]


@pytest.mark.req("SEC-32")
def test_a_database_that_was_set_back_is_noticed_by_heads_kept_elsewhere(database: Database) -> None:
    """What the chains alone cannot tell: the newest chain removed with its entry, as an older copy of the database has it."""
    first, last = written(database, 2, 3)
    kept = audit_chain.read(audit_chain.written(audit_verify.heads(database)))
    gone = [delete(audit).where(audit.c.chain == last), delete(audit_chains).where(audit_chains.c.chain == last)]
    tamper(database, *gone, update(audit_chains).values(followed_by=None))
    assert problems(database) == []
    assert problems(database, kept=kept) == [f"chain {last} was removed as a whole"]
    written(database, 1)
    assert f"chain {first}" not in " ".join(problems(database, kept=kept))


@pytest.mark.req("SEC-32")
def test_many_chains_that_begin_at_once_hold(database: Database, second: Database) -> None:
    written(database, 1, 1, 1)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda opened: written(opened, 2), [database, second] * 4))
    assert problems(database) == []
    assert len(audit_verify.heads(database)) == 11


@pytest.mark.req("SEC-32")
def test_each_chain_names_those_that_nobody_named(database: Database) -> None:
    written(database, 1, 1, 1)
    with database.engine.connect() as connection:
        rows = connection.execute(select(audit_chains).order_by(audit_chains.c.begun_at)).all()
    named = [chain for row in rows for chain, _, _ in audit_chain.followed(row)]
    assert len(named) == len(set(named)) == 2
    assert problems(database) == []


@pytest.mark.req("SEC-32")
def test_an_auditor_without_the_secret_checks_all_but_the_seals(database: Database) -> None:
    written(database, 2)
    tamper(database, update(audit_chains).values(seal="f" * 64))
    checked = audit_verify.verify(database, None)
    assert (checked.sealed, checked.problems) == (False, [])
    tamper(database, update(audit).where(audit.c.number == 1).values(record="{}"))
    assert len(audit_verify.verify(database, None).problems) == 1


def test_heads_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not the heads"):
        audit_chain.read('{"chain": "a"}')
