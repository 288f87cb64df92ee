"""The weight for dosing (DQ-11) and the haematocrit for cryoprecipitate (DQ-13)."""

from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.criteria.age import AGE, younger
from smartapp.clinical.criteria.recent import CLOCK_SKEW, why_none
from smartapp.clinical.derived_facts import Weight
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
        fits = LIGHTEST <= by_hand <= HEAVIEST
        why = "" if fits else f"confirm weight: {by_hand:f} kg is out of range"
        at = facts.picture.as_of
        return Weight(kg=by_hand, source="entered at the bedside", measured=at, valid=fits, why_not=why, by_hand=True)
    ranked = _best_code(facts)
    if not ranked:
        return Missing(("weight",), why_no_weight(facts)[1])
    newest = ranked[-1]
    why = _why_not(facts, newest, ranked[:-1])
    return Weight(kg=newest.value, source=newest.source, measured=newest.collected.at, valid=not why, why_not=why)


WEIGHT: Need[Weight] = Need("weight", _read)


def _best_code(facts: Facts) -> list[LabResult]:
    usable = [
        r
        for r in facts.picture.series(Analyte.WEIGHT)
        if r.is_final and r.comparator is None and r.source not in facts.picture.bedside.suspects
    ]
    return next((same for variant in _RANKED if (same := [r for r in usable if r.variant is variant])), [])


def _why_not(facts: Facts, newest: LabResult, earlier: list[LabResult]) -> str:
    if not LIGHTEST <= newest.value <= HEAVIEST:
        return f"confirm weight: {newest.reported} is out of range"
    limit = "weight_max_age_d.child" if _is_child(facts) else "weight_max_age_d.adult"
    if newest.collected.age(facts.picture.as_of) > facts.policy.span(limit):
        return f"confirm weight: it was measured more than {facts.policy.get(limit):f} days ago"
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


def why_no_weight(facts: Facts) -> tuple[GapKind, str]:
    """Not read, not usable, or not recorded (FHIR-29)."""
    gap = facts.picture.unread.get(Topic.VITAL_SIGNS)
    if gap is not None:
        return gap.kind, gap.text
    read = any(each.analyte is Analyte.WEIGHT for each in facts.picture.gaps) or facts.picture.series(Analyte.WEIGHT)
    if read:
        return GapKind.UNREADABLE, "weights are recorded, but none could be used"
    return GapKind.ABSENT, "weight is not recorded"


def _issues(facts: Facts) -> tuple[Gap, ...]:
    weight = facts.get(WEIGHT)
    if isinstance(weight, Missing):
        return (_gap(why_no_weight(facts)[0], weight.why),)
    return () if weight.valid else (_gap(GapKind.NOTED, weight.why_not, weight.source),)


WEIGHT_ISSUES: Need[tuple[Gap, ...]] = Need("weight_issues", _issues)


def _gap(kind: GapKind, why: str, source: str = "") -> Gap:
    text = why[0].upper() + why[1:]
    return Gap(kind=kind, rule="DQ-11", text=text, source=source, topic=Topic.VITAL_SIGNS, analyte=Analyte.WEIGHT)


def _haematocrit(facts: Facts) -> LabResult | Missing:
    start = facts.picture.as_of - facts.policy.span("hct_max_age_h")
    suspects = facts.picture.bedside.suspects
    series = facts.picture.series(Analyte.HAEMATOCRIT).between(start, facts.picture.as_of + CLOCK_SKEW)
    newest = series.latest(lambda result: result.comparator is None and result.source not in suspects)
    if newest is not None:
        return newest
    return Missing(("haematocrit",), why_none(facts, Analyte.HAEMATOCRIT, "hct_max_age_h"))


HAEMATOCRIT: Need[LabResult] = Need("haematocrit", _haematocrit)
"""A fraction (0.28), DQ-13."""
