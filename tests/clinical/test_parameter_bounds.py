"""At either bound of every number a site still gets an answer, and never a dose of nothing."""

from decimal import Decimal

import pytest

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.parameter_kinds import Parameter
from smartapp.clinical.parameters import PARAMETERS
from smartapp.clinical.policy import PolicyError
from tests import charts as c
from tests.clinical.rules.asked import assessed

NUMBERS = [parameter for parameter in PARAMETERS if parameter.kind == "number"]
BLEED = c.condition("bleed", "I61.9", 3)
CHARTS = (
    (c.patient("1990-01-10"), c.infusion(), c.weight("70"), c.crs(3), c.fibrinogen("0.8")),
    (c.patient("1990-01-10"), c.infusion(), c.weight("42"), c.crs(3), c.fibrinogen("1.4"), BLEED),
    (c.patient("2025-10-01"), c.infusion(), c.weight("5"), c.crs(2), c.fibrinogen("0.3")),
    (c.patient("2015-10-01"), c.infusion(), c.weight("39"), BLEED),
)


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda parameter: parameter.name)
def test_no_bound_gives_a_dose_of_nothing(parameter: Parameter) -> None:
    options = [option for bound in (parameter.low, parameter.high) for option in _options(parameter.name, bound)]
    amounts = [
        amount for option in options for amount in (option.dose_mg, option.units, option.pools, option.volume_ml)
    ]
    assert [amount for amount in amounts if amount is not None and amount <= 0] == []


def _options(name: str, value: Decimal) -> list[Option]:
    """What is proposed under it; nothing where the bound does not go with the other defaults."""
    try:
        return [option for chart in CHARTS for option in assessed(*chart, **{name: value}).options]
    except PolicyError:
        return []
