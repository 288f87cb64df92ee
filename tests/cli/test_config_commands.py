"""`config init` and `config check`: a file to begin with, every mistake at once, and what follows (interfaces.md section 2)."""

import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main

EHR = '[[ehr]]\nname = "st-x"\nfhir_base = "https://ehr.example.org/fhir"\nissuer = "https://ehr.example.org"\n'
FILLED = {
    "base_url": "https://app.example.org",
    "time_zone": "Europe/Oslo",
    "organization": "St X",
    "fhir_base": "https://ehr.example.org/fhir",
    "issuer": "https://ehr.example.org",
    "client_id": "client-a",
    "jwks_uri": "https://ehr.example.org/jwks.json",
    "fhir_servers": "https://ehr.example.org/fhir",
}


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["config", *words], catch_exceptions=False)


def checked(tmp_path: Path, text: str) -> Result:
    file = tmp_path / "site.toml"
    file.write_text(text)
    return run("check", "--config", str(file))


def test_what_init_writes_names_each_place_that_is_not_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    assert run("init", "--ehr", "st-y", "--out", str(file)).exit_code == 0
    told = run("check", "--config", str(file))
    assert told.exit_code == 2
    for name in ("base_url", "time_zone", "fhir_base of [[ehr]] st-y", "jwks_uri of [[cds_client]] st-y"):
        assert re.search(rf"smartapp: {re.escape(name)}.*FILL IN", told.stderr), name


def test_filled_in_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    told = run("init", "--out", str(file))
    assert "https://app.example.org/callback" in told.output
    text = file.read_text()
    for name, value in FILLED.items():
        text = re.sub(rf'^({name} = \[?)"FILL IN"', rf'\1"{value}"', text, flags=re.M)
    file.write_text(text)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    done = run("check", "--config", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "write_back = false: no drafts are written" in done.output
    assert "launch URL      https://app.example.org/launch" in done.output


@pytest.mark.parametrize("there", ["site.toml", "secret_key"])
def test_nothing_is_written_over(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    told = run("init", "--out", str(tmp_path / "site.toml"))
    assert told.exit_code == 2
    assert f"{there} is there already" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_a_name_that_cannot_name_an_ehr_writes_nothing(tmp_path: Path) -> None:
    told = run("init", "--ehr", "St X!", "--out", str(tmp_path / "site.toml"))
    assert (told.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "small letters, digits and hyphens" in told.stderr


@pytest.mark.req("SEC-30")
def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = checked(
        tmp_path,
        'base_ulr = "x"\ntime_zone = "Mars/Olympus"\nsecret_key_file = "nowhere"\n[limits]\nidle_minutes = -1\n'
        "[site]\nt1_below = 99\n"
        + EHR.replace("st-x", "St X")
        + EHR.replace("https://ehr.example.org/fhir", "http://ehr.example.org/fhir").replace("st-x", "st-y")
        + '[[cds_client]]\nname = "c"\nissuer = "https://i"\n',
    )
    wanted = (
        "base_ulr; did you mean base_url",
        "time_zone Mars/Olympus",
        "secret_key_file",
        "limits.idle_minutes is not valid",
        "t1_below must be a number",
        "name of [[ehr]] number 1 is not valid: small letters, digits and hyphens",
        "fhir_base of [[ehr]] st-y must be https",
        "needs jwks_uri or jwks_file",
        "base_url is required",
    )
    lines = told.stderr.splitlines()
    assert [word for word in wanted if not any(word in line for line in lines)] == []
    assert told.exit_code == 2
    assert told.stdout == ""


def test_what_rests_on_a_mistake_is_not_a_second_one(tmp_path: Path) -> None:
    caller = '[[cds_client]]\nname = "c"\nissuer = "https://i"\njwks_uri = "https://i/k"\n'
    told = checked(
        tmp_path, EHR + 'client_auth = "magic"\n' + caller + 'fhir_servers = ["https://ehr.example.org/fhir"]\n'
    )
    assert "client_auth of [[ehr]] st-x" in told.stderr
    assert "is not the fhir_base" not in told.stderr


def test_a_near_match_of_a_base_is_named(tmp_path: Path) -> None:
    caller = '[[cds_client]]\nname = "c"\nissuer = "https://i"\njwks_uri = "https://i/k"\n'
    told = checked(tmp_path, EHR + caller + 'fhir_servers = ["https://ehr.example.org/fhir/"]\n')
    assert "did you mean https://ehr.example.org/fhir, with every character" in told.stderr


def test_other_commands_tell_the_first_and_where_the_rest_is(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('base_ulr = "x"\ntime_zone = "Mars"\n')
    told = CliRunner().invoke(main, ["db", "current", "--config", str(file)])
    assert told.exit_code == 2
    assert "and 1 more: smartapp config check names it" in told.stderr


def test_what_is_in_effect_is_printed_as_a_file_would_hold_it(tmp_path: Path) -> None:
    text = 'base_url = "http://127.0.0.1:8000"\nmode = "development"\n[site]\nreplace_below = { moderate = 1.2 }\n'
    printed = checked(tmp_path, text).stdout
    assert "site = {replace_below = {moderate = 1.2}}" in printed
    assert not re.search(r"Decimal|None|\(\)|\{\}|True|False", printed)
    assert "There is no [[cds_client]]" in printed
