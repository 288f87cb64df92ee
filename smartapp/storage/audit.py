"""The audit trail: who saw which rule say what, append-only, one hash chain per writing process (SEC-32)."""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Insert, Update, insert

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.report import basis_json
from smartapp.storage.audit_chain import Chain, Reaching, begin, beginning, chain_hash
from smartapp.storage.compiled_statements import Prepared
from smartapp.storage.database import Database
from smartapp.storage.keyring import Keyring
from smartapp.storage.tables import audit
from smartapp.usecases.call_counts import Counts
from smartapp.usecases.ports import AuditEntry, Subject

_BASIS = ("infusion", "crs", "fibrinogen", "weight_kg", "modifiers")  # null in the digest where there is none

Entry = Mapping[str, Any]
"""The members of one record, but for its time and the request."""


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
        self._insert = Prepared(database, insert(audit))
        self._reaching = Reaching(database, keyring)
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._number = 0
        self._previous = ""

    def assessed(self, subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> None:
        """An answer that was given: what was read, rules with versions, policy, input digest, action, indicator."""
        self._append_durably(assessed_entry(subject, assessment, event, read))

    def noted(self, subject: Subject, event: str, outcome: str) -> None:
        """Any other event with its outcome in a few words."""
        self._append_durably(noted_entry(subject, event, outcome))

    def counted(self, counts: Counts) -> None:
        """How many calls there were that leave nothing else: by service and caller."""
        self._append_durably(counted_entry(counts))

    def noted_with(self, noted: AuditEntry, change: Insert | Update) -> bool:
        """An event in one transaction with the row that it changes: both or neither, and neither where no row was as awaited."""
        return self._append_durably(noted_entry(noted.subject, noted.event, noted.outcome), change)

    def append(self, entries: Sequence[Entry], beside: Callable[[Any], None]) -> None:
        """Records of one answer, in one transaction with what `beside` writes by the same cursor."""
        at, request = self._clock(), self._request()
        texts = [_record(at, request, entry) for entry in entries]
        with self._held(at) as chain:
            with self._database.recording() as cursor:
                number, last = self._write(cursor, chain, at, texts)
                beside(cursor)
            self._number, self._previous = number, last

    def _append_durably(self, entry: Entry, change: Insert | Update | None = None) -> bool:
        """Whether it was appended: not where `change` changes no row."""
        at = self._clock()
        text = _record(at, self._request(), entry)
        with self._held(at) as chain:
            with self._database.transaction() as connection:
                if change is not None and connection.execute(change).rowcount == 0:
                    return False
                number, last = self._write(connection.connection.cursor(), chain, at, [text])
            self._number, self._previous = number, last
        return True

    def _write(self, cursor: Any, chain: Chain, at: float, texts: Sequence[str]) -> tuple[int, str]:
        """Append to the chain; the number and the hash of its last record."""
        rows, number, previous = [], self._number, self._previous
        for text in texts:
            number, hashed = number + 1, chain_hash(previous, text)
            row = {"chain": chain.name, "number": number, "at": at, "record": text}
            rows.append(self._insert.values({**row, "previous_hash": previous, "hash": hashed}))
            previous = hashed
        cursor.executemany(self._insert.text, rows)
        self._reaching.reach(cursor, chain, number, previous)
        return number, previous

    @contextmanager
    def _held(self, at: float) -> Iterator[Chain]:
        """The chain, for one thread; after a failure another is begun, since it is not known which record was the last."""
        with self._lock:
            try:
                yield self._begun(at)
            except BaseException:
                self._chain = None
                raise

    def _begun(self, at: float) -> Chain:
        """This process's chain, begun before its first record."""
        if self._chain is None:
            with self._database.transaction() as connection:
                chain = begin(connection, self._keyring, secrets.token_hex(16), at)
            self._chain, self._number, self._previous = chain, 0, beginning(chain.name)
        return self._chain


def _record(at: float, request: str, entry: Entry) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    record = {"time": moment, "request": request, **entry}
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def assessed_entry(subject: Subject, assessment: Assessment, event: str, read: Mapping[str, str]) -> Entry:
    """An answer that was given."""
    return {
        **_who(subject, event),
        "read": dict(read),
        "rules": {f"{o.rule} v{o.version}": str(o.kind) for o in assessment.outcomes if o.kind != "silent"},
        "policy_sha256": assessment.policy.sha256,
        "input_digest": input_digest(assessment),
        "action": str(assessment.action),
        "indicator": str(assessment.indicator),
        "outcome": assessment.applicability.rule or (assessment.decision.row if assessment.decision else ""),
    }


def noted_entry(subject: Subject, event: str, outcome: str) -> Entry:
    """Any other event."""
    return {**_who(subject, event), "outcome": outcome}


def counted_entry(counts: Counts) -> Entry:
    """Calls that are only counted: of nobody, about nobody."""
    rows = [
        {"service": service, "caller": caller, "count": count} for (service, caller), count in sorted(counts.items())
    ]
    said = "; ".join(f"{row['service']} {row['caller']} {row['count']}" for row in rows)
    return {**_who(Subject(ehr="", patient=""), "calls without CAR-T"), "outcome": said, "counts": rows}


def _who(subject: Subject, event: str) -> Entry:
    return {
        "event": event,
        "reference": subject.reference,
        "ehr": subject.ehr,
        "user": subject.user,
        "patient": subject.patient,
        "encounter": subject.encounter,
    }


def input_digest(assessment: Assessment) -> str:
    """A fingerprint of what the answer rests on."""
    basis = {**dict.fromkeys(_BASIS), **basis_json(assessment)}
    return hashlib.sha256(json.dumps(basis, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
