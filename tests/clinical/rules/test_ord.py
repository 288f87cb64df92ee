"""Draft orders (guideline 7a): every row with its boundaries; a draft that fits is silent."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import assess
from smartapp.clinical.labs import LabResult
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Allergen, Analyte, ConditionKind, Drug
from tests.builders import (
    a_condition,
    a_crs,
    a_fibrinogen,
    a_lab,
    a_picture,
    a_weight,
    an_allergy,
    an_exposure,
    an_infusion,
    an_order,
)

FC, CRYO = Drug.FIBRINOGEN_CONCENTRATE, Drug.CRYOPRECIPITATE
SOURCE = "MedicationRequest/draft"
LOW = (a_fibrinogen("0.8"), a_weight("70"))  # V01: 3000 mg of RiaSTAP
RIASTAP = {"fc_product": "riastap"}


def a_draft(drug: Drug = FC, **amount: Any) -> DraftOrder:
    """Of what is computed for LOW unless an amount is given."""
    amount = amount or {FC: {"dose_mg": 3000}, CRYO: {"units": 10}}.get(drug, {})
    return DraftOrder(source=SOURCE, drug=drug, label=str(drug), **{k: Decimal(v) for k, v in amount.items()})


def said(*labs: LabResult, draft: DraftOrder, site: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    """The ORD rows that speak, with their indicators."""
    picture = a_picture(*labs, crs=more.pop("crs", [a_crs(3)]), draft_orders=[draft], **more)
    told = assess(picture, build_policy(None, {**RIASTAP, **(site or {})}))
    assert all(f.evidence[0] == SOURCE for f in told.findings if f.rule.startswith("ORD-"))
    return {f.rule: str(f.indicator) for f in told.findings if f.rule.startswith("ORD-")}


@pytest.mark.parametrize(
    "draft",
    [a_draft(FC, dose_mg="3000"), a_draft(FC, mg_per_kg="42"), a_draft(FC, vials="3"), a_draft(CRYO, pools="2")],
)
def test_a_draft_that_fits_is_silent(draft: DraftOrder) -> None:
    assert said(*LOW, draft=draft) == {}


@pytest.mark.req("ORD-01")
@pytest.mark.parametrize(
    ("level", "grade", "expected"),
    [
        ("1.49", 3, {}),
        ("1.5", 3, {"ORD-01": "warning"}),
        ("1.2", 1, {"ORD-01": "warning"}),
        ("2.5", 1, {"ORD-01": "warning"}),
    ],
)
def test_not_advised_at_this_level(level: str, grade: int, expected: dict[str, str]) -> None:
    assert said(a_fibrinogen(level), a_weight("70"), draft=a_draft(FC), crs=[a_crs(grade)]) == expected


@pytest.mark.req("ORD-01", "ORD-02", "ORD-03")
def test_without_a_level_only_what_does_not_rest_on_it_speaks() -> None:
    given = [an_exposure(CRYO, 2)]
    assert said(a_weight("70"), draft=a_draft(FC, dose_mg="9000"), exposures=given) == {
        "ORD-02": "warning",
        "ORD-03": "critical",
        "ORD-11": "critical",
        "ORD-14": "info",
    }


@pytest.mark.req("ORD-02", "REP-09")
@pytest.mark.parametrize(("hours", "speaks"), [(0.5, True), (5.9, False), (7, False)])
def test_given_since_the_sample(hours: float, speaks: bool) -> None:
    """The sample was taken an hour ago: only a dose after it counts."""
    found = said(*LOW, draft=a_draft(FC), exposures=[an_exposure(CRYO, hours)])
    assert found == ({"ORD-02": "warning", "ORD-11": "warning"} if speaks else {})


@pytest.mark.req("ORD-02", "REP-09", "ORD-11", "REP-13")
@pytest.mark.parametrize(("hours", "speaks"), [(4, True), (4.1, False)])
def test_ordered_within_four_hours(hours: float, speaks: bool) -> None:
    """An older order of which no dose is recorded still stands beside the draft."""
    found = said(*LOW, draft=a_draft(FC), orders=[an_order(CRYO, hours)])
    assert found == ({"ORD-02": "warning", "ORD-11": "warning"} if speaks else {"ORD-11": "warning"})


@pytest.mark.req("ORD-03", "FC-04", "CRY-01")
@pytest.mark.parametrize(
    ("draft", "kg", "speaks"),
    [
        (a_draft(FC, dose_mg="4000"), "70", False),
        (a_draft(FC, dose_mg="4001"), "70", True),
        (a_draft(FC, dose_mg="1400"), "20", False),  # 70 mg/kg
        (a_draft(FC, dose_mg="1401"), "20", True),
        (a_draft(FC, mg_per_kg="70"), "20", False),
        (a_draft(CRYO, units="10"), "70", False),
        (a_draft(CRYO, units="11"), "70", True),
        (a_draft(CRYO, units="4"), "18", False),  # ceil(18 / 5)
        (a_draft(CRYO, units="5"), "18", True),
        (a_draft(CRYO, pools="3"), "70", True),
    ],
)
def test_above_the_cap(draft: DraftOrder, kg: str, speaks: bool) -> None:
    found = said(a_fibrinogen("0.8"), a_weight(kg), draft=draft)
    assert found.get("ORD-03") == ("critical" if speaks else None)


@pytest.mark.req("ORD-03", "FC-02")
def test_the_labelled_adult_dose_while_bleeding_has_no_cap_by_weight() -> None:
    bleeding = [a_condition(ConditionKind.BLEEDING_MAJOR)]
    fibryga = {"fc_product": "fibryga"}
    small = (a_fibrinogen("1.1"), a_weight("45"))
    assert "ORD-03" not in said(*small, draft=a_draft(FC, dose_mg="4000"), conditions=bleeding, site=fibryga)
    assert "ORD-03" in said(*small, draft=a_draft(FC, dose_mg="4000"), site=fibryga)


@pytest.mark.req("ORD-04")
@pytest.mark.parametrize(("mg", "speaks"), [("1499", True), ("1500", False)])
def test_less_than_half_of_the_computed_dose(mg: str, speaks: bool) -> None:
    assert said(*LOW, draft=a_draft(FC, dose_mg=mg)) == ({"ORD-04": "warning"} if speaks else {})


@pytest.mark.req("ORD-05")
@pytest.mark.parametrize(
    ("mg", "speaks"),
    [
        ("3", False),  # grams written as mg: ORD-12's
        ("43", False),  # the mg/kg figure, but at most a tenth of the dose: ORD-12's
        ("210000", True),  # times the weight
        ("3000000", True),
    ],
)
def test_a_unit_or_per_kg_mix_up(mg: str, speaks: bool) -> None:
    found = said(*LOW, draft=a_draft(FC, dose_mg=mg))
    assert ("ORD-05" in found) is speaks
    assert found.get("ORD-05", "critical") == "critical"


@pytest.mark.req("ORD-06", "SAF-01")
def test_thrombosis_blocks_without_bleeding_only() -> None:
    clot = a_condition(ConditionKind.THROMBOSIS, hours_ago=240)
    bleed = a_condition(ConditionKind.BLEEDING_MAJOR)
    assert said(*LOW, draft=a_draft(FC), conditions=[clot]) == {"ORD-06": "warning"}
    assert said(*LOW, draft=a_draft(FC), conditions=[clot, bleed]) == {}
    off = {"block_thrombosis_nonbleeding": "false"}
    assert said(*LOW, draft=a_draft(FC), conditions=[clot], site=off) == {}


@pytest.mark.req("ORD-06", "SAF-02")
def test_an_allergy_is_critical_for_its_products() -> None:
    named, plasma = an_allergy(Allergen.NAMED_CONCENTRATE), an_allergy()
    assert said(*LOW, draft=a_draft(FC), allergies=[named]) == {"ORD-06": "critical"}
    assert said(*LOW, draft=a_draft(CRYO), allergies=[named]) == {}
    assert said(*LOW, draft=a_draft(CRYO), allergies=[plasma]) == {"ORD-06": "critical"}


@pytest.mark.req("ORD-06", "SAF-05")
def test_dysfibrinogenaemia_blocks_every_product() -> None:
    odd = [a_condition(ConditionKind.DYSFIBRINOGENAEMIA)]
    assert said(*LOW, draft=a_draft(CRYO), conditions=odd) == {"ORD-06": "warning"}


@pytest.mark.req("ORD-07")
@pytest.mark.parametrize(("drug", "name"), [(CRYO, "cryo_available"), (FC, "fc_available")])
def test_a_product_the_site_does_not_have(drug: Drug, name: str) -> None:
    assert said(*LOW, draft=a_draft(drug), site={name: "false"}) == {"ORD-07": "warning"}


@pytest.mark.req("ORD-08", "COAG-04")
@pytest.mark.parametrize(
    ("platelets", "level", "speaks"), [("49", "2", True), ("50", "2", False), ("90", "0.99", True), ("90", "1", False)]
)
def test_an_anticoagulant_with_low_counts(platelets: str, level: str, speaks: bool) -> None:
    labs = (a_fibrinogen(level), a_lab(Analyte.PLATELETS, platelets))
    assert said(*labs, draft=a_draft(Drug.HEPARIN)) == ({"ORD-08": "warning"} if speaks else {})


@pytest.mark.req("ORD-09", "SAF-04")
def test_an_antifibrinolytic_with_a_reason_against_it() -> None:
    clot = a_condition(ConditionKind.THROMBOSIS, hours_ago=240)
    blood = a_condition(ConditionKind.HAEMATURIA, ConditionKind.BLEEDING_SIGNIFICANT)
    draft = a_draft(Drug.TRANEXAMIC_ACID)
    assert said(*LOW, draft=draft) == {}
    assert said(*LOW, draft=draft, conditions=[clot]) == {"ORD-09": "warning"}
    assert said(*LOW, draft=draft, conditions=[blood]) == {"ORD-09": "warning"}


@pytest.mark.req("ORD-10", "TOC-01")
@pytest.mark.parametrize(("day", "speaks"), [(0, True), (90, True), (91, False)])
def test_tocilizumab_from_day_0_to_90(day: int, speaks: bool) -> None:
    found = said(a_fibrinogen("2.4"), draft=a_draft(Drug.TOCILIZUMAB), infusions=[an_infusion(day)])
    assert found == ({"ORD-10": "info"} if speaks else {})


@pytest.mark.req("APP-01")
@pytest.mark.parametrize("drug", [FC, CRYO, Drug.HEPARIN, Drug.TRANEXAMIC_ACID, Drug.TOCILIZUMAB])
def test_without_car_t_no_draft_is_judged(drug: Drug) -> None:
    assert said(*LOW, draft=a_draft(drug, dose_mg="9000"), infusions=[]) == {}


@pytest.mark.req("ORD-05")
def test_an_order_of_nothing_is_no_mix_up() -> None:
    assert "ORD-05" not in said(*LOW, draft=a_draft(FC, dose_mg="0"))


@pytest.mark.req("ORD-03", "DQ-11")
def test_an_order_by_weight_needs_a_weight_to_be_judged() -> None:
    assert said(*LOW, draft=a_draft(FC, mg_per_kg="80"))["ORD-03"] == "critical"
    assert "ORD-03" not in said(a_fibrinogen("0.8"), draft=a_draft(FC, mg_per_kg="80"))
