"""The worked vectors of guideline section 11, asked of `smartapp assess` as a site would ask: FHIR in, JSON out."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smartapp.cli import main
from smartapp.clinical.assessment import assess
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.factory import create_app
from smartapp.fhir.chart_from_json import read_file
from smartapp.fhir.picture import read_picture
from smartapp.storage.database import Database
from tests import charts
from tests.cdshooks.calls import call, prefetch, url
from tests.sites import open_settings
from tests.vectors import VECTORS, Vector

_EXIT = {"CANNOT_ASSESS": 3}


def _at(answer: Any, path: str) -> Any:
    for step in path.split("."):
        answer = answer[int(step)] if step.isdigit() else answer[step]
    return answer


def _assess(tmp_path: Path, vector: Vector) -> tuple[int, Any]:
    file = tmp_path / "chart.json"
    file.write_bytes(charts.bundle(*vector.chart))
    sets = [word for item in vector.sets for word in ("--set", item)]
    run = CliRunner().invoke(
        main, ["assess", str(file), "--at", charts.NOW.isoformat(), "--format", "json", *sets], catch_exceptions=False
    )
    return run.exit_code, json.loads(run.stdout)


def _cases() -> list[Any]:
    return [pytest.param(vector, id=vector.name, marks=pytest.mark.req(vector.name.split()[0])) for vector in VECTORS]


@pytest.mark.parametrize("vector", _cases())
def test_vector_through_the_command_line(vector: Vector, tmp_path: Path) -> None:
    exit_code, answer = _assess(tmp_path, vector)
    issues = {issue["rule"] for issue in answer["data_issues"]}
    blockers = {blocker["rule"] for blocker in answer["draft_blockers"]}
    special = {"issue": issues, "blocker": blockers}
    wanted = {path: value for path, value in vector.expect.items() if path not in special}
    assert {path: _at(answer, path) for path in wanted} == wanted
    assert all(vector.expect[name] in special[name] for name in special if name in vector.expect)
    applied = {rule["rule"] for rule in answer["rules"] if rule["outcome"] == "applies"}
    assert set(vector.rules) <= applied
    assert vector.flags <= {flag for option in answer["options"] for flag in option["flags"]}
    said = {finding["rule"]: finding["indicator"] for finding in answer["findings"]}
    assert vector.findings.items() <= said.items()
    assert exit_code == _EXIT.get(answer["action"], 0)


@pytest.mark.parametrize("vector", _cases())
def test_vector_on_the_core_as_a_bundle_and_as_a_hook_request(vector: Vector, tmp_path: Path) -> None:
    """The same chart in whatever envelope gives the same answer."""
    policy = build_policy(None, dict(item.split("=", 1) for item in vector.sets))
    hook = call(prefetch=prefetch(*vector.chart))
    answers = [
        as_json(assess(read_picture(read_file(raw, None), charts.NOW, UTC, policy=policy), policy))
        for raw in (charts.bundle(*vector.chart), charts.dumps(list(vector.chart)), charts.dumps(hook))
    ]
    assert answers[0]["action"] == vector.expect.get("action", answers[0]["action"])
    assert answers[0] == answers[1]
    issues = [answer.pop("data_issues") for answer in answers]
    assert [issue for issue in issues[2] if issue["rule"] != "DQ-17"] == issues[0]
    assert {name: value for name, value in answers[2].items() if name in _TELLING} == {
        name: value for name, value in answers[0].items() if name in _TELLING
    }


_TELLING = (
    "action",
    "indicator",
    "tier",
    "crs",
    "bleeding",
    "fibrinogen",
    "modifiers",
    "options",
    "target_g_per_l",
    "draft_blockers",
)


@pytest.mark.parametrize("vector", _cases())
def test_vector_as_a_hook_call(vector: Vector, tmp_path: Path) -> None:
    settings = open_settings(tmp_path)
    site = dict(item.split("=", 1) for item in vector.sets)
    Database(settings.database).upgrade()
    client = create_app(settings.model_copy(update={"site": site}), now=lambda: charts.NOW).test_client()
    body = charts.dumps(call(prefetch=prefetch(*vector.chart)))
    answer = client.post(url(), data=body, content_type="application/json")
    assert answer.status_code == 200
    cards = answer.json["cards"]
    action, indicator = vector.expect.get("action"), vector.expect.get("indicator")
    if action in ("REPLACE", "CONSIDER"):
        assert cards[0]["indicator"] == "critical" or indicator != "critical"
        assert indicator in [card["indicator"] for card in cards]
        assert any("suggestions" in card for card in cards) == bool(vector.expect.get("draft_allowed", _drafts(vector)))
    if action == "CANNOT_ASSESS":
        assert any(card["summary"].startswith(_CANNOT) for card in cards)


_CANNOT = ("Cannot assess", "The newest fibrinogen", "Fibrinogen results are incomplete")


def _drafts(vector: Vector) -> bool:
    policy = build_policy(None, dict(item.split("=", 1) for item in vector.sets))
    chart = read_file(charts.bundle(*vector.chart), None)
    return assess(read_picture(chart, charts.NOW, UTC, policy=policy), policy).draft_allowed
