"""An amount so small that a unit or a decimal point slipped (ORD-12)."""

from decimal import Decimal

_TENTH, _HALF, _GRAM = Decimal(10), Decimal(2), Decimal(1000)


def is_slip(amount: Decimal, computed: Decimal, vial_mg: Decimal | None = None) -> bool:
    """At most a tenth of the computed dose or, where that is at least one vial (`vial_mg`), below half a vial.

    Both in the product's own measure: mg, single-donor units, pools or pathogen-reduced doses.
    """
    small = vial_mg is not None and computed >= vial_mg and amount * _HALF < vial_mg
    return small or amount * _TENTH <= computed


def meant_in_grams(amount: Decimal, computed: Decimal) -> Decimal | None:
    """The amount in mg that was meant, if what was typed fits as grams: between half and twice the computed dose; else None."""
    as_grams = amount * _GRAM
    return as_grams if computed <= as_grams * _HALF and as_grams <= computed * _HALF else None
