"""The site's policy: the parameters of guideline 0.2 in force, what the site changed, and a hash over all of it."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from smartapp.clinical.parameter_kinds import TEXT_MAX, Parameter
from smartapp.clinical.parameters import BY_NAME, PARAMETERS, PROFILES

_SHORTEST_ENTRY_H = 6
_RULE_ID = re.compile(r"[A-Z]{2,4}-\d{2}")
_MICROSECONDS = {"min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


class PolicyError(ValueError):
    """A parameter that cannot be taken; the message is one sentence with what is allowed."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The parameters in force, by their names in guideline 0.2 (`replace_below.severe`), and what the site changed.

    Numbers are `Decimal` in the documented unit, lists are tuples of words, flags are bool, a number not set is None.
    `overrides` is what was given, as text or lists of text; `sha256` is over every value in force.
    """

    profile: str
    values: Mapping[str, Any]
    overrides: Mapping[str, Any]
    sha256: str

    def get(self, name: str) -> Any:
        """The value of a parameter; KeyError for a name that does not exist."""
        return self.values[name]

    def span(self, name: str) -> timedelta:
        """The value of a parameter in minutes, hours or days, exact to the microsecond."""
        return timedelta(microseconds=int(self.values[name] * _MICROSECONDS[BY_NAME[name].unit]))


def build_policy(profile: str | None = None, overrides: Mapping[str, object] | None = None) -> SitePolicy:
    """The policy of a profile with a site's overrides, dotted (`replace_below.severe`) or nested as TOML gives them.

    A `profile` among the overrides wins over the argument; of one parameter given twice the later wins. `PolicyError`
    names an unknown parameter with the nearest known one, and a value out of bounds with the range.
    """
    given = dict(_flat(overrides or {}))
    chosen = _word(BY_NAME["profile"], given.pop("profile", profile or "trial_1_5"))
    defaults: dict[str, Any] = {parameter.name: parameter.default for parameter in PARAMETERS} | {"profile": chosen}
    profiled = {name: _parsed(name, text) for name, text in PROFILES[chosen].items()}
    changed = {name: _parsed(name, value) for name, value in given.items()}
    values = defaults | profiled | changed
    _check_together(values)
    return SitePolicy(chosen, values, {name: as_given(value) for name, value in changed.items()}, _digest(values))


def as_given(value: Any) -> Any:
    """A value in the text form of guideline 0.2: `1.5`, `true`, `fibryga`; a list as a list of words."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, Decimal) else value


def _flat(nested: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _parsed(name: str, value: object) -> Any:
    parameter = BY_NAME.get(name)
    if parameter is None:
        raise PolicyError(_unknown(name))
    return _PARSERS[parameter.kind](parameter, value)


def _unknown(name: str) -> str:
    members = [known for known in BY_NAME if known.startswith(f"{name}.")]
    if members:
        return f"{name} is a group: set one of its members, {', '.join(members)}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake in the settings

    near = get_close_matches(name, BY_NAME, 1, 0.4)
    return f"there is no parameter {name}" + (f"; the nearest is {near[0]}" if near else "")


def _number(parameter: Parameter, value: object) -> Decimal:
    number = _as_decimal(value)
    if number is None or not parameter.low <= number <= parameter.high:
        low, high = _text(parameter.low), _text(parameter.high)
        raise PolicyError(f"{parameter.name} must be a number from {low} to {high} ({parameter.unit}), not {value}")
    return number


def _as_decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and not isinstance(value, bool) else None


def _word(parameter: Parameter, value: object) -> str:
    if str(value) not in parameter.choices:
        raise PolicyError(f"{parameter.name} must be one of {', '.join(parameter.choices)}, not {value}")
    return str(value)


def _flag(parameter: Parameter, value: object) -> bool:
    return _word(parameter, str(value).lower()) == "true"


def _words(parameter: Parameter, value: object) -> tuple[str, ...]:
    words = tuple(_word(parameter, word) for word in _items(value))
    if not words or len(set(words)) != len(words):
        raise PolicyError(
            f"{parameter.name} must list at least one of {', '.join(parameter.choices)}, each at most once"
        )
    return words


def _texts(parameter: Parameter, value: object) -> tuple[str, ...]:
    texts, wanted, fits = _items(value), *_FORMS[parameter.name]
    for text in texts:
        if not fits(text):
            raise PolicyError(f"{parameter.name} must list {wanted}, not {text}")
    return texts


def _text_line(parameter: Parameter, value: object) -> str:
    line = str(value).strip()
    if len(line) > TEXT_MAX or not line.isprintable():
        raise PolicyError(
            f"{parameter.name} must be one line of at most {TEXT_MAX} characters, not {line[:TEXT_MAX]!r}"
        )
    return line


def _items(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return tuple(text for text in (str(item).strip() for item in items) if text)


_FORMS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "crs_grade_codes": ("codes as system|code", lambda text: all(text.partition("|"))),
    "rules_off": ("rule ids such as PLT-03", lambda text: _RULE_ID.fullmatch(text) is not None),
}
_PARSERS: Mapping[str, Callable[[Parameter, object], Any]] = {
    "number": _number,
    "word": _word,
    "flag": _flag,
    "words": _words,
    "texts": _texts,
    "text": _text_line,
}


def _check_together(values: Mapping[str, Any]) -> None:
    """Bounds between parameters (guideline 4.1; interfaces.md section 3 for the order's status)."""
    _check_order(values, "t2_below", "t1_below")
    severe, t1, t2 = values["replace_below.severe"], values["t1_below"], values["t2_below"]
    if not t2 <= severe <= t1:
        limits = f"from t2_below ({_text(t2)}) to t1_below ({_text(t1)}) g/L"
        raise PolicyError(f"replace_below.severe must be {limits}, not {_text(severe)}")
    for name in (
        "replace_below.moderate",
        "replace_below.mild",
        "replace_below.none",
        "replace_below.unknown",
        "consider_below",
    ):
        _check_order(values, name, "t1_below")
    _check_order(values, "trend_window_h.min", "trend_window_h.max")
    _check_order(values, "window_days", "window_extended_days")
    _check_order(values, "fib_dose_max_age_h", "fib_tier_max_age_h")
    _check_order(values, "ddimer_moderate_x", "ddimer_strong_x")
    if 0 < values["manual_entry_hours"] < _SHORTEST_ENTRY_H:
        raise PolicyError(f"manual_entry_hours must be 0 or a number from {_SHORTEST_ENTRY_H} to 24 (h)")
    if values["order_status"] == "active" and values["order_intent"] != "order":
        raise PolicyError("order_status may be active only together with order_intent order")


def _check_order(values: Mapping[str, Any], lower: str, upper: str) -> None:
    if values[lower] > values[upper]:
        raise PolicyError(f"{lower} must be at most {upper} ({_text(values[upper])}), not {_text(values[lower])}")


def _digest(values: Mapping[str, Any]) -> str:
    lines = "\n".join(f"{name}={as_given(value)}" for name, value in sorted(values.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
