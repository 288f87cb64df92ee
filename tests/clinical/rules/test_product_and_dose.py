"""Which product, in which units, with what level to expect (PRD-02 to PRD-05, FC-04, CRY-01, CRY-06)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.amount_words import full_amount_words as amount_words
from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option
from tests import charts as c
from tests.clinical.rules.asked import assessed, findings_of

ADULT, CHILD = c.patient("2001-02-10"), c.patient("2019-01-10")
HCT = c.result("hct", "4544-3", "28", "%", 4)
MAJOR = c.condition("bleed", "I61.9", 3)
IFC = {"cryo_product": "pathogen_reduced"}
ONLY_FC = {"cryo_available": "false", "fc_product": "riastap"}


def of(level: str, kg: str = "70", *more: c.Resource, who: c.Resource = ADULT, **site: Any) -> Assessment:
    return assessed(who, c.infusion(), c.crs(3), c.fibrinogen(level), c.weight(kg), *more, **site)


def first(assessment: Assessment) -> Option:
    return assessment.options[0]


@pytest.mark.req("CRY-06", "V21")
def test_pathogen_reduced_complex_is_dosed_in_whole_doses() -> None:
    option = first(of("0.8", "70", HCT, **IFC))
    assert (option.doses, option.mg_per_dose, option.cap_doses) == (2, 1450, 2)
    assert (option.units, option.pools, option.volume_ml) == (None, None, None)
    assert amount_words(option) == "2 pathogen-reduced doses"
    assert option.may_be_ordered


@pytest.mark.req("CRY-06")
@pytest.mark.parametrize(
    ("kg", "doses", "flag", "drafted"),
    [
        ("20", 1, False, True),  # 4 units: 1000 mg, less than 1.5 times short of a dose
        ("19", 1, False, True),
        ("14", 1, True, False),  # 3 units: 750 mg, a dose is 1.93 times that
        ("24.9", 1, False, True),
        ("25", 1, False, True),  # 5 units: 1250 mg
        ("60", 2, False, True),  # 12 units: 3000 mg, capped at two doses
    ],
)
def test_below_25_kg_a_part_of_a_dose_is_not_drafted(kg: str, doses: int, flag: bool, drafted: bool) -> None:
    told = of("0.9", kg, who=CHILD, fc_available="false", **IFC)
    option = first(told)
    assert (option.doses, "rounding_excess" in option.flags, option.may_be_ordered) == (doses, flag, drafted)
    assert (("CRY-06" in {b.rule for b in told.draft_blockers}), told.draft_allowed) == (not drafted, drafted)


@pytest.mark.req("CRY-06", "PRD-05")
def test_a_part_of_the_other_product_blocks_only_that_option() -> None:
    told = of("0.9", "14", who=CHILD, product_order="fc,cryo", **IFC)
    assert [option.may_be_ordered for option in told.options] == [True, False]
    assert told.draft_allowed


@pytest.mark.req("PRD-02")
@pytest.mark.parametrize(
    ("region", "bleeds", "line"),
    [
        ("US", True, "labelled indication (US)"),
        ("US", False, "off-label: not bleeding"),
        ("UK", True, "component use per transfusion policy"),
    ],
)
def test_the_licence_of_the_pathogen_reduced_complex(region: str, bleeds: bool, line: str) -> None:
    more = (HCT, MAJOR) if bleeds else (HCT,)
    assert first(of("0.8", "70", *more, region=region, **IFC)).licence == line


@pytest.mark.req("PRD-03")
def test_concentrate_without_bleeding_carries_the_evidence_against_it() -> None:
    quiet, bleeding = of("0.8", "70", HCT), of("0.8", "70", HCT, MAJOR)
    assert [any("venous thrombosis" in note for note in option.notes) for option in quiet.options] == [False, True]
    assert [option.notes for option in bleeding.options] == [(), ()]
    assert "PRD-03" in {finding.rule for finding in quiet.findings}
    assert "PRD-03" not in {finding.rule for finding in bleeding.findings}


@pytest.mark.req("PRD-04")
@pytest.mark.parametrize(
    ("more", "site", "speaks"),
    [
        ((MAJOR,), {}, True),
        ((MAJOR,), IFC, False),
        ((MAJOR,), {"product_order": "fc,cryo"}, False),
        ((c.condition("bleed", "K92.1", 3),), {}, False),
    ],
)
def test_thawing_takes_time(more: tuple[c.Resource, ...], site: dict[str, str], speaks: bool) -> None:
    base = (ADULT, c.infusion(), c.crs(3), c.fibrinogen("0.8"), c.weight("70"))
    assert ("PRD-04" in findings_of(*base, *more, **site)) is speaks


@pytest.mark.req("PRD-05", "CRY-04")
@pytest.mark.parametrize(
    ("kg", "site", "units", "pools", "words"),
    [
        ("70", {}, 10, 2, "10 single-donor units (= 2 pools of 5), about 150 mL"),
        ("30", {}, 6, 2, "6 single-donor units, about 90 mL"),
        ("20", {}, 4, None, "4 single-donor units, about 60 mL"),
        ("30", {"cryo_order_unit": "pool"}, 10, 2, "2 pools (of 5 units each), about 150 mL"),
        ("25", {"cryo_order_unit": "pool"}, 5, 1, "1 pool (of 5 units each), about 75 mL"),
        ("20", {"cryo_order_unit": "pool"}, 4, None, "4 single-donor units, about 60 mL"),
        (
            "70",
            {"cryo_order_unit": "pool", "cryo_units_per_pool": "12"},
            10,
            None,
            "10 single-donor units, about 150 mL",
        ),
    ],
)
def test_units_and_pools_say_what_they_are(
    kg: str, site: dict[str, str], units: int, pools: int | None, words: str
) -> None:
    told = of("0.9", kg, fc_available="false", **site)
    option = first(told)
    assert (option.units, option.pools, amount_words(option)) == (units, pools, words)
    part = site.get("cryo_order_unit") == "pool" and pools is None
    assert ("PRD-05" in {blocker.rule for blocker in told.draft_blockers}) is part


@pytest.mark.req("PRD-05")
def test_whole_pools_below_the_cap_may_fall_short_of_the_target() -> None:
    """44 kg: 9 units may be given, one pool of 8 holds fewer than are needed."""
    option = first(of("0.4", "44", HCT, cryo_order_unit="pool", cryo_units_per_pool="8", fc_available="false"))
    assert (option.units, option.pools, "capped_below_target" in option.flags) == (8, 1, True)


@pytest.mark.req("FC-04", "V25")
def test_the_expected_level_is_a_range() -> None:
    option = first(of("0.8", **ONLY_FC))
    assert option.predicted_g_per_l is not None
    assert option.predicted_low_g_per_l is not None
    assert (round(option.predicted_g_per_l, 2), round(option.predicted_low_g_per_l, 2)) == (
        Decimal("1.53"),
        Decimal("1.16"),
    )
    assert any("about 1.16 to 1.53 g/L" in step for step in option.steps)


@pytest.mark.req("FC-04", "CRY-01", "RCK-01")
def test_a_patient_whose_last_dose_brought_little_expects_as_little() -> None:
    before = c.fibrinogen("0.8", hours_ago=20, id_="before")
    dose = c.given("dose", "B02BB01", hours_ago=18, dosage={"dose": {"value": 3000, "unit": "mg"}})
    option = first(of("0.85", "70", before, dose, **ONLY_FC))
    assert option.predicted_low_g_per_l is not None
    share = Decimal("0.05") / (Decimal(3000) / 70 * Decimal("1.7") / 100)
    rise = (option.predicted_g_per_l or Decimal(0)) - Decimal("0.85")
    assert abs(option.predicted_low_g_per_l - (Decimal("0.85") + share * rise)) < Decimal("0.0001")
    assert any("the last dose reached 7 % of what was computed" in step for step in option.steps)


@pytest.mark.req("FC-04", "CRY-01")
def test_a_capped_dose_says_how_far_it_reaches() -> None:
    text = findings_of(ADULT, c.infusion(), c.crs(3), c.fibrinogen("0.3"), c.weight("70"), HCT, text=True)["CRY-01"]
    assert "capped at 10 units: about 1.0" in text
    assert "target 1.5" in text
