"""The bodies of the benchmark: the same for the same seed, as large as asked, and what the services ask for."""

import json
from datetime import UTC, datetime

from benchmarks import bodies
from smartapp.fhir.queries import QUERIES

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_the_same_seed_gives_the_same_body() -> None:
    assert bodies.hook_body(60, 7, NOW) == bodies.hook_body(60, 7, NOW)
    assert bodies.hook_body(60, 8, NOW) != bodies.hook_body(60, 7, NOW)


def test_it_holds_every_key_of_the_prefetch_and_so_many_observations() -> None:
    sent = json.loads(bodies.hook_body(300, now=NOW))["prefetch"]
    assert set(sent) == {query.name for query in QUERIES}
    assert sum(len(sent[query.name]["entry"]) for query in QUERIES if query.resource == "Observation") == 300 + 1
