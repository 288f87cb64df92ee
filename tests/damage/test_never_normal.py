"""More than eight hundred damaged charts: every damage is named, and no answer rests on it in silence."""

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
LAB_CODE = {"system": "http://st-x.test/lab", "code": "FIB"}


def as_text(text: str) -> Damage:
    return lambda resource: (resource.pop("valueQuantity"), resource.update(valueString=text))[1]


def of_specimen(**more: Any) -> Damage:
    body = {"resourceType": "Specimen", "id": "s", **more}
    return lambda resource: resource.update(contained=[body], specimen={"reference": "#s"})


def instead(**more: Any) -> Damage:
    """Without its number, and with something else in its place."""
    return lambda resource: (resource.pop("valueQuantity"), resource.update(more))[1]


def condition_of(table: str, code: str) -> Any:
    return [{"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/v2-{table}", "code": code}]}]


def called(text: str, **coding: str) -> Damage:
    return put("code", {"coding": [coding] if coding else [], "text": text})


DAMAGES |= {
    # numbers
    "a number of two readings": ("fib", as_text("1,234 ug/L")),
    "a number with two commas": ("fib", as_text("1,200,300 mg/L")),
    "a number without a unit as text": ("fib", as_text("0.8")),
    "a range across the limits": (
        "fib",
        instead(valueRange={"low": {"value": 0.1, "code": "g/L"}, "high": {"value": 9, "code": "g/L"}}),
    ),
    "a range without ends": ("fib", instead(valueRange={})),
    "a ratio without units": ("fib", instead(valueRatio={"numerator": {"value": 1}, "denominator": {"value": 128}})),
    "a ratio by nothing": (
        "fib",
        instead(valueRatio={"numerator": {"value": 80, "code": "mg"}, "denominator": {"value": 0, "code": "dL"}}),
    ),
    "a boolean": ("fib", instead(valueBoolean=True)),
    "no value at all": ("fib", instead()),
    "a value that is absent with a reason": ("fib", instead(dataAbsentReason={"text": "not performed"})),
    # units
    "a code in capitals": ("fib", quantity(unit="G/L", code="G/L")),
    "a unit of moles": ("fib", quantity(unit="mol/L", code="mol/L")),
    "a number far too high": ("fib", quantity(value=55, unit="g/L", code="g/L")),
    "a number below zero": ("fib", quantity(value=-1)),
    "a suspect unit": ("fib", quantity(value=1.2, unit="mg/dL", code="mg/dL")),
    # codes and words
    "a code nobody knows, in French": ("fib", called("Fibrinogène", **LAB_CODE)),
    "a code nobody knows, in Japanese": ("fib", called("フィブリノゲン", **LAB_CODE)),
    "a code nobody knows, in German": ("fib", called("Fibrinogen (Clauss) i. P.", **LAB_CODE)),
    "no code, in Spanish": ("fib", called("Fibrinógeno")),
    "no code, in Chinese": ("fib", called("血浆纤维蛋白原")),
    "words only in the display": ("fib", put("code", {"coding": [{**LAB_CODE, "display": "fibrinogen activity"}]})),
    # specimens
    "a specimen coded as clotted": ("fib", of_specimen(condition=condition_of("0493", "CLOT"))),
    "a specimen coded as haemolysed": ("fib", of_specimen(condition=condition_of("0493", "HEM"))),
    "a specimen that was rejected": ("fib", of_specimen(condition=condition_of("0490", "RC"))),
    "an unsatisfactory specimen": ("fib", of_specimen(status="unsatisfactory")),
    "a specimen whose words are bad": ("fib", of_specimen(note=[{"text": "insufficient volume"}])),
    "a specimen drawn 40 h ago": ("fib", of_specimen(collection={"collectedDateTime": c.ago(hours=40)})),
    "a specimen that is not there": ("fib", put("specimen", {"reference": "Specimen/nowhere"})),
    "a specimen that cannot be read": (
        "fib",
        lambda r: r.update(
            contained=[{"resourceType": "Specimen", "id": "s", "status": {}}], specimen={"reference": "#s"}
        ),
    ),
    "an interpretation that says haemolysed": ("fib", put("interpretation", [{"text": "haemolysed"}])),
    "a value that says clotted": ("fib", as_text("clotted")),
    # about somebody else, DQ-31
    "a focus on a donor": ("fib", put("focus", [{"display": "donor"}])),
    "a focus on another patient": ("fib", put("focus", [FOREIGN])),
    # the infusion
    "an infusion by words of CAR-T alone": (
        "cart",
        called("CAR-T cell infusion", system="http://st-x.test/p", code="7"),
    ),
    "an infusion by a code nobody knows": ("cart", called("cells", system="http://st-x.test/p", code="7")),
    "an infusion that is not done": ("cart", put("status", "not-done")),
    "an infusion without a status": ("cart", without("status")),
    "an infusion with a modifier": ("cart", put("modifierExtension", [{"url": "http://x.test/not"}])),
    "an infusion with a wrong type inside": ("cart", put("performedDateTime", 7)),
    # weight and CRS
    "a weight as a text of two readings": ("weight", as_text("70,500 g")),
    "a weight of another patient": ("weight", put("subject", FOREIGN)),
    "a weight with a focus": ("weight", put("focus", [FOREIGN])),
    "a weight with a modifier": ("weight", put("modifierExtension", [{"url": "http://x.test/not"}])),
    "a weight without a time": ("weight", without("effectiveDateTime")),
    "a weight in stones": ("weight", quantity(unit="stone", code="[stone_av]")),
    "a CRS record by words of two grades": (
        "crs",
        called("Cytokine release syndrome grade 2-3", system="http://st-x.test/p", code="9"),
    ),
    "a CRS record by words of one grade": (
        "crs",
        called("Cytokine release syndrome grade 3", system="http://st-x.test/p", code="9"),
    ),
    "a CRS record of another patient": ("crs", put("subject", FOREIGN)),
    "a CRS record with a modifier": ("crs", put("modifierExtension", [{"url": "http://x.test/not"}])),
    "a CRS record with a wrong type inside": ("crs", put("code", "D89.833")),
    "an earlier result of another patient": ("earlier", put("subject", FOREIGN)),
    "an earlier result without a unit": ("earlier", quantity(unit=None, code=None)),
    "an earlier result without a status": ("earlier", without("status")),
    "an earlier result with a focus": ("earlier", put("focus", [FOREIGN])),
    "an earlier result under a code nobody knows": ("earlier", called("Fibrinogen", **LAB_CODE)),
    "an earlier result that was clotted": ("earlier", put("note", [{"text": "clotted"}])),
}


def told(resources: list[c.Resource]) -> dict[str, Any]:
    return as_json(assess(picture_of(*resources), build_policy()))


def answer(body: dict[str, Any]) -> tuple[Any, ...]:
    doses = [(option.get("dose_mg"), option.get("units")) for option in body["options"]]
    return body["action"], body["indicator"], body["tier"], body["draft_allowed"], doses


@pytest.mark.req("DQ-01", "DQ-02", "DQ-05", "DQ-06", "DQ-10", "DQ-14", "DQ-17", "DQ-19", "APP-01", "FHIR-29", "SEC-35")
@pytest.mark.req("DQ-23", "DQ-24", "DQ-25", "DQ-26", "DQ-28", "DQ-31", "DQ-32")
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_damage_is_named_and_never_reads_as_normal(name: str, damage: str) -> None:
    id_, spoil = DAMAGES[damage]
    whole, spoiled = told(CHARTS[name]), told(on(id_, spoil)(CHARTS[name]))
    named = [issue for issue in spoiled["data_issues"] if issue not in whole["data_issues"]]
    missing = [rule for rule in spoiled["rules"] if rule.get("missing")]
    about = [issue for issue in named if id_ in issue.get("source", "") or id_ in issue["text"]]
    said = any(finding not in whole["findings"] for finding in spoiled["findings"])
    assert about or (damage in RIGHTLY_GENERAL and said), f"{damage} is not named: {spoiled['data_issues']}"
    assert spoiled["action"] != "NONE" or whole["action"] == "NONE" or about, f"{damage} reads as normal"
    if answer(spoiled) != answer(whole) and URGENCY[spoiled["action"]] < URGENCY[whole["action"]]:
        assert spoiled["action"] != "NONE" or named or missing
    if spoiled["draft_allowed"] and damage != "a clotted sample":
        assert answer(spoiled)[4] == answer(whole)[4] or named


RIGHTLY_GENERAL = {
    "an infusion without a date",
    "an infusion by a code nobody knows",
    "an infusion that is not done",
}
"""Named by what follows, not by the record: CRS after CAR-T without an infusion (DQ-24), an undated one."""


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


def test_there_are_at_least_six_hundred_damages() -> None:
    assert len(DAMAGES) * len(CHARTS) + len(OTHERS) >= 600


@pytest.mark.req("DQ-09", "DQ-18")
@pytest.mark.parametrize("name", CHARTS)
def test_a_duplicate_changes_nothing(name: str) -> None:
    twice = [*CHARTS[name], *({**copy.deepcopy(r), "id": f"{r['id']}-again"} for r in CHARTS[name] if r["id"] == "fib")]
    assert answer(told(twice)) == answer(told(CHARTS[name]))
