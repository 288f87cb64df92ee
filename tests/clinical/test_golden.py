"""The same patients are told the same words until somebody means to change them (CDS-53)."""

import json

import pytest

from tests.clinical.golden_patients import GOLDEN, NUMBERS, words

TOLD = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


@pytest.mark.req("CDS-53", "DSI-13")
@pytest.mark.parametrize("number", NUMBERS)
def test_the_words_have_not_changed(number: int) -> None:
    assert words(number) == TOLD[str(number)]


@pytest.mark.req("DSI-13")
def test_a_rule_that_applies_names_what_it_looked_at() -> None:
    told = json.loads("\n".join(words(0)[words(0).index("{") :]))
    applied = [rule for rule in told["rules"] if rule["outcome"] == "applies"]
    assert applied
    assert all(rule["inputs"] and all(each["name"] and each["value"] for each in rule["inputs"]) for rule in applied)
    assert any("Observation/" in each.get("source", "") for rule in applied for each in rule["inputs"])
