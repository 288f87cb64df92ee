"""The site's policy: the parameters of guideline 0.2 in force, what the site changed, and a hash over all of it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from smartapp.clinical.parameters import BY_NAME, PARAMETERS, PROFILES, Parameter


class PolicyError(ValueError):
    """A parameter that cannot be taken; the message is one sentence with the allowed range."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The parameters in force, by their names in guideline 0.2 (`replace_below.severe`), and what the site changed.

    Numbers are `Decimal` in the documented unit, lists tuples of words, flags bool. `overrides` holds what was given, as text
    or lists of text; `sha256` is over every value in force.
    """

    profile: str
    values: Mapping[str, Any]
    overrides: Mapping[str, Any]
    sha256: str

    def get(self, name: str) -> Any:
        """The value of a parameter; KeyError for a name that does not exist."""
        return self.values[name]


def build_policy(profile: str | None = None, overrides: Mapping[str, object] | None = None) -> SitePolicy:
    """The policy of a profile with a site's overrides, dotted (`replace_below.severe`) or nested as TOML gives them.

    `PolicyError` names an unknown parameter with the nearest known one, and a value out of bounds with the range.
    """
    given = dict(_flat(overrides or {}))
    chosen = str(given.pop("profile", profile or "trial_1_5"))
    _choice(BY_NAME["profile"], chosen)
    defaults: dict[str, Any] = {parameter.name: parameter.default for parameter in PARAMETERS} | {"profile": chosen}
    profiled = {name: _parsed(name, text) for name, text in PROFILES[chosen].items()}
    changed = {name: _parsed(name, value) for name, value in given.items()}
    values = defaults | profiled | changed
    _check_together(values)
    return SitePolicy(chosen, values, {name: _as_given(value) for name, value in changed.items()}, _digest(values))


def _flat(nested: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _parsed(name: str, value: object) -> Any:
    parameter = BY_NAME.get(name)
    if parameter is None:
        near = get_close_matches(name, BY_NAME, 1, 0.4)
        raise PolicyError(f"there is no parameter {name}" + (f"; did you mean {near[0]}?" if near else ""))
    return _PARSERS[parameter.kind](parameter, value)


def _number(parameter: Parameter, value: object) -> Decimal:
    if isinstance(value, bool):
        raise PolicyError(f"{parameter.name} is a number in {parameter.unit}, not {value}")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise PolicyError(f"{parameter.name} is a number in {parameter.unit}, not {value}") from None
    if not (number.is_finite() and parameter.low <= number <= parameter.high):
        raise PolicyError(f"{parameter.name} must be from {_text(parameter.low)} to {_text(parameter.high)} {parameter.unit}, not {value}")
    return number


def _choice(parameter: Parameter, value: object) -> str:
    if str(value) not in parameter.choices:
        raise PolicyError(f"{parameter.name} is one of {', '.join(parameter.choices)}, not {value}")
    return str(value)


def _flag(parameter: Parameter, value: object) -> bool:
    return _choice(parameter, str(value).lower()) == "true"


def _words(parameter: Parameter, value: object) -> tuple[str, ...]:
    words = _texts(parameter, value)
    for word in words:
        _choice(parameter, word)
    if not words or len(set(words)) != len(words):
        raise PolicyError(f"{parameter.name} lists each of {', '.join(parameter.choices)} at most once, and at least one")
    return words


def _texts(_: Parameter, value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else [value]
    return tuple(text for text in (str(item).strip() for item in items) if text)


_PARSERS = {"number": _number, "word": _choice, "flag": _flag, "words": _words, "texts": _texts}


def _check_together(values: Mapping[str, Any]) -> None:
    """Bounds between parameters (guideline 4.1)."""
    severe, t1, t2 = values["replace_below.severe"], values["t1_below"], values["t2_below"]
    if not t2 <= severe <= t1:
        raise PolicyError(f"replace_below.severe must be from t2_below ({_text(t2)}) to t1_below ({_text(t1)}) g/L, not {_text(severe)}")
    for name in ("replace_below.moderate", "replace_below.mild", "replace_below.none", "replace_below.unknown", "consider_below"):
        if values[name] > t1:
            raise PolicyError(f"{name} must be at most t1_below ({_text(t1)} g/L), not {_text(values[name])}")
    if values["trend_window_h.min"] > values["trend_window_h.max"]:
        raise PolicyError("trend_window_h.min must not be above trend_window_h.max")
    if values["window_days"] > values["window_extended_days"]:
        raise PolicyError("window_days must not be above window_extended_days")
    if values["order_status"] == "active" and values["order_intent"] != "order":
        raise PolicyError("order_status active is allowed only together with order_intent order")


def _digest(values: Mapping[str, Any]) -> str:
    lines = "\n".join(f"{name}={_as_given(value)}" for name, value in sorted(values.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _as_given(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, Decimal) else value


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
