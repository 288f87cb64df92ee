"""Scopes: the v2 grammar, v1 words, constraints, and what is asked for (SAL-52 to SAL-55); launch.json asks for exactly that."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartapp.fhir.queries import QUERIES, read_scopes
from smartapp.smart.scopes import WRITES_V2, merged, parse_scopes, wanted_scopes

MANIFEST = json.loads((Path(__file__).resolve().parents[2] / "launch.json").read_text())


@pytest.mark.req("SAL-52")
@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        ("patient/Observation.rs", "rs"),
        ("patient/Observation.cruds", "cruds"),
        ("patient/*.rs", "rs"),
        ("user/Observation.r", "r"),
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/Observation.*", "cruds"),
        ("patient/Observation.sr", ""),
        ("patient/Observation.", ""),
        ("patient/Observation.rx", ""),
        ("patient/observation.rs", ""),
        ("Observation.rs", ""),
        ("patient/Condition.rs", ""),
        ("patient/Observation.read.rs", ""),
        ("", ""),
    ],
)
def test_what_a_scope_grants_on_observation(scope: str, letters: str) -> None:
    granted = parse_scopes(scope)
    assert "".join(letter for letter in "cruds" if granted.may("Observation", letter)) == letters


@pytest.mark.req("SAL-52")
@given(st.text(alphabet="abcdrsu./*?=&| PatientObserv", max_size=40))
def test_no_text_grants_what_the_grammar_does_not(text: str) -> None:
    granted = parse_scopes(text)
    for grant in granted.grants:
        assert grant.letters
        assert set(grant.letters) <= set("cruds")
        assert "".join(sorted(grant.letters, key="cruds".index)) == grant.letters


@pytest.mark.req("SAL-52")
def test_several_scopes_are_a_union() -> None:
    granted = parse_scopes("patient/Observation.r patient/Observation.s patient/*.c")
    assert granted.may("Observation", "r")
    assert granted.may("Observation", "s")
    assert granted.may("Condition", "c")
    assert not granted.may("Condition", "r")


@pytest.mark.req("SAL-54")
def test_a_constrained_grant_is_told() -> None:
    laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    assert parse_scopes(laboratory).constraints("Observation", "s") == (laboratory.split("?")[1],)
    assert parse_scopes(f"{laboratory} patient/Observation.rs").constraints("Observation", "s") == ()


@pytest.mark.req("SAL-02", "SAL-55")
def test_the_manifest_asks_for_exactly_what_is_read_and_written() -> None:
    both = {
        word
        for launch in (True, False)
        for word in wanted_scopes(read_scopes(QUERIES, "v2"), style="v2", launch=launch, write_back=True).split()
    }
    asked = MANIFEST["scope"].split()
    assert sorted(asked) == sorted(both)
    kinds = [word.rpartition(".")[0] for word in asked if "/" in word and "." in word]
    assert len(kinds) == len(set(kinds))


@pytest.mark.req("SAL-55")
def test_every_query_is_covered_by_a_scope_and_every_scope_by_a_query_or_a_write() -> None:
    granted = parse_scopes(MANIFEST["scope"])
    assert [query.name for query in QUERIES if not granted.may(query.resource, "r" if query.is_read else "s")] == []
    read = {query.resource for query in QUERIES} | {kind for query in QUERIES for kind in query.refers}
    written = {scope.split("/")[1].split(".")[0] for scope in WRITES_V2}
    assert {grant.resource for grant in granted.grants} == read | written


@pytest.mark.req("SAL-55", "SAL-82")
def test_no_wildcards_and_no_refresh_tokens_are_asked_for() -> None:
    assert "*" not in MANIFEST["scope"]
    assert not {"offline_access", "online_access"} & set(MANIFEST["scope"].split())


@pytest.mark.req("SAL-02", "SAL-01")
def test_the_manifest_holds_no_secret_and_only_absolute_https() -> None:
    text = json.dumps(MANIFEST)
    assert not {"client_id", "client_secret", "jwks", "keys"} & set(MANIFEST)
    assert "PRIVATE KEY" not in text
    urls = [MANIFEST[name] for name in ("client_uri", "launch_url", "initiate_login_uri", "jwks_uri")] + MANIFEST[
        "redirect_uris"
    ]
    assert all(url.startswith("https://") for url in urls)
    assert MANIFEST["launch_url"] == MANIFEST["initiate_login_uri"]


@pytest.mark.req("SAL-52")
def test_reads_and_writes_of_one_type_are_one_scope() -> None:
    assert merged(["patient/MedicationRequest.rs"], ["patient/MedicationRequest.cu"]) == (
        "patient/MedicationRequest.crus",
    )
