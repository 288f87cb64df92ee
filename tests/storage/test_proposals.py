"""Proposals and locks: the fake and the database keep the same contract (interfaces.md sections 6 and 7)."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import Brand, Product, ProposedOrder
from smartapp.storage.audit import AuditLog
from smartapp.storage.audit_verify import records, verify
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.proposals import ProposalStore
from smartapp.storage.tables import audit, audit_chains, launches, proposals
from smartapp.usecases.orders.ports import Proposals
from smartapp.usecases.orders.proposal import (
    Approval,
    Decided,
    Offer,
    Open,
    Proposal,
    ProposalState,
    Route,
    Sent,
    Stage,
    Status,
)
from smartapp.usecases.ports import AuditEntry, Subject
from tests.databases import BOTH
from tests.fakes import MemoryProposals

PROPOSED, WRITING, WRITTEN = ProposalState.PROPOSED, ProposalState.WRITING, ProposalState.WRITTEN
OPTION = Option(
    product=Product.FIBRINOGEN_CONCENTRATE,
    preferred=True,
    why="it is there",
    licence="licensed",
    brand=Brand.RIASTAP,
    dose_mg=Decimal("3000"),
    predicted_g_per_l=Decimal("1.53"),
    expected_rise_mg_per_dl=(Decimal(50), Decimal("60.5")),
    steps=("70 kg × 1.7",),
)
A_PROPOSAL = Proposal(
    id="p1",
    launch="launch-1",
    identifier="abc",
    expires_at=99.0,
    changed_at=5.0,
    offer=Offer(
        option=OPTION, basis_text="0.80 g/L", fingerprint={"weight": "70 kg"}, evidence={"picture": {"labs": [1]}}
    ),
    order=ProposedOrder(
        product=Product.FIBRINOGEN_CONCENTRATE,
        reason="Fibrinogen 0.80 g/L",
        dose_mg=Decimal("3000.5"),
        rules=(("REP-03", 1),),
    ),
)
APPROVAL = Approval(by="Dr Roe", at=4.5, receipt="r1", resource_type="MedicationRequest", order="{}", provenance=False)


def sent(state: ProposalState, **more: Any) -> Sent:
    return Sent(state=state, approval=APPROVAL, route=Route.IN_ORDER, **more)


STATUSES: Mapping[str, Status] = {
    "open": Open(stage=Stage.CONFIRMING),
    "declined": Decided(state=ProposalState.DECLINED, reason="need-more-info", comment="later", receipt="r2"),
    "expired": Decided(state=ProposalState.EXPIRED, changes=("weight is now 80 kg",), instead="MedicationRequest/1"),
    "approved": Decided(state=ProposalState.APPROVED, approval=APPROVAL),
    "writing": sent(WRITING),
    "written": sent(
        WRITTEN,
        reference="MedicationRequest/2",
        version="1",
        differences=("dose: approved 3000 mg, stored 1500 mg",),
        follow_up="ServiceRequest/3",
        follow_up_begun_at=6.25,
        provenance="",
    ),
}


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
    return store_over(database, clock)


def store_over(database: Database, clock: Callable[[], float]) -> ProposalStore:
    keyring = Keyring([b"k" * 32])
    return ProposalStore(database, keyring, clock, AuditLog(database, keyring, clock))


def moved(kept: Proposals, source: ProposalState, target: ProposalState) -> bool:
    statuses = {PROPOSED: Open(), ProposalState.DECLINED: Decided(state=ProposalState.DECLINED)}
    after = replace(A_PROPOSAL, status=statuses.get(target) or sent(target))
    return kept.move(after, source=source, entry=note(f"{source} → {target}"))


def note(outcome: str) -> AuditEntry:
    return AuditEntry(subject=Subject(ehr="st-x", patient="P1"), event="moved", outcome=outcome)


def outcomes(database: Database) -> list[str]:
    return [str(record["outcome"]) for record in records(database)]


def test_what_is_added_is_found_as_it_was(kept: Proposals) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    assert kept.get("launch-1", "p1") == A_PROPOSAL


@pytest.mark.req("SEC-07")
def test_another_launch_does_not_see_it(kept: Proposals) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    assert kept.get("launch-2", "p1") is None
    assert kept.of_launch("launch-2") == []


def test_all_launches_with_the_identifier_are_found(kept: Proposals) -> None:
    other = replace(A_PROPOSAL, id="p2", launch="launch-2")
    for proposal in (A_PROPOSAL, other, replace(A_PROPOSAL, id="p3", identifier="xyz")):
        kept.add(proposal, note("offered"))
    assert [proposal.id for proposal in kept.with_identifier("abc", [ProposalState.PROPOSED])] == ["p1", "p2"]


def test_only_those_in_the_states_that_are_asked_for_are_found(kept: Proposals) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    kept.add(replace(A_PROPOSAL, id="p2"), note("offered"))
    assert moved(kept, ProposalState.PROPOSED, ProposalState.DECLINED)
    assert [proposal.id for proposal in kept.with_identifier("abc", [ProposalState.DECLINED])] == ["p1"]
    assert [proposal.id for proposal in kept.of_launch("launch-1", [ProposalState.PROPOSED])] == ["p2"]
    assert len(kept.of_launch("launch-1")) == 2


@pytest.mark.req("FHIR-44")
def test_a_state_is_left_once(kept: Proposals, clock: Clock) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    clock.now = 7.0
    assert moved(kept, PROPOSED, WRITING)
    assert not moved(kept, PROPOSED, WRITTEN)
    found = kept.get("launch-1", "p1")
    assert found == replace(A_PROPOSAL, status=sent(WRITING), changed_at=7.0)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_read_again_as_it_was_stored(kept: Proposals, status: str) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    order = replace(A_PROPOSAL.order, dose_mg=Decimal(2000))
    after = replace(A_PROPOSAL, order=order, follow_up=False, status=STATUSES[status])
    assert kept.move(after, source=PROPOSED, entry=note("moved"))
    assert kept.get("launch-1", "p1") == after


@pytest.mark.req("FHIR-44")
def test_of_many_movers_one_wins(kept: Proposals) -> None:
    kept.add(A_PROPOSAL, note("offered"))
    assert in_parallel(lambda: moved(kept, PROPOSED, WRITING)).count(True) == 1


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
    there = store_over(second, clock)
    here.add(A_PROPOSAL, note("offered"))
    assert here.lock("abc", "p1")
    assert not there.lock("abc", "p2")
    assert moved(here, PROPOSED, WRITTEN)
    assert not moved(there, PROPOSED, WRITING)


@pytest.mark.req("SEC-32")
def test_a_change_is_recorded_and_what_changed_nothing_is_not(database: Database, clock: Clock) -> None:
    kept = stored_in(database, clock)
    kept.add(A_PROPOSAL, note("offered"))
    assert [moved(kept, PROPOSED, WRITING), moved(kept, PROPOSED, WRITTEN)] == [True, False]
    assert outcomes(database) == ["offered", "proposed → writing"]


@pytest.mark.req("SEC-32")
def test_a_change_whose_record_cannot_be_kept_did_not_happen_and_the_next_is_kept(
    database: Database, clock: Clock
) -> None:
    kept = stored_in(database, clock)
    kept.add(A_PROPOSAL, note("offered"))
    take_the_next_place_in_the_chain(database)
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        moved(kept, PROPOSED, WRITING)
    assert kept.get("launch-1", "p1") == A_PROPOSAL
    assert moved(kept, PROPOSED, WRITING)
    assert sorted(outcomes(database))[-2:] == ["offered", "proposed → writing"]


def take_the_next_place_in_the_chain(database: Database) -> None:
    with database.transaction() as connection:
        chain = connection.execute(select(audit_chains.c.chain)).scalar_one()
        row = {"chain": chain, "number": 2, "at": 0.0, "record": "{}", "previous_hash": "x", "hash": "x"}
        connection.execute(insert(audit).values(**row))


DIES = """
import os, signal, sys
from sqlalchemy import event
from smartapp.storage.database import Database
from tests.storage.test_proposals import PROPOSED, WRITING, moved, store_over
database = Database(sys.argv[1])
def die(connection, cursor, statement, *more):
    if statement.startswith("UPDATE proposals"):
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(database.engine, "after_cursor_execute", die)
moved(store_over(database, lambda: 9.0), PROPOSED, WRITING)
"""


@pytest.mark.req("SEC-32", "FHIR-46")
def test_a_process_killed_between_a_change_and_its_record_leaves_neither(database: Database, clock: Clock) -> None:
    kept = stored_in(database, clock)
    kept.add(A_PROPOSAL, note("offered"))
    url = database.engine.url.render_as_string(hide_password=False)
    dead = subprocess.run([sys.executable, "-c", DIES, url], check=False, timeout=60)
    assert dead.returncode == -signal.SIGKILL
    assert (kept.get("launch-1", "p1"), outcomes(database)) == (A_PROPOSAL, ["offered"])
    assert moved(kept, PROPOSED, WRITING)
    assert verify(database, None).problems == []


@pytest.mark.req("SEC-01")
def test_what_was_offered_lies_encrypted(database: Database, clock: Clock) -> None:
    stored_in(database, clock).add(
        replace(A_PROPOSAL, order=replace(A_PROPOSAL.order, reason="Jane DOE")), note("offered")
    )
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
