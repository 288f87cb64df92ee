"""Amounts as typed and as spelled."""

from decimal import Decimal

import pytest

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import Product, ProposedOrder
from smartapp.web.amounts import AmountRefused, check_dose, in_letters, read_number


@pytest.mark.parametrize(
    ("typed", "number"), [("3000", "3000"), ("62,5", "62.5"), ("62.5", "62.5"), (" 3 000 ", "3000"), ("0,500", "0.5")]
)
def test_comma_and_point(typed: str, number: str) -> None:
    assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["1,000", "3.000", "12.000", "999,999", "1,2,3", "", "x", "٣", "-1", "1e3", "NaN"])
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused(typed: str) -> None:
    with pytest.raises(AmountRefused):
        read_number(typed)


@pytest.mark.req("SAF-06", "FC-04")
@pytest.mark.parametrize(
    ("left", "amount", "fine"), [(None, 4000, True), (None, 4001, False), (3500, 3500, True), (3500, 3501, False)]
)
def test_an_amount_beyond_one_dose_or_the_day_is_refused(left: int | None, amount: int, fine: bool) -> None:
    day_left = None if left is None else Decimal(left)
    option = Option(
        product=Product.FIBRINOGEN_CONCENTRATE,
        preferred=True,
        why="",
        licence="",
        dose_mg=Decimal(3000),
        cap_mg=Decimal(4000),
        day_left_mg=day_left,
    )
    if fine:
        check_dose(option, Decimal(amount))
        return
    with pytest.raises(AmountRefused, match="above the limit"):
        check_dose(option, Decimal(amount))


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
