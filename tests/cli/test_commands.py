"""The command line as a site's engineer uses it: exit codes, one sentence for a mistake, nothing on standard output then."""

import json
import socket
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from tests import charts as c

ACT = (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.fibrinogen("0.8"), c.weight("70"))
AT = ("--at", c.NOW.isoformat())


def run(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*words], input=stdin, catch_exceptions=False)


@pytest.fixture
def chart(tmp_path: Path) -> str:
    file = tmp_path / "chart.json"
    file.write_bytes(c.bundle(*ACT))
    return str(file)


def written(tmp_path: Path, raw: bytes, name: str = "chart.json") -> str:
    (tmp_path / name).write_bytes(raw)
    return str(tmp_path / name)


def test_text_says_the_same_in_sentences(chart: str) -> None:
    done = run("assess", chart, *AT)
    assert done.exit_code == 0
    for words in ("REPLACE (critical)", "0.8 g/L (80 mg/dL)", "REP-03 v2", "decision support", "Blood Adv"):
        assert words.lower() in done.stdout.lower()


def test_exit_3_where_it_cannot_be_assessed(tmp_path: Path) -> None:
    done = run("assess", written(tmp_path, c.bundle(c.patient("1990-01-10"), c.infusion())), *AT, "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)["action"]) == (3, "CANNOT_ASSESS")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "it is empty"),
        (b"{", "it is not JSON"),
        (b'{"resourceType": "Bundle", "entry": [{"resource": {"x": 1}}]}', "entry 1 is not a FHIR resource"),
        (b'{"some": "thing"}', "neither a FHIR Bundle"),
        (b"[1, 2]", "entry 1 is not a FHIR resource"),
        (b'{"resourceType": "Bundle", "type": "message"}', "of type message"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "holds no Patient"),
        (b'{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', "it is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "it is not JSON"),
    ],
)
def test_unusable_input_is_one_line_that_names_the_place(tmp_path: Path, raw: bytes, words: str) -> None:
    file = written(tmp_path, raw)
    done = run("assess", file, *AT)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert file in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("assess", str(tmp_path / "nowhere.json"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "could not be read" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "t1_below"), "NAME=VALUE"),
        (("--set", "t1_belo=1"), "the nearest is t1_below"),
        (("--set", "t1_below=99"), "must be a number from"),
        (("--at", "2026-03-01T08:00:00"), "has no offset"),
        (("--at", "yesterday"), "is not a time"),
        (("--patient", "P9"), "holds no Patient P9"),
        (("--config", "/nowhere.toml"), "could not be read"),
    ],
)
def test_wrong_options(chart: str, words: tuple[str, ...], said: str) -> None:
    done = run("assess", chart, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_several_files_are_one_array_in_their_order(tmp_path: Path, chart: str) -> None:
    empty = written(tmp_path, c.bundle(c.patient("1990-01-10"), c.infusion()), "other.json")
    done = run("assess", chart, empty, *AT, "--format", "json")
    assert [answer["action"] for answer in json.loads(done.stdout)] == ["REPLACE", "CANNOT_ASSESS"]
    assert done.exit_code == 3
    assert run("assess", chart, written(tmp_path, b"{", "bad.json"), *AT).exit_code == 2


def test_two_patients_need_a_name(tmp_path: Path) -> None:
    other = {**c.patient("1980-01-01"), "id": "P2"}
    file = written(tmp_path, c.bundle(*ACT, other))
    unnamed = run("assess", file, *AT)
    assert unnamed.exit_code == 2
    assert "--patient" in unnamed.stderr
    named: Any = json.loads(run("assess", file, *AT, "--patient", "P1", "--format", "json").stdout)
    assert (named["patient"], named["action"]) == ("Patient/P1", "REPLACE")


@pytest.mark.parametrize("form", ["array", "searchset", "transaction", "hook", "stdin"])
def test_every_form_of_input_gives_the_same_answer(tmp_path: Path, chart: str, form: str) -> None:
    expected = json.loads(run("assess", chart, *AT, "--format", "json").stdout)
    prefetch = {f"k{number}": resource for number, resource in enumerate(ACT)}
    hook = {"hook": "patient-view", "context": {"patientId": "P1"}, "prefetch": prefetch}
    raw = {
        "array": c.dumps(list(ACT)),
        "searchset": c.bundle(*ACT, kind="searchset"),
        "transaction": c.bundle(*ACT, kind="transaction"),
        "hook": c.dumps(hook),
        "stdin": c.bundle(*ACT),
    }[form]
    file = "-" if form == "stdin" else written(tmp_path, raw, "form.json")
    assert json.loads(run("assess", file, *AT, "--format", "json", stdin=raw).stdout) == expected


def test_profile_then_site_then_set(tmp_path: Path, chart: str) -> None:
    config = tmp_path / "site.toml"
    config.write_text('[site]\nprofile = "bleeding_only"\nfc_product = "riastap"\ncryo_available = false\n')
    answer = json.loads(
        run("assess", chart, *AT, "--config", str(config), "--set", "fc_product=fibryga", "--format", "json").stdout
    )
    assert answer["policy"]["profile"] == "bleeding_only"
    assert answer["policy"]["overrides"] == {"fc_product": "fibryga", "cryo_available": "false"}
    assert (answer["action"], answer["indicator"]) == ("MONITOR", "warning")


def test_the_site_in_the_environment_counts(tmp_path: Path, chart: str) -> None:
    config = tmp_path / "site.toml"
    config.write_text('[site]\nprofile = "bleeding_only"\n')
    asked = ["assess", chart, *AT, "--format", "json"]
    environ = {"SMARTAPP_CONFIG": str(config), "SMARTAPP_SITE__FC_PRODUCT": "fibryga"}
    answer = json.loads(CliRunner().invoke(main, asked, env=environ, catch_exceptions=False).stdout)
    assert (answer["policy"]["profile"], answer["policy"]["overrides"]) == ("bleeding_only", {"fc_product": "fibryga"})


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in main.commands.items():
        inner = command.commands if isinstance(command, click.Group) else {}
        found += [(name, each) for each in inner] or [(name,)]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...]) -> None:
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert f"Example: smartapp {' '.join(words)}" in done.stdout


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_rules_are_printed(form: str) -> None:
    done = run("rules", "--format", form)
    assert done.exit_code == 0
    assert "REP-03" in done.stdout


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("demo", "--port", str(taken.getsockname()[1]))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is in use" in done.stderr


def test_database_commands(tmp_path: Path) -> None:
    config = tmp_path / "site.toml"
    config.write_text("data_dir = 'var'\n")
    (tmp_path / "var").mkdir()
    before = run("db", "current", "--config", str(config))
    assert before.exit_code == 1
    assert "smartapp db upgrade" in before.stderr
    assert run("db", "upgrade", "--config", str(config)).exit_code == 0
    assert "schema version" in run("db", "current", "--config", str(config)).stdout
    assert run("audit", "verify", "--config", str(config)).exit_code == 0


def test_serving_says_what_is_missing() -> None:
    done = run("serve")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "base_url is required" in done.stderr


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_out_of_the_calendar_is_one_sentence(chart: str, at: str) -> None:
    done = run("assess", chart, "--at", at)
    assert done.exit_code == 2
    assert "is not a time such as" in done.stderr


@pytest.mark.req("CDS-73")
def test_a_result_with_two_values_is_not_believed(tmp_path: Path) -> None:
    raw = c.bundle(*ACT).replace(b'"value": 0.8', b'"value": 0.8, "value": 2.8')
    assert b"2.8" in raw
    found = json.loads(run("assess", written(tmp_path, raw), *AT, "--format", "json").stdout)
    assert found["action"] == "CANNOT_ASSESS"
    assert any("a member twice" in issue["text"] for issue in found["data_issues"])


@pytest.mark.req("DQ-17")
def test_a_search_result_of_which_a_page_is_missing_gives_no_dose(tmp_path: Path) -> None:
    whole = json.loads(c.bundle(*ACT))
    cut = {**whole, "type": "searchset", "link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]}
    found = json.loads(run("assess", written(tmp_path, c.dumps(cut)), *AT, "--format", "json").stdout)
    assert (found["action"], found["draft_allowed"], found["options"]) == ("REPLACE", False, [])
    assert any("Laboratory results incomplete" in issue["text"] for issue in found["data_issues"])
