"""The audit trail: who saw which rule say what, append-only, one hash chain per writing process (SEC-32)."""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.report import as_json
from smartapp.storage.chains import Chain, begin, beginning, chain_hash, reach
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import audit
from smartapp.usecases.ports import Subject


def _no_request() -> str:
    return ""


class AuditLog:
    """An `AssessmentLog`; `clock` gives epoch seconds (real time, also where the clinical now is frozen), `request` the reference
    number of the request that is being answered. The chain begins with the first record."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Callable[[], float],
        request: Callable[[], str] = _no_request,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._request = request
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._number = 0
        self._previous = ""

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        """An answer that was given: what was read, rules with versions, policy, input digest, action, indicator."""
        rules = {f"{o.rule} v{o.version}": str(o.kind) for o in assessment.outcomes if o.kind != "silent"}
        self._append(
            subject,
            event,
            {
                "read": dict(read),
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
            "request": self._request(),
            "ehr": subject.ehr,
            "user": subject.user,
            "patient": subject.patient,
            "encounter": subject.encounter,
            **more,
        }
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        with self._lock:
            with self._database.transaction() as connection:
                chain, number, previous = self._next(connection, at)
                hashed = chain_hash(previous, text)
                row = {"chain": chain.name, "number": number, "at": at, "record": text}
                connection.execute(insert(audit).values(**row, previous_hash=previous, hash=hashed))
                reach(connection, self._keyring, chain, number, hashed)
            self._chain, self._number, self._previous = chain, number, hashed

    def _next(self, connection: Connection, at: float) -> tuple[Chain, int, str]:
        """The chain, the number of its next record, and the hash that it follows."""
        if self._chain is not None:
            return self._chain, self._number + 1, self._previous
        chain = begin(connection, self._keyring, secrets.token_hex(16), at)
        return chain, 1, beginning(chain.name)


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
