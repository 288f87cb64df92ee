"""The CDS Hooks service of nothing but the exported Bundle and an engine answers as the application does (benchmarks/cql_peer.mjs)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import servers
from benchmarks.calls import CQL_PATH, Caller
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.policy import build_policy
from tests import charts as c
from tests.cql.chart_answers import answer_of, facts_of
from tests.cql.clean_charts import clean_charts
from tests.cql.node_programs import need_node


@pytest.fixture(autouse=True)
def _node() -> None:
    need_node()


def _advice(answer: Assessment) -> tuple[str, str, str] | None:
    """Row, action and indicator."""
    if not answer.applicability.runs or answer.decision is None:
        return None
    return answer.decision.row, str(answer.action), str(answer.indicator)


def _amounts(answer: Assessment) -> list[str]:
    known = facts_of(answer)
    if not answer.options or "Weight" not in known or "Age" not in known:
        return []
    option = answer.options[0]
    return [f"{option.units} {{unit}}" if option.dose_mg is None else f"{option.dose_mg.normalize():f} mg"]


def _said(card: dict[str, Any]) -> tuple[str, str, str]:
    return card["source"]["topic"]["code"], card["summary"].partition(":")[0], card["indicator"]


def test_the_peer_gives_the_same_answers(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with servers.cql_peer(tmp_path) as peer:
        caller = Caller(peer)
        for chart in clean_charts(25, 11, now):
            answer = answer_of(chart, build_policy(), now)
            body = c.dumps({"prefetch": {"chart": json.loads(c.bundle(*chart))}})
            cards = json.loads(caller.post(CQL_PATH, body))["cards"]
            assert [_said(card) for card in cards] == ([advice] if (advice := _advice(answer)) else [])
            labels = [one["label"].partition(": ")[2] for card in cards for one in card["suggestions"]]
            assert [label for label in labels if label != "fibrinogen"] == _amounts(answer) * len(cards)
        caller.close()
