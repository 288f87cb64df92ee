"""The audit trail: who saw which rule say what, append-only, one hash chain per writing process (SEC-32)."""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.report import as_json
from smartapp.storage.database import Database
from smartapp.storage.tables import audit
from smartapp.usecases.ports import Subject


class AuditLog:
    """An `AssessmentLog`; `clock` gives epoch seconds (real time, also where the clinical now is frozen)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._chain = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._number = 0
        self._previous = beginning(self._chain)

    def assessed(self, subject: Subject, assessment: Assessment, event: str) -> None:
        """An answer that was given: rules with versions, policy, input digest, action, indicator."""
        rules = {f"{o.rule} v{o.version}": str(o.kind) for o in assessment.outcomes if o.kind != "silent"}
        self._append(
            subject,
            event,
            {
                "rules": rules,
                "policy_sha256": assessment.policy.sha256,
                "input_digest": input_digest(assessment),
                "action": str(assessment.action),
                "indicator": str(assessment.indicator),
                "outcome": assessment.applicability.rule or (assessment.decision.row if assessment.decision else ""),
            },
        )

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Any other event with its outcome in a few words."""
        self._append(subject, event, {"outcome": outcome})

    def _append(self, subject: Subject, event: str, more: Mapping[str, Any]) -> None:
        at = self._clock()
        record = {
            "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
            "event": event,
            "reference": subject.reference,
            "ehr": subject.ehr,
            "user": subject.user,
            "patient": subject.patient,
            "encounter": subject.encounter,
            **more,
        }
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        with self._lock:
            number, chained = self._number + 1, chain_hash(self._previous, text)
            with self._database.transaction() as connection:
                connection.execute(
                    insert(audit).values(
                        chain=self._chain, number=number, at=at, record=text, previous_hash=self._previous, hash=chained
                    )
                )
            self._number, self._previous = number, chained


def input_digest(assessment: Assessment) -> str:
    """A fingerprint of what the answer rests on: the report without its texts of advice."""
    report = as_json(assessment)
    basis = {
        name: report.get(name)
        for name in (
            "as_of",
            "patient",
            "infusion",
            "crs",
            "bleeding",
            "fibrinogen",
            "weight_kg",
            "modifiers",
            "data_issues",
        )
    }
    return hashlib.sha256(json.dumps(basis, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def beginning(chain: str) -> str:
    """What the first record of a chain follows; each chain's own, so that equal records of two processes differ."""
    return hashlib.sha256(chain.encode()).hexdigest()


def chain_hash(previous: str, record: str) -> str:
    """The hash of a record in its chain."""
    return hashlib.sha256(f"{previous}\n{record}".encode()).hexdigest()


def records(database: Database) -> Iterator[Mapping[str, Any]]:
    """Every record, oldest first."""
    with database.engine.connect() as connection:
        for row in connection.execute(select(audit.c.record).order_by(audit.c.at, audit.c.chain, audit.c.number)):
            yield json.loads(row.record)


def verify(database: Database) -> list[str]:
    """What is wrong with the chains, a sentence each; nothing if they hold (changed, removed, reordered)."""
    problems: list[str] = []
    previous: dict[str, tuple[int, str]] = {}
    with database.engine.connect() as connection:
        for row in connection.execute(select(audit).order_by(audit.c.chain, audit.c.number)):
            number, last = previous.get(row.chain, (0, beginning(row.chain)))
            if row.number != number + 1 or row.previous_hash != last:
                problems.append(f"chain {row.chain}: record {row.number} does not follow record {number}")
            if row.hash != chain_hash(row.previous_hash, row.record):
                problems.append(f"chain {row.chain}: record {row.number} was changed")
            previous[row.chain] = (row.number, row.hash)
    return problems
