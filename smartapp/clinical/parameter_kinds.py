"""What a site parameter is, and the few kinds of it."""

from dataclasses import dataclass
from decimal import Decimal

TEXT_MAX = 120  # characters of a free text (guideline 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: its name, default and unit, what it may be, and how sure its default is.

    `kind` number has `low` and `high` (both allowed); word and flag have `choices`; words is a list of `choices`,
    texts a free list, text one line of at most `TEXT_MAX` characters.
    `status`: V, V2, U, P as in guideline section 0, or site. A default of None is "not set".
    """

    name: str
    default: object
    kind: str
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    choices: tuple[str, ...] = ()
    status: str = "P"
    note: str = ""


def number(
    name: str, default: str, unit: str, status: str = "P", *, low: str = "", high: str = "", note: str = ""
) -> Parameter:
    """A number with its unit; both bounds are allowed, a quarter and four times the default unless given."""
    value = Decimal(default)
    return Parameter(
        name=name,
        default=value,
        kind="number",
        unit=unit,
        low=Decimal(low) if low else value / 4,
        high=Decimal(high) if high else value * 4,
        status=status,
        note=note,
    )


def word(name: str, default: str, *choices: str, status: str = "P", note: str = "") -> Parameter:
    """One of a few words."""
    return Parameter(name=name, default=default, kind="word", choices=choices, status=status, note=note)


def flag(name: str, default: str, note: str = "", status: str = "P") -> Parameter:
    """True or false."""
    on = default == "true"
    return Parameter(name=name, default=on, kind="flag", choices=("true", "false"), status=status, note=note)


def listing(name: str, default: tuple[str, ...], *choices: str, status: str = "site", note: str = "") -> Parameter:
    """A list of `choices`, or of texts."""
    kind = "words" if choices else "texts"
    return Parameter(name=name, default=default, kind=kind, choices=choices, status=status, note=note)


def text(name: str, note: str) -> Parameter:
    """One line of the site's own words; none by default."""
    return Parameter(name=name, default="", kind="text", status="site", note=note)


def unset(name: str, low: str, high: str, unit: str, note: str) -> Parameter:
    """A number that a site may set and that has no default."""
    bounds = (Decimal(low), Decimal(high))
    return Parameter(
        name=name, default=None, kind="number", unit=unit, low=bounds[0], high=bounds[1], status="site", note=note
    )
