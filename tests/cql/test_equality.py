"""Two engines by others give the application's answers (`make cql` asks 5,000 settings)."""

from typing import Any

import pytest

from smartapp.clinical.policy import build_policy
from tests import charts as c
from tests.cql.chart_answers import answer_of, facts_of
from tests.cql.equality import ENGINES, evaluated
from tests.cql.node_programs import need_node
from tests.cql.settings import Setting, differences, expected, settings, site_values
from tests.vectors import VECTORS


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    need_node()


def _vectors() -> list[Setting]:
    found = []
    for vector in VECTORS:
        policy = build_policy(None, dict(item.split("=") for item in vector.sets))
        answer = answer_of(list(vector.chart), policy, c.NOW)
        facts = facts_of(answer)
        found.append(Setting({**facts, **site_values(policy)}, expected(answer, facts), answer.picture, policy))
    return found


@pytest.fixture(scope="module")
def asked() -> list[Setting]:
    """The worked vectors of section 11, and a sample of the random settings."""
    return [*_vectors(), *settings(50, seed=24)]


@pytest.fixture(scope="module")
def said(asked: list[Setting]) -> dict[str, list[dict[str, Any]]]:
    """What both engines say of them."""
    return evaluated(asked)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_gives_the_applications_answers(
    asked: list[Setting], said: dict[str, list[dict[str, Any]]], engine: str
) -> None:
    assert differences(asked, said[engine]) == []


def test_the_sample_reaches_every_row(asked: list[Setting]) -> None:
    rows = {one.expected["Row"] for one in asked if "Row" in one.expected}
    assert rows == {f"REP-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12)}
