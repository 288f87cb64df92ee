"""The worked vectors of guideline section 11, asked of `smartapp assess` as a site would ask: FHIR in, JSON out."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smartapp.cli import main
from tests import charts
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
