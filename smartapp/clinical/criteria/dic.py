"""The ISTH score for overt DIC (DIC-01)."""

from collections.abc import Callable
from decimal import Decimal

from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.criteria.recent import D_DIMER, PLATELETS, PT, upper_limit
from smartapp.clinical.derived_facts import Dic
from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.rule import Facts, Missing, Need

OVERT = 5
_MOST = {"platelets": 2, "d_dimer": 3, "pt": 2, "fibrinogen": 1}

FIBRINOGEN_BELOW = Decimal(1)  # g/L
_HUGE, _TINY = Decimal("1e9"), Decimal("1e-9")

Points = tuple[int, int]


def _read(facts: Facts) -> Dic:
    ranges = {
        "platelets": _of_result(facts.get(PLATELETS), _platelets),
        "d_dimer": _of_result(facts.get(D_DIMER), lambda result, value: _d_dimer(facts, result, value)),
        "pt": _of_result(facts.get(PT), lambda result, value: _pt(facts, result, value)),
        "fibrinogen": _fibrinogen(facts),
    }
    known = {name: points for name, points in ranges.items() if points is not None}
    low = sum(points[0] for points in known.values())
    high = sum(known[name][1] if name in known else most for name, most in _MOST.items())
    settled = len(known) == len(_MOST) and low == high
    return Dic(
        result="overt" if low >= OVERT else "not_overt" if high < OVERT else "incomplete",
        lowest=low,
        highest=high,
        score=low if settled else None,
        items=tuple((name, points[0]) for name, points in known.items() if points[0] == points[1]),
        missing=tuple(name for name in _MOST if name not in known),
    )


DIC: Need[Dic] = Need("dic", _read)
"""`missing` names an item without a fresh result, or (D-dimer, PT) without an upper limit to compare with."""


def _of_result(result: LabResult | Missing, points: Callable[[LabResult, Decimal], int | None]) -> Points | None:
    """The points of a result; a bound gives the range of points it leaves open."""
    if isinstance(result, Missing):
        return None
    ends = [points(result, value) for value in _ends(result)]
    known = [end for end in ends if end is not None]
    return (min(known), max(known)) if len(known) == len(ends) else None


def _ends(result: LabResult) -> tuple[Decimal, Decimal]:
    """The least and the greatest value that a result leaves possible."""
    value = result.value
    match result.comparator:
        case Comparator.BELOW:
            return Decimal(0), value - _TINY
        case Comparator.AT_MOST:
            return Decimal(0), value
        case Comparator.AT_LEAST:
            return value, _HUGE
        case Comparator.ABOVE:
            return value + _TINY, _HUGE
        case _:
            return value, value


def _platelets(_: LabResult, value: Decimal) -> int:
    return 0 if value >= 100 else 1 if value >= 50 else 2


def _d_dimer(facts: Facts, result: LabResult, value: Decimal) -> int | None:
    """Against the result's own limit only; without one it scores as missing."""
    if not result.upper_limit:
        return None
    moderate, strong = facts.policy.get("ddimer_moderate_x"), facts.policy.get("ddimer_strong_x")
    times = value / result.upper_limit
    return 0 if times < moderate else 2 if times <= strong else 3


def _pt(facts: Facts, result: LabResult, value: Decimal) -> int | None:
    limit = upper_limit(facts, result)
    if limit is None:
        return None
    above = value - limit
    return 0 if above < 3 else 1 if above < 6 else 2


def _fibrinogen(facts: Facts) -> Points | None:
    effective = facts.get(FIBRINOGEN)
    if isinstance(effective, Missing) or effective.result.low is not None:  # a range is not scored (DQ-25)
        return None
    points = 0 if effective.g_per_l >= FIBRINOGEN_BELOW else 1  # a bound counts as its value (DQ-04)
    return (points, points)
