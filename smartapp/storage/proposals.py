"""Proposals and the locks of their identifiers: compare-and-set on the state (interfaces.md section 6)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from smartapp.clinical.orders import ProposedOrder
from smartapp.storage.audit import AuditLog
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import proposals, write_locks
from smartapp.storage.worker_liveness import is_gone, own_mark
from smartapp.usecases.json_values import json_types, value_from
from smartapp.usecases.orders.proposal import ANY_STATE, Decided, Offer, Open, Proposal, ProposalState, Sent, Status
from smartapp.usecases.ports import AuditEntry

_STALE_LOCK_SECONDS = 120.0


class ProposalStore:
    """A `Proposals`; content encrypted, `clock` gives epoch seconds; a change and its record in `audit` are one transaction."""

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], float], audit: AuditLog) -> None:
        self._audit = audit
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def add(self, proposal: Proposal, entry: AuditEntry) -> None:
        """Keep a new one."""
        now = self._clock()
        new = insert(proposals).values(
            id=proposal.id,
            launch=proposal.launch,
            identifier=proposal.identifier,
            state=str(proposal.state),
            payload=self._keyring.seal(packed(proposal)),
            created_at=now,
            expires_at=proposal.expires_at,
            changed_at=now,
        )
        self._audit.noted_with(entry, new)

    def get(self, launch: str, proposal: str) -> Proposal | None:
        """One of this launch."""
        found = self._where((proposals.c.id == proposal) & (proposals.c.launch == launch))
        return found[0] if found else None

    def of_launch(self, launch: str, states: Collection[ProposalState] = ANY_STATE) -> Sequence[Proposal]:
        """Those of a launch in these states, oldest first."""
        return self._where((proposals.c.launch == launch) & _in(states))

    def with_identifier(self, identifier: str, states: Collection[ProposalState]) -> Sequence[Proposal]:
        """Those in these states that would write the same order; the others, one a launch, are not decrypted."""
        return self._where((proposals.c.identifier == identifier) & _in(states))

    def move(self, proposal: Proposal, *, source: ProposalState, entry: AuditEntry) -> bool:
        """Compare-and-set."""
        here = (proposals.c.id == proposal.id) & (proposals.c.state == str(source))
        payload = self._keyring.seal(packed(proposal))
        values = {"state": str(proposal.state), "changed_at": self._clock(), "payload": payload}
        return self._audit.noted_with(entry, update(proposals).where(here).values(**values))

    def lock(self, identifier: str, holder: str) -> bool:
        """One writer an identifier; a lock falls when its process has died on this machine, elsewhere after two minutes."""
        now = self._clock()
        here = write_locks.c.identifier == identifier
        try:
            with self._database.transaction() as connection:
                held = connection.execute(select(write_locks).where(here)).first()
                if held is not None and _fallen(held, now):
                    connection.execute(delete(write_locks).where(here & (write_locks.c.proposal == held.proposal)))
                row = {"identifier": identifier, "proposal": _signed(holder), "taken_at": now}
                connection.execute(insert(write_locks).values(**row))
        except IntegrityError:
            return False
        return True

    def renew(self, identifier: str, holder: str) -> bool:
        """The lock counts from now, if it is still this holder's."""
        own = (write_locks.c.identifier == identifier) & (write_locks.c.proposal == _signed(holder))
        with self._database.transaction() as connection:
            return connection.execute(update(write_locks).where(own).values(taken_at=self._clock())).rowcount == 1

    def unlock(self, identifier: str, holder: str) -> None:
        """Release it, if it is still this holder's."""
        own = (write_locks.c.identifier == identifier) & (write_locks.c.proposal == _signed(holder))
        with self._database.transaction() as connection:
            connection.execute(delete(write_locks).where(own))

    def _where(self, condition: Any) -> list[Proposal]:
        with self._database.engine.connect() as connection:
            rows = connection.execute(
                select(proposals).where(condition).order_by(proposals.c.created_at, proposals.c.id)
            ).all()
        return [self._stored(row) for row in rows]

    def _stored(self, row: Row[Any]) -> Proposal:
        content = self._keyring.open(row.payload)
        return Proposal(
            id=row.id,
            launch=row.launch,
            identifier=row.identifier,
            expires_at=row.expires_at,
            changed_at=row.changed_at,
            offer=value_from(content["offer"], Offer),
            order=value_from(content["order"], ProposedOrder),
            follow_up=content["follow_up"],
            status=_read_status(content["status"]),
        )


_STATUSES: Mapping[str, type[Status]] = {"open": Open, "decided": Decided, "sent": Sent}


def packed(proposal: Proposal) -> dict[str, Any]:
    """What a row's payload holds of a proposal: all but what its columns hold, in JSON's own types."""
    kind = next(name for name, known in _STATUSES.items() if isinstance(proposal.status, known))
    return {
        "offer": json_types(proposal.offer),
        "order": json_types(proposal.order),
        "follow_up": proposal.follow_up,
        "status": {kind: json_types(proposal.status)},
    }


def _read_status(content: Mapping[str, Any]) -> Status:
    """The status by its kind: the one name in the mapping."""
    ((kind, data),) = content.items()
    return value_from(data, _STATUSES[kind])


def _in(states: Collection[ProposalState]) -> ColumnElement[bool]:
    return proposals.c.state.in_([str(state) for state in states])


def _signed(holder: str) -> str:
    """A holder with the process it lives in."""
    return f"{holder} {own_mark()}"


def _fallen(held: Row[Any], now: float) -> bool:
    mark = str(held.proposal).partition(" ")[2]
    return bool(held.taken_at < now - _STALE_LOCK_SECONDS) or is_gone(mark)
