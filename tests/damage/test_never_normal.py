"""Two hundred damaged charts: every damage is named, and no answer rests on it in silence."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from tests import charts as c
from tests.fhir.reading import picture_of

Damage = Callable[[c.Resource], None]
URGENCY = {"NONE": 0, "MONITOR": 1, "CANNOT_ASSESS": 1, "CONSIDER": 2, "REPLACE": 3}
PATIENT = c.patient("1996-01-01")
DOSE = c.given("dose", "B02BB01", hours_ago=3, dosage={"dose": {"value": 2000, "unit": "mg", "code": "mg"}})


def chart(level: str, *more: c.Resource, unit: str = "g/L") -> list[c.Resource]:
    """A chart with everything that decides."""
    return [
        PATIENT,
        c.infusion(),
        c.fibrinogen(level, unit),
        c.fibrinogen("2.4", hours_ago=20, id_="earlier"),
        c.weight("70"),
        c.crs(3),
        *more,
    ]


CHARTS: dict[str, list[c.Resource]] = {
    "act now": chart("0.8"),
    "in mg/dL": chart("120", unit="mg/dL"),
    "between the limits": chart("1.2"),
    "quiet": chart("2.6"),
    "bleeding": chart("1.3", c.condition("bleed", "K92.1", 5)),
    "given before": chart("0.9", DOSE),
    "after tocilizumab": chart("1.4", c.given("toci", "L04AC07", hours_ago=30)),
    "thrombosis": chart("1.1", c.condition("dvt", "I82.401", 100)),
    "a bound": chart("<0.6"),
    "high": chart("4.1"),
}


def on(id_: str, damage: Damage) -> Callable[[list[c.Resource]], list[c.Resource]]:
    """The chart with one resource damaged."""

    def damaged(resources: list[c.Resource]) -> list[c.Resource]:
        changed = copy.deepcopy(resources)
        for resource in changed:
            if resource["id"] == id_:
                damage(resource)
        return changed

    return damaged


def without(*names: str) -> Damage:
    def damage(resource: c.Resource) -> None:
        for name in names:
            resource.pop(name, None)

    return damage


def put(name: str, value: Any) -> Damage:
    return lambda resource: resource.update({name: value})


def quantity(**changes: Any) -> Damage:
    def damage(resource: c.Resource) -> None:
        kept = {**resource["valueQuantity"], **changes}
        resource["valueQuantity"] = {name: value for name, value in kept.items() if value is not None}

    return damage


FOREIGN = {"reference": "Patient/another"}
DAMAGES: dict[str, tuple[str, Damage]] = {
    "no unit": ("fib", quantity(unit=None, code=None)),
    "a unit of something else": ("fib", quantity(unit="10*9/L", code="10*9/L")),
    "unit and code disagree": ("fib", quantity(unit="mg/dL", code="g/L")),
    "no time": ("fib", without("effectiveDateTime")),
    "a time that cannot be read": ("fib", put("effectiveDateTime", "yesterday")),
    "a time that has not come": ("fib", put("effectiveDateTime", "2026-03-02T08:00:00Z")),
    "no status": ("fib", without("status")),
    "a status nobody knows": ("fib", put("status", "bogus")),
    "a code nobody knows": (
        "fib",
        put("code", {"coding": [{"system": "http://st-x.test", "code": "FIB"}], "text": "Fibrinogen"}),
    ),
    "a comparator nobody knows": ("fib", quantity(comparator="~")),
    "a value that is a word": ("fib", lambda r: (r.pop("valueQuantity"), r.update(valueString="pending"))[1]),
    "another patient": ("fib", put("subject", FOREIGN)),
    "a modifier extension": ("fib", put("modifierExtension", [{"url": "http://x.test/not", "valueBoolean": True}])),
    "a wrong type inside": ("fib", put("valueQuantity", "0.8 g/L")),
    "a clotted sample": ("fib", put("note", [{"text": "sample clotted"}])),
    "an infusion without a date": ("cart", without("performedDateTime")),
    "an infusion with a status nobody knows": ("cart", put("status", "bogus")),
    "an infusion of another patient": ("cart", put("subject", FOREIGN)),
    "a weight without a unit": ("weight", quantity(unit=None, code=None)),
    "a CRS record without any time": ("crs", without("onsetDateTime", "recordedDate")),
}


def told(resources: list[c.Resource]) -> dict[str, Any]:
    return as_json(assess(picture_of(*resources), build_policy()))


def answer(body: dict[str, Any]) -> tuple[Any, ...]:
    doses = [(option.get("dose_mg"), option.get("units")) for option in body["options"]]
    return body["action"], body["indicator"], body["tier"], body["draft_allowed"], doses


@pytest.mark.req("DQ-01", "DQ-02", "DQ-05", "DQ-06", "DQ-10", "DQ-14", "DQ-17", "DQ-19", "APP-01", "FHIR-29", "SEC-35")
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_damage_is_named_and_never_reads_as_normal(name: str, damage: str) -> None:
    id_, spoil = DAMAGES[damage]
    whole, spoiled = told(CHARTS[name]), told(on(id_, spoil)(CHARTS[name]))
    named = [issue for issue in spoiled["data_issues"] if issue not in whole["data_issues"]]
    missing = [rule for rule in spoiled["rules"] if rule.get("missing")]
    about = [
        issue for issue in named if id_ in issue.get("source", "") or id_ in issue["text"] or damage in RIGHTLY_GENERAL
    ]
    assert about, f"{damage} is not named: {spoiled['data_issues']}"
    if answer(spoiled) != answer(whole) and URGENCY[spoiled["action"]] < URGENCY[whole["action"]]:
        assert spoiled["action"] != "NONE" or named or missing
    if spoiled["draft_allowed"] and damage != "a clotted sample":
        assert answer(spoiled)[4] == answer(whole)[4] or named


RIGHTLY_GENERAL = {"an infusion without a date"}


OTHERS: dict[str, tuple[str, str, Damage]] = {
    "a dose without a time": ("given before", "dose", without("effectiveDateTime")),
    "a dose with a status nobody knows": ("given before", "dose", put("status", "unknown")),
    "a dose of another patient": ("given before", "dose", put("subject", FOREIGN)),
    "tocilizumab without a time": ("after tocilizumab", "toci", without("effectiveDateTime")),
    "tocilizumab without a status": ("after tocilizumab", "toci", without("status")),
    "bleeding of another patient": ("bleeding", "bleed", put("subject", FOREIGN)),
    "bleeding without any time or status": (
        "bleeding",
        "bleed",
        without("onsetDateTime", "recordedDate", "clinicalStatus"),
    ),
    "thrombosis of the wrong type": ("thrombosis", "dvt", put("code", "I82.401")),
}


@pytest.mark.req("DQ-17", "DQ-19", "BLD-01", "FHIR-29", "SEC-35")
@pytest.mark.parametrize("damage", OTHERS)
def test_damage_to_what_else_decides_is_named(damage: str) -> None:
    name, id_, spoil = OTHERS[damage]
    spoiled = told(on(id_, spoil)(CHARTS[name]))
    assert any(id_ in issue.get("source", "") or id_ in issue["text"] for issue in spoiled["data_issues"])


@pytest.mark.req("DQ-09", "DQ-18")
@pytest.mark.parametrize("name", CHARTS)
def test_a_duplicate_changes_nothing(name: str) -> None:
    twice = [*CHARTS[name], *({**copy.deepcopy(r), "id": f"{r['id']}-again"} for r in CHARTS[name] if r["id"] == "fib")]
    assert answer(told(twice)) == answer(told(CHARTS[name]))
