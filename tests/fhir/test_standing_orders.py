"""Orders, drafts, dispenses and statements that stand in a chart: state, amount, author, links (REP-09, REP-13, 9.7)."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.policy import build_policy
from smartapp.clinical.standing_orders import OrderKind, OrderState, StandingOrder
from smartapp.clinical.terminology import Drug
from smartapp.fhir.picture import read_picture
from tests import charts as c
from tests.fhir.reading import UTC, a_chart, picture_of

CRYO = {"coding": [{"system": "http://snomed.info/sct", "code": "256401009"}], "text": "Cryoprecipitate"}
HEPARIN = {"coding": [{"system": c.ATC, "code": "B01AB01"}]}


def request(status: str = "draft", medication: Any = CRYO, **more: Any) -> c.Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": status,
        "intent": "proposal",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": medication,
        "authoredOn": c.ago(minutes=20),
        **more,
    }


def dosage(*doses: Any) -> list[Any]:
    return [{"doseAndRate": [dose]} for dose in doses]


def only(*resources: c.Resource) -> StandingOrder:
    (order,) = picture_of(*resources).orders
    return order


@pytest.mark.req("REP-13", "REP-09")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("draft", OrderState.DRAFT),
        ("on-hold", OrderState.ON_HOLD),
        ("active", OrderState.ACTIVE),
        ("completed", OrderState.COMPLETED),
    ],
)
def test_an_order_for_a_fibrinogen_product_is_kept_in_every_state(status: str, state: OrderState) -> None:
    order = only(
        request(
            status,
            requester={"display": "Dr Osei"},
            identifier=[{"system": "http://x.test", "value": "7"}],
            priorPrescription={"reference": "MedicationRequest/old"},
        )
    )
    assert (order.state, order.drug, order.by) == (state, Drug.CRYOPRECIPITATE, "Dr Osei")
    assert (order.identifiers, order.links, order.ours) == (("http://x.test|7",), ("MedicationRequest/old",), False)


@pytest.mark.req("REP-13")
@pytest.mark.parametrize(
    "left_out",
    [
        request("cancelled"),
        request("stopped"),
        request("entered-in-error"),
        request(intent="option"),
        request(doNotPerform=True),
        request("draft", HEPARIN),
        request("completed", HEPARIN),
    ],
)
def test_what_is_over_optional_or_another_drug_s_draft_does_not_stand(left_out: c.Resource) -> None:
    assert picture_of(left_out).orders == ()


@pytest.mark.req("REP-13")
def test_an_order_under_this_app_s_own_identifier_system_is_ours() -> None:
    chart = a_chart(request(identifier=[{"system": "https://app.test/proposal", "value": "k"}]))
    picture = read_picture(chart, c.NOW, UTC, policy=build_policy(), proposal_system="https://app.test/proposal")
    assert picture.orders[0].ours


@pytest.mark.req("REP-09")
def test_a_dispense_stands_with_the_time_it_was_handed_over() -> None:
    dispense = {
        "resourceType": "MedicationDispense",
        "id": "d",
        "status": "completed",
        "subject": c.SUBJECT,
        "medicationCodeableConcept": CRYO,
        "whenPrepared": c.ago(hours=3),
        "whenHandedOver": c.ago(hours=2),
        "quantity": {"value": 10, "unit": "units"},
        "authorizingPrescription": [{"reference": "MedicationRequest/m"}],
    }
    order = only(dispense)
    assert (order.kind, order.state) == (OrderKind.MEDICATION_DISPENSE, OrderState.DISPENSED)
    assert order.authored is not None
    assert (c.NOW - order.authored.at).total_seconds() == 7200
    assert (order.amount, order.unit, order.links) == (Decimal(10), "unit", ("MedicationRequest/m",))


@pytest.mark.req("REP-13", "ORD-11")
@pytest.mark.parametrize(
    ("more", "amount", "unit"),
    [
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 3000, "code": "mg"}})}, "3000", "mg"),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 3, "unit": "g"}})}, "3000", "mg"),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 2, "unit": "pools"}})}, "2", "pool"),
        (
            {"dosageInstruction": dosage({"doseQuantity": {"value": 10, "unit": "single-donor unit"}})},
            "10",
            "single-donor unit",
        ),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 2, "code": "{dose}"}})}, "2", "dose"),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 150, "code": "mL"}})}, "150", "mL"),
        (
            {
                "dosageInstruction": dosage(
                    {"doseRange": {"low": {"value": 5, "unit": "units"}, "high": {"value": 10, "unit": "units"}}}
                )
            },
            "10",
            "unit",
        ),
        ({"dosageInstruction": dosage(*[{"doseQuantity": {"value": 1000, "code": "mg"}}] * 2)}, "2000", "mg"),
        ({"dispenseRequest": {"quantity": {"value": 3, "unit": "vials"}}}, "3", "vial"),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 1, "unit": "tablet"}})}, None, ""),
        ({"dosageInstruction": dosage({"doseQuantity": {"value": 1, "unit": "g", "comparator": "<"}})}, None, ""),
        (
            {
                "dosageInstruction": dosage(
                    {"doseQuantity": {"value": 1, "code": "mg"}}, {"doseQuantity": {"value": 1, "unit": "unit"}}
                )
            },
            None,
            "",
        ),
        ({}, None, ""),
    ],
)
def test_the_amount_is_read_from_every_form_that_tells_one(more: Any, amount: str | None, unit: str) -> None:
    order = only(request(**more))
    assert (order.amount, order.unit) == (Decimal(amount) if amount else None, unit)
