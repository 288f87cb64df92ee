"""Newest usable results within their age, and what a bound proves (guideline section 5, FHIR-26)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartapp.clinical.criteria.recent import (
    APTT,
    INR,
    PLATELETS,
    PT,
    surely_above,
    surely_at_least,
    surely_at_most,
    surely_below,
    upper_limit,
)
from smartapp.clinical.picture import Bedside, Gap, GapKind, Topic
from smartapp.clinical.rule import Missing
from smartapp.clinical.terminology import Analyte
from tests.builders import a_lab, a_picture, facts_of, unread

PLT = Analyte.PLATELETS


@pytest.mark.req("COAG-01", "PLT-01")
@pytest.mark.parametrize(("hours", "usable"), [(24, True), (24.01, False), (-0.08, True), (0, True)])
def test_a_result_counts_for_24_hours(hours: float, usable: bool) -> None:
    lab = a_lab(PLT, "40", hours)
    found = facts_of(a_picture(lab)).get(PLATELETS)
    assert found == (lab if usable else Missing(("platelets",), "no platelets of the last 24 h"))


@pytest.mark.req("DQ-01", "DQ-10")
def test_the_newest_usable_result_counts() -> None:
    suspect, newer, older = a_lab(PLT, "5", 1, source="Observation/odd"), a_lab(PLT, "40", 2), a_lab(PLT, "90", 3)
    bedside = Bedside(suspects={"Observation/odd": "clumped"})
    assert facts_of(a_picture(older, suspect, newer, bedside=bedside)).get(PLATELETS) == newer


@pytest.mark.req("FHIR-29")
@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "inr is not recorded"),
        (
            {"gaps": (Gap(kind=GapKind.NOTED, rule="DQ-02", text="time of issue", analyte=Analyte.INR),)},
            "inr is not recorded",
        ),
        ({"unread": unread(Topic.LABORATORY)}, "laboratory results could not be read"),
        (
            {"gaps": (Gap(kind=GapKind.UNREADABLE, rule="DQ-05", text="no unit", analyte=Analyte.INR),)},
            "inr is recorded, but could not be used",
        ),
    ],
)
def test_a_missing_result_tells_why(more: dict[str, Any], why: str) -> None:
    assert facts_of(a_picture(**more)).get(INR) == Missing(("inr",), why)


@pytest.mark.req("COAG-02", "DIC-01")
@pytest.mark.parametrize(
    ("analyte", "own", "site", "limit"),
    [
        (Analyte.PT, "13.5", {"pt_uln_s": 14}, "13.5"),
        (Analyte.PT, None, {"pt_uln_s": 14}, "14"),
        (Analyte.APTT, None, {"aptt_uln_s": 36}, "36"),
        (Analyte.APTT, None, {"pt_uln_s": 14}, None),
        (Analyte.PT, None, {}, None),
        (Analyte.D_DIMER, None, {"pt_uln_s": 14}, None),
    ],
)
def test_the_upper_limit_is_the_results_own_else_the_sites(
    analyte: Analyte, own: str | None, site: dict[str, object], limit: str | None
) -> None:
    lab = a_lab(analyte, "20", upper_limit=Decimal(own) if own else None)
    assert upper_limit(facts_of(a_picture(lab), **site), lab) == (Decimal(limit) if limit else None)


@pytest.mark.req("FHIR-26")
@pytest.mark.parametrize(
    ("value", "below", "at_most", "at_least", "above"),
    [
        ("49", True, True, False, False),
        ("50", False, True, True, False),
        ("51", False, False, True, True),
        ("<50", True, True, False, False),
        ("<51", False, False, False, False),
        ("<=50", False, True, False, False),
        ("<=49", True, True, False, False),
        (">50", False, False, True, True),
        (">49", False, False, False, False),
        (">=50", False, False, True, False),
        (">=51", False, False, True, True),
    ],
)
def test_what_is_proven_about_50(value: str, below: bool, at_most: bool, at_least: bool, above: bool) -> None:
    lab, limit = a_lab(PLT, value), Decimal(50)
    assert surely_below(lab, limit) is below
    assert surely_at_most(lab, limit) is at_most
    assert surely_at_least(lab, limit) is at_least
    assert surely_above(lab, limit) is above


WHOLE = st.integers(min_value=0, max_value=9).map(Decimal)


@settings(deadline=None)
@given(st.sampled_from(["", "<", "<=", ">", ">="]), WHOLE, WHOLE)
def test_nothing_is_proven_both_ways(comparator: str, value: Decimal, limit: Decimal) -> None:
    lab = a_lab(PLT, f"{comparator}{value}")
    assert not (surely_below(lab, limit) and surely_at_least(lab, limit))
    assert not (surely_above(lab, limit) and surely_at_most(lab, limit))
    assert comparator or surely_below(lab, limit) or surely_at_least(lab, limit)


def test_needs_are_named_after_their_analyte() -> None:
    assert [need.name for need in (PLATELETS, INR, PT, APTT)] == ["platelets", "inr", "pt", "aptt"]
