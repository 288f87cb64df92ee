"""All that is told of a thousand odd patients stays the same, to the word, until somebody means to change it (CDS-53)."""

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.rule import Missing
from tests.clinical.odd_patients import KEPT, NUMBERS, an_odd_patient, fingerprint, steady

TOLD = dict(line.split() for line in KEPT.read_text().splitlines())
_PARTS = [NUMBERS[start::20] for start in range(20)]


@pytest.mark.req("CDS-53")
@pytest.mark.parametrize("numbers", _PARTS, ids=lambda numbers: f"from {numbers[0]}")
def test_what_is_told_has_not_changed(numbers: range) -> None:
    changed = [number for number in numbers if fingerprint(number) != TOLD[str(number)]]
    assert not changed, f"python -m tests.clinical.odd_patients {changed[0]} prints what is told of the first"


def test_every_action_and_nearly_every_rule_occurs() -> None:
    answers = [assess(*an_odd_patient(number)) for number in NUMBERS[:400]]
    assert {str(answer.action) for answer in answers} == {"NONE", "MONITOR", "CONSIDER", "REPLACE", "CANNOT_ASSESS"}
    applied = {outcome.rule for answer in answers for outcome in answer.outcomes if outcome.kind == "applies"}
    assert len(applied) > 50


def test_a_fact_in_words_never_depends_on_the_order_of_a_set() -> None:
    assert steady(frozenset("ba")) == steady(frozenset("ab")) == ["'a'", "'b'"]
    assert steady({"b": 1, "a": Missing(("inr",), "no inr")})[0][1] == {
        "Missing": [("inputs", ["'inr'"]), ("why", "'no inr'")]
    }
