"""What stands (REP-13), what may have been given (REP-09, DQ-24), and what must be known first (guideline 10, *Provisos*)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.assessment import Assessment, assess
from smartapp.clinical.picture import (
    Bedside,
    BleedingLevel,
    ConditionRecord,
    OrderKind,
    OrderState,
    StandingOrder,
    Topic,
    WordedDose,
)
from smartapp.clinical.policy import build_policy
from smartapp.clinical.report import as_json
from smartapp.clinical.terminology import Allergen, ConditionKind, Drug
from tests.builders import (
    a_condition,
    a_crs,
    a_fibrinogen,
    a_picture,
    a_weight,
    an_allergy,
    an_exposure,
    an_infusion,
    an_order,
    before,
    unread,
)

CRYO, FC = Drug.CRYOPRECIPITATE, Drug.FIBRINOGEN_CONCENTRATE
MAJOR = Bedside(bleeding=BleedingLevel.MAJOR)


def told(*labs: Any, site: dict[str, Any] | None = None, **more: Any) -> Assessment:
    labs = labs or (a_fibrinogen("0.8"),)
    picture = a_picture(*labs, a_weight("70"), crs=[a_crs(3)], **more)
    return assess(picture, build_policy(None, site or {}))


def a_draft(hours_ago: float | None = 0.3, **more: Any) -> StandingOrder:
    defaults: dict[str, Any] = {
        "state": OrderState.DRAFT,
        "amount": Decimal(10),
        "unit": "unit",
        "by": "Dr Osei",
        "authored": None if hours_ago is None else before(hours=hours_ago),
    }
    return an_order(more.pop("drug", CRYO), 0, **(defaults | more))


def said(assessment: Assessment, rule: str) -> str:
    return next((str(f.indicator) for f in assessment.findings if f.rule == rule), "")


def blocks(assessment: Assessment, rule: str) -> bool:
    return rule in {blocker.rule for blocker in assessment.draft_blockers}


@pytest.mark.req("REP-13", "V27")
@pytest.mark.parametrize(
    ("order", "indicator"),
    [
        (a_draft(20 / 60), "info"),
        (a_draft(30 / 60), "info"),
        (a_draft(40 / 60), "warning"),
        (a_draft(24), "warning"),
        (a_draft(25), ""),
        (a_draft(None), "warning"),
        (a_draft(0.3, state=OrderState.ON_HOLD), "info"),
        (a_draft(5, state=OrderState.ACTIVE), "warning"),
        (a_draft(3, state=OrderState.ACTIVE), ""),  # REP-09's
        (a_draft(0.3, kind=OrderKind.SERVICE_REQUEST), "info"),
        (a_draft(0.3, kind=OrderKind.MEDICATION_STATEMENT), ""),
        (a_draft(0.3, drug=Drug.PLASMA), ""),
        (a_draft(0.3, state=OrderState.COMPLETED), ""),
    ],
)
def test_what_stands(order: StandingOrder, indicator: str) -> None:
    answer = told(orders=[order])
    assert (said(answer, "REP-13"), blocks(answer, "REP-13")) == (indicator, bool(indicator))
    assert (str(answer.action), str(answer.indicator)) == ("REPLACE", "critical")
    assert answer.draft_allowed is (not indicator and said(answer, "REP-09") == "")


@pytest.mark.req("REP-13")
def test_the_oldest_of_several_decides_and_each_is_named() -> None:
    answer = told(orders=[a_draft(0.1), a_draft(2, source="MedicationRequest/old", by="")])
    (finding,) = [f for f in answer.findings if f.rule == "REP-13"]
    assert str(finding.indicator) == "warning"
    assert "Cryoprecipitate 10 units drafted" in finding.text
    assert "by Dr Osei, not signed: sign or withdraw it first" in finding.text
    assert len(finding.evidence) == 2


@pytest.mark.req("REP-13")
def test_an_old_order_with_a_dose_since_does_not_stand() -> None:
    order = a_draft(5, state=OrderState.ACTIVE)
    assert said(told(orders=[order], exposures=[an_exposure(FC, 4.5)]), "REP-13") == ""
    assert said(told(orders=[order], exposures=[an_exposure(FC, 5.5)]), "REP-13") == "warning"


@pytest.mark.req("REP-13")
def test_one_press_more_lets_another_be_written_beside_it() -> None:
    order = a_draft()
    pressed = told(orders=[order], bedside=Bedside(standing=frozenset({order.source})))
    assert (blocks(pressed, "REP-13"), pressed.draft_allowed) == (False, True)
    assert "REP-13" in {proviso.rule for proviso in pressed.provisos}


@pytest.mark.req("REP-13")
def test_with_major_bleeding_it_is_a_proviso_and_never_a_blocker() -> None:
    answer = told(orders=[a_draft()], bedside=MAJOR)
    assert (blocks(answer, "REP-13"), answer.draft_allowed) == (False, True)
    assert "REP-13" in {proviso.rule for proviso in answer.provisos}


@pytest.mark.req("REP-13", "DQ-17")
def test_orders_that_could_not_be_read_are_not_none() -> None:
    answer = told(unread=unread(Topic.MEDICATION_REQUESTS))
    assert {o.rule: str(o.kind) for o in answer.outcomes}["REP-13"] == "cannot_tell"


@pytest.mark.req("REP-13")
def test_the_json_tells_all_that_stands() -> None:
    orders = [a_draft(0.3, ours=True), an_order(FC, 1, amount=Decimal(3000), unit="mg"), a_draft(30)]
    standing = as_json(told(orders=orders))["standing"]
    assert [(each["kind"], each["product"], each["amount"], each["unit"], each["ours"]) for each in standing] == [
        ("order", "fibrinogen_concentrate", "3000", "mg", False),
        ("draft", "cryoprecipitate", "10", "unit", True),
    ]
    assert standing[1]["by"] == "Dr Osei"


@pytest.mark.req("REP-09")
@pytest.mark.parametrize(
    ("order", "more", "blocked"),
    [
        (a_draft(2, state=OrderState.COMPLETED), {}, True),
        (a_draft(6, state=OrderState.COMPLETED), {"sample": 8}, True),
        (a_draft(6.1, state=OrderState.COMPLETED), {"sample": 8}, False),
        (a_draft(4, state=OrderState.COMPLETED), {}, False),  # before the sample of three hours ago
        (a_draft(2, state=OrderState.COMPLETED), {"exposures": [an_exposure(FC, 1.9)]}, True),  # its dose
        (a_draft(2, state=OrderState.DISPENSED, kind=OrderKind.MEDICATION_DISPENSE), {}, True),
        (
            a_draft(2, state=OrderState.DISPENSED, kind=OrderKind.MEDICATION_DISPENSE, drug=None, may_be_product=True),
            {},
            True,
        ),
        (a_draft(2, state=OrderState.COMPLETED, drug=Drug.PLASMA), {}, False),
    ],
)
def test_a_completed_order_or_a_dispense_may_have_been_given(
    order: StandingOrder, more: dict[str, Any], blocked: bool
) -> None:
    sample = more.pop("sample", 3) if "sample" in more else 3
    answer = told(a_fibrinogen("0.8", sample), orders=[order], **more)
    assert blocks(answer, "REP-09") is blocked
    if blocked and "exposures" not in more:
        (text,) = [b.text for b in answer.draft_blockers if b.rule == "REP-09"]
        assert "administration not recorded" in text


@pytest.mark.req("REP-09", "DQ-24")
@pytest.mark.parametrize(("drug", "words"), [(None, "may have been given"), (CRYO, "Product given at")])
def test_a_record_that_may_be_a_dose_is_looked_at_first(drug: Drug | None, words: str) -> None:
    dose = WordedDose(start=before(hours=1), source="Procedure/transfusion", label="cryo 10", drug=drug)
    answer = told(a_fibrinogen("0.8", 3), worded_doses=[dose])
    (text,) = [b.text for b in answer.draft_blockers if b.rule == "REP-09"]
    assert words in text
    assert said(answer, "REP-11") == ""


def everything(**more: Any) -> Assessment:
    """All that a proviso tells of, at once."""
    conditions: list[ConditionRecord] = [
        a_condition(ConditionKind.THROMBOSIS, hours_ago=240, label="DVT"),
        a_condition(ConditionKind.DYSFIBRINOGENAEMIA),
    ]
    doses = [an_exposure(FC, hours, dose_mg=Decimal(3000), label="Fibryga") for hours in (12, 10, 8)]
    labs = (a_fibrinogen("1.9", 13), a_fibrinogen("0.3", 7.5))
    return told(
        *labs,
        conditions=conditions,
        exposures=[*doses, an_exposure(FC, 5)],
        orders=[a_draft()],
        allergies=[an_allergy(Allergen.NAMED_CONCENTRATE)],
        **more,
    )


@pytest.mark.req("SAF-01", "SAF-02", "SAF-05", "REP-09", "REP-11", "REP-13", "RCK-01", "BLD-01")
def test_provisos_stand_in_the_order_of_the_guideline() -> None:
    rules = [proviso.rule for proviso in everything().provisos]
    order = ["DQ-21", "DQ-17", "SAF-02", "SAF-05", "SAF-01", "REP-09", "REP-13", "REP-11", "RCK-01", "DQ-22"]
    order += ["FC-04", "CRY-01", "CRY-06", "BLD-01", "CRS-03", "CRS-01"]
    assert rules == [rule for rule in order if rule in rules]
    assert {"SAF-02", "SAF-05", "SAF-01", "REP-09", "REP-13", "REP-11", "RCK-01", "BLD-01"} <= set(rules)
    texts = {proviso.rule: proviso.text for proviso in everything().provisos}
    assert texts["SAF-01"] == "ask haematology first: DVT 10 d ago"
    assert texts["SAF-02"].startswith("severe reaction to fibrinogen concentrate recorded; cryoprecipitate holds")


@pytest.mark.req("BLD-01", "REP-09", "SAF-01")
def test_without_a_dose_in_question_only_some_provisos_hold() -> None:
    answer = told(
        a_fibrinogen("2.4"),
        conditions=[a_condition(ConditionKind.THROMBOSIS)],
        orders=[a_draft()],
        exposures=[an_exposure(FC, hours) for hours in (3, 2, 0.5)],
    )
    assert str(answer.action) == "MONITOR"
    assert {proviso.rule for proviso in answer.provisos} == {"REP-11", "BLD-01"}


@pytest.mark.req("BLD-01")
@pytest.mark.parametrize(("bedside", "held"), [(Bedside(), True), (Bedside(bleeding=BleedingLevel.NONE), False)])
def test_bleeding_not_recorded_is_not_no_bleeding(bedside: Bedside, held: bool) -> None:
    assert ("BLD-01" in {p.rule for p in told(bedside=bedside).provisos}) is held


@pytest.mark.req("CRS-01", "DQ-24")
def test_a_grade_read_from_words_is_to_be_confirmed() -> None:
    picture = a_picture(a_fibrinogen("0.8"), a_weight("70"), crs=[a_crs(3, in_words=True)])
    texts = [p.text for p in assess(picture, build_policy()).provisos if p.rule == "CRS-01"]
    assert texts == ["CRS 3 read from words: confirm"]


@pytest.mark.req("APP-01")
@pytest.mark.parametrize(
    ("level", "indicator"), [("0.8", "warning"), ("1.2", "info"), ("2.4", "info")], ids=["low", "middle", "normal"]
)
def test_undated_evidence_warns_where_a_day_would_mean_replacement(level: str, indicator: str) -> None:
    picture = a_picture(a_fibrinogen(level), infusions=[an_infusion(strong=False, start=None)])
    answer = assess(picture, build_policy())
    assert (str(answer.action), str(answer.indicator)) == ("CANNOT_ASSESS", indicator)
    assert said(answer, "APP-01") == indicator


@pytest.mark.req("APP-01", "DQ-17")
def test_unread_records_of_an_infusion_are_a_warning() -> None:
    answer = assess(a_picture(infusions=[], unread=unread(Topic.PROCEDURES)), build_policy())
    assert (str(answer.action), str(answer.indicator), said(answer, "APP-01")) == (
        "CANNOT_ASSESS",
        "warning",
        "warning",
    )


@pytest.mark.req("DQ-24")
@pytest.mark.parametrize(("hours_ago", "told_of"), [(2, True), (30 * 24, True), (31 * 24, False)])
def test_crs_without_a_recognised_infusion_is_never_quiet(hours_ago: float, told_of: bool) -> None:
    answer = assess(a_picture(a_fibrinogen("2.4"), infusions=[], crs=[a_crs(2, hours_ago)]), build_policy())
    expected = ("CANNOT_ASSESS", "DQ-24") if told_of else ("NONE", "APP-01")
    assert (str(answer.action), answer.applicability.rule) == expected
    assert (said(answer, "DQ-24") == "info") is told_of
