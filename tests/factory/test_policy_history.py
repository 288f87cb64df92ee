"""A start with another policy than the last is recorded with both: in the policy history and in the audit (DSI-04)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from smartapp.config.load import build
from smartapp.factory.parts import make_parts
from smartapp.storage import policies
from smartapp.storage.audit_verify import records
from smartapp.storage.database import Database
from tests.sites import SECRET_TEXT

pytestmark = pytest.mark.req("DSI-04")


@pytest.fixture
def start(database: Database) -> Callable[..., str]:
    """A start of the program with these parameters; the fingerprint of its policy."""

    def started(**site: Any) -> str:
        settings = build({"secret_key": SECRET_TEXT, "database_url": database.url, "site": site})
        parts = make_parts(settings, lambda: datetime.now(UTC))
        parts.database.close()
        return parts.site.policy.sha256

    return started


def told(database: Database) -> list[str]:
    return [record["outcome"] for record in records(database) if record["event"] == "policy changed"]


def test_a_changed_parameter_is_recorded_with_old_new_and_when(start: Callable[..., str], database: Database) -> None:
    old = start()
    new = start(replace_below={"moderate": "1.2"}, rules_off=["PLT-03"])
    first, second = policies.history(database)
    assert (first["policy_sha256"], first["changed"]) == (old, {})
    assert (second["policy_sha256"], second["changed"]) == (
        new,
        {"replace_below.moderate": "1 → 1.2", "rules_off": "[] → ['PLT-03']"},
    )
    assert abs(datetime.fromisoformat(second["time"]) - datetime.now(UTC)).total_seconds() < 60
    assert told(database)[0] == f"first policy {old}"
    assert told(database)[1] == f"{old} → {new}: replace_below.moderate 1 → 1.2; rules_off [] → ['PLT-03']"


def test_the_same_policy_again_is_no_news(start: Callable[..., str], database: Database) -> None:
    for _ in range(3):
        start(fc_product="riastap")
    assert len(list(policies.history(database))) == len(told(database)) == 1


def test_going_back_is_a_change_too(start: Callable[..., str], database: Database) -> None:
    starts = [start(), start(cryo_available="false"), start()]
    assert [row["policy_sha256"] for row in policies.history(database)] == starts
    assert starts[0] == starts[2]


def test_workers_that_start_at_once_record_it_once(start: Callable[..., str], database: Database) -> None:
    start()
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: start(cryo_available="false"), range(4)))
    assert len(list(policies.history(database))) == 2
