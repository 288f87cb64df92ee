"""`smartapp config check --online` against the demo EHR, and against EHRs and key sets that are broken one way each."""

import json
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from smartapp.cli import main
from smartapp.cli.doctor.smart_configuration import clock_sentence
from smartapp.outbound import HttpReply
from tests.cdshooks.signing import Signer, rsa
from tests.conftest import Stack, free_port
from tests.smart.mock_ehr import MockEhr, as_json, mock_ehr

NOW = 1_772_352_000.0
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}],
            "resource": [
                {
                    "type": kind,
                    "interaction": [{"code": "read"}, {"code": "search-type"}, {"code": "create"}],
                    "conditionalCreate": True,
                }
                for kind in (
                    *("Patient", "Observation", "Condition", "Procedure", "MedicationAdministration", "Encounter"),
                    *("MedicationRequest", "MedicationStatement", "ServiceRequest", "AllergyIntolerance", "Provenance"),
                )
            ],
        }
    ],
}


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    """An EHR that has all we need."""
    with mock_ehr(discovery={"code_challenge_methods_supported": ["S256"]}) as found:
        answer(found, "/fhir/metadata", STATEMENT)
        yield found


def answer(ehr: MockEhr, path: str, body: Any, status: int = 200, **headers: str) -> None:
    ehr.knobs[path] = lambda _: as_json(body, status, **headers)


def visited(folder: Path, ehr: MockEhr, caller: str = "", **entry: Any) -> Result:
    """The command's output for this one EHR; `entry` adds to its registration."""
    given = {
        "name": "st-x",
        "fhir_base": ehr.base,
        "issuer": ehr.url,
        "client_id": "client-a",
        "write_back": True,
        **entry,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    text = "\n".join(["mode = 'development'", "base_url = 'http://127.0.0.1:8000'", "[[ehr]]", *lines, caller])
    (folder / "site.toml").write_text(text)
    words = ["config", "check", "--online", "--config", str(folder / "site.toml")]
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.mark.req("FHIR-52", "SAL-06")
def test_an_ehr_that_has_all_is_told_so(tmp_path: Path, ehr: MockEhr) -> None:
    done = visited(tmp_path, ehr)
    assert done.exit_code == 0, done.stdout
    for words in (
        f"configuration at {ehr.base}/.well-known/smart-configuration was read",
        "Its issuer is the pinned one",
        "Its endpoints lie where they may",
        "Its clock and ours agree",
        "authenticate as client-a by private_key_jwt",
        "register http://127.0.0.1:8000/.well-known/jwks.json",
        "v2 scopes: launch openid fhirUser patient/Patient.r",
        "Its FHIR version is 4.0.1",
        "It gives all that is read",
        "written as one transaction",
        "Everything that was asked answers as needed.",
    ):
        assert words in done.stdout, words
    assert "wanting" not in done.stdout


def changed(**rest: Any) -> dict[str, Any]:
    return {**STATEMENT, **rest}


def without(kind: str, way: str) -> dict[str, Any]:
    """The statement without one interaction of one type."""
    server = STATEMENT["rest"][0]
    kept = [
        {**entry, "interaction": [one for one in entry["interaction"] if one["code"] != way]}
        if entry["type"] == kind
        else entry
        for entry in server["resource"]
    ]
    return changed(rest=[{**server, "resource": kept}])


def one_by_one(conditional: bool) -> dict[str, Any]:
    server = STATEMENT["rest"][0]
    types = [{**entry, "conditionalCreate": conditional} for entry in server["resource"]]
    return changed(rest=[{**server, "interaction": [], "resource": types}])


WELL_KNOWN = "/fhir/.well-known/smart-configuration"
BROKEN: list[tuple[Callable[[MockEhr], None], str]] = [
    (lambda ehr: ehr.discovery.update(issuer="https://elsewhere.example"), "names another issuer"),
    (lambda ehr: ehr.discovery.update(token_endpoint="https://elsewhere.example/t"), "token_endpoint at a server that"),
    (lambda ehr: ehr.discovery.update(token_endpoint=None), "has no token_endpoint"),
    (lambda ehr: answer(ehr, WELL_KNOWN, {}, 404), "it answered 404"),
    (lambda ehr: answer(ehr, WELL_KNOWN, {}, 302, Location="/x"), "redirect"),
    (lambda ehr: ehr.knobs.update({WELL_KNOWN: lambda _: (200, {}, b"<html>")}), "not JSON"),
    (
        lambda ehr: ehr.discovery.update(token_endpoint_auth_methods_supported=["client_secret_post"]),
        "client_secret_post",
    ),
    (
        lambda ehr: ehr.discovery.update(token_endpoint_auth_signing_alg_values_supported=["RS256"]),
        "takes no ES384 or RS384 assertions",
    ),
    (lambda ehr: answer(ehr, "/jwks", {"keys": []}), "There are no keys at"),
    (lambda ehr: answer(ehr, "/jwks", {}, 500), "There are no keys at"),
    (lambda ehr: answer(ehr, "/fhir/metadata", changed(fhirVersion="5.0.0")), "FHIR version is 5.0.0"),
    (lambda ehr: ehr.discovery.update(grant_types_supported=["client_credentials"]), "takes no authorization codes"),
    (lambda ehr: answer(ehr, "/fhir/metadata", without("Observation", "search-type")), "no patient can be assessed"),
    (lambda ehr: answer(ehr, "/fhir/metadata", without("Patient", "read")), "no patient can be assessed"),
]


@pytest.mark.req("FHIR-52", "SAL-07", "SAL-04", "SAL-33", "SAL-38")
@pytest.mark.parametrize(("break_it", "words"), BROKEN, ids=[words for _, words in BROKEN])
def test_what_is_wanting_is_a_sentence_and_exit_1(
    tmp_path: Path, ehr: MockEhr, break_it: Callable[[MockEhr], None], words: str
) -> None:
    break_it(ehr)
    done = visited(tmp_path, ehr)
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("  wanting") and words in line]
    assert "wanting: see above." in done.stdout


NOTED: list[tuple[Callable[[MockEhr], None], dict[str, Any], str]] = [
    (lambda ehr: ehr.discovery.update(issuer=None), {}, "It names no issuer"),
    (lambda ehr: None, {"issuer": ""}, "issuer is not set"),
    (lambda ehr: ehr.discovery.update(code_challenge_methods_supported=["plain"]), {}, "does not list PKCE with S256"),
    (
        lambda ehr: ehr.discovery.update(scopes_supported=["launch", "openid", "fhirUser", "patient/*.rs"]),
        {},
        "does not list patient/MedicationRequest.crus",
    ),
    (lambda ehr: ehr.discovery.update(capabilities=["launch-standalone"]), {}, "launch-ehr"),
    (lambda ehr: answer(ehr, "/fhir/metadata", {}, 404), {}, "gave no capability statement"),
    (lambda ehr: answer(ehr, "/fhir/metadata", {}, 400), {}, "gave no capability statement (status 400)"),
    (lambda ehr: answer(ehr, "/fhir/metadata", {"resourceType": "Patient"}), {}, "it is a Patient"),
    (
        lambda ehr: answer(ehr, "/fhir/metadata", without("AllergyIntolerance", "search-type")),
        {},
        "the page names it as not offered",
    ),
    (lambda ehr: answer(ehr, "/fhir/metadata", without("MedicationRequest", "create")), {}, "does not offer to create"),
    (lambda ehr: answer(ehr, "/fhir/metadata", without("Provenance", "create")), {}, "kept in our receipt only"),
    (lambda ehr: None, {"frame_ancestors": ["http://127.0.0.1:9"]}, "embedded is not"),
    (lambda ehr: None, {"client_id": ""}, "only its hooks are answered"),
]


@pytest.mark.req("SAL-06", "FHIR-52")
@pytest.mark.parametrize(("change", "entry", "words"), NOTED, ids=[words for *_, words in NOTED])
def test_what_is_worth_knowing_is_not_wanting(
    tmp_path: Path, ehr: MockEhr, change: Callable[[MockEhr], None], entry: dict[str, Any], words: str
) -> None:
    change(ehr)
    done = visited(tmp_path, ehr, **entry)
    assert done.exit_code == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("  note") and words in line], done.stdout


@pytest.mark.req("FHIR-44", "FHIR-50")
@pytest.mark.parametrize(
    ("statement", "entry", "words"),
    [
        (STATEMENT, {}, "one transaction, all of it or nothing"),
        (one_by_one(conditional=True), {}, "conditional creates, one after another"),
        (one_by_one(conditional=False), {}, "a search, a lock, a create and a search"),
        (without("MedicationRequest", "create"), {"write_route": "fhir"}, "write_route is fhir, but the EHR does not"),
        (STATEMENT, {"write_back": False}, "Nothing is written there"),
        (STATEMENT, {"write_route": "none"}, "Nothing is written there"),
    ],
)
def test_the_write_route_is_told(
    tmp_path: Path, ehr: MockEhr, statement: dict[str, Any], entry: dict[str, Any], words: str
) -> None:
    answer(ehr, "/fhir/metadata", statement)
    assert words in visited(tmp_path, ehr, **entry).stdout


@pytest.mark.req("SAL-70")
@pytest.mark.parametrize(
    ("seconds", "mark"), [(0, "ok"), (30, "note"), (-30, "note"), (180, "wanting"), (-3600, "wanting")]
)
def test_the_clocks_are_compared(seconds: int, mark: str) -> None:
    told = HttpReply(status=200, headers={"date": formatdate(NOW + seconds, usegmt=True)}, body=b"")
    assert clock_sentence(told, NOW).mark == mark


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
def test_an_ehr_that_tells_no_time(headers: dict[str, str]) -> None:
    assert "could not be compared" in clock_sentence(HttpReply(status=200, headers=headers, body=b""), NOW).words


SIGNER, OTHER = Signer(), rsa()


@pytest.mark.req("CDS-83", "CDS-89")
@pytest.mark.parametrize(
    ("keys", "mark", "words"),
    [
        ([SIGNER.public(), OTHER.public()], "ok", "usable for ES384, RS384: key-1, rsa-1"),
        ([SIGNER.public(use="enc"), OTHER.public()], "ok", "usable for ES384, RS384: rsa-1"),
        ([SIGNER.public(use="enc")], "wanting", "No key at"),
        ([OTHER.public(n="AQAB" * 40)], "wanting", "No key at"),
        ([], "wanting", "No key at"),
        (None, "wanting", "could not be read"),
    ],
)
def test_the_keys_of_callers(tmp_path: Path, ehr: MockEhr, keys: Any, mark: str, words: str) -> None:
    answer(ehr, "/caller", {"keys": keys} if keys is not None else {}, 200 if keys is not None else 404)
    caller = f"[[cds_client]]\nname = 'x'\nissuer = 'https://x'\njwks_uri = '{ehr.url}/caller'\nfhir_servers = ['{ehr.base}']"
    done = visited(tmp_path, ehr, caller)
    told = done.stdout.partition("[[cds_client]] x")[2]
    assert words in told
    assert told.split()[0] == mark
    assert done.exit_code == int(mark == "wanting")


def test_an_ehr_that_does_not_answer_is_told_once_for_each_question(tmp_path: Path) -> None:
    gone = MockEhr(url=f"http://127.0.0.1:{free_port()}")
    done = visited(tmp_path, gone)
    assert done.exit_code == 1
    assert done.stdout.count("the server could not be reached") == 2
    assert "2 things are wanting" in done.stdout


@pytest.mark.req("FHIR-52")
def test_the_demo_ehr_is_found_well(tmp_path: Path, stack: Stack) -> None:
    ehr = MockEhr(url=stack.ehr)
    caller = (
        f"[[cds_client]]\nname = 'x'\nissuer = '{stack.ehr}'\njwks_uri = '{stack.ehr}/jwks.json'\n"
        f"fhir_servers = ['{stack.ehr}/fhir']"
    )
    done = visited(tmp_path, ehr, caller, client_id="fibrinogen-watch")
    assert done.exit_code == 0, done.stdout
    assert "written as one transaction" in done.stdout
    assert "Everything that was asked answers as needed." in done.stdout


def test_nothing_is_asked_without_online(tmp_path: Path, ehr: MockEhr) -> None:
    visited(tmp_path, ehr)
    ehr.asked.clear()
    words = ["config", "check", "--config", str(tmp_path / "site.toml")]
    assert CliRunner().invoke(main, words, catch_exceptions=False).exit_code == 0
    assert ehr.asked == []
