"""A whole replay by the command: the same bytes whatever the order, the packing, the workers and the kills; damage told."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from random import Random

import jsonschema
import pytest
from click.testing import CliRunner

from smartapp.cli.commands import main
from smartapp.usecases.replay.course import Entry
from tests.cohort.exports import a_short_course, by_type, write_export

DRAFT = "[site]\nreplace_below = { severe = 1.2, moderate = 1.3 }\n"
FILES = ("report.html", "report.json", "cases.csv")


@pytest.fixture(scope="module")
def raw() -> list[bytes]:
    """Twelve courses, of a few days of CRS."""
    return [entry.raw for number in range(12) for entry in a_short_course(number, days=8).entries if _is_few(entry)]


def _is_few(entry: Entry) -> bool:
    """Fibrinogen, and all that is no result."""
    return entry.kind not in ("Observation", "ServiceRequest") or b"-fib-" in entry.raw


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("sites")
    (folder / "current.toml").write_text("[site]\n")
    (folder / "draft.toml").write_text(DRAFT)
    return ["--current", str(folder / "current.toml"), "--draft", str(folder / "draft.toml")]


def replayed(export: Path, sites: list[str], out: Path, *more: str) -> dict[str, bytes]:
    result = CliRunner().invoke(main, ["replay", str(export), *sites, "--out", str(out), *more])
    assert result.exit_code == 0, result.output
    assert not (out / ".replay").exists()
    return {name: (out / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def told(raw: list[bytes], sites: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return replayed(write_export(folder / "export", by_type(raw)), sites, folder / "out")


def test_order_packing_and_workers_change_no_byte(told, raw, sites, tmp_path: Path) -> None:
    shuffled = Random(3).sample(raw, len(raw))
    export = write_export(tmp_path / "export", {"part-1.ndjson": shuffled[::2], "part-2.ndjson": []})
    (export / "part-3.ndjson.gz").write_bytes(gzip.compress(b"\r\n".join(shuffled[1::2])))
    assert replayed(export, sites, tmp_path / "out", "--workers", "1") == told


def test_the_report_tells_of_no_id_and_no_date(told, raw) -> None:
    text = b"".join(told.values())
    assert b"synthetic-" not in text
    assert b"2025-" not in text
    assert not any(json.loads(line)["id"].encode() in text for line in raw[::40])
    rows = list(csv.DictReader(told["cases.csv"].decode().splitlines()))
    assert rows
    assert all(row["because"].startswith("replace_below.") for row in rows)


def test_the_figures_add_up_and_small_groups_are_left_out(told) -> None:
    figures = json.loads(told["report.json"])
    assert figures["export"]["with_infusion"] == figures["totals"]["patients"] == "12"
    assert sum(figures["totals"]["current"]["looks_by_action"].values()) == figures["totals"]["looks"]
    few = [
        group for groups in figures["groups"].values() for group in groups if group["patients"] in ("<11", "suppressed")
    ]
    assert few
    assert all(set(group) == {"name", "patients"} for group in few)
    assert {p["name"] for p in figures["changed_parameters"]} == {"replace_below.severe", "replace_below.moderate"}


def test_the_report_fits_its_schema(told) -> None:
    schema = json.loads(resources.files("smartapp.cohort").joinpath("report.schema.json").read_text())
    jsonschema.validate(json.loads(told["report.json"]), schema)


def test_a_type_that_was_not_exported_is_told_and_never_read_as_none(raw, sites, tmp_path: Path) -> None:
    lines = {name: found for name, found in by_type(raw).items() if name != "MedicationAdministration.ndjson"}
    figures = json.loads(replayed(write_export(tmp_path / "export", lines), sites, tmp_path / "out")["report.json"])
    assert "MedicationAdministration not exported: doses and drugs given unknown" in figures["export"]["lacks"]


def test_what_could_not_be_used_is_named_with_file_and_line(raw, sites, tmp_path: Path) -> None:
    lines = by_type(raw)
    lines["Observation.ndjson"].insert(4, b'{"resourceType": "Observation", "id"')
    lines["Patient.ndjson"].append(b'{"resourceType":"Patient","id":"synthetic-000003","birthDate":"1950-01-01"}')
    out = tmp_path / "out"
    figures = json.loads(replayed(write_export(tmp_path / "export", lines), sites, out)["report.json"])
    problems = (out / "problems.txt").read_text().splitlines()
    assert "Observation.ndjson, line 5: it is not JSON" in problems
    assert sum("two exports are mixed" in line for line in problems) == 2
    assert figures["export"]["with_infusion"] == "11"
    assert figures["export"]["left_out"] == "<11"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("Observation.ndjson.gz", gzip.compress(b'{"resourceType":"Observation"}\n' * 9)[:-9], "it ends in the middle"),
        ("Observation.ndjson", b"\n", "holds no record"),
    ],
    ids=["cut off", "no record"],
)
def test_no_report_is_written_where_nobody_can_tell_whose_records_are_lost(name, content, why, sites, tmp_path) -> None:
    export = write_export(tmp_path / "export", {})
    (export / name).write_bytes(content)
    result = CliRunner().invoke(main, ["replay", str(export), *sites, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert why in result.stderr
    assert "no report was written" in result.stderr
    assert not (tmp_path / "out" / "report.json").exists()


def test_a_policy_out_of_bounds_is_named_with_its_file(raw, sites, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[site]\nreplace_below = { severe = 9 }\n")
    export = write_export(tmp_path / "export", by_type(raw))
    result = CliRunner().invoke(main, ["replay", str(export), *sites[:2], "--draft", str(tmp_path / "wrong.toml")])
    assert result.exit_code == 2
    assert "wrong.toml" in result.stderr
    assert "replace_below.severe must be" in result.stderr


def test_killed_at_any_moment_it_goes_on_with_the_same_bytes(told, raw, sites, tmp_path: Path) -> None:
    export, out = write_export(tmp_path / "export", by_type(raw)), tmp_path / "out"
    command = [sys.executable, "-m", "smartapp.cli", "replay", str(export), *sites, "--out", str(out), "--resume"]
    for wanted in ("scan-*", "rows-*"):
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while process.poll() is None and not list(out.glob(f".replay/{wanted}")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert replayed(export, sites, out, "--resume") == told


def test_another_replays_work_is_not_gone_on_with(raw, sites, tmp_path: Path) -> None:
    export, out = write_export(tmp_path / "export", by_type(raw)), tmp_path / "out"
    (out / ".replay").mkdir(parents=True)
    (out / ".replay" / "replay.json").write_text("{}")
    result = CliRunner().invoke(main, ["replay", str(export), *sites, "--out", str(out), "--resume"])
    assert result.exit_code == 2
    assert "cannot be resumed" in result.stderr


def test_the_three_commands_of_the_readme_run(tmp_path: Path) -> None:
    """With two courses in place of forty."""
    text = Path("README.md").read_text()
    begin = text.index("```sh\n", text.index("## See what a change of policy would mean")) + 6
    commands = (
        text[begin : text.index("```", begin)]
        .replace("cohort 40", "cohort 2")
        .replace(".venv/bin/smartapp", f"{sys.executable} -m smartapp.cli")
    )
    (tmp_path / "var").mkdir()
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=200)
    assert (tmp_path / "var" / "replay" / "report.html").is_file()
