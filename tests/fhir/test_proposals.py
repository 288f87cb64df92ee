"""What is written, checked by a second R4 validator (a third: test_third_validator.py), and what it says (FHIR-41, FHIR-42, CDS-48)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import fhirkit
import pytest

from smartapp.clinical.orders import Brand, Priority, Product, ProposedOrder
from smartapp.fhir.models import validated
from smartapp.fhir.proposals import (
    Ordering,
    RecheckClock,
    check_body,
    dose_text,
    order_body,
    recheck_body,
    write_order,
    write_recheck,
)

CONCENTRATE = ProposedOrder(
    product=Product.FIBRINOGEN_CONCENTRATE,
    brand=Brand.RIASTAP,
    reason="Fibrinogen 0.80 g/L, reported 0.8 g/L: replace",
    dose_mg=Decimal(3000),
    vials=3,
    volume_ml=Decimal(150),
    max_rate_ml_per_min=Decimal(5),
    basis="Observation/fib",
    supporting=("Observation/fib", "Observation/panel#component", "Condition/crs"),
    steps=("increment 1.5 - 0.8 = 0.7 g/L",),
    rules=(("REP-03", 1),),
)
CRYO = ProposedOrder(
    product=Product.CRYOPRECIPITATE,
    reason="low",
    units=3,
    volume_ml=Decimal(45),
    basis="Observation/fib",
    rules=(("REP-05", 1),),
)
WHOLE_POOLS = replace(CRYO, units=10, pools=2, units_per_pool=5, volume_ml=Decimal(150))
DOSES = replace(CRYO, units=None, volume_ml=None, doses=2)
BY_VOLUME = replace(CRYO, units=None, volume_ml=Decimal("112.5"))
ORDERING = Ordering(
    patient="P1",
    at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
    rules_url="https://app.example.org/rules",
    encounter="E1",
    requester="Practitioner/7",
    identifier=("https://app.example.org/proposal", "abc"),
)
AS_SERVICE = replace(ORDERING, component_resource="ServiceRequest")
PLANNED = replace(ORDERING, recheck_clock=RecheckClock.PLANNED)
ANONYMOUS = Ordering(patient="P1", at=ORDERING.at, rules_url=ORDERING.rules_url)


def errors_of(body: dict[str, Any]) -> list[Any]:
    """What the other validator has against it."""
    return [issue for issue in fhirkit.validate(json.dumps(body)) if issue.severity in ("error", "fatal")]


@pytest.mark.req("FHIR-42")
@pytest.mark.parametrize(
    "ordering", [ORDERING, AS_SERVICE, ANONYMOUS, PLANNED], ids=["medication", "service", "hook", "planned"]
)
@pytest.mark.parametrize(
    "order", [CONCENTRATE, CRYO, WHOLE_POOLS, DOSES, BY_VOLUME], ids=["concentrate", "cryo", "pools", "doses", "volume"]
)
def test_orders_are_valid_r4_to_a_second_validator(order: ProposedOrder, ordering: Ordering) -> None:
    assert errors_of(write_order(order, ordering)) == []
    assert errors_of(write_recheck(order, ordering)) == []


@pytest.mark.req("FHIR-41", "CDS-48")
def test_a_draft_proposal_is_the_default_and_no_requester_is_invented() -> None:
    order = write_order(CONCENTRATE, ANONYMOUS)
    assert (order["status"], order["intent"]) == ("draft", "proposal")
    assert not {"requester", "recorder", "encounter", "identifier"} & set(order)


@pytest.mark.req("FHIR-41")
def test_the_site_may_write_orders() -> None:
    order = write_order(CONCENTRATE, replace(ORDERING, status="active", intent="order"))
    assert (order["status"], order["intent"], order["requester"]) == (
        "active",
        "order",
        {"reference": "Practitioner/7"},
    )


@pytest.mark.req("FC-04", "FC-05", "V01")
def test_the_concentrates_dose_rate_and_words() -> None:
    (dosage,) = write_order(CONCENTRATE, ORDERING)["dosageInstruction"]
    (given,) = dosage["doseAndRate"]
    assert (given["doseQuantity"]["value"], given["doseQuantity"]["code"]) == (3000, "mg")
    assert (given["rateRange"]["high"]["value"], given["rateRange"]["high"]["code"]) == (5, "mL/min")
    assert dosage["text"] == (
        "Fibrinogen concentrate (RiaSTAP) 3000 mg intravenously, once; 3 vials; use the potency on the vial label; "
        "volume about 150 mL; no faster than 5 mL/min"
    )


@pytest.mark.req("CRY-01", "CRY-03", "CRY-06", "PRD-05")
@pytest.mark.parametrize(
    ("order", "quantity", "words"),
    [
        (
            CRYO,
            {"value": 3, "unit": "single-donor unit"},
            "Cryoprecipitate 3 single-donor units, about 45 mL, intravenously, once",
        ),
        (
            WHOLE_POOLS,
            {"value": 10, "unit": "single-donor unit"},
            "Cryoprecipitate 10 single-donor units (= 2 pools of 5), about 150 mL, intravenously, once",
        ),
        (
            replace(WHOLE_POOLS, units=7),
            {"value": 7, "unit": "single-donor unit"},
            "Cryoprecipitate 7 single-donor units, about 150 mL, intravenously, once",
        ),
        (
            replace(WHOLE_POOLS, in_pools=True),
            {"value": 2, "unit": "pool"},
            "Cryoprecipitate 2 pools (of 5 units each), about 150 mL, intravenously, once",
        ),
        (
            DOSES,
            {"value": 2, "unit": "dose"},
            "Pathogen-reduced cryoprecipitate (fibrinogen complex) 2 pathogen-reduced doses, intravenously, once",
        ),
        (
            BY_VOLUME,
            {"value": 112.5, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"},
            "Cryoprecipitate 112.5 mL, intravenously, once",
        ),
    ],
)
def test_cryoprecipitate_is_ordered_in_what_is_counted(
    order: ProposedOrder, quantity: dict[str, Any], words: str
) -> None:
    """In words without a code: no code tells a single-donor unit from a pool."""
    written = json.loads(json.dumps(write_order(order, ORDERING), default=float))
    (dosage,) = written["dosageInstruction"]
    assert (dosage["doseAndRate"][0]["doseQuantity"], dosage["text"]) == (quantity, words)
    assert json.loads(json.dumps(write_order(order, AS_SERVICE), default=float))["quantityQuantity"] == quantity


@pytest.mark.req("PRD-05")
def test_an_order_says_what_it_means() -> None:
    """Priority, clinical reason, weight, special requirements and whom to ring, on both kinds of order."""
    told = {
        "priority": Priority.STAT,
        "clinical_reason": "hypofibrinogenaemia 1.3 g/L, major bleeding, day 9 after tisagenlecleucel",
        "weight_kg": Decimal("70"),
        "special_requirements": "irradiated, CMV-negative",
        "contact": "BMT registrar, bleep 4417",
    }
    for written in (write_order(replace(CRYO, **told), ORDERING), write_order(replace(CRYO, **told), AS_SERVICE)):
        assert written["priority"] == "stat"
        assert written["reasonCode"] == [{"text": told["clinical_reason"]}]
        text = written["note"][0]["text"]
        for words in (
            "Weight 70 kg.",
            "Special requirements: irradiated, CMV-negative.",
            "Contact: BMT registrar, bleep 4417.",
        ):
            assert words in text


@pytest.mark.req("FHIR-42")
def test_a_site_may_send_cryoprecipitate_to_the_blood_bank_but_concentrate_stays_medication() -> None:
    assert write_order(CRYO, AS_SERVICE)["resourceType"] == "ServiceRequest"
    assert write_order(CONCENTRATE, AS_SERVICE)["resourceType"] == "MedicationRequest"
    assert write_order(CONCENTRATE, AS_SERVICE)["resourceType"] == "MedicationRequest"


@pytest.mark.req("FHIR-42")
def test_the_order_rests_on_records_and_rules() -> None:
    order = write_order(CONCENTRATE, ORDERING)
    supporting = [reference["reference"] for reference in order["supportingInformation"]]
    assert order["reasonReference"] == [{"reference": "Observation/fib"}]
    assert supporting == ["Observation/fib", "Observation/panel", "Condition/crs"]
    assert order["instantiatesUri"] == ["https://app.example.org/rules/REP-03#v1"]


@pytest.mark.req("FHIR-42", "REP-03")
def test_the_note_has_the_arithmetic_and_the_two_warnings() -> None:
    text = write_order(CONCENTRATE, ORDERING)["note"][0]["text"].lower()
    for words in (
        "proposal, needs signature",
        "increment 1.5 - 0.8 = 0.7 g/l",
        "rep-03 v1",
        "decision support",
        "verify before acting",
    ):
        assert words in text


@pytest.mark.req("RCK-01", "RCK-02")
def test_the_follow_up_is_a_clauss_fibrinogen_after_the_end_of_the_infusion() -> None:
    """By the event, without a clock time: never one hour after the click."""
    follow_up = write_recheck(CONCENTRATE, ORDERING)
    assert follow_up["code"]["coding"][0] == {"system": "http://loinc.org", "code": "3255-7"}
    assert follow_up["occurrenceTiming"] == {"code": {"text": "1 h after the end of the infusion"}}
    assert "occurrenceDateTime" not in follow_up
    assert follow_up["priority"] == "urgent"
    assert follow_up["identifier"][0]["value"] == "abc-recheck"


@pytest.mark.req("RCK-02")
@pytest.mark.parametrize(
    ("order", "due"),
    [
        (CONCENTRATE, "09:30"),  # 150 mL at 5 mL/min, and an hour
        (CRYO, "10:15"),  # thawing 45 min, infusion 30 min, and an hour
        (DOSES, "09:30"),  # ready at once, infusion 30 min, and an hour
    ],
    ids=["concentrate", "cryoprecipitate", "pathogen-reduced"],
)
def test_a_planned_follow_up_reckons_with_thawing_and_infusion(order: ProposedOrder, due: str) -> None:
    follow_up = write_recheck(order, replace(ORDERING, recheck_clock=RecheckClock.PLANNED))
    assert str(follow_up["occurrenceDateTime"]).startswith(f"2026-03-01T{due}:00")
    assert "occurrenceTiming" not in follow_up
    assert f"planned for 2026-03-01 {due} UTC, 1 h after the end of the infusion" in follow_up["note"][0]["text"]


@pytest.mark.req("FC-06")
def test_an_order_without_an_amount_has_no_invented_one() -> None:
    order = replace(CONCENTRATE, dose_mg=None, vials=None, volume_ml=None, max_rate_ml_per_min=None)
    assert "doseAndRate" not in write_order(order, ORDERING)["dosageInstruction"][0]
    assert "no amount" in dose_text(order)


def test_the_second_validator_does_refuse() -> None:
    order = write_order(CONCENTRATE, ORDERING)
    assert errors_of({**order, "authoredOn": "yesterday"})
    assert errors_of({name: value for name, value in order.items() if name != "subject"})


@pytest.mark.req("CDS-48", "FHIR-02")
@pytest.mark.parametrize("order", [CONCENTRATE, CRYO, BY_VOLUME], ids=["concentrate", "cryo", "by volume"])
@pytest.mark.parametrize("ordering", [ORDERING, AS_SERVICE, ANONYMOUS], ids=["named", "as service", "anonymous"])
def test_a_card_suggests_what_would_be_written(order: ProposedOrder, ordering: Ordering) -> None:
    assert order_body(order, ordering) == write_order(order, ordering)
    assert recheck_body(order, ordering) == write_recheck(order, ordering)
    check = check_body(ordering, ordering.at, "Fibrinogen often falls after tocilizumab")
    assert check == validated(check)
