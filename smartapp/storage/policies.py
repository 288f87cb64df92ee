"""Which policies were in force: every start with another policy than the last adds a row with both (DSI-04)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from smartapp.clinical.policy import SitePolicy, as_given
from smartapp.storage.database import Database
from smartapp.storage.tables import policy_history


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What a start brought in: fingerprints, and each changed parameter with what it was and is; nothing before the first."""

    old: str
    new: str
    changed: Mapping[str, tuple[Any, Any]]

    def in_words(self) -> str:
        """One line for the audit."""
        if not self.old:
            return f"first policy {self.new}"
        told = "; ".join(f"{name} {was} → {now}" for name, (was, now) in sorted(self.changed.items()))
        return f"{self.old} → {self.new}: {told}"


def started(database: Database, policy: SitePolicy, *, program: str, clock: Callable[[], float]) -> PolicyChange | None:
    """Keep the policy of this start, if it is not the one of the last."""
    values = {name: as_given(value) for name, value in policy.values.items()}
    newest = select(policy_history).order_by(policy_history.c.number.desc()).limit(1)
    with database.engine.connect() as connection:
        last = connection.execute(newest).first()
    if last is not None and last.sha256 == policy.sha256:
        return None
    with database.transaction() as connection:
        database.claim(connection, policy_history)
        last = connection.execute(newest).first()
        if last is not None and last.sha256 == policy.sha256:
            return None
        before = json.loads(last.policy) if last is not None else {}
        names = sorted(before.keys() | values.keys()) if last is not None else []
        changed = {n: (before.get(n), values.get(n)) for n in names if before.get(n) != values.get(n)}
        connection.execute(
            insert(policy_history).values(
                number=last.number + 1 if last is not None else 1,
                at=clock(),
                sha256=policy.sha256,
                policy=json.dumps(values, sort_keys=True),
                changed=json.dumps(changed, sort_keys=True),
                program=program,
            )
        )
    return PolicyChange(old=last.sha256 if last is not None else "", new=policy.sha256, changed=changed)


def history(database: Database) -> Iterator[Mapping[str, Any]]:
    """Every policy that was in force, oldest first: when it came, what it changed, and all its parameters."""
    with database.engine.connect() as connection:
        for row in connection.execute(select(policy_history).order_by(policy_history.c.number)):
            yield {
                "time": datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                "policy_sha256": row.sha256,
                "program": row.program,
                "changed": {n: f"{was} → {now}" for n, (was, now) in json.loads(row.changed).items()},
                "policy": json.loads(row.policy),
            }
