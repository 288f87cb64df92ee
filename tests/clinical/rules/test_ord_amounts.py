"""Draft orders of guideline 1.2: amounts that slipped (ORD-12), are not read (ORD-13), have no level (ORD-14), or add up (ORD-11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import amount_findings, assess
from smartapp.clinical.labs import LabResult
from smartapp.clinical.orders import DraftOrder, Product, ProposedOrder
from smartapp.clinical.picture import Bedside, BirthDate, BleedingLevel, OrderState
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Analyte, Drug
from tests.builders import a_crs, a_fibrinogen, a_lab, a_picture, a_weight, an_exposure, an_order, before
from tests.clinical.rules.test_ord import CRYO, FC, LOW, RIASTAP, SOURCE, a_draft, said

IFC = {"cryo_product": "pathogen_reduced"}
HCT = a_lab(Analyte.HAEMATOCRIT, "0.25", 4)


@pytest.mark.req("ORD-05")
def test_either_end_of_a_range_may_be_the_mix_up() -> None:
    """The low end of 420,000 mg is the computed dose times the weight."""
    wide = replace(a_draft(FC, dose_mg="420000"), low_share=Decimal("0.5"))
    assert "ORD-05" in said(*LOW, draft=wide)
    assert "ORD-05" not in said(*LOW, draft=a_draft(FC, dose_mg="420000"))


@pytest.mark.req("ORD-12", "ORD-04", "ORD-05")
@pytest.mark.parametrize(
    ("mg", "row"),
    [("2.5", "ORD-12"), ("300", "ORD-12"), ("301", "ORD-12"), ("499.9", "ORD-12"), ("500", "ORD-04"), ("1500", "")],
)
def test_far_too_little_is_critical_and_stands_alone(mg: str, row: str) -> None:
    """3000 mg are computed: at most a tenth, or below half a vial."""
    found = said(*LOW, draft=a_draft(FC, dose_mg=mg))
    assert {rule for rule in found if rule in ("ORD-04", "ORD-05", "ORD-12")} == ({row} if row else set())
    assert found.get("ORD-12", "critical") == "critical"


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("mg", "words"),
    [
        ("2.5", "did you mean 2500 mg (2.5 g)?"),
        ("1.5", "did you mean 1500 mg (1.5 g)?"),
        ("6", "did you mean 6000 mg (6 g)?"),
        ("1.4", "3000 mg computed"),
        ("20", "3000 mg computed"),
    ],
)
def test_grams_written_as_milligrams_are_asked_about(mg: str, words: str) -> None:
    picture = a_picture(*LOW, crs=[a_crs(3)], draft_orders=[a_draft(FC, dose_mg=mg)])
    texts = [f.text for f in assess(picture, build_policy(None, RIASTAP)).findings if f.rule == "ORD-12"]
    assert words in texts[0]


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(
    ("draft", "site", "speaks"),
    [
        (a_draft(CRYO, donor_units="0.5"), {}, True),
        (a_draft(CRYO, units="1"), {}, True),  # a tenth of ten
        (a_draft(CRYO, units="2"), {}, False),
        (a_draft(CRYO, pools="0.5"), {}, True),
        (a_draft(CRYO, pools="1"), {}, False),
        (a_draft(CRYO, units="0.9"), {"cryo_order_unit": "pool"}, True),
        (a_draft(CRYO, doses="0.5"), IFC, True),
        (a_draft(CRYO, doses="1"), IFC, False),
        (a_draft(CRYO, dose_mg="1449"), IFC, True),
    ],
)
def test_less_than_one_of_what_is_counted(draft: DraftOrder, site: dict[str, Any], speaks: bool) -> None:
    assert ("ORD-12" in said(*LOW, draft=draft, site=site)) is speaks


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize(("birth", "speaks"), [(BirthDate(1996, 1, 1), True), (BirthDate(2018, 1, 1), False)])
def test_where_nothing_is_computed_half_a_vial_is_the_least_for_an_adult(birth: BirthDate, speaks: bool) -> None:
    found = said(a_fibrinogen("2.4"), a_weight("30"), draft=a_draft(FC, dose_mg="400"), birth=birth)
    assert ("ORD-12" in found) is speaks


@pytest.mark.req("ORD-13")
@pytest.mark.parametrize(
    ("draft", "site", "speaks"),
    [
        (DraftOrder(source=SOURCE, drug=FC), {}, True),
        (a_draft(FC, units="3"), {}, True),
        (a_draft(CRYO, dose_mg="2500"), {}, True),
        (a_draft(CRYO, doses="2"), {}, True),
        (a_draft(CRYO, ml="150"), {}, False),
        (a_draft(CRYO, ml="150"), IFC, True),
        (a_draft(CRYO, doses="2"), IFC, False),
        (a_draft(CRYO, units="2"), IFC, False),
    ],
)
def test_a_dose_that_cannot_be_read_was_not_checked(draft: DraftOrder, site: dict[str, Any], speaks: bool) -> None:
    assert (said(*LOW, draft=draft, site=site).get("ORD-13") == "info") is speaks


@pytest.mark.req("PRD-05", "ORD-03")
@pytest.mark.parametrize(
    ("draft", "unit", "speaks"),
    [
        (a_draft(CRYO, units="10"), "single", False),
        (a_draft(CRYO, units="10"), "pool", True),  # ten pools
        (a_draft(CRYO, units="2"), "pool", False),
        (a_draft(CRYO, donor_units="10"), "pool", False),
        (a_draft(CRYO, pools="3"), "single", True),
    ],
)
def test_a_bare_number_counts_what_the_blood_bank_calls_a_unit(draft: DraftOrder, unit: str, speaks: bool) -> None:
    assert ("ORD-03" in said(*LOW, draft=draft, site={"cryo_order_unit": unit})) is speaks


@pytest.mark.req("ORD-14")
@pytest.mark.parametrize(
    ("bedside", "words"),
    [(Bedside(), "consider a fibrinogen first"), (Bedside(bleeding=BleedingLevel.MAJOR), "send a fibrinogen with it")],
)
def test_a_draft_without_a_level(bedside: Bedside, words: str) -> None:
    picture = a_picture(a_weight("70"), crs=[a_crs(3)], draft_orders=[a_draft(FC)], bedside=bedside)
    findings = {f.rule: f for f in assess(picture, build_policy()).findings}
    assert (str(findings["ORD-14"].indicator), words in findings["ORD-14"].text) == ("info", True)
    assert "ORD-01" not in findings


def together(*drafts: DraftOrder, labs: tuple[LabResult, ...] = (*LOW, HCT), **more: Any) -> tuple[str, str]:
    picture = a_picture(*labs, crs=[a_crs(3)], draft_orders=list(drafts), **more)
    found = [f for f in assess(picture, build_policy(None, RIASTAP)).findings if f.rule == "ORD-11"]
    assert len(found) <= 1
    return (str(found[0].indicator), found[0].text) if found else ("", "")


def cryo(**amount: Any) -> DraftOrder:
    return replace(a_draft(CRYO, **amount), source="ServiceRequest/cryo")


@pytest.mark.req("ORD-11", "V32")
def test_two_full_doses_together_are_critical() -> None:
    """0.8 + 0.68 + 0.73 = 2.21, more than 1.5 + 0.5."""
    text = "Together about 2.21 g/L expected: cryoprecipitate 10 single-donor units and concentrate 3000 mg"
    assert together(cryo(), a_draft(FC)) == ("critical", text)


SMALL = a_draft(FC, dose_mg="1000")


@pytest.mark.req("ORD-11")
@pytest.mark.parametrize(
    ("drafts", "more", "indicator"),
    [
        ((a_draft(FC),), {}, ""),
        ((SMALL, cryo(units="2")), {}, "warning"),
        (
            (a_draft(FC, dose_mg="2000"), replace(a_draft(FC, dose_mg="2001"), source="MedicationRequest/b")),
            {},
            "critical",
        ),
        ((SMALL,), {"orders": [an_order(FC, 1, amount=Decimal(1000), unit="mg")]}, "warning"),
        ((SMALL,), {"orders": [an_order(FC, 1)]}, "warning"),
        ((SMALL,), {"exposures": [an_exposure(FC, 0.5, dose_mg=Decimal(1000))]}, "warning"),
        ((SMALL,), {"exposures": [an_exposure(FC, 2, dose_mg=Decimal(1000))]}, ""),
        ((SMALL,), {"orders": [an_order(FC, 1, source=SOURCE, amount=Decimal(9000), unit="mg")]}, ""),
        (
            (a_draft(FC),),
            {"orders": [an_order(CRYO, 2, state=OrderState.DRAFT, amount=Decimal(10), unit="unit")]},
            "critical",
        ),
        ((a_draft(Drug.HEPARIN),), {"orders": [an_order(CRYO, 2), an_order(FC, 1)]}, ""),
    ],
)
def test_orders_together(drafts: tuple[DraftOrder, ...], more: dict[str, Any], indicator: str) -> None:
    assert together(*drafts, **more)[0] == indicator


@pytest.mark.req("ORD-11")
@pytest.mark.parametrize(
    ("order", "same"),
    [
        ({"identifiers": ("urn:x|1",)}, True),
        ({"identifiers": ("urn:x|2",)}, False),
        ({"links": (SOURCE,)}, True),
        ({"links": (f"https://ehr.example.org/fhir/{SOURCE}",)}, True),
        ({"links": ("MedicationRequest/other",)}, False),
        ({"authored": before(minutes=64), "amount": Decimal(1000), "unit": "mg"}, True),
        ({"authored": before(minutes=66), "amount": Decimal(1000), "unit": "mg"}, False),
        ({"authored": before(minutes=60), "amount": Decimal(2000), "unit": "mg"}, False),
    ],
)
def test_one_thing_counts_once(order: dict[str, Any], same: bool) -> None:
    draft = replace(SMALL, identifiers=("urn:x|1",), authored=before(hours=1).at)
    found, _ = together(draft, orders=[an_order(FC, **order)])
    assert (found == "") is same


@pytest.mark.req("ORD-11")
def test_an_order_with_its_recorded_dose_is_the_dose() -> None:
    order = an_order(CRYO, 0.7, amount=Decimal(5), unit="unit")
    dose = an_exposure(CRYO, 0.5, units=Decimal(5), links=(order.source,))
    _, text = together(SMALL, orders=[order], exposures=[dose])
    assert text.count("cryoprecipitate") == 1


@pytest.mark.req("ORD-11")
def test_an_amount_that_cannot_be_read_makes_it_at_least() -> None:
    indicator, text = together(SMALL, orders=[an_order(CRYO, 1)])
    assert (indicator, "at least" in text, "expected" in text) == ("warning", True, False)


@pytest.mark.req("ORD-11", "ORD-12")
def test_the_amount_about_to_be_approved_is_judged_with_what_stands() -> None:
    standing = an_order(CRYO, 1, state=OrderState.DRAFT, amount=Decimal(10), unit="unit")
    assessment = assess(a_picture(*LOW, HCT, crs=[a_crs(3)], orders=[standing]), build_policy(None, RIASTAP))
    order = ProposedOrder(product=Product.FIBRINOGEN_CONCENTRATE, reason="", dose_mg=Decimal(3000))
    assert {(f.rule, str(f.indicator)) for f in amount_findings(assessment, order)} == {("ORD-11", "critical")}
    small = replace(order, dose_mg=Decimal("2.5"))
    assert "ORD-12" in {f.rule for f in amount_findings(assessment, small)}
