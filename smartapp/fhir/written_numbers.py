"""Numbers in text: comma or point decimals, thousands, comparators; what can be read in two ways is not guessed (DQ-14, DQ-25)."""

import re
from decimal import Decimal
from typing import NamedTuple

_BETWEEN = "['’\u00a0\u2009\u202f ]"  # groups of three: thousands
_TEXT = re.compile(
    rf"(<=|>=|<|>)?\s*([0-9]{{1,3}}(?:{_BETWEEN}[0-9]{{3}})+(?![0-9])|[0-9]+)(?:[.,]([0-9]+))?(?![.,'’]?[0-9])(.*)",
    re.DOTALL,
)
_GAPS = re.compile(_BETWEEN)
_COMPARATORS = str.maketrans({"≤": "<=", "≥": ">="})
_TWO_WAY_DIGITS, _DECIMAL_FROM = 3, 4


class WrittenNumber(NamedTuple):
    """A comparator, the readings of the number (one, or two where a comma or point may stand for thousands), and the unit."""

    comparator: str
    readings: tuple[Decimal, ...]
    unit: str


def read_number(text: str) -> WrittenNumber | None:
    """`<0,9 g/L`; None for anything that does not begin with a number, or whose number no rule of writing explains."""
    match = _TEXT.fullmatch(text.strip().translate(_COMPARATORS))
    if match is None:
        return None
    comparator, whole, fraction, rest = match.groups()
    return WrittenNumber(comparator or "", _readings(_GAPS.sub("", whole), fraction), rest.strip())


def _readings(whole: str, fraction: str | None) -> tuple[Decimal, ...]:
    """A comma or point before exactly three digits may be decimal or stand for thousands, unless only one of the two can be."""
    if fraction is None:
        return (Decimal(whole),)
    decimal = Decimal(f"{whole}.{fraction}")
    is_two_way = len(fraction) == _TWO_WAY_DIGITS and int(whole) != 0 and len(whole) < _DECIMAL_FROM
    return (decimal, Decimal(whole + fraction)) if is_two_way else (decimal,)
