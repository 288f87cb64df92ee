"""The checker itself: a good answer passes, and each broken promise is named."""

import copy
import json
import uuid
from typing import Any

import pytest
from flask import Flask, Response

from tests.cdshooks.checker import problems_of

CARD = {
    "uuid": "",
    "summary": "Fibrinogen 0.8 g/L: consider replacement",
    "detail": "- because",
    "indicator": "warning",
    "source": {
        "label": "Fibrinogen Watch",
        "url": "https://app.test/rules/REP-03",
        "topic": {"system": "s", "code": "c", "display": "d"},
    },
    "overrideReasons": [{"system": "s", "code": "c", "display": "d"}],
    "links": [{"label": "Open", "url": "https://app.test/launch", "type": "smart"}],
    "selectionBehavior": "at-most-one",
    "suggestions": [
        {
            "uuid": "",
            "label": "Draft",
            "actions": [
                {
                    "type": "create",
                    "description": "d",
                    "resource": {
                        "resourceType": "MedicationRequest",
                        "status": "draft",
                        "intent": "proposal",
                        "medicationCodeableConcept": {"text": "m"},
                        "subject": {"reference": "Patient/P1"},
                    },
                }
            ],
        }
    ],
}


def fresh() -> dict[str, Any]:
    card = copy.deepcopy(CARD)
    card["uuid"] = str(uuid.uuid4())
    card["suggestions"][0]["uuid"] = str(uuid.uuid4())  # type: ignore[index]
    return card


def problems(body: Any, path: str = "/cds-services/x", status: int = 200) -> list[str]:
    with Flask("judge").test_request_context(path, method="POST"):
        return problems_of(Response(json.dumps(body), status=status, mimetype="application/json"))


@pytest.mark.req("CDS-03", "CDS-40")
def test_a_good_answer_passes() -> None:
    assert problems({"cards": [fresh()]}) == []
    assert problems({"cards": []}) == []


def changed(path: str, value: Any) -> dict[str, Any]:
    card = fresh()
    inner: Any = card
    *steps, last = path.split(".")
    for step in steps:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return card


@pytest.mark.req("CDS-03", "CDS-41", "CDS-42", "CDS-43", "CDS-44", "CDS-45", "CDS-46", "CDS-49", "CDS-50", "CDS-51")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("summary", "x" * 140),
        ("summary", "𝕏" * 70),
        ("summary", ""),
        ("detail", None),
        ("detail", "<img src=x>"),
        ("detail", "[x](javascript:1)"),
        ("indicator", "hard-stop"),
        ("indicator", ...),
        ("uuid", ...),
        ("source", {"label": "x"}),
        ("source.url", "/rules"),
        ("source.url", "https://app.test/rules?patient=P1"),
        ("source.topic", {"system": "s", "code": "c"}),
        ("overrideReasons", []),
        ("overrideReasons.0.display", ...),
        ("selectionBehavior", ...),
        ("selectionBehavior", "all"),
        ("suggestions", ...),
        ("suggestions", []),
        ("suggestions.0.uuid", ...),
        ("suggestions.0.label", ...),
        ("suggestions.0.actions", []),
        ("suggestions.0.actions.0.type", "replace"),
        ("suggestions.0.actions.0.type", "delete"),
        ("suggestions.0.actions.0.type", "update"),
        ("suggestions.0.actions.0.description", ...),
        ("suggestions.0.actions.0.resource.status", "active"),
        ("suggestions.0.actions.0.resource.intent", "order"),
        ("suggestions.0.actions.0.resource.requester", {"reference": "Practitioner/7"}),
        ("links.0.type", "relative"),
        ("links.0.url", "https://app.test/launch?patient=P1"),
        ("links.0.url", "https://app.test/other"),
        ("links.0.autolaunchable", True),
        ("systemActions", [{"type": "delete"}]),
        ("actionSelectionBehavior", "any"),
    ],
)
def test_each_broken_promise_is_named(path: str, value: Any) -> None:
    assert problems({"cards": [changed(path, value)]})


@pytest.mark.req("CDS-42")
def test_a_uuid_seen_before_is_named() -> None:
    card = fresh()
    assert problems({"cards": [card]}) == []
    assert problems({"cards": [card]})


@pytest.mark.req("CDS-71", "CDS-88", "CDS-03")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": "x"}, 400),
        ({"error": "unauthorized", "why": "expired"}, 401),
        ({"resourceType": "OperationOutcome", "issue": []}, 500),
    ],
)
def test_errors_are_checked_too(body: Any, status: int) -> None:
    assert problems(body, status=status)
