"""The benchmark's table: every target stands in it, measured or not; a figure is judged in the right direction."""

import json
from pathlib import Path

from benchmarks.table import GOALS, Seen, as_json

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


def test_the_json_has_every_row() -> None:
    table = json.loads(as_json([Seen("page", (70.0, 74.0, 90.0))], "a machine"))
    rows = {row["key"]: row for row in table["rows"]}
    assert set(rows) == set(GOALS)
    assert (rows["page"]["median"], rows["page"]["is"]) == (74.0, "met")
    assert rows["start"]["values"] == []


def test_more_is_better_only_where_it_says_so() -> None:
    assert [GOALS["throughput"].meets(seen) for seen in (3.4, 3.5, 6.0)] == ["not met", "met", "stretch"]
    assert [GOALS["start"].meets(seen) for seen in (4.1, 4.0, 2.5)] == ["not met", "met", "stretch"]


def test_the_document_shows_every_row() -> None:
    shown = DOCUMENT.read_text(encoding="utf-8")
    assert [goal.name for goal in GOALS.values() if goal.name not in shown] == []
