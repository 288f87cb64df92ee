"""Drugs in use (COAG-04, SAF-04, DQ-10)."""

from typing import Any

import pytest

from smartapp.clinical.criteria.active_drugs import ANTICOAGULANT, MAY_READ_LOW_DRUG, TRANEXAMIC_ACID, ActiveDrug
from smartapp.clinical.picture import ClinicalStatus, OrderKind, Topic
from smartapp.clinical.rule import Missing, Need
from smartapp.clinical.terminology import ConditionKind, Drug
from tests.builders import a_condition, a_picture, an_exposure, an_order, facts_of, unread

HEPARIN, TXA, APIXABAN = Drug.HEPARIN, Drug.TRANEXAMIC_ACID, Drug.OTHER_ANTICOAGULANT


def in_use(need: Need[Any], **more: Any) -> bool:
    found = facts_of(a_picture(**more)).get(need)
    assert not isinstance(found, Missing)
    return found is not None


@pytest.mark.req("COAG-04", "SAF-04", "DQ-10")
@pytest.mark.parametrize(
    ("need", "drug"), [(ANTICOAGULANT, HEPARIN), (TRANEXAMIC_ACID, TXA), (MAY_READ_LOW_DRUG, HEPARIN)]
)
def test_a_drug_is_in_use_when_ordered_stated_or_running(need: Need[Any], drug: Drug) -> None:
    assert in_use(need, orders=[an_order(drug, 900)])
    assert in_use(need, orders=[an_order(drug, 9, kind=OrderKind.MEDICATION_STATEMENT)])
    assert not in_use(need, orders=[an_order(drug, 9, kind=OrderKind.SERVICE_REQUEST)])
    assert in_use(need, exposures=[an_exposure(drug, 9, running=True)])
    assert in_use(need, exposures=[an_exposure(drug, 0, running=True)])
    assert not in_use(need, exposures=[an_exposure(drug, 9)])
    assert not in_use(need, exposures=[an_exposure(drug, -1, running=True)])
    assert not in_use(need, orders=[an_order(Drug.VITAMIN_K)])


@pytest.mark.req("COAG-04")
@pytest.mark.parametrize(("status", "active"), [(ClinicalStatus.ACTIVE, True), (ClinicalStatus.OVER, False)])
def test_recorded_long_term_use_is_an_anticoagulant(status: ClinicalStatus, active: bool) -> None:
    use = a_condition(ConditionKind.ANTICOAGULANT_USE, status=status, hours_ago=9000)
    assert in_use(ANTICOAGULANT, conditions=[use]) is active
    assert not in_use(MAY_READ_LOW_DRUG, conditions=[use])


@pytest.mark.req("DQ-10")
@pytest.mark.parametrize(
    ("drug", "low"),
    [(HEPARIN, True), (Drug.ARGATROBAN, True), (Drug.BIVALIRUDIN, True), (Drug.DABIGATRAN, True), (APIXABAN, False)],
)
def test_some_anticoagulants_make_fibrinogen_read_low(drug: Drug, low: bool) -> None:
    assert in_use(MAY_READ_LOW_DRUG, orders=[an_order(drug)]) is low
    assert in_use(ANTICOAGULANT, orders=[an_order(drug)])


@pytest.mark.req("COAG-04")
def test_one_record_is_named_whatever_the_order() -> None:
    orders = [
        an_order(HEPARIN, 1, source="MedicationRequest/b"),
        an_order(APIXABAN, 2, source="MedicationRequest/a", label=""),
    ]
    for given in (orders, orders[::-1]):
        found = facts_of(a_picture(orders=given)).get(ANTICOAGULANT)
        assert found == ActiveDrug(label="anticoagulant", source="MedicationRequest/a")


@pytest.mark.req("COAG-04")
@pytest.mark.parametrize(("label", "words"), [("", "heparin"), ("Heparin 12 U/kg/h", "Heparin 12 U/kg/h")])
def test_a_running_drug_is_named_in_the_records_own_words(label: str, words: str) -> None:
    running = an_exposure(HEPARIN, 9, running=True, label=label, source="MedicationAdministration/h")
    found = facts_of(a_picture(exposures=[running])).get(ANTICOAGULANT)
    assert found == ActiveDrug(label=words, source="MedicationAdministration/h")


@pytest.mark.req("DQ-17")
@pytest.mark.parametrize(
    ("need", "topic", "unknown"),
    [
        (ANTICOAGULANT, Topic.MEDICATION_STATEMENTS, True),
        (ANTICOAGULANT, Topic.CONDITIONS, True),
        (TRANEXAMIC_ACID, Topic.MEDICATION_REQUESTS, True),
        (TRANEXAMIC_ACID, Topic.CONDITIONS, False),
        (MAY_READ_LOW_DRUG, Topic.ADMINISTRATIONS, True),
    ],
)
def test_what_was_not_read_is_unknown(need: Need[Any], topic: Topic, unknown: bool) -> None:
    assert isinstance(facts_of(a_picture(unread=unread(topic))).get(need), Missing) is unknown
