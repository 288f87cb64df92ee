"""Proposals and locks: the fake and the database keep the same contract (interfaces.md sections 6 and 7)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import insert, select

from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.proposals import ProposalStore
from smartapp.storage.tables import launches, proposals
from smartapp.usecases.ports import Proposals, ProposalState, StoredProposal
from tests.databases import BOTH
from tests.fakes import MemoryProposals

PROPOSED, WRITING, WRITTEN = ProposalState.PROPOSED, ProposalState.WRITING, ProposalState.WRITTEN
A_PROPOSAL = StoredProposal(
    id="p1",
    launch="launch-1",
    identifier="abc",
    state=PROPOSED,
    expires_at=99.0,
    changed_at=5.0,
    content={"dose": "3000"},
)


class Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", *BOTH])
def kept(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Proposals]:
    if request.param == "memory":
        yield MemoryProposals(clock=clock)
        return
    with closing(Database(request.getfixturevalue(f"{request.param}_url"))) as database:
        yield stored_in(database, clock)


def stored_in(database: Database, clock: Callable[[], float]) -> ProposalStore:
    rows = [{"id": f"launch-{n}", "cookie_hash": "x", "ehr": "st-x", "payload": b""} for n in (1, 2)]
    with database.transaction() as connection:
        connection.execute(
            insert(launches), [{**row, "created_at": 0.0, "seen_at": 0.0, "expires_at": 9.0} for row in rows]
        )
    return ProposalStore(database, Keyring([b"k" * 32]), clock)


def test_what_is_added_is_found_as_it_was(kept: Proposals) -> None:
    kept.add(A_PROPOSAL)
    assert kept.get("launch-1", "p1") == A_PROPOSAL


@pytest.mark.req("SEC-07")
def test_another_launch_does_not_see_it(kept: Proposals) -> None:
    kept.add(A_PROPOSAL)
    assert kept.get("launch-2", "p1") is None
    assert kept.of_launch("launch-2") == []


def test_all_launches_with_the_identifier_are_found(kept: Proposals) -> None:
    other = replace(A_PROPOSAL, id="p2", launch="launch-2")
    for proposal in (A_PROPOSAL, other, replace(A_PROPOSAL, id="p3", identifier="xyz")):
        kept.add(proposal)
    assert [proposal.id for proposal in kept.with_identifier("abc")] == ["p1", "p2"]


@pytest.mark.req("FHIR-44")
def test_a_state_is_left_once(kept: Proposals, clock: Clock) -> None:
    kept.add(A_PROPOSAL)
    clock.now = 7.0
    assert kept.move("p1", source=PROPOSED, target=WRITING)
    assert not kept.move("p1", source=PROPOSED, target=WRITING, content={"dose": "4000"})
    found = kept.get("launch-1", "p1")
    assert found == replace(A_PROPOSAL, state=WRITING, changed_at=7.0)


def test_a_move_may_bring_content(kept: Proposals) -> None:
    kept.add(A_PROPOSAL)
    kept.move("p1", source=PROPOSED, target=PROPOSED, content={"dose": "2000"})
    found = kept.get("launch-1", "p1")
    assert found
    assert found.content == {"dose": "2000"}


@pytest.mark.req("FHIR-44")
def test_of_many_movers_one_wins(kept: Proposals) -> None:
    kept.add(A_PROPOSAL)
    assert in_parallel(lambda: kept.move("p1", source=PROPOSED, target=WRITING)).count(True) == 1


@pytest.mark.req("FHIR-44")
def test_of_many_writers_one_holds_the_identifier(kept: Proposals) -> None:
    assert in_parallel(lambda: kept.lock("abc", "p1")).count(True) == 1
    assert kept.lock("xyz", "p1")


def test_a_released_identifier_is_free_again(kept: Proposals) -> None:
    kept.lock("abc", "p1")
    kept.unlock("abc", "p1")
    assert kept.lock("abc", "p2")


@pytest.mark.req("FHIR-44")
def test_nobody_releases_or_renews_what_another_holds(kept: Proposals) -> None:
    kept.lock("abc", "p1")
    kept.unlock("abc", "p2")
    assert not kept.renew("abc", "p2")
    assert not kept.lock("abc", "p2")


@pytest.mark.req("FHIR-44")
def test_a_dead_writers_lock_falls_after_two_minutes(kept: Proposals, clock: Clock) -> None:
    kept.lock("abc", "p1")
    clock.now += 120
    assert not kept.lock("abc", "p2")
    clock.now += 1
    assert kept.lock("abc", "p2")
    assert not kept.renew("abc", "p1")


@pytest.mark.req("FHIR-44")
def test_a_living_writer_keeps_its_lock(kept: Proposals, clock: Clock) -> None:
    kept.lock("abc", "p1")
    clock.now += 100
    assert kept.renew("abc", "p1")
    clock.now += 100
    assert not kept.lock("abc", "p2")


@pytest.mark.req("FHIR-44")
def test_two_processes_share_states_and_locks(database: Database, second: Database, clock: Clock) -> None:
    here = stored_in(database, clock)
    there = ProposalStore(second, Keyring([b"k" * 32]), clock)
    here.add(A_PROPOSAL)
    assert here.lock("abc", "p1")
    assert not there.lock("abc", "p2")
    assert here.move("p1", source=PROPOSED, target=WRITTEN)
    assert not there.move("p1", source=PROPOSED, target=WRITING)


@pytest.mark.req("SEC-01")
def test_what_was_offered_lies_encrypted(database: Database, clock: Clock) -> None:
    stored_in(database, clock).add(replace(A_PROPOSAL, content={"note": "Jane DOE"}))
    with database.engine.connect() as connection:
        payload = connection.execute(select(proposals.c.payload)).scalar_one()
    assert b"Jane" not in payload


def in_parallel(act: Callable[[], bool], times: int = 8) -> list[bool]:
    """What `times` threads got."""
    got: list[bool] = []
    threads = [threading.Thread(target=lambda: got.append(act())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == times
    return got
