"""The chart library finds in clean FHIR charts what the application finds, and the rows say the same of them (`make cql`: 300)."""

import json
from typing import Any

import pytest

from smartapp.clinical.policy import build_policy
from smartapp.fhir.cql_libraries import ON_CHART, RULES, cql_libraries
from tests import charts as c
from tests.cql.chart_answers import answer_of, facts_of
from tests.cql.clean_charts import clean_charts
from tests.cql.node_programs import ask, need_node
from tests.cql.settings import equal, expected

NOW = "2026-03-01T08:00:00.000+00:00"
NOT_READ = ("Trend down",)  # a fall needs two results: the chart library takes one


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    need_node()


def chart_differences(count: int, seed: int) -> list[str]:
    """Each fact and each value of a row that is not the application's."""
    libraries = {one.name: one for one in cql_libraries(build_policy())}
    facts = [one.name for one in libraries[RULES].settings if one.value is None and one.name not in NOT_READ]
    charts = clean_charts(count, seed)
    answers = [answer_of(chart, build_policy(), c.NOW) for chart in charts]
    wanted = [{**dict.fromkeys(facts), **facts_of(answer), **expected(answer, facts_of(answer))} for answer in answers]
    question = {
        "libraries": {name: one.elm for name, one in libraries.items()},
        "library": ON_CHART,
        "charts": [json.loads(c.bundle(*chart)) for chart in charts],
        "now": NOW,
        "defines": sorted({name for one in wanted for name in one}),
    }
    said: list[dict[str, Any]] = ask("charts.mjs", question, seconds=1200)
    return [
        f"{place} {name}: {value} by the application, {values[name]} by CQL"
        for place, (one, values) in enumerate(zip(wanted, said, strict=True))
        for name, value in one.items()
        if name not in NOT_READ and not _same(value, values[name])
    ]


def _same(ours: Any, theirs: Any) -> bool:
    """A fact not shown to hold is not known, or false; whole numbers travel as text."""
    if ours is None:
        return theirs in (None, False)
    return equal(str(ours) if isinstance(ours, int) and not isinstance(ours, bool) else ours, theirs)


def test_clean_charts_are_read_as_the_application_reads_them() -> None:
    assert chart_differences(30, seed=1) == []
