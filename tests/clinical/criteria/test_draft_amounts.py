"""Amounts of drafts in the product's own measure (guideline 7a, 0.2: 20 mg/mL and 1000 mg a vial; 15 mL a unit and 5 in a pool)."""

from decimal import Decimal

import pytest

from smartapp.clinical.criteria.draft_amounts import amount_in
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Drug

FC, CRYO = Drug.FIBRINOGEN_CONCENTRATE, Drug.CRYOPRECIPITATE


def draft(drug: Drug, **amounts: int) -> DraftOrder:
    return DraftOrder(source="MedicationRequest/x", drug=drug, **{name: Decimal(of) for name, of in amounts.items()})


@pytest.mark.req("ORD-03", "ORD-04", "ORD-13")
@pytest.mark.parametrize(
    ("order", "kg", "amount"),
    [
        (draft(FC, dose_mg=3000), 20, "3000 mg"),
        (draft(FC, dose_mg=3000, mg_per_kg=70), 20, "4400 mg"),  # two dosages of one draft
        (draft(FC, mg_per_kg=70), 20, "1400 mg"),
        (draft(FC, mg_per_kg=70), None, ""),
        (draft(FC), 20, ""),
        (draft(FC, ml=150), None, "3000 mg"),
        (draft(FC, vials=3), None, "3000 mg"),
        (draft(FC, vials=1, dose_mg=500), None, "1500 mg"),
        (draft(FC, units=3), None, ""),
        (draft(CRYO, units=4, pools=2), None, "14 single-donor units"),
        (draft(CRYO, pools=2), None, "2 pools"),
        (draft(CRYO, pools=1), None, "1 pool"),
        (draft(CRYO, ml=150), None, "10 single-donor units"),
        (draft(CRYO, donor_units=4, pools=1), None, "9 single-donor units"),
        (draft(CRYO, vials=2), None, ""),
        (draft(CRYO, mg_per_kg=70), 20, ""),
        (draft(Drug.HEPARIN, dose_mg=5), 20, ""),
    ],
)
def test_an_amount_is_read_in_the_product_s_own_measure(order: DraftOrder, kg: int | None, amount: str) -> None:
    found = amount_in(order, build_policy(), None if kg is None else Decimal(kg))
    assert (found.words if found else "") == amount


@pytest.mark.req("PRD-05")
def test_pools_count_their_units() -> None:
    found = amount_in(draft(CRYO, pools=2), build_policy(), None)
    assert found is not None
    assert (found.high, found.low) == (10, 10)
