"""Amounts as typed, with comma or point; an amount that can be read in two ways is not read at all.

`static/page.js` says the same while it is typed: tests/web/test_typed_amounts.py has both read one table.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.amount_slips import is_slip, meant_in_grams
from smartapp.clinical.derived_facts import Option
from smartapp.clinical.dosing import whole
from smartapp.clinical.orders import ProposedOrder
from smartapp.clinical.words import plain
from smartapp.web.problems import PageProblem

_SPACES = " \t\u00a0\u2009\u202f"
_GROUPED = re.compile(rf"[0-9]{{1,3}}(?:[{_SPACES}'’][0-9]{{3}})+(?:[.,][0-9]{{1,3}})?")
_SEPARATORS = re.compile(rf"[{_SPACES}'’]")
_NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,3})?")
_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_LONGEST = 20
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MG = "milligram"


class AmountRefused(PageProblem):
    """An amount that cannot be approved, and why."""

    status = 422
    title = "This amount cannot be approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountEntry:
    """How an option's amount is entered: the form's field, what it counts (`milligram`, `single-donor unit`, `pool`,
    `pathogen-reduced dose`), what was computed, the most that may be approved (None: no limit), and one vial in mg."""

    name: str
    counts: str
    computed: Decimal
    most: Decimal | None = None
    vial: Decimal | None = None

    def words(self, amount: Decimal) -> str:
        """`3000 mg`, `10 single-donor units`, `1 pool`."""
        if self.counts == MG:
            return f"{plain(amount)} mg"
        return f"{plain(amount)} {self.counts}{'' if amount == 1 else 's'}"


def entry_of(option: Option) -> AmountEntry | None:
    """How the amount of an option is entered; None where it has none to change (CRY-03: a volume only)."""
    if option.dose_mg is not None:
        return AmountEntry(name="dose_mg", counts=MG, computed=option.dose_mg, most=option.most_mg, vial=option.vial_mg)
    if option.doses is not None:
        most = None if option.cap_doses is None else Decimal(option.cap_doses)
        return AmountEntry(name="doses", counts="pathogen-reduced dose", computed=Decimal(option.doses), most=most)
    if option.in_pools and option.pools and option.units_per_pool:
        most = None if option.cap_units is None else Decimal(option.cap_units // option.units_per_pool)
        return AmountEntry(name="pools", counts="pool", computed=Decimal(option.pools), most=most)
    if option.units is not None:
        most = None if option.cap_units is None else Decimal(option.cap_units)
        return AmountEntry(name="units", counts="single-donor unit", computed=Decimal(option.units), most=most)
    return None


def read_number(text: str) -> Decimal:
    """`62,5` or `62.5`, thousands by spaces or apostrophes; `3,000` could be three or three thousand and is refused."""
    text = text.strip(_SPACES)
    if _GROUPED.fullmatch(text):
        text = _SEPARATORS.sub("", text)
    elif _TWO_WAYS.fullmatch(text):
        whole_part, part = re.split(r"[.,]", text)
        raise AmountRefused(
            f"{text} can be read as {whole_part} or as {whole_part}{part}.", "Write the amount without a separator."
        )
    if not _NUMBER.fullmatch(text):
        raise AmountRefused(
            f"{text[:_LONGEST] or 'An empty amount'} is not an amount.", "Write a number, such as 3000."
        )
    return Decimal(text.replace(",", "."))


def read_amount(entry: AmountEntry, text: str) -> Decimal:
    """The amount as typed; refused if it is nothing, no whole number, above this patient's cap, or a slip (ORD-12)."""
    amount = read_number(text)
    if amount <= 0:
        raise AmountRefused("The amount is zero.", "Write an amount, or press Not now.")
    if amount != int(amount) and not _is_slip_of_mg(entry, amount):
        raise AmountRefused(
            f"{entry.words(amount)} is not a whole number of {entry.counts}s.", f"Write whole {entry.counts}s."
        )
    if entry.most is not None and amount > entry.most:
        raise AmountRefused(
            f"{entry.words(amount)} is above the limit for this patient, {entry.words(entry.most)}.",
            f"Write at most {entry.words(entry.most)}.",
        )
    if is_slip(amount, entry.computed, entry.vial):
        raise AmountRefused(
            f"{entry.words(amount)} is far below the computed dose: {_meant(entry, amount)}", "Nothing was stored."
        )
    return amount


def _is_slip_of_mg(entry: AmountEntry, amount: Decimal) -> bool:
    """`2.5` typed for grams is told as that, not as a fraction of a milligram."""
    return entry.counts == MG and is_slip(amount, entry.computed, entry.vial)


def _meant(entry: AmountEntry, amount: Decimal) -> str:
    in_grams = meant_in_grams(amount, entry.computed) if entry.counts == MG else None
    if in_grams is not None:
        return f"did you mean {plain(in_grams)} mg ({plain(amount)} g)?"
    return f"{entry.words(entry.computed)} computed."


def echoed(entry: AmountEntry, text: str) -> str:
    """What the page says of an amount while it is typed: its number in letters, or why it cannot be approved."""
    try:
        return in_letters(entry, read_amount(entry, text))
    except AmountRefused as refused:
        return refused.what


def in_letters(entry: AmountEntry, amount: Decimal) -> str:
    """`three thousand milligrams, 3 vials`, `ten single-donor units`: an echo against a slipped digit."""
    if amount != int(amount):
        return ""
    words = f"{_letters(int(amount))} {entry.counts}{'' if amount == 1 else 's'}"
    vials = whole(amount / entry.vial) if entry.vial else 0
    return f"{words}, {vials} vial{'' if vials == 1 else 's'}" if vials else words


def amount_in(entry: AmountEntry, order: ProposedOrder) -> Decimal:
    """The amount of an order as it is entered."""
    amounts = {"dose_mg": order.dose_mg, "doses": order.doses, "pools": order.pools, "units": order.units}
    return Decimal(amounts[entry.name] or 0)


def _letters(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{_ONES[number // 100]} hundred" + (f" and {_letters(number % 100)}" if number % 100 else "")
    return f"{_letters(number // 1000)} thousand" + (f" {_letters(number % 1000)}" if number % 1000 else "")
