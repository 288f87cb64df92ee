"""`smartapp fit`: what two large EHRs' statements mean for us, line by line, and statements that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from smartapp.demo.profiles import PROFILES, smart_configuration, statement
from tests.conftest import free_port
from tests.smart.mock_ehr import as_json, mock_ehr

SAMPLES = Path(__file__).parents[1] / "ehrs"
BASE = "https://ehr.example.org"
NAMES = ("epic-2026-05", "oracle-2026-08")


def fit(*words: str) -> Result:
    return CliRunner().invoke(main, ["fit", *words], catch_exceptions=False)


def sample(name: str, kind: str) -> dict[str, Any]:
    return dict(json.loads((SAMPLES / f"{name}.{kind}.json").read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_what_the_demo_ehr_declares(name: str) -> None:
    profile = PROFILES[name]
    assert profile is not None
    endpoints = {"authorize": f"{BASE}/authorize", "token": f"{BASE}/token"}
    assert statement(profile, endpoints) == sample(name, "metadata")
    assert smart_configuration(profile, BASE) == sample(name, "smart-configuration")


@pytest.mark.req("FHIR-52", "FHIR-61", "SAL-06")
@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_large_ehr_is_as_reviewed(name: str) -> None:
    files = (str(SAMPLES / f"{name}.{kind}.json") for kind in ("smart-configuration", "metadata"))
    done = fit(*files)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == (SAMPLES / f"{name}.fit.txt").read_text().splitlines()


def test_the_same_to_compute_with() -> None:
    told = json.loads(fit(str(SAMPLES / "epic-2026-05.metadata.json"), "--format", "json").stdout)
    assert told["fits"] is True
    assert [(one["product"], one["created_as"]) for one in told["orders"]] == [
        ("fibrinogen_concentrate", ""),
        ("cryoprecipitate", "ServiceRequest"),
    ]
    fibrinogen = next(one for one in told["queries"] if one["name"] == "fibrinogen")
    assert (fibrinogen["fit"], [name for name, _ in fibrinogen["searches"][0]]) == (
        "as asked",
        ["patient", "code", "_count"],
    )


def written(folder: Path, body: Any) -> str:
    path = folder / "statement.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body))
    return str(path)


@pytest.mark.req("FHIR-52", "SEC-38")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html>", "it is not JSON"),
        ("", "it is not JSON"),
        ("[" * 100_000, "neither a CapabilityStatement nor a SMART configuration"),
        ({"resourceType": "Patient"}, "it is a Patient, no CapabilityStatement"),
        ({"resourceType": "CapabilityStatement", "rest": 7}, "neither a CapabilityStatement nor"),
        (" " * (8 * 1024 * 1024 + 1), "larger than 8 MiB"),
        ({}, "no CapabilityStatement"),
    ],
)
def test_what_is_no_statement_is_one_sentence(tmp_path: Path, body: Any, words: str) -> None:
    done = fit(written(tmp_path, body))
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert words in done.stderr
    assert "statement.json" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "give files, or --url"), (("nowhere.json",), "cannot be read"), (("--url", "ftp://x"), "cannot be asked")],
)
def test_unusable_arguments(words: tuple[str, ...], said: str) -> None:
    done = fit(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_two_statements_are_one_too_many() -> None:
    done = fit(*(str(SAMPLES / f"{name}.metadata.json") for name in NAMES))
    assert (done.exit_code, "second CapabilityStatement" in done.stderr) == (2, True)


def without(kind: str, way: str) -> dict[str, Any]:
    body = sample("epic-2026-05", "metadata")
    for entry in body["rest"][0]["resource"]:
        if entry["type"] == kind:
            entry["interaction"] = [one for one in entry["interaction"] if one["code"] != way]
    return body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**sample("epic-2026-05", "metadata"), "fhirVersion": "5.0.0"}, "Its FHIR version is 5.0.0; the app reads R4"),
        (without("Observation", "search-type"), "Observation is not searched there, so no patient can be assessed"),
        (without("Patient", "read"), "the EHR does not offer to read a Patient, so no patient can be assessed"),
        ({"token_endpoint": "https://x/t", "capabilities": ["launch-ehr"]}, "has no authorization_endpoint"),
        (
            {**sample("epic-2026-05", "smart-configuration"), "grant_types_supported": ["client_credentials"]},
            "takes no authorization codes",
        ),
        (
            {
                **sample("oracle-2026-08", "smart-configuration"),
                "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            },
            "takes no ES384 or RS384 assertions, only RS256",
        ),
        (
            {
                **sample("oracle-2026-08", "smart-configuration"),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "capabilities": ["launch-ehr"],
            },
            "it takes client_secret_post; the app none of these",
        ),
    ],
)
def test_where_the_main_job_cannot_be_done(tmp_path: Path, body: dict[str, Any], words: str) -> None:
    done = fit(written(tmp_path, body))
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("  wanting") and words in line], done.stdout
    assert done.stdout.endswith("The main job cannot be done there: see wanting.\n")


def test_an_ehr_that_is_asked_itself() -> None:
    with mock_ehr() as ehr:
        ehr.knobs["/fhir/metadata"] = lambda _: as_json(sample("epic-2026-05", "metadata"), 200)
        done = fit("--url", f"{ehr.base}/")
        asked = {one.path for one in ehr.asked}
    assert done.exit_code == 0, done.stdout
    assert asked == {"/fhir/metadata", "/fhir/.well-known/smart-configuration"}
    assert "Cryoprecipitate: an approved order is created as ServiceRequest." in done.stdout


def test_an_ehr_that_answers_nonsense_or_not_at_all() -> None:
    with mock_ehr() as ehr:
        ehr.knobs["/fhir/metadata"] = lambda _: (200, {"Content-Type": "text/html"}, b"<html>")
        done = fit("--url", ehr.base)
    assert (done.exit_code, "/fhir/metadata could not be read: it is not JSON" in done.stdout) == (1, True)
    gone = fit("--url", f"http://127.0.0.1:{free_port()}/fhir")
    assert (gone.exit_code, gone.stdout.count("could not be reached")) == (1, 2)
