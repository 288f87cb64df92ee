"""When the fibrinogen ordered with a dose is due (RCK-02)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.clinical.policy import build_policy
from smartapp.clinical.recheck_timing import recheck_timing
from tests.builders import NOW

FC = {"product": Product.FIBRINOGEN_CONCENTRATE, "volume_ml": Decimal(150), "max_rate_ml_per_min": Decimal(5)}
CRYO = {"product": Product.CRYOPRECIPITATE, "units": 10}
COMPLEX = {"product": Product.CRYOPRECIPITATE, "doses": 2}


@pytest.mark.req("RCK-02")
@pytest.mark.parametrize("order", [FC, CRYO, COMPLEX])
def test_by_default_the_order_names_the_event_and_no_clock_time(order: dict[str, Any]) -> None:
    timing = recheck_timing(ProposedOrder(reason="", **order), build_policy(), NOW)
    assert (timing.text, timing.planned) == ("1 h after the end of the infusion", None)


@pytest.mark.req("RCK-02", "FC-05")
@pytest.mark.parametrize(("order", "minutes"), [(FC, 30 + 60), (CRYO, 45 + 30 + 60), (COMPLEX, 30 + 60)])
def test_a_planned_time_counts_thawing_and_infusion(order: dict[str, Any], minutes: int) -> None:
    policy = build_policy(None, {"recheck_clock": "planned"})
    timing = recheck_timing(ProposedOrder(reason="", **order), policy, NOW)
    assert timing.planned == NOW + timedelta(minutes=minutes)
    assert timing.text.startswith("planned")
