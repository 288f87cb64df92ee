"""What production mode refuses to start with: one sentence that names the setting (SEC-30, SEC-34, SAL-41)."""

import base64
import hashlib
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from smartapp.config.checks import check_served
from smartapp.config.errors import ConfigError
from smartapp.config.load import load_settings
from smartapp.config.production import check_production, readable_by_others
from tests.conftest import free_port
from tests.sites import SECRET_TEXT

FRESH = base64.urlsafe_b64encode(hashlib.sha256(b"a key that no test data hold").digest()).decode()
GOOD = f"base_url = 'https://app.example.org'\nsecret_key = '{FRESH}'\n"
EHR = "[[ehr]]\nname = 'st-x'\nfhir_base = 'https://ehr.example.org/fhir'\nclient_id = 'a'\n"
CALLER = "[[cds_client]]\nname = 'x'\nissuer = 'https://i'\njwks_uri = 'https://i/keys'\n"


def started(folder: Path, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`smartapp serve` with this configuration, as an operator starts it; it must not come up."""
    (folder / "site.toml").write_text(text)
    command = [sys.executable, "-m", "smartapp.cli", "serve", "--config", str(folder / "site.toml")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SMARTAPP_", "FLASK_"))}
    return subprocess.run(
        [*command, "--port", str(free_port())],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(folder: Path, text: str, host: str = "0.0.0.0") -> str:
    (folder / "site.toml").write_text(text)
    with pytest.raises(ConfigError) as mistake:
        check_served(load_settings(folder / "site.toml", {}), host)
    return str(mistake.value)


def encoded(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode()


@pytest.mark.req("SEC-30", "SEC-34", "SAL-41", "SEC-13", "CDS-80", "CDS-89")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        (GOOD.replace("https://app", "http://app"), "base_url"),
        (GOOD.replace(FRESH, ""), "secret_key"),
        (GOOD.replace(FRESH, encoded(b"short")), "secret_key"),
        (GOOD.replace(FRESH, SECRET_TEXT), "secret_key"),
        (GOOD.replace(f"'{FRESH}'", f'"{FRESH}\\n{SECRET_TEXT}"'), "secret_key"),
        (GOOD + EHR.replace("https://ehr", "http://ehr"), "fhir_base"),
        (GOOD + EHR + "issuer = 'http://ehr.example.org'", "issuer"),
        (GOOD + EHR + "frame_ancestors = ['http://ehr.example.org']", "frame_ancestors"),
        (
            GOOD + EHR + "client_auth = 'client_secret_basic'\nclient_secret = 'demo-secret-not-for-real-use'",
            "client_secret",
        ),
        (GOOD + CALLER.replace("https://i/keys", "http://i/keys"), "jwks_uri"),
        (GOOD + CALLER + "require_jwt = false", "require_jwt"),
        (GOOD + CALLER.replace("'https://i'", "'https://sandbox.cds-hooks.org'"), "[[cds_client]] x"),
        (GOOD + "debug = true", "debug"),
    ],
)
def test_production_refuses_in_one_sentence_that_names_the_setting(tmp_path: Path, text: str, names: str) -> None:
    sentence = refused(tmp_path, text)
    assert names in sentence
    assert "\n" not in sentence
    assert FRESH not in sentence


@pytest.mark.req("SEC-30", "SEC-34")
@pytest.mark.parametrize(
    ("text", "environ", "names"),
    [
        (GOOD.replace(f"secret_key = '{FRESH}'", ""), {}, "secret_key_file"),
        (GOOD, {"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        (GOOD, {"SMARTAPP_DEBUG": "1"}, "SMARTAPP_DEBUG"),
    ],
)
def test_the_server_does_not_start_and_says_why(tmp_path: Path, text: str, environ: dict[str, str], names: str) -> None:
    done = started(tmp_path, text, **environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert names in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.req("SAL-41")
@pytest.mark.parametrize(
    ("mode", "fine"),
    [(0o600, True), (0o400, True), (0o640, True), (0o644, True), (0o444, True), (0o660, False), (0o666, False)],
)
@pytest.mark.parametrize("which", ["secret_key_file", "client_secret_file"])
def test_a_secret_file_that_others_can_change_is_refused_and_one_they_can_read_is_told(
    tmp_path: Path, which: str, mode: int, fine: bool
) -> None:
    for name, content in (("secret_key_file", FRESH), ("client_secret_file", "Basic-secret.1")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode if name == which else 0o600)
    text = "base_url = 'https://app.example.org'\nsecret_key_file = 'secret_key_file'\n"
    text += EHR + "client_auth = 'client_secret_basic'\nclient_secret_file = 'client_secret_file'"
    if fine:
        (tmp_path / "site.toml").write_text(text)
        settings = load_settings(tmp_path / "site.toml", {})
        check_served(settings, "0.0.0.0")
        told = "".join(readable_by_others(settings))
        assert (which in told, "every user of this machine" in told) == ((mode & 0o004 != 0),) * 2
        return
    assert re.match(rf"{which}.* can be changed by others", refused(tmp_path, text))


@pytest.mark.req("SEC-14")
@pytest.mark.parametrize(
    ("mode", "host", "unsafe", "starts"),
    [
        ("development", "127.0.0.1", False, True),
        ("development", "::1", False, True),
        ("development", "localhost", False, True),
        ("development", "0.0.0.0", False, False),
        ("development", "10.0.0.7", False, False),
        ("development", "::", False, False),
        ("development", "0.0.0.0", True, True),
        ("production", "0.0.0.0", False, True),
        ("production", "127.0.0.1", False, True),
    ],
)
def test_which_mode_may_listen_where(tmp_path: Path, mode: str, host: str, unsafe: bool, starts: bool) -> None:
    text = f"{GOOD}mode = '{mode}'\nallow_unsafe_bind = {str(unsafe).lower()}\n"
    if starts:
        (tmp_path / "site.toml").write_text(text)
        check_served(load_settings(tmp_path / "site.toml", {}), host)
        return
    assert "allow_unsafe_bind" in refused(tmp_path, text, host)


@pytest.mark.req("SEC-34")
@pytest.mark.parametrize(("value", "fine"), [("1", False), ("true", False), ("0", True), ("", True)])
def test_a_debugger_asked_for_by_the_environment(tmp_path: Path, value: str, fine: bool) -> None:
    (tmp_path / "site.toml").write_text(GOOD)
    settings = load_settings(tmp_path / "site.toml", {})
    if fine:
        check_production(settings, [], {"FLASK_DEBUG": value})
        return
    with pytest.raises(ConfigError, match="FLASK_DEBUG"):
        check_production(settings, [], {"FLASK_DEBUG": value})


def test_fresh_secrets_are_always_taken(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(GOOD)
    settings = load_settings(tmp_path / "site.toml", {})
    check_production(settings, [secrets.token_bytes(32) for _ in range(2000)], {})
