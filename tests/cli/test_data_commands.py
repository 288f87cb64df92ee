"""The commands about what is kept, on both storages (interfaces.md section 2)."""

import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert

from smartapp.cli import main
from smartapp.clinical.policy import build_policy
from smartapp.config.load import load_settings
from smartapp.factory.builders import keyring_of
from smartapp.storage import policies
from smartapp.storage.audit import AuditLog
from smartapp.storage.audit_verify import FIELDS
from smartapp.storage.database import Database
from smartapp.storage.tables import audit, caller_tokens
from smartapp.usecases.ports import Subject
from tests.conftest import free_port

WHO = Subject(ehr="st-x", patient="P1", user="Practitioner/7", encounter="E1", reference="launch-1")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Path:
    """A configuration with that database."""
    file = tmp_path / "site.toml"
    file.write_text(f"mode = 'development'\nbase_url = 'http://127.0.0.1:8000'\ndatabase_url = '{database_url}'\n")
    return file


@pytest.fixture
def run(site: Path) -> Callable[..., Result]:
    def command(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(site)], catch_exceptions=False)

    return command


@pytest.fixture
def log(site: Path, database: Database) -> AuditLog:
    return AuditLog(database, keyring_of(load_settings(site)), lambda: 1_772_352_000.0)


def test_the_schema_is_made_and_told(tmp_path: Path, empty_url: str) -> None:
    (tmp_path / "site.toml").write_text(f"database_url = '{empty_url}'\n")
    words = ("--config", str(tmp_path / "site.toml"))
    before, upgraded, current = (
        CliRunner().invoke(main, ["db", done, *words]) for done in ("current", "upgrade", "current")
    )
    assert (before.exit_code, upgraded.exit_code, current.exit_code) == (1, 0, 0)
    assert "run smartapp db upgrade" in before.stderr
    assert upgraded.stdout == current.stdout


@pytest.mark.req("SEC-32")
def test_the_audit_is_exported_with_every_field(run: Callable[..., Result], log: AuditLog) -> None:
    log.noted(WHO, "launched", "granted launch")
    record = json.loads(run("export", "audit").stdout)
    assert list(record)[: len(FIELDS)] == list(FIELDS)
    assert (record["event"], record["patient"], record["outcome"]) == ("launched", "P1", "granted launch")
    (row,) = csv.DictReader(io.StringIO(run("export", "audit", "--format", "csv").stdout))
    assert (row["event"], row["rules"]) == ("launched", "")


@pytest.mark.req("SEC-32")
def test_the_audit_is_exported_between_two_days(run: Callable[..., Result], log: AuditLog) -> None:
    log.noted(WHO, "launched", "")
    days = ["2026-02-28", "2026-03-01", "2026-03-02"]
    assert [run("export", "audit", "--since", day, "--until", "2026-03-02").stdout != "" for day in days] == [
        True,
        True,
        False,
    ]


@pytest.mark.req("SEC-32")
def test_verify_says_what_is_wrong_and_ends_with_one(
    run: Callable[..., Result], log: AuditLog, database: Database
) -> None:
    for number in range(2):
        log.noted(WHO, "launched", str(number))
    assert run("audit", "verify").stdout == "the audit's chains hold: 2 records in 1 chains\n"
    with database.transaction() as connection:
        connection.execute(delete(audit).where(audit.c.number == 2))
    done = run("audit", "verify")
    assert (done.exit_code, done.stdout.count("\n")) == (1, 1)
    assert "ends with record 1, but record 2 was written" in done.stdout


@pytest.mark.req("SEC-32")
def test_heads_kept_elsewhere_are_compared(run: Callable[..., Result], log: AuditLog, tmp_path: Path) -> None:
    log.noted(WHO, "launched", "")
    heads = tmp_path / "heads.jsonl"
    heads.write_text(run("audit", "heads").stdout)
    assert run("audit", "verify", "--heads", str(heads)).exit_code == 0
    heads.write_text('{"chain": "gone", "number": 3, "hash": "x"}')
    assert run("audit", "verify", "--heads", str(heads)).stdout == "chain gone was removed as a whole\n"
    heads.write_text("nonsense")
    assert run("audit", "verify", "--heads", str(heads)).exit_code == 2


@pytest.mark.req("SEC-30")
@pytest.mark.parametrize("command", [("export", "feedback"), ("audit", "verify")], ids=" ".join)
def test_a_production_site_without_its_secret_is_told_in_a_sentence(
    tmp_path: Path, database_url: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "bare.toml").write_text(f"database_url = '{database_url}'\n")
    done = CliRunner().invoke(main, [*command, "--config", str(tmp_path / "bare.toml")], catch_exceptions=False)
    assert (done.exit_code, "secret_key" in done.output) == ((2, True) if command[0] == "export" else (0, True))


@pytest.mark.req("SAL-40")
def test_keys_are_listed_and_rotated(run: Callable[..., Result], site: Path) -> None:
    assert run("keys", "list").stdout == ""
    assert run("keys", "rotate").stdout.count("signs from now") == 2
    made = run("keys", "rotate").stdout.splitlines()
    listed = run("keys", "list").stdout.splitlines()
    assert sorted(line.split()[0] for line in listed) == ["ES384", "ES384", "RS384", "RS384"]
    for line in made:
        assert "published now, signs from 20" in line
        assert next(told for told in listed if line.split()[1] in told).endswith("signs after the one before it")
    assert sum("  signs until " in line for line in listed) == 2


@pytest.mark.req("SAL-41")
def test_a_key_that_does_not_open_the_database_is_told_in_a_sentence(run: Callable[..., Result], site: Path) -> None:
    run("keys", "rotate")
    (site.parent / "var" / "secret_key").write_bytes(b"x" * 32)
    done = run("keys", "list")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "secret_key does not open" in done.stderr


@pytest.mark.req("SAL-41")
def test_serve_does_not_start_with_a_wrong_key(run: Callable[..., Result], site: Path) -> None:
    run("keys", "rotate")
    (site.parent / "var" / "secret_key").write_bytes(b"x" * 32)
    done = run("serve", "--port", str(free_port()))
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "secret_key does not open" in done.stderr


@pytest.mark.req("DSI-04")
def test_the_policies_are_exported(run: Callable[..., Result], site: Path, database: Database) -> None:
    policies.started(database, build_policy(), program="1.0", clock=lambda: 1_772_352_000.0)
    (row,) = map(json.loads, run("export", "policy").stdout.splitlines())
    assert (row["time"], row["program"], row["policy"]["region"]) == ("2026-03-01T08:00:00Z", "1.0", "US")


@pytest.mark.req("SEC-36")
def test_purge_says_how_many_of_each_it_deleted(run: Callable[..., Result], site: Path, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(insert(caller_tokens), [{"token_hash": str(n), "kept_until": 1.0} for n in range(3)])
    with site.open("a") as more:
        more.write("[retention]\naudit_days = 30\n")
    AuditLog(database, keyring_of(load_settings(site)), lambda: 1_600_000_000.0).noted(WHO, "launched", "")
    told = {
        words.strip(): int(number)
        for number, words in (line.split(None, 1) for line in run("db", "purge").stdout.splitlines())
    }
    assert {words: number for words, number in told.items() if number} == {"callers' tokens": 3, "audit records": 1}
    assert run("audit", "verify").exit_code == 0


@pytest.mark.req("SAL-41")
def test_a_secret_is_changed_without_losing_anything(tmp_path: Path, database_url: str) -> None:
    old, new = (base64.urlsafe_b64encode(byte * 32).decode() for byte in (b"o", b"n"))

    def run(secrets: str, *words: str) -> Result:
        (tmp_path / "secret_key").write_text(secrets)
        (tmp_path / "secret_key").chmod(0o600)
        (tmp_path / "site.toml").write_text(f"database_url = '{database_url}'\nsecret_key_file = 'secret_key'\n")
        return CliRunner().invoke(main, [*words, "--config", str(tmp_path / "site.toml")], catch_exceptions=False)

    run(old, "keys", "rotate")
    before = run(old, "keys", "list").stdout
    assert run(f"{new}\n{old}", "keys", "list").stdout == before
    assert run(new, "keys", "list").exit_code == 2
    assert run(f"{new}\n{old}", "db", "reencrypt").stdout == "2 values encrypted anew; 0 that no secret_key opens\n"
    assert run(new, "keys", "list").stdout == before
