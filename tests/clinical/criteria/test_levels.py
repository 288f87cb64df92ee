"""The fibrinogen levels at which an answer can turn."""

from decimal import Decimal

import pytest

from smartapp.clinical.criteria.levels import fibrinogen_limits
from tests.builders import a_fibrinogen, a_picture, facts_of


@pytest.mark.req("TRD-01", "DQ-08", "TIER-01")
def test_an_earlier_result_sets_levels_of_its_own() -> None:
    """2.0 g/L: a fall by 25 % or 0.5 g/L (guideline 0.2) and a conflict of 0.3 g/L."""
    alone = set(fibrinogen_limits(facts_of(a_picture())))
    beside = set(fibrinogen_limits(facts_of(a_picture(a_fibrinogen("2.07", 5)))))
    assert beside - alone == {Decimal("2.07"), Decimal("1.5525"), Decimal("1.57"), Decimal("1.77"), Decimal("2.37")}
    assert {Decimal("1.0"), Decimal("1.5"), Decimal("2.0")} <= alone


@pytest.mark.req("TRD-01")
def test_no_level_is_below_nothing() -> None:
    limits = fibrinogen_limits(facts_of(a_picture(a_fibrinogen("0.5", 5))))
    assert limits[0] == 0
    assert limits == tuple(sorted(set(limits)))
