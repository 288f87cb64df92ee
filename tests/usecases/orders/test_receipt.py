"""A receipt holds what a decision rested on, and its values give the same advice again."""

from typing import Any

import pytest

from smartapp.usecases.orders.proposal import ProposalState
from smartapp.usecases.orders.receipt import Unreproducible, assessed_again, differences_from
from tests import charts as c
from tests.usecases.orders.clinician import Clinician


def receipts_of(clinician: Clinician) -> list[dict[str, Any]]:
    return [receipt for kept in clinician.receipts.kept.values() for receipt in kept]


@pytest.mark.req("FHIR-40")
def test_an_approval_leaves_one_receipt_of_what_was_decided_on_what() -> None:
    clinician = Clinician()
    view = clinician.written()
    (receipt,) = receipts_of(clinician)
    assert view.receipt == f"address-of-{view.id}"
    assert receipt["decided"]["action"] == "approved"
    assert receipt["decided"]["by"] == "Practitioner/7"
    assert receipt["decided"]["written"]["approved"]["resourceType"] == "MedicationRequest"
    assert receipt["patient"] == "Patient/P1"
    assert "3000 mg" in receipt["shown"]["order"]
    assert receipt["advice"]["action"] == "REPLACE"
    outcomes = {rule["rule"]: (rule["version"], rule["outcome"]) for rule in receipt["advice"]["rules"]}
    assert outcomes["REP-03"] == (2, "applies")


def test_the_records_it_rests_on_are_named_with_their_versions() -> None:
    clinician = Clinician()
    clinician.chart.resources[3]["meta"] = {"versionId": "7"}
    clinician.written()
    records = {record["reference"]: record["version"] for record in receipts_of(clinician)[0]["records"]}
    assert records["Observation/fib"] == "7"
    assert {"Observation/fib", "Observation/weight", "Procedure/cart"} <= records.keys()


def test_a_refusal_leaves_a_receipt_of_what_was_shown() -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    clinician.chart.resources.append(c.fibrinogen("1.9", hours_ago=0.1, id_="newer"))
    declined = clinician.use_case.decline(
        clinician.case, view.id, reason="need-more-info", comment="repeat is on its way"
    )
    (receipt,) = receipts_of(clinician)
    assert (declined.state, declined.receipt) == (ProposalState.DECLINED, f"address-of-{view.id}")
    assert receipt["decided"] | {"at": ""} == {
        "action": "declined",
        "at": "",
        "by": "Practitioner/7",
        "reason": "need-more-info",
    }
    assert receipt["advice"]["fibrinogen"]["g_per_l"] == "0.8"
    assert differences_from(receipt, assessed_again(receipt)) == ()


def test_a_second_refusal_leaves_no_second_receipt() -> None:
    clinician = Clinician()
    (view,) = clinician.offered()
    for _ in range(2):
        clinician.use_case.decline(clinician.case, view.id, reason="need-more-info", comment="")
    assert len(receipts_of(clinician)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"replace_below": {"moderate": "1.2"}},
        {"rules_off": ["PLT-03"]},
        {"crs_grade_codes": ["http://st-x.example|CRS"]},
    ],
)
def test_the_values_of_a_receipt_give_the_same_advice_again(settings: dict[str, Any]) -> None:
    clinician = Clinician(settings={"fc_product": "riastap", "cryo_available": False, **settings})
    clinician.chart.resources += [c.condition("bleed", "K92.0", 1), c.given("dose", "B02BB01", hours_ago=40)]
    clinician.written()
    (receipt,) = receipts_of(clinician)
    again = assessed_again(receipt)
    assert differences_from(receipt, again) == ()
    assert again.policy.sha256 == receipt["policy"]["sha256"]


def test_a_changed_value_gives_another_advice_and_is_named() -> None:
    clinician = Clinician()
    clinician.written()
    (receipt,) = receipts_of(clinician)
    receipt["picture"]["labs"]["fibrinogen"]["results"][0]["value"] = "1.4"
    assert "fibrinogen" in differences_from(receipt, assessed_again(receipt))


@pytest.mark.parametrize(
    "change",
    [
        lambda receipt: receipt.pop("picture"),
        lambda receipt: receipt["picture"].update(as_of="yesterday"),
        lambda receipt: receipt["picture"].update(zone="Nowhere/Land"),
        lambda receipt: receipt["policy"]["values"].update(unknown="1"),
        lambda receipt: receipt["picture"]["labs"].update(unobtainium={}),
    ],
)
def test_values_that_cannot_be_read_are_said(change: Any) -> None:
    clinician = Clinician()
    clinician.written()
    (receipt,) = receipts_of(clinician)
    change(receipt)
    with pytest.raises(Unreproducible, match="cannot be read"):
        assessed_again(receipt)


@pytest.mark.req("FHIR-49")
def test_the_provenance_names_the_receipt() -> None:
    clinician = Clinician()
    view = clinician.written()
    (provenance,) = clinician.writer.orders("Provenance")
    named = [entity["what"].get("identifier") for entity in provenance["entity"]]
    assert {"system": "https://app.example.org/receipt", "value": view.receipt} in named
