"""A change of one parameter changes only decisions whose trace names it, and says so."""

import pytest

from smartapp.cdshooks.replay_cards import cards_made
from smartapp.usecases.replay.patient_replay import Case, replay_patient
from tests.cohort.exports import a_pair, a_short_course

CHANGES = [
    *(("replace_below__severe", "1.2"), ("replace_below__moderate", "1.3"), ("t2_below", "0.9")),
    *(("monitor_interval_h__moderate", "6"), ("fc_cap_mg", "2000"), ("profile", "bleeding_only")),
    *(("fib_dose_max_age_h", "6"), ("rules_off", ["PLT-03", "TRD-01"]), ("product_order", ["fc", "cryo"])),
]


def cases(number: int, **overrides: object) -> tuple[Case, ...]:
    result = replay_patient(a_short_course(number), a_pair(**overrides), cards_made)
    assert result is not None
    return result.cases


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_a_change_of_one_parameter_changes_only_decisions_that_name_it(name: str, value: object) -> None:
    pair = a_pair(**{name: value})
    assert [swap.name for swap in pair.swaps] == [name.replace("__", ".")]
    for case in cases(1 + CHANGES.index((name, value)) % 3, **{name: value}):
        (reason,) = case.because
        assert reason.startswith(f"{name.replace('__', '.')} ")
        assert case.what


@pytest.mark.req("REP-03", "REP-06")
def test_the_row_and_the_one_parameter_that_moved_it_are_named() -> None:
    pair = a_pair(replace_below__moderate="1.4", ferritin_abs="30000")
    results = [replay_patient(a_short_course(number, days=16), pair, cards_made) for number in range(6)]
    found = [case for result in results if result for case in result.cases]
    rows = {(case.what, case.because) for case in found if "REP" in case.what}
    assert rows
    assert {because for _, because in rows} == {("replace_below.moderate 1 → 1.4",)}
    assert ("REP-03 instead of REP-06", ("replace_below.moderate 1 → 1.4",)) in rows


def test_the_same_policy_twice_differs_nowhere() -> None:
    assert a_pair().swaps == ()
    assert cases(2) == ()
