"""What the table of guideline 4.1 looks at (the rows themselves: tests/clinical/rules/test_replacement.py)."""

from decimal import Decimal

import pytest

from smartapp.clinical.criteria.decision import DECISION, DecisionInputs
from smartapp.clinical.derived_facts import Band
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.policy import build_policy
from smartapp.clinical.rule import Missing
from tests.builders import a_crs, a_fibrinogen, a_picture, facts_of


@pytest.mark.req("REP-12")
def test_without_a_level_nothing_is_below_anything() -> None:
    setting = DecisionInputs(
        fibrinogen=None, bleeding=BleedingLevel.NONE, band=Band.SEVERE, modifiers=(), policy=build_policy()
    )
    assert not setting.below(Decimal(20))


@pytest.mark.req("DQ-04", "REP-03", "REP-05")
@pytest.mark.parametrize(
    ("level", "site", "row"),
    [
        ("<1.3", {}, "REP-03"),
        ("<1.3", {"t2_below": "0.8"}, "REP-03"),
        ("<0.6", {"t2_below": "0.8"}, "REP-03"),
        (">1.6", {"t1_below": "2", "replace_below": {"severe": "2"}}, "REP-12"),
    ],
)
def test_a_bound_follows_its_tier(level: str, site: dict[str, object], row: str) -> None:
    found = facts_of(a_picture(a_fibrinogen(level), crs=[a_crs(3)]), None, **site).get(DECISION)
    assert not isinstance(found, Missing)
    assert found.row == row
