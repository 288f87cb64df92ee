"""`smartapp timeline`: what was advised along one course, as a strip, as a table, as JSON."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartapp.cli.commands import main
from tests.cohort.exports import a_short_course


@pytest.fixture
def file(tmp_path: Path) -> Path:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": json.loads(entry.raw)} for entry in a_short_course(1).entries],
    }
    path = tmp_path / "course.json"
    path.write_text(json.dumps(bundle))
    return path


def test_each_look_says_what_assess_says_then_of_what_was_known(file: Path, tmp_path: Path) -> None:
    told = json.loads(CliRunner().invoke(main, ["timeline", str(file), "--format", "json"]).stdout)
    assert [look["until"] for look in told["looks"][:-1]] == [look["at"] for look in told["looks"][1:]]
    course = a_short_course(1)
    for look in told["looks"][5::40]:
        at = datetime.fromisoformat(look["at"])
        known = [json.loads(entry.raw) for entry in course.known_at(at)]
        (tmp_path / "known.json").write_text(json.dumps(known))
        command = ["assess", str(tmp_path / "known.json"), "--at", look["at"], "--format", "json"]
        answer = json.loads(CliRunner().invoke(main, command).stdout)
        assert (look["action"], look["indicator"], look["tier"]) == (
            answer["action"],
            answer["indicator"],
            answer["tier"],
        )
        assert look["rules"] == sorted({row["rule"] for row in answer["rules"] if row["outcome"] == "applies"})


def test_the_page_has_a_strip_and_the_same_as_a_table(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "timeline.html"
    result = CliRunner().invoke(main, ["timeline", str(file), "--out", str(out)])
    assert result.exit_code == 0, result.output
    page = out.read_text()
    assert page.count("<h1") == 1
    assert "<script" not in page
    assert page.count('role="img"') > page.count("<tr><td>") > 5
    assert "Given, and what it did" in page


def test_what_holds_no_chart_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    result = CliRunner().invoke(main, ["timeline", str(tmp_path / "x.json")])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "x.json: it is not JSON" in result.stderr
