"""SAF-01 to SAF-06 of guideline section 7, each alone: what it says, and what it does to the draft."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import BleedingLevel, Topic
from smartapp.clinical.terminology import Allergen, ConditionKind, Drug
from tests import charts as c
from tests.builders import (
    a_condition,
    a_crs,
    a_fibrinogen,
    a_picture,
    a_weight,
    an_allergy,
    an_exposure,
    facts_of,
    unread,
)
from tests.clinical.rules.asked import assessed

BASE = (c.patient("1990-01-10"), c.infusion(), c.crs(3), c.weight("70"), c.fibrinogen("1.2"))
BLEED = c.condition("bleed", "K92.1", 3)
NOT_LOW = (*BASE[:4], c.fibrinogen("2.4"))
DYS = {**c.condition("dys", "D68.8", 48), "code": {"text": "Congenital dysfibrinogenaemia"}}
CONCENTRATE_ONLY = {"cryo_available": "false"}


def said(found: Assessment, rule: str) -> list[tuple[str, str]]:
    return [(str(f.indicator), f.text) for f in found.findings if f.rule == rule]


def blockers(found: Assessment) -> set[str]:
    return {blocker.rule for blocker in found.draft_blockers}


def outcome(found: Assessment, rule: str) -> str:
    return next(str(each.kind) for each in found.outcomes if each.rule == rule)


@pytest.mark.req("SAF-01")
@pytest.mark.parametrize(
    ("days", "status", "blocks"),
    [(10, "active", True), (30, "active", True), (30.01, "active", False), (10, None, True), (10, "resolved", False)],
)
def test_a_thrombosis_of_thirty_days_blocks_a_draft(days: float, status: str | None, blocks: bool) -> None:
    clinical = {"coding": [{"code": status}]} if status else None
    clot = {**c.condition("clot", "I82.401", days * 24), "clinicalStatus": clinical}
    found = assessed(*BASE, {name: value for name, value in clot.items() if value is not None})
    assert bool(said(found, "SAF-01")) is blocks
    assert ("SAF-01" in blockers(found)) is blocks
    assert found.draft_allowed is not blocks


@pytest.mark.req("SAF-01")
def test_bleeding_keeps_the_draft_with_a_warning() -> None:
    found = assessed(*BASE, BLEED, c.condition("clot", "I26.99", 48))
    assert (found.draft_allowed, [indicator for indicator, _ in said(found, "SAF-01")]) == (True, ["warning"])


@pytest.mark.req("SAF-01")
def test_a_site_may_draft_all_the_same() -> None:
    found = assessed(*BASE, c.condition("clot", "I26.99", 48), block_thrombosis_nonbleeding="false")
    assert (found.draft_allowed, len(said(found, "SAF-01"))) == (True, 1)


@pytest.mark.req("SAF-01", "SAF-02", "SAF-03", "SAF-05")
def test_they_speak_only_when_a_dose_is_in_question() -> None:
    hazards = (
        c.condition("clot", "I26.99", 48),
        c.condition("overload", "E87.70", 48),
        DYS,
    )
    found = assessed(*NOT_LOW, *hazards)
    assert [f.rule for f in found.findings if f.rule.startswith("SAF")] == []


def allergy(text: str, **more: Any) -> c.Resource:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "allergy",
        "patient": c.SUBJECT,
        "code": {"text": text},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        **more,
    }


@pytest.mark.req("SAF-02", "PRD-01")
@pytest.mark.parametrize(
    ("words", "more", "products", "indicator"),
    [
        ("Riastap", {"criticality": "high"}, ["cryoprecipitate"], "warning"),
        ("Fibryga", {"reaction": [{"severity": "severe", "manifestation": []}]}, ["cryoprecipitate"], "warning"),
        ("Riastap", {"criticality": "low"}, ["cryoprecipitate", "fibrinogen_concentrate"], None),
        ("Fresh frozen plasma", {"criticality": "high"}, [], "critical"),
        ("Plasma", {"reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}]}, [], "critical"),
        ("Penicillin", {"criticality": "high"}, ["cryoprecipitate", "fibrinogen_concentrate"], None),
        ("Plasma-Lyte A", {"criticality": "high"}, ["cryoprecipitate", "fibrinogen_concentrate"], None),
        (
            "Plasma",
            {"criticality": "high", "clinicalStatus": {"coding": [{"code": "resolved"}]}},
            ["cryoprecipitate", "fibrinogen_concentrate"],
            None,
        ),
    ],
)
def test_a_severe_allergy_rules_products_out(
    words: str, more: dict[str, Any], products: list[str], indicator: str | None
) -> None:
    found = assessed(*BASE, allergy(words, **more))
    assert [str(option.product) for option in found.options] == products
    assert [each for each, _ in said(found, "SAF-02")] == ([indicator] if indicator else [])
    assert ("SAF-02" in blockers(found)) is (indicator == "critical")


@pytest.mark.req("SAF-02", "PRD-01")
def test_an_unavailable_product_is_no_matter_of_allergy() -> None:
    found = assessed(*BASE, cryo_available="false", fc_available="false")
    assert "PRD-01" in blockers(found)
    assert "SAF-02" not in blockers(found)
    says = next(text for indicator, text in said(found, "PRD-01") if indicator == "warning")
    assert "plasma 10-15 mL/kg is a weak source" in says
    assert "transfusion medicine" in says


@pytest.mark.req("SAF-03", "PRD-01")
@pytest.mark.parametrize("code", ["E87.70", "E87.71", "J81.0"])
def test_fluid_overload_prefers_concentrate(code: str) -> None:
    found = assessed(*BASE, c.condition("overload", code, 24))
    assert [str(option.product) for option in found.options] == ["fibrinogen_concentrate", "cryoprecipitate"]
    assert [indicator for indicator, _ in said(found, "SAF-03")] == ["warning"]


@pytest.mark.req("SAF-03")
def test_without_concentrate_the_volume_is_to_be_considered() -> None:
    found = assessed(*BASE, c.condition("overload", "J81.0", 24), fc_available="false")
    assert found.options[0].preferred
    assert "Consider the volume" in said(found, "SAF-03")[0][1]


@pytest.mark.req("SAF-03")
@pytest.mark.parametrize(("kg", "speaks"), [("4.3", False), ("4.2", True)])
def test_a_volume_above_ten_millilitres_a_kilogram(kg: str, speaks: bool) -> None:
    """One unit of 43 mL (UK): 10 mL/kg at 4.3 kg."""
    chart = (c.patient("2025-12-10"), c.infusion(), c.crs(3), c.weight(kg), c.fibrinogen("1.2"))
    found = assessed(*chart, cryo_unit_ml="43")
    assert (bool(said(found, "SAF-03")), str(found.options[0].product) == "fibrinogen_concentrate") == (speaks, speaks)


@pytest.mark.req("SAF-05")
def test_dysfibrinogenaemia_forbids_every_draft() -> None:
    found = assessed(*BASE, DYS)
    assert ("SAF-05" in blockers(found), found.draft_allowed) == (True, False)
    assert [indicator for indicator, _ in said(found, "SAF-05")] == ["warning"]


@pytest.mark.req("SAF-06")
@pytest.mark.parametrize(("given", "speaks"), [("5000", False), ("5001", True)])
def test_twice_the_limit_within_a_day(given: str, speaks: bool) -> None:
    """70 kg, RiaSTAP 1.2 to 1.5: 3000 mg planned, limit 4000, so 5000 mg may have been given 7 to 24 h ago."""
    dosage = {"dosage": {"dose": {"value": int(given), "code": "mg", "unit": "mg"}}}
    earlier = c.given("fc", "B02BB01", hours_ago=7, **dosage)
    found = assessed(*BASE, earlier, fc_product="riastap", **CONCENTRATE_ONLY)
    assert (bool(said(found, "SAF-06")), "SAF-06" in blockers(found)) == (speaks, speaks)


@pytest.mark.req("SAF-06")
@pytest.mark.parametrize(("given", "drafted"), [("5000", True), ("5001", False)])
def test_twice_the_limit_within_a_day_of_the_other_product(given: str, drafted: bool) -> None:
    """Cryoprecipitate is chosen and may be drafted; the concentrate's dose stands beside it, and may not."""
    dosage = {"dosage": {"dose": {"value": int(given), "code": "mg", "unit": "mg"}}}
    found = assessed(*BASE, c.given("fc", "B02BB01", hours_ago=7, **dosage), fc_product="riastap")
    cryo, concentrate = found.options
    assert found.draft_allowed
    assert cryo.may_be_ordered
    assert str(concentrate.dose_mg) == "3000"
    assert concentrate.may_be_ordered is drafted
    assert ("SAF-06" in " ".join(concentrate.steps)) is not drafted


@pytest.mark.req("SAF-06", "DQ-05")
@pytest.mark.parametrize(("value", "unit", "speaks"), [(5, "g", False), (6, "g", True), (6000, "mg", True)])
def test_an_amount_in_grams_counts(value: int, unit: str, speaks: bool) -> None:
    dosage = {"dosage": {"dose": {"value": value, "code": unit, "unit": unit}}}
    found = assessed(*BASE, c.given("fc", "B02BB01", hours_ago=24, **dosage), fc_product="riastap", **CONCENTRATE_ONLY)
    assert bool(said(found, "SAF-06")) is speaks


@pytest.mark.req("SAF-04")
@pytest.mark.parametrize(
    ("extra", "speaks"),
    [
        ((), False),
        ((c.condition("clot", "I82.401", 24 * 10),), True),
        ((c.condition("clot", "I82.401", 24 * 90),), True),
        ((c.condition("urine", "R31.0", 5),), True),
        ((c.condition("nose", "R04.0", 5),), False),
    ],
    ids=["alone", "thrombosis", "older thrombosis", "haematuria", "other bleeding"],
)
def test_tranexamic_acid_calls_for_caution(extra: tuple[c.Resource, ...], speaks: bool) -> None:
    drug = c.given("txa", "B02AA02", hours_ago=1, status="in-progress")
    found = assessed(*NOT_LOW, drug, *extra)
    assert [indicator for indicator, _ in said(found, "SAF-04")] == (["warning"] if speaks else [])
    assert "ranexamic" not in " ".join(option.why for option in found.options)


def picture(**more: Any) -> Assessment:
    chart = a_picture(a_fibrinogen("1.2"), a_weight(), crs=[a_crs(3)], **more)
    return assess(chart, facts_of(chart).policy)


@pytest.mark.req("SAF-01", "SAF-02", "SAF-03", "SAF-05", "DQ-17")
@pytest.mark.parametrize(
    ("topic", "rows"),
    [(Topic.CONDITIONS, {"SAF-01", "SAF-03", "SAF-05"}), (Topic.ALLERGIES, {"SAF-02"})],
)
def test_each_row_says_by_itself_that_it_cannot_tell(topic: Topic, rows: set[str]) -> None:
    found = picture(unread=unread(topic))
    names = ("SAF-01", "SAF-02", "SAF-03", "SAF-05", "SAF-06")
    assert {name for name in names if outcome(found, name) == "cannot_tell"} == rows
    assert not found.draft_allowed


@pytest.mark.req("SAF-01", "SAF-02", "DQ-17")
def test_a_known_hazard_is_told_though_another_part_was_not_read() -> None:
    clot = a_condition(ConditionKind.THROMBOSIS)
    found = picture(conditions=[clot], unread=unread(Topic.ALLERGIES))
    assert (outcome(found, "SAF-01"), outcome(found, "SAF-02")) == ("applies", "cannot_tell")
    other = picture(allergies=[an_allergy(Allergen.PLASMA_DERIVED)], unread=unread(Topic.CONDITIONS))
    assert (outcome(other, "SAF-01"), outcome(other, "SAF-02")) == ("cannot_tell", "applies")


@pytest.mark.req("SAF-06")
@pytest.mark.parametrize(("given", "most"), [(0, 4000), (4000, 4000), (4500, 3500), (5000, 3000)])
def test_no_more_may_be_approved_than_is_left_of_the_day(given: int, most: int) -> None:
    doses = [an_exposure(Drug.FIBRINOGEN_CONCENTRATE, 12, dose_mg=Decimal(given))] if given else []
    found = picture(exposures=doses)
    (option,) = [one for one in found.options if one.product is Product.FIBRINOGEN_CONCENTRATE]
    assert (option.cap_mg, option.most_mg) == (Decimal(4000), Decimal(most))


@pytest.mark.req("SAF-06", "DQ-17")
def test_the_daily_amount_is_unknown_without_the_administrations() -> None:
    found = picture(exposures=[an_exposure(Drug.CRYOPRECIPITATE, 12)], unread=unread(Topic.ADMINISTRATIONS))
    assert outcome(found, "SAF-06") == "cannot_tell"


@pytest.mark.req("PRD-01", "DQ-17")
def test_incomplete_results_are_not_a_missing_source() -> None:
    found = picture(unread=unread(Topic.LABORATORY))
    assert outcome(found, "PRD-01") == "cannot_tell"
    assert (found.options, "DQ-17" in blockers(found), "PRD-01" in blockers(found)) == ((), True, False)
    assert found.bleeding is BleedingLevel.NONE_RECORDED


@pytest.mark.req("DQ-11")
def test_a_weight_of_zero_gives_no_dose() -> None:
    found = assessed(*BASE[:3], c.weight("0"), c.fibrinogen("0.8"))
    assert [option.dose_mg or option.units for option in found.options] == [None, None]
    assert "DQ-11" in blockers(found)
