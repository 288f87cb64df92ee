"""The rules as FHIR: an action a row with what the catalogue knows of it, valid in two validators, with what CPG's profiles require."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import fhirkit
import pytest

from smartapp.clinical.citations import SOURCES
from smartapp.clinical.policy import build_policy
from smartapp.fhir.cql_libraries import catalogue_rows, default_texts, rows_with_twin
from smartapp.fhir.plan_definition import rules_bundle, without_twin

BASE = "https://site.example/fhir"
SERVICE = {"component_resource": "ServiceRequest", "fc_product": "riastap"}
NODE = Path(__file__).parent / "node"
# ShareablePlanDefinition, ShareableActivityDefinition and ShareableLibrary of FHIR 4.0.1: elements with a minimum of 1
SHAREABLE = ("url", "version", "name", "status", "experimental", "publisher", "description")
# CPGComputablePlanDefinition, CPGComputableActivityDefinition, CPGComputableLibrary of hl7.fhir.uv.cpg: elements with a minimum of 1
COMPUTABLE = {"PlanDefinition": ("type", "action"), "ActivityDefinition": ("kind",), "Library": ("type", "content")}
CAPABILITY = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-knowledgeCapability"


def _resources(sets: dict[str, str]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in rules_bundle(build_policy(None, sets), BASE)["entry"]]


@pytest.fixture(scope="module")
def exported() -> dict[str, Any]:
    """The Bundle of the default site."""
    return rules_bundle(build_policy(), BASE)


@pytest.fixture(scope="module")
def resources(exported: dict[str, Any]) -> list[dict[str, Any]]:
    """What is in it."""
    return [entry["resource"] for entry in exported["entry"]]


@pytest.fixture(scope="module")
def plan(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The PlanDefinition."""
    return next(one for one in resources if one["resourceType"] == "PlanDefinition")


def test_every_row_is_an_action_with_what_the_catalogue_knows(plan: dict[str, Any]) -> None:
    for row, action in zip(rows_with_twin(), plan["action"], strict=True):
        assert (action["id"], action["title"]) == (row.id, row.title)
        assert action["code"][0]["coding"][0]["version"] == str(row.version)
        told = {one["label"]: one.get("citation") for one in action["documentation"] if one["type"] == "citation"}
        assert told == {key: SOURCES[key].citation for key in row.citations}
        assert action["extension"][0]["valueCodeableConcept"]["text"].startswith(row.level)
        assert row.revised in action["documentation"][-1]["display"]
        assert action["description"]


def test_every_condition_and_value_names_a_define_of_the_plans_library(plan: dict[str, Any]) -> None:
    text = default_texts()["FibrinogenReplacementOnChart"]
    expressions = [
        one["expression"]
        for action in plan["action"]
        for one in (*action["condition"], *action.get("dynamicValue", ()))
    ]
    assert len(expressions) > len(plan["action"])
    assert all(f"\ndefine {one['expression']}:" in text and one["language"] == "text/cql" for one in expressions)
    assert plan["library"] == [f"{BASE}/Library/FibrinogenReplacementOnChart|1.2.0"]


def test_every_reference_leads_to_a_resource_of_the_bundle(exported: dict[str, Any]) -> None:
    there = {f"{one['resource']['url']}|{one['resource']['version']}" for one in exported["entry"]}
    named = [word for word in json.dumps(exported).split('"') if word.startswith(BASE) and "|" in word]
    assert named
    assert set(named) <= there
    assert all(entry["request"]["url"] == entry["fullUrl"].removeprefix(f"{BASE}/") for entry in exported["entry"])


def test_the_sites_values_and_the_hash_of_its_policy_stand_in_text_and_elm() -> None:
    policy = build_policy("restrictive_1_0", {"fc_cap_mg": "3000", "product_order": "fc,cryo"})
    library = next(
        one
        for one in (e["resource"] for e in rules_bundle(policy, BASE)["entry"])
        if one["id"] == "FibrinogenReplacement"
    )
    text, elm = (base64.b64decode(one["data"]).decode() for one in library["content"])
    assert f"parameter \"policy_sha256\" System.String default '{policy.sha256}'" in text
    assert 'parameter "replace_below.severe" System.Decimal default 1.0' in text
    assert "default { 'fc', 'cryo' }" in text
    defaults = {one["name"]: one.get("default", {}) for one in json.loads(elm)["library"]["parameters"]["def"]}
    assert defaults["fc_cap_mg"]["value"] == "3000.0"
    assert defaults["policy_sha256"]["value"] == policy.sha256
    assert library["identifier"][0]["value"] == policy.sha256
    assert elm.isascii()


def test_rows_without_a_twin_are_named_and_no_row_is_forgotten(plan: dict[str, Any]) -> None:
    left_out = {line.split()[0] for line in without_twin(build_policy())}
    assert left_out | {row.id for row in rows_with_twin()} == set(catalogue_rows())
    assert {"DQ-03", "SAF-01", "REP-09", "CRY-03", "FC-06"} <= left_out
    assert "DQ-08" in plan["usage"]


@pytest.mark.parametrize(
    ("sets", "words"), [({"cryo_method": "ml_per_kg"}, "CRY-03"), ({"rules_off": "REP-06"}, "REP-06 is switched off")]
)
def test_what_a_sites_setting_takes_away_is_said(sets: dict[str, str], words: str) -> None:
    usual = set(without_twin(build_policy()))
    assert [line for line in without_twin(build_policy(None, sets)) if line not in usual and words in line]


@pytest.mark.parametrize("sets", [{}, SERVICE], ids=["default", "components as services"])
def test_two_validators_find_nothing(sets: dict[str, str]) -> None:
    exported = rules_bundle(build_policy(None, sets), BASE)  # fhir.resources validated each resource in making it
    for resource in (exported, *(entry["resource"] for entry in exported["entry"])):
        assert [one for one in fhirkit.validate(json.dumps(resource)) if one.severity in ("error", "fatal")] == []


@pytest.mark.parametrize("sets", [{}, SERVICE], ids=["default", "components as services"])
def test_a_validator_in_javascript_finds_nothing(sets: dict[str, str]) -> None:
    node = shutil.which("node")
    if not node or not (NODE / "node_modules" / "fhir").exists():
        pytest.skip("no node, or no package for it (npm ci --prefix tests/fhir/node)")
    sent = json.dumps(_resources(sets))
    answered = subprocess.run(
        [node, NODE / "validate.js"], input=sent, capture_output=True, text=True, check=True, timeout=120
    )
    assert [one for one in json.loads(answered.stdout) if one] == []


def test_what_the_profiles_of_cpg_require_is_there(resources: list[dict[str, Any]]) -> None:
    for resource in resources:
        kind = resource["resourceType"]
        missing = [name for name in (*SHAREABLE, *COMPUTABLE[kind]) if resource.get(name) in (None, "", [])]
        assert missing == []
        assert {"computable", "shareable"} <= {
            one["valueCode"] for one in resource["extension"] if one["url"] == CAPABILITY
        }
        assert len(resource.get("library", ())) == (0 if kind == "Library" else 1)
        if kind == "Library":
            cql = [one for one in resource["content"] if one["contentType"] == "text/cql"]
            assert [bool(one["data"]) for one in cql] == [True]
