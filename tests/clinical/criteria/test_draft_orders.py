"""Amounts of orders that are being written (guideline 7a)."""

from decimal import Decimal

import pytest

from smartapp.clinical.criteria.draft_orders import amount_of
from smartapp.clinical.orders import DraftOrder
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
