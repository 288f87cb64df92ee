"""Amounts as typed and as spelled."""

from decimal import Decimal
from typing import Any

import pytest

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import Product
from smartapp.web.amounts import MG, AmountEntry, AmountRefused, entry_of, in_letters, read_amount, read_number


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
    entry = entry_of(an_option(dose_mg=Decimal(3000), cap_mg=Decimal(4000), day_left_mg=day_left))
    assert entry is not None
    if fine:
        assert read_amount(entry, str(amount)) == amount
        return
    with pytest.raises(AmountRefused, match="above the limit"):
        read_amount(entry, str(amount))


def an_option(**amounts: Any) -> Option:
    return Option(product=Product.FIBRINOGEN_CONCENTRATE, preferred=True, why="", licence="", **amounts)


@pytest.mark.req("PRD-05", "CRY-06")
@pytest.mark.parametrize(
    ("amounts", "name", "most"),
    [
        ({"units": 10, "pools": 2, "units_per_pool": 5, "cap_units": 10}, "units", 10),
        ({"units": 10, "pools": 2, "units_per_pool": 5, "in_pools": True, "cap_units": 10}, "pools", 2),
        ({"units": 8, "pools": 2, "units_per_pool": 4, "in_pools": True, "cap_units": 10}, "pools", 2),
        ({"doses": 2, "cap_doses": 2}, "doses", 2),
        ({"units": 3}, "units", None),
    ],
)
def test_an_amount_is_entered_in_what_the_blood_bank_counts(
    amounts: dict[str, Any], name: str, most: int | None
) -> None:
    """interfaces.md section 4: the fields `units`, `pools` and `doses`."""
    entry = entry_of(an_option(**amounts))
    assert entry is not None
    assert (entry.name, entry.most) == (name, most)


@pytest.mark.req("CRY-03")
def test_a_volume_alone_is_not_entered() -> None:
    assert entry_of(an_option(volume_ml=Decimal(300))) is None


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
    entry = AmountEntry(name="dose_mg", counts=MG, computed=Decimal(3000))
    assert in_letters(entry, Decimal(mg)) == letters


@pytest.mark.parametrize(("units", "letters"), [(1, "one single-donor unit"), (10, "ten single-donor units")])
def test_units_in_letters(units: int, letters: str) -> None:
    entry = AmountEntry(name="units", counts="single-donor unit", computed=Decimal(10))
    assert in_letters(entry, Decimal(units)) == letters
