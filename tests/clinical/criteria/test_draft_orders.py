"""Amounts of orders that are being written (guideline 7a)."""

from decimal import Decimal

import pytest

from smartapp.clinical.criteria.draft_orders import amount_of, in_own_measure
from smartapp.clinical.orders import DraftOrder
from smartapp.clinical.policy import build_policy
from smartapp.clinical.terminology import Drug

POOL = Decimal(5)


def draft(drug: Drug, **amounts: int) -> DraftOrder:
    return DraftOrder(source="MedicationRequest/x", drug=drug, **{name: Decimal(of) for name, of in amounts.items()})


@pytest.mark.req("ORD-03", "ORD-04")
@pytest.mark.parametrize(
    ("order", "weight", "amount"),
    [
        (draft(Drug.FIBRINOGEN_CONCENTRATE, dose_mg=3000, mg_per_kg=70), Decimal(20), Decimal(3000)),
        (draft(Drug.FIBRINOGEN_CONCENTRATE, mg_per_kg=70), Decimal(20), Decimal(1400)),
        (draft(Drug.FIBRINOGEN_CONCENTRATE, mg_per_kg=70), None, None),
        (draft(Drug.FIBRINOGEN_CONCENTRATE), Decimal(20), None),
        (draft(Drug.CRYOPRECIPITATE, units=4, pools=2), Decimal(20), Decimal(4)),
        (draft(Drug.CRYOPRECIPITATE, pools=2), Decimal(20), Decimal(10)),
        (draft(Drug.CRYOPRECIPITATE, mg_per_kg=70), Decimal(20), None),
    ],
)
def test_an_amount_is_read_in_the_product_s_own_measure(
    order: DraftOrder, weight: Decimal | None, amount: Decimal | None
) -> None:
    assert amount_of(order, weight, POOL) == amount


@pytest.mark.req("ORD-03", "ORD-04")
@pytest.mark.parametrize(
    ("order", "mg", "units"),
    [
        (draft(Drug.FIBRINOGEN_CONCENTRATE, ml=150), 3000, None),
        (draft(Drug.FIBRINOGEN_CONCENTRATE, vials=3), 3000, None),
        (draft(Drug.FIBRINOGEN_CONCENTRATE, vials=1, dose_mg=500), 1500, None),
        (draft(Drug.FIBRINOGEN_CONCENTRATE, units=3), None, 3),
        (draft(Drug.CRYOPRECIPITATE, ml=150), None, 10),
        (draft(Drug.CRYOPRECIPITATE, pools=2), None, 10),
        (draft(Drug.CRYOPRECIPITATE, donor_units=4, pools=1), None, 9),
        (draft(Drug.CRYOPRECIPITATE, vials=2), None, None),
    ],
)
def test_volumes_vials_and_pools_are_counted_in_the_product_s_own_measure(
    order: DraftOrder, mg: int | None, units: int | None
) -> None:
    """20 mg/mL and 1000 mg a vial; 15 mL a single-donor unit and 5 in a pool (guideline 0.2)."""
    own = in_own_measure(order, build_policy())
    assert (own.dose_mg, own.units) == (mg, units)
