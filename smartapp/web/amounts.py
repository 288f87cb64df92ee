"""Amounts as typed, with comma or point; an amount that can be read in two ways is not read at all."""

import re
from decimal import Decimal

from smartapp.clinical.derived_facts import Option
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.words import plain
from smartapp.web.problems import PageProblem

_NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,3})?")
_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


class AmountRefused(PageProblem):
    """An amount that cannot be approved, and why."""

    status = 422
    title = "This amount cannot be approved"


def read_number(text: str) -> Decimal:
    """`62,5` or `62.5`; `3,000` could be three or three thousand and is refused."""
    text = text.strip().replace("\u00a0", "").replace(" ", "")
    if _TWO_WAYS.fullmatch(text):
        whole, part = re.split(r"[.,]", text)
        raise AmountRefused(
            f"{text} can be read as {whole} or as {whole}{part}.", "Write the amount without a separator."
        )
    if not _NUMBER.fullmatch(text):
        raise AmountRefused(f"{text[:20] or 'An empty amount'} is not an amount.", "Write a number, such as 3000.")
    return Decimal(text.replace(",", "."))


def check_dose(option: Option, amount: Decimal) -> None:
    """Refuse an amount that is nothing, no whole number of units, or above this patient's cap."""
    by_mass = option.dose_mg is not None
    cap = option.most_mg if by_mass else None if option.cap_units is None else Decimal(option.cap_units)
    unit = "mg" if by_mass else "units"
    if amount <= 0:
        raise AmountRefused("The amount is zero.", "Write an amount, or press Not now.")
    if not by_mass and amount != int(amount):
        raise AmountRefused(f"{plain(amount)} units is not a whole number of units.", "Write whole units.")
    if cap is not None and amount > cap:
        raise AmountRefused(
            f"{plain(amount)} {unit} is above the limit for this patient, {plain(cap)} {unit}.",
            f"Write at most {plain(cap)} {unit}.",
        )


def in_letters(order: ProposedOrder) -> str:
    """`three thousand milligrams`, `ten units`: an echo against a slipped digit."""
    if order.dose_mg is not None:
        return f"{_letters(int(order.dose_mg))} milligrams" if order.dose_mg == int(order.dose_mg) else ""
    return f"{_letters(order.units)} unit{'s' if order.units != 1 else ''}" if order.units is not None else ""


def _letters(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{_ONES[number // 100]} hundred" + (f" and {_letters(number % 100)}" if number % 100 else "")
    return f"{_letters(number // 1000)} thousand" + (f" {_letters(number % 1000)}" if number % 1000 else "")
