"""The signs of IEC-HS that the guideline asks about (IEC-01, IEC-02); every number is unverified (HINES23, U)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from smartapp.clinical.criteria.conditions import active
from smartapp.clinical.criteria.infusion import INFUSION
from smartapp.clinical.criteria.recent import recent, surely_above, surely_at_least, surely_at_most, surely_below
from smartapp.clinical.derived_facts import Infusion
from smartapp.clinical.labs import LabResult
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, ConditionKind
from smartapp.clinical.words import in_words

PLATELETS_BELOW = Decimal(50)  # 10*9/L
NEUTROPHILS_BELOW = Decimal("0.5")  # 10*9/L
TRIGLYCERIDES_ABOVE = Decimal(265)  # mg/dL
_WITHIN = "iec_max_age_h"

FERRITIN = recent(Analyte.FERRITIN, _WITHIN)
BY_LIMIT = (  # how many times its own upper limit
    (recent(Analyte.ALT, _WITHIN), 5),
    (recent(Analyte.AST, _WITHIN), 5),
    (recent(Analyte.LDH, _WITHIN), 1),
)
_TRIGLYCERIDES = recent(Analyte.TRIGLYCERIDES, _WITHIN)
_COUNTS = (
    (recent(Analyte.PLATELETS, _WITHIN), PLATELETS_BELOW),
    (recent(Analyte.NEUTROPHILS, _WITHIN), NEUTROPHILS_BELOW),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign that is present, in words, and the record it rests on."""

    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IecHs:
    """The ferritin criterion, if it is met, and the other signs; `not_judged` are results without an upper limit."""

    ferritin: Sign | None
    signs: tuple[Sign, ...]
    not_judged: tuple[str, ...] = ()


@in_words.register
def _(found: IecHs) -> tuple[str, str]:
    signs = (*((found.ferritin,) if found.ferritin else ()), *found.signs)
    return "; ".join(sign.text for sign in signs) or "no sign present", signs[0].source if signs else ""


def _read(facts: Facts) -> IecHs | Missing:
    ferritin = facts.get(FERRITIN)
    if isinstance(ferritin, Missing):
        return ferritin
    signs = tuple(sign for find in _SIGNS for sign in find(facts))
    fresh = [result for need, _ in BY_LIMIT if not isinstance(result := facts.get(need), Missing)]
    not_judged = tuple(str(result.analyte) for result in fresh if result.upper_limit is None)
    return IecHs(ferritin=_high_ferritin(facts, ferritin), signs=signs, not_judged=not_judged)


IEC_HS: Need[IecHs] = Need("iec_hs", _read)
"""Missing without a ferritin of the last 48 h; F < 1.5 g/L is the rule's own condition."""


def _high_ferritin(facts: Facts, newest: LabResult) -> Sign | None:
    if surely_at_least(newest, facts.policy.get("ferritin_abs")):
        return Sign(f"ferritin {newest.reported}", newest.source)
    start = newest.collected.at - facts.policy.span("ferritin_double_h")
    earlier = facts.picture.series(Analyte.FERRITIN).between(start, newest.collected.at)
    half = earlier.latest(lambda each: _is_half(facts, each, newest))
    return None if half is None else Sign(f"ferritin {newest.reported}, at least twice {half.reported}", newest.source)


def _is_half(facts: Facts, earlier: LabResult, newest: LabResult) -> bool:
    usable = earlier.source not in facts.picture.bedside.suspects and earlier.collected.at < newest.collected.at
    return usable and surely_at_most(earlier, earlier.value) and surely_at_least(newest, 2 * earlier.value)


def _above_limit(facts: Facts) -> Iterator[Sign]:
    for need, times in BY_LIMIT:
        result = facts.get(need)
        limit = None if isinstance(result, Missing) else result.upper_limit
        if not isinstance(result, Missing) and limit is not None and surely_above(result, times * limit):
            words = f"{times} x its upper limit" if times > 1 else "its upper limit"
            yield Sign(f"{result.analyte.upper()} {result.reported}, above {words}", result.source)


def _new_cytopenia(facts: Facts) -> Iterator[Sign]:
    """Low now and not before the infusion; without a value before it is not counted."""
    for need, limit in _COUNTS:
        result = facts.get(need)
        if not isinstance(result, Missing) and surely_below(result, limit):
            before = _last_before_infusion(facts, result.analyte)
            if before is not None and surely_at_least(before, limit):
                yield Sign(f"new {result.analyte} {result.reported}", result.source)


def _last_before_infusion(facts: Facts, analyte: Analyte) -> LabResult | None:
    infusion, suspects = facts.get(INFUSION), facts.picture.bedside.suspects
    start = infusion.start if isinstance(infusion, Infusion) else None
    if start is None:
        return None
    return facts.picture.series(analyte).latest(lambda each: each.collected.at < start and each.source not in suspects)


def _high_triglycerides(facts: Facts) -> Iterator[Sign]:
    result = facts.get(_TRIGLYCERIDES)
    if not isinstance(result, Missing) and surely_above(result, TRIGLYCERIDES_ABOVE):
        yield Sign(f"triglycerides {result.reported}", result.source)


def _haemophagocytosis(facts: Facts) -> Iterator[Sign]:
    for condition in active(facts, ConditionKind.HAEMOPHAGOCYTOSIS):
        yield Sign(f"recorded: {condition.label}", condition.source)


_SIGNS: tuple[Callable[[Facts], Iterator[Sign]], ...] = (
    _above_limit,
    _new_cytopenia,
    _high_triglycerides,
    _haemophagocytosis,
)
