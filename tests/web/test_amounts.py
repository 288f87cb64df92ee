"""Amounts as typed and as spelled."""

from decimal import Decimal

import pytest

from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.web.amounts import AmountRefused, in_letters, read_number


@pytest.mark.parametrize(
    ("typed", "number"), [("3000", "3000"), ("62,5", "62.5"), ("62.5", "62.5"), (" 3 000 ", "3000"), ("0,500", "0.5")]
)
def test_comma_and_point(typed: str, number: str) -> None:
    assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["1,000", "3.000", "12.000", "999,999", "1,2,3", "", "x", "٣", "-1", "1e3", "NaN"])
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused(typed: str) -> None:
    with pytest.raises(AmountRefused):
        read_number(typed)


@pytest.mark.parametrize(
    ("mg", "letters"),
    [
        (50, "fifty milligrams"),
        (999, "nine hundred and ninety-nine milligrams"),
        (1000, "one thousand milligrams"),
        (2150, "two thousand one hundred and fifty milligrams"),
        (14000, "fourteen thousand milligrams"),
    ],
)
def test_milligrams_in_letters(mg: int, letters: str) -> None:
    order = ProposedOrder(product=Product.FIBRINOGEN_CONCENTRATE, reason="", dose_mg=Decimal(mg))
    assert in_letters(order) == letters


@pytest.mark.parametrize(("units", "letters"), [(1, "one unit"), (10, "ten units")])
def test_units_in_letters(units: int, letters: str) -> None:
    assert in_letters(ProposedOrder(product=Product.CRYOPRECIPITATE, reason="", units=units)) == letters
