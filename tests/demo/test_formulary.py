"""What the order pad offers is coded, and an amount is a plain number or nothing."""

from decimal import Decimal

import pytest
from fhir.resources.R4B import get_fhir_model_class

from smartapp.demo.fhir_server import dump_json
from smartapp.demo.formulary import PRODUCTS, UNITS, Amount, Product, amount, draft_order, signed, with_amount
from tests.demo.conftest import NOW

CODES = {
    "fibryga": {"B02BB01", "68982-347"},
    "riastap": {"B02BB01", "63833-891"},
    "cryoprecipitate": {"256401009", "P9012"},
    "heparin": {"B01AB01"},
    "tranexamic-acid": {"B02AA02", "10691"},
    "tocilizumab": {"L04AC07", "612865"},
}


def a_draft(product: Product = PRODUCTS["fibryga"], given: Amount | None = None) -> dict[str, object]:
    given = given or Amount(Decimal(3000), "mg")
    return draft_order(product, given, patient="p", encounter="e", user="Practitioner/osei", now=NOW)


@pytest.mark.parametrize("key", PRODUCTS)
def test_every_product_is_named_and_coded(key: str) -> None:
    concept = PRODUCTS[key].concept()
    assert concept["text"]
    assert {coding["code"] for coding in concept["coding"]} == CODES[key]
    assert all(coding["system"] and coding["display"] for coding in concept["coding"])


@pytest.mark.parametrize("key", PRODUCTS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_draft_is_valid_r4(key: str, unit: str) -> None:
    draft = a_draft(PRODUCTS[key], Amount(Decimal("2.5"), unit))
    get_fhir_model_class("MedicationRequest").model_validate_json(dump_json(draft))
    assert (draft["status"], draft["intent"], draft["subject"]) == ("draft", "order", {"reference": "Patient/p"})
    assert f'"value":2.5,"unit":"{unit}"' in dump_json(draft)


@pytest.mark.parametrize(
    ("typed", "meant"), [("3000", "3000"), (" 2.5 ", "2.5"), ("2,5", "2.5"), ("3000000", "3000000"), ("1.125", "1.125")]
)
def test_an_amount_is_taken_as_typed(typed: str, meant: str) -> None:
    assert amount(typed, "mg") == Amount(Decimal(meant), "mg")


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("", "mg"),
        ("0", "mg"),
        ("-1", "mg"),
        ("3,000", "mg"),
        ("1e3", "mg"),
        ("three", "mg"),
        ("1" * 10, "mg"),
        ("1", "kg"),
    ],
)
def test_what_could_mean_something_else_is_no_amount(typed: str, unit: str) -> None:
    assert amount(typed, unit) is None


def test_a_changed_amount_takes_the_words_about_the_old_one_with_it() -> None:
    draft = {**a_draft(), "id": "pad-1", "note": [{"text": "3 vials"}]}
    changed = with_amount(draft, Amount(Decimal(4), "g"))
    assert (changed["id"], changed["medicationCodeableConcept"]) == ("pad-1", draft["medicationCodeableConcept"])
    assert "4 g" in dump_json(changed)
    assert "3000" not in dump_json(changed)
    assert "vials" not in dump_json(changed)


def test_a_signed_order_is_active_and_by_whoever_signed() -> None:
    order = signed({**a_draft(), "id": "pad-1", "intent": "proposal"}, "Practitioner/osei", NOW)
    assert "id" not in order
    assert (order["status"], order["intent"], order["authoredOn"]) == ("active", "order", "2026-03-01T08:00:00Z")
    assert order["requester"] == {"reference": "Practitioner/osei"}
