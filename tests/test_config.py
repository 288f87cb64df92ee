"""Configuration: each mistake is one sentence that names the place; file, environment and secret files come together."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from smartapp.config.checks import SANDBOX, check_served, policy_of, secrets_of
from smartapp.config.errors import ConfigError
from smartapp.config.load import load_settings, shown
from smartapp.config.settings import Settings
from tests.sites import SECRET_TEXT

EHR = '[[ehr]]\nname = "x"\nfhir_base = "https://ehr.example.org/fhir"\n'
CALLER = '[[cds_client]]\nname = "x"\nissuer = "https://i"\n'


def load(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    file = tmp_path / "site.toml"
    file.write_text(text)
    return load_settings(file, environ)


@pytest.mark.req("SEC-30")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("base_ulr = 'x'", "base_ulr; did you mean base_url"),
        ("[limits]\nidle_minuets = 3", "limits.idle_minuets; did you mean idle_minutes"),
        ("mode = 'test'", "mode is not valid"),
        ("[limits]\nidle_minutes = -1", "limits.idle_minutes is not valid"),
        ("time_zone = 'Mars/Olympus'", "time_zone Mars/Olympus"),
        ("[site]\nt1_below = 99", "t1_below must be a number from"),
        ("[site]\nt1_belo = 1", "the nearest is t1_below"),
        ("[site]\norder_status = 'active'", "order_status may be active only together with order_intent order"),
        ("[site.replace_below]\nsevere = 3", "replace_below.severe"),
        ("[budgets]\nhok = 3", "budgets.hok; did you mean hook"),
        ("[limits]\nhooks = 'many'", 'must be a rate such as "600/minute"'),
        ("database_url = 'mysql://root:hunter2@db/x'", "must begin with sqlite:/// or postgresql+psycopg://"),
        (f"{EHR}same_as = 'y'", "same_as names no other [[ehr]], y"),
        (f"{EHR}same_as = 'x'", "same_as names no other [[ehr]], x"),
        ("secret_key = 'a'\nsecret_key_file = 'site.toml'", "are both given"),
        ("[codes]\nx = 'http://loinc.org|1'", "system|code"),
        ("[codes]\n'x|' = 'http://loinc.org|1'", "neither the system nor the code may be empty"),
        ("[codes]\n'x|I*1' = 'http://loinc.org|1'", "* may stand only at the end of the code"),
        ("[codes]\n'x|*' = 'http://loinc.org|1'", "* may stand only at the end of the code"),
        ("[codes]\n'x|I1.*' = 'http://loinc.org|1*'", "* may stand only at the end of the code"),
        (EHR + EHR, "same name"),
        (EHR + EHR.replace('"x"', '"y"'), "same fhir_base"),
        (EHR.replace("https", "http"), "must be https"),
        (EHR.replace("ehr.example.org", "bob:pw@ehr.example.org"), "without query, fragment, user name or spaces"),
        (EHR.replace("ehr.example.org", "ehr.example.org:99999"), "must be an https URL"),
        (EHR + 'frame_ancestors = ["https://e.example.org; script-src *"]', "must be an origin such as"),
        (EHR + 'frame_ancestors = ["*"]', "must be an origin such as"),
        (EHR + 'endpoint_origins = ["https://e.example.org/auth"]', "must be an origin such as"),
        (EHR + 'endpoint_origins = ["http://e.example.org"]', "must be https"),
        (CALLER + 'jwks_uri = "http://i.example.org/keys"', "jwks_uri of [[cds_client]] x must be https"),
        (CALLER + 'jwks_uri = "https://i/keys"\njwks_file = "keys.json"', "has both jwks_uri and jwks_file"),
        (CALLER + 'jwks_uri = "https://i/keys"\ncors_origins = ["null"]', "must be an origin such as"),
        (CALLER, "needs jwks_uri or jwks_file"),
        ((CALLER + 'jwks_uri = "https://i/keys"\n') * 2, "same name"),
        (
            (CALLER + 'jwks_uri = "https://i/keys"\n') + CALLER.replace('"x"', '"y"') + 'jwks_uri = "https://i/k"',
            "same issuer",
        ),
        (CALLER + 'jwks_file = "none.json"', "jwks_file of [[cds_client]] x could not be read"),
        (CALLER + 'jwks_uri = "https://i/keys"\nalgorithms = ["HS256"]', "algorithms"),
        (CALLER + 'jwks_uri = "https://i/keys"\nalgorithms = ["none"]', "algorithms"),
        (CALLER + 'jwks_uri = "https://i/keys"\nalgorithms = []', "algorithms"),
        (CALLER + 'jwks_uri = "https://i/keys"\ntoken_minutes = 61', "token_minutes"),
        (CALLER + 'jwks_uri = "https://i/keys"\nrequire_jwt = false', "only in development"),
        (CALLER.replace("https://i", SANDBOX) + f'jwks_uri = "{SANDBOX}/.well-known/jwks.json"', "known to everyone"),
        (EHR + 'client_auth = "client_secret_basic"\nclient_id = "a"', "needs client_secret_file"),
        (EHR + 'client_auth = "magic"', "client_auth of [[ehr]] x is not valid"),
        (
            '[[cds_client]]\nname = "x"\nissuer = "https://i"\nfhir_servers = ["https://other/fhir"]',
            "is not the fhir_base",
        ),
        ('[[cds_client]]\nname = "x"\nissuer = "https://i"\nrequire_jwt = false', "only in development"),
        (EHR + 'ca_file = "nowhere.pem"', "ca_file of [[ehr]] x could not be read"),
        (EHR + 'ca_file = "site.toml"', "holds no certificates in PEM form"),
        (EHR + 'proxy = "proxy.example:3128"', "must be an address such as http://proxy.example:3128"),
        ('[outbound]\nproxy = "https://p.example"', "proxy of [outbound]"),
        ("not toml", "is not TOML"),
        ("secret_key_file = 'nowhere'", "secret_key_file"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        load(tmp_path, text)
    assert words in str(mistake.value)
    assert "\n" not in str(mistake.value)


@pytest.mark.req("SAL-34")
@pytest.mark.parametrize("secret", ["a:b", "a%b", "a b", "gr\u00fcn"])
def test_a_secret_that_two_encodings_write_differently_is_refused(tmp_path: Path, secret: str) -> None:
    text = f'{EHR}client_auth = "client_secret_basic"\nclient_id = "a"\nclient_secret = "{secret}"'
    with pytest.raises(ConfigError, match="basic_encoding"):
        load(tmp_path, text)
    for encoding in ("form", "plain"):
        chosen = load(tmp_path, f'{text}\nbasic_encoding = "{encoding}"')
        assert chosen.ehr[0].client_secret.get_secret_value() == secret


@pytest.mark.req("SEC-13", "SEC-14", "SAL-41", "SEC-30")
@pytest.mark.parametrize(
    ("text", "host", "words"),
    [
        ("", "127.0.0.1", "base_url is required"),
        ("base_url = 'http://app.example.org'", "0.0.0.0", "must be https"),
        ("base_url = 'https://app.example.org/?a=b'", "0.0.0.0", "without query, fragment, user name or spaces"),
        ("base_url = 'https://app.example.org'", "0.0.0.0", "secret_key_file is required"),
        ("base_url = 'https://a.example.org'\nsecret_key = 'c2hvcnQ='", "0.0.0.0", "must be 32 random bytes, not 5"),
        ("base_url = 'http://127.0.0.1:8000'\nmode = 'development'", "0.0.0.0", "binds to loopback only"),
        ("base_url = 'http://app.example.org'\nmode = 'development'", "127.0.0.1", "loopback in development only"),
    ],
)
def test_what_serving_refuses(tmp_path: Path, text: str, host: str, words: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        check_served(load(tmp_path, text), host)
    assert words in str(mistake.value)


def test_development_on_loopback_needs_no_secret(tmp_path: Path) -> None:
    settings = load(tmp_path, "base_url = 'http://127.0.0.1:8000'\nmode = 'development'")
    check_served(settings, "127.0.0.1")
    assert secrets_of(settings) == []


def test_the_environment_wins_and_numbers_stay_exact(tmp_path: Path) -> None:
    environ = {
        "SMARTAPP_SITE__REPLACE_BELOW__MODERATE": "1.2",
        "SMARTAPP_ORGANIZATION": "St Y",
        "SMARTAPP_LIMITS__IDLE_MINUTES": "20",
        "OTHER": "x",
    }
    settings = load(tmp_path, "organization = 'St X'\n[site.replace_below]\nmild = 1.1", **environ)
    policy = policy_of(settings)
    assert (settings.organization, settings.limits.idle_minutes) == ("St Y", Decimal(20))
    assert (str(policy.get("replace_below.moderate")), str(policy.get("replace_below.mild"))) == ("1.2", "1.1")


def test_without_a_file_the_environment_is_enough() -> None:
    assert load_settings(None, {"SMARTAPP_BASE_URL": "https://app.example.org"}).base_url == "https://app.example.org"


@pytest.mark.parametrize("name", ["SMARTAPP_BASE_ULR", "SMARTAPP_EHR__NAME"])
def test_an_environment_name_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings(None, {name: "x"})


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "secret").write_text(f"{SECRET_TEXT}\n{SECRET_TEXT}\n")
    (tmp_path / "keys" / "jwks").write_text('{"keys": []}')
    settings = load(tmp_path, "secret_key_file = 'keys/secret'\ndata_dir = 'var'")
    assert settings.data_dir == tmp_path / "var"
    assert len(secrets_of(settings)) == 2
    assert settings.database == f"sqlite:///{tmp_path / 'var' / 'smartapp.db'}"
    assert load(tmp_path).data_dir == tmp_path / "var"
    assert load(tmp_path, CALLER + "jwks_file = 'keys/jwks'").cds_client[0].jwks_file == tmp_path / "keys" / "jwks"


@pytest.mark.req("CDS-89")
@pytest.mark.parametrize("mode", ["production", "development"])
def test_a_published_key_in_a_key_file_is_for_development(tmp_path: Path, mode: str) -> None:
    (tmp_path / "keys.json").write_text('{"keys": [{"x": "QWI9fI8TcNtdikhVs_M1N_Szb7BOj19etvIKfrQMa9k"}]}')
    text = f"mode = '{mode}'\n" + CALLER + "jwks_file = 'keys.json'"
    if mode == "development":
        assert load(tmp_path, text).cds_client[0].jwks_file
        return
    with pytest.raises(ConfigError, match="known to everyone"):
        load(tmp_path, text)


@pytest.mark.req("SEC-30")
def test_secrets_are_hidden_when_shown(tmp_path: Path) -> None:
    (tmp_path / "basic").write_text("s3cret\n")
    text = f"secret_key = '{SECRET_TEXT}'\n{EHR}client_id = 'a'\nclient_auth = 'client_secret_basic'\nclient_secret_file = 'basic'"
    settings = load(tmp_path, text)
    printed = "\n".join(shown(settings))
    assert settings.ehr[0].client_secret.get_secret_value() == "s3cret"
    assert "s3cret" not in printed
    assert SECRET_TEXT not in printed
    assert "secret_key = (hidden)" in printed
    assert SECRET_TEXT not in repr(settings)


@pytest.mark.req("SEC-30")
@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://bob:hun@ter2@db:5432/x",
        "postgresql+psycopg://db/x?user=bob&password=hun@ter2&sslmode=require",
    ],
)
def test_the_password_of_the_database_is_hidden_when_shown(tmp_path: Path, url: str) -> None:
    printed = "\n".join(shown(load(tmp_path, f"database_url = '{url}'")))
    assert "ter2" not in printed
    assert "(hidden)" in printed
    assert "bob" in printed


@pytest.mark.parametrize("name", ["site.toml", "secret"])
def test_a_file_that_is_not_text(tmp_path: Path, name: str) -> None:
    (tmp_path / "site.toml").write_text("secret_key_file = 'secret'")
    (tmp_path / name).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is not UTF-8 text"):
        load_settings(tmp_path / "site.toml", {})


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="could not be read"):
        load_settings(Path("/nowhere/site.toml"), {})


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings: Any = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.mode = "development"
