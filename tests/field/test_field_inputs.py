"""Small inputs after what happened to people who do this job: each is answered as its line in the field's table says is right.

The inputs stand in `inputs/`; `{{-3h}}` in them stands for that long before now. Those that a hook's drafts or a live server hold are
tried where drafts and live reading are tested; here the same resources are read as a file.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.fhir.chart_from_json import read_file
from smartapp.usecases.assess import Site, assess_chart
from tests import charts as c
from tests.fhir.reading import UTC

INPUTS = Path(__file__).parent / "inputs"
_AGO = re.compile(r"\{\{-([0-9.]+)([hd])\}\}")
SITE = Site(policy=build_policy(), zone=UTC, queries=())
Told = dict[str, Any]


def filled(name: str) -> str:
    """The text of an input with its times filled in."""

    def time_of(found: re.Match[str]) -> str:
        hours = float(found[1]) * (24 if found[2] == "d" else 1)
        return (c.NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return _AGO.sub(time_of, (INPUTS / name).read_text(encoding="utf-8"))


def assessed(name: str) -> Assessment:
    text = filled(name).encode()
    chart = read_file(text, None)
    return assess_chart(chart, site=SITE, as_of=c.NOW)


def told(name: str) -> Told:
    return as_json(assessed(name))


def applies(body: Told, rule: str) -> bool:
    return any(each["rule"] == rule and each["outcome"] == "applies" for each in body["rules"])


def issue(body: Told, rule: str, source: str = "") -> bool:
    return any(each["rule"] == rule and source in each.get("source", "") for each in body["data_issues"])


def level(grams: str) -> Callable[[Told], bool]:
    return lambda body: body.get("fibrinogen", {}).get("g_per_l") == grams


RIGHT: dict[str, tuple[str, Callable[[Told], bool]]] = {
    "specimen-bad.code-only.json": ("TX", lambda b: b["tier"] == "TX" and issue(b, "DQ-10", "new")),
    "specimen-bad.fullurl-drawn-30h.json": ("TX", lambda b: b["tier"] == "TX"),
    "specimen-not-read-live.clotted-30h.json": ("TX, no draft", lambda b: b["tier"] == "TX" and not b["draft_allowed"]),
    "panel-members-not-read-live.component.json": ("T2, REP-03", lambda b: b["tier"] == "T2" and applies(b, "REP-03")),
    "medication-ingredient.ingredient-only.json": ("REP-09", lambda b: applies(b, "REP-09") and not b["draft_allowed"]),
    "same-id-two-servers.fullurls-differ.json": ("0.8 counts", lambda b: level("0.8")(b) and b["tier"] == "T2"),
    "thousands-comma.platelets.json": (
        "unusable, named",
        lambda b: issue(b, "DQ-25", "plt") and "platelets_lt_50" not in b["modifiers"],
    ),
    "car-t-coded-otherwise.kymriah-second-ndc.json": ("infusion found", lambda b: b["infusion"]["day"] == 6),
    "car-t-coded-otherwise.cpt.json": ("infusion found", lambda b: b["infusion"]["day"] == 6),
    "code-system-alias.crs-oid.json": ("CRS 3", lambda b: b["crs"]["grade"] == 3 and applies(b, "REP-05")),
    "crs-grade-in-words.words.json": (
        "CRS 3 recorded, issue",
        lambda b: (b["crs"]["grade"], b["crs"]["basis"]) == (3, "recorded") and issue(b, "DQ-24", "Condition/c"),
    ),
    "vital-signs-implausible.fahrenheit-as-celsius.json": (
        "unusable, no grade from it",
        lambda b: issue(b, "DQ-26", "Observation/t") and "suggested_grade" not in b["crs"],
    ),
    "reference-range-type.therapeutic-first.json": ("COAG-02", lambda b: applies(b, "COAG-02")),
    "ucum-small-l.mg-per-dl.json": ("read", lambda b: level("0.80")(b) or level("0.8")(b)),
    "correction-under-new-id.corrected.json": ("1.9 counts", lambda b: level("1.9")(b) and issue(b, "DQ-29")),
    "negated-specimen-words.not-clotted.json": ("0.8 counts", lambda b: level("0.8")(b) and b["tier"] == "T2"),
    "loinc-alias-and-other-tongues.fibrinogene.json": ("named", lambda b: issue(b, "DQ-23", "Observation/new")),
}


@pytest.mark.req("DQ-23", "DQ-24", "DQ-25", "DQ-26", "DQ-27", "DQ-28", "DQ-29", "DQ-30", "DQ-32", "FHIR-13")
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name: str) -> None:
    right, holds = RIGHT[name]
    body = told(name)
    assert holds(body), f"{right}: {json.dumps(body, indent=1)[:3000]}"


@pytest.mark.req("DQ-24", "FHIR-13")
@pytest.mark.parametrize("kind", ["rxnorm-product", "transfusion-procedure"])
def test_a_dose_that_no_code_names_stops_a_second_one(kind: str) -> None:
    body = told(f"dose-given-not-recognised.{kind}.json")
    assert applies(body, "REP-09")
    assert not body["draft_allowed"]


@pytest.mark.req("DQ-21", "DQ-24")
def test_a_result_called_fibrinogen_is_an_unusable_fibrinogen() -> None:
    answer = assessed("loinc-alias-and-other-tongues.fibrinogene.json")
    (unusable,) = answer.picture.unusable_fibrinogen
    assert (str(unusable.value), str(unusable.reason)) == ("0.8", "code not recognised")
    assert applies(as_json(answer), "DQ-21")
    assert as_json(answer)["action"] == "CANNOT_ASSESS"


@pytest.mark.req("CDS-22", "FHIR-29", "FHIR-09")
@pytest.mark.parametrize(
    "name",
    [
        "prefetch-not-a-resource.wrapped.json",
        "prefetch-not-a-resource.empty-object.json",
        "suppressed-is-not-none.procedures.json",
    ],
)
def test_what_is_no_resource_or_not_shown_is_never_none(name: str) -> None:
    body = told(name)
    assert body["action"] == "CANNOT_ASSESS"
    assert any("rocedures" in each["text"] for each in body["data_issues"])


def test_every_input_is_named_by_a_test() -> None:
    elsewhere = {
        "draft-dose-forms.millilitres.json",
        "draft-dose-forms.range.json",
        "draft-product-by-reference.in-bundle.json",
    }
    here = {each.name for each in INPUTS.glob("*.json")}
    others = {name for name in here if name.startswith(("dose-given", "prefetch", "suppressed"))}
    assert here == RIGHT.keys() | others | elsewhere
