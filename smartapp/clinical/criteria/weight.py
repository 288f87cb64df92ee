"""The weight for dosing (DQ-11) and the haematocrit for cryoprecipitate (DQ-13)."""

from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.conclusions import Weight
from smartapp.clinical.criteria.age import AGE, younger
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant

LIGHTEST, HEAVIEST = Decimal("1.5"), Decimal(300)  # kg, DQ-11
_RANKED = (Variant.WEIGHT_MEASURED, Variant.WEIGHT_BODY, Variant.WEIGHT_ESTIMATED, Variant.WEIGHT_STATED)
_WEEK = timedelta(days=7)
_DIFFER = Decimal("0.15")


def _read(facts: Facts) -> Weight | Missing:
    by_hand = facts.picture.bedside.weight_kg
    if by_hand is not None:
        return Weight(kg=by_hand, source="entered at the bedside", measured=facts.picture.as_of, valid=True, by_hand=True)
    ranked = _best_code(facts)
    if not ranked:
        return Missing(("weight",), "weight is not recorded")
    newest = ranked[-1]
    why = _why_not(facts, newest, ranked[:-1])
    return Weight(kg=newest.value, source=newest.source, measured=newest.collected.at, valid=not why, why_not=why)


WEIGHT: Need[Weight] = Need("weight", _read)


def _best_code(facts: Facts) -> list[LabResult]:
    usable = [r for r in facts.picture.series(Analyte.WEIGHT) if r.is_final and r.comparator is None and r.source not in facts.picture.bedside.suspects]
    return next((same for variant in _RANKED if (same := [r for r in usable if r.variant is variant])), [])


def _why_not(facts: Facts, newest: LabResult, earlier: list[LabResult]) -> str:
    if not LIGHTEST <= newest.value <= HEAVIEST:
        return f"confirm weight: {newest.reported} is out of range"
    days = facts.policy.get("weight_max_age_d.child" if _is_child(facts) else "weight_max_age_d.adult")
    if newest.collected.age(facts.picture.as_of) > timedelta(days=float(days)):
        return f"confirm weight: it was measured more than {days:f} days ago"
    if newest.variant is Variant.WEIGHT_STATED:
        return "confirm weight: only a stated weight is recorded"
    if any(_contradicts(newest, other) for other in earlier):
        return "confirm weight: two weights within 7 days differ by more than 15 %"
    return ""


def _is_child(facts: Facts) -> bool:
    age = facts.get(AGE)
    return isinstance(age, Missing) or younger(age) < 18


def _contradicts(newest: LabResult, other: LabResult) -> bool:
    apart = newest.collected.at - other.collected.at
    return apart <= _WEEK and abs(newest.value - other.value) > _DIFFER * other.value


def _issues(facts: Facts) -> tuple[Gap, ...]:
    weight = facts.get(WEIGHT)
    if isinstance(weight, Missing):
        return (Gap(kind=GapKind.ABSENT, rule="DQ-11", text="Weight not recorded", topic=Topic.VITAL_SIGNS, analyte=Analyte.WEIGHT),)
    if weight.valid:
        return ()
    text = weight.why_not[0].upper() + weight.why_not[1:]
    return (Gap(kind=GapKind.NOTED, rule="DQ-11", text=text, source=weight.source, topic=Topic.VITAL_SIGNS, analyte=Analyte.WEIGHT),)


WEIGHT_ISSUES: Need[tuple[Gap, ...]] = Need("weight_issues", _issues)


def _haematocrit(facts: Facts) -> LabResult | Missing:
    start = facts.picture.as_of - timedelta(hours=float(facts.policy.get("hct_max_age_h")))
    suspects = facts.picture.bedside.suspects
    series = facts.picture.series(Analyte.HAEMATOCRIT).between(start, facts.picture.as_of)
    newest = series.latest(lambda result: result.comparator is None and result.source not in suspects)
    return newest if newest is not None else Missing(("haematocrit",), "no usable haematocrit of the last 48 h")


HAEMATOCRIT: Need[LabResult] = Need("haematocrit", _haematocrit)
"""A fraction (0.28), DQ-13."""
