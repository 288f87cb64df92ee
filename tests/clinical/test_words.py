"""Facts in words: no fact is ever printed as program text."""

from datetime import timedelta
from decimal import Decimal

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.criteria.iec_hs import IecHs, Sign
from smartapp.clinical.criteria.trend import Trend
from smartapp.clinical.derived_facts import Applicability, NoFibrinogen
from smartapp.clinical.orders import Product
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rule import Missing
from smartapp.clinical.words import (
    age_words,
    fact_in_words,
    fibrinogen_words,
    g_per_l,
    in_words,
    rounded,
    source_of,
    to_places,
)
from tests.builders import a_crs, a_fibrinogen, a_picture, a_weight


@pytest.mark.parametrize(
    ("fact", "words"), [(True, "yes"), (False, "no"), (None, "none that counts here"), (("a", "b"), "a, b")]
)
def test_simple_facts(fact: object, words: str) -> None:
    assert in_words(fact)[0] == words


def test_a_fact_without_words_of_its_own_is_told_member_by_member() -> None:
    told = in_words(Applicability(runs=False, rule="APP-01", reason="no CAR-T infusion found"))[0]
    assert told == "runs no, rule APP-01, reason no CAR-T infusion found, indicator info"


@pytest.mark.req("DSI-13")
def test_no_input_of_any_rule_is_program_text() -> None:
    outcomes = assess(a_picture(a_fibrinogen("0.8"), a_weight(), crs=[a_crs(3)]), build_policy()).outcomes
    words = [told for outcome in outcomes for _, told, _ in outcome.inputs]
    assert words
    assert not [told for told in words if "(" in told and "=" in told]


@pytest.mark.parametrize(
    ("value", "words"), [("1", "1.0"), ("0.8", "0.8"), ("0.999", "1.0"), ("0.94", "0.94"), ("2.00", "2.0")]
)
def test_a_fibrinogen_has_a_decimal(value: str, words: str) -> None:
    assert fibrinogen_words(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "places", "short", "kept"),
    [
        ("1.525", 2, "1.53", "1.53"),
        ("1.5", 2, "1.5", "1.50"),
        ("2.0", 1, "2", "2.0"),
        ("0.004", 2, "0", "0.00"),
        ("123456789012345678901234567890", 1, "123456789012345678901234567890", "123456789012345678901234567890.0"),
    ],
)
def test_numbers_of_any_length_are_rounded_half_up(value: str, places: int, short: str, kept: str) -> None:
    assert (rounded(Decimal(value), places), f"{to_places(Decimal(value), places)}") == (short, kept)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-0.01, "in the future"),
        (0, "0 min ago"),
        (0.99, "0 min ago"),
        (119.99, "119 min ago"),
        (120, "2 h ago"),
        (48 * 60 - 1, "47 h ago"),
        (48 * 60, "2 d ago"),
        (4 * 1440 - 1, "3 d ago"),
    ],
)
def test_how_long_ago(minutes: float, words: str) -> None:
    assert age_words(timedelta(minutes=minutes)) == words


def test_the_source_of_a_fact_is_the_one_its_words_name() -> None:
    told = assess(a_picture(a_fibrinogen("0.9"), a_weight("70"), crs=[a_crs(3)]), build_policy())
    stale = assess(a_picture(a_fibrinogen("0.9", 30)), build_policy())
    facts = {
        need.name: value for each in (stale, told) for outcome in each.outcomes for need, value in outcome.facts.items()
    }
    values = [value for value in facts.values() if not isinstance(value, Missing)]
    assert len({source_of(value) for value in values}) > 3
    assert all(source_of(value) in ("", in_words(value)[1]) for value in values)
    assert source_of(told.fibrinogen) == "Observation/fibrinogen-0.9-1"
    assert source_of(NoFibrinogen(why="too old", last=a_fibrinogen("0.9", 30))) == "Observation/fibrinogen-0.9-30"
    assert source_of(NoFibrinogen(why="none")) == source_of("words") == ""


def test_a_level_is_told_in_both_units() -> None:
    assert g_per_l(Decimal("1.234")) == "1.23 g/L (123.4 mg/dL)"


@pytest.mark.req("DSI-13")
def test_facts_that_hold_others_are_told_in_words_not_in_the_programs_own() -> None:
    before, now = a_fibrinogen("1.6", hours_ago=8), a_fibrinogen("0.8")
    told, _ = in_words(Trend(down=True, previous=before, drop=before.value - now.value))
    assert told.startswith("a fall by 0.8 g/L from ")
    assert in_words(Trend(down=False))[0] == "no fall that counts"
    assert in_words({Product.FIBRINOGEN_CONCENTRATE: Decimal(4000)})[0] == "fibrinogen concentrate 4000 mg"
    ferritin = Sign("ferritin 12000 ug/L", "Observation/f")
    assert in_words(IecHs(ferritin=ferritin, signs=(Sign("ALT high", "x"),))) == (
        "ferritin 12000 ug/L; ALT high",
        "Observation/f",
    )
    assert fact_in_words("icans", 0)[0] == "no grade recorded"
    assert fact_in_words("icans", 2)[0] == "2"
