"""The set of risk modifiers (MOD-01), and the facts behind it: ICANS and invasive procedures."""

from collections.abc import Callable
from datetime import timedelta

from smartapp.clinical.criteria.age import AGE, younger
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.conditions import active
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.recent import PLATELETS, surely_below
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.criteria.trend import TREND
from smartapp.clinical.derived_facts import Modifier
from smartapp.clinical.picture import BleedingLevel, InvasiveProcedure, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import ConditionKind

_DAY = timedelta(hours=24)


def _icans(facts: Facts) -> int | Missing:
    grades = [condition.grade for condition in active(facts, ConditionKind.ICANS) if condition.grade is not None]
    if not grades and Topic.CONDITIONS in facts.picture.unread:
        return Missing(("icans",), "conditions could not be read completely, so ICANS is unknown")
    return max(grades, default=0)


ICANS: Need[int] = Need("icans", _icans)
"""The highest active ICANS grade; 0 if none is recorded."""


def _procedure(facts: Facts) -> InvasiveProcedure | Missing | None:
    near = [procedure for procedure in facts.picture.procedures if _is_near(facts, procedure)]
    if near:
        return min(near, key=lambda procedure: procedure.source)
    if Topic.SERVICE_REQUESTS in facts.picture.unread or Topic.PROCEDURES in facts.picture.unread:
        return Missing(("procedure",), "procedures could not be read completely")
    return None


PROCEDURE_24H: Need[InvasiveProcedure | None] = Need("invasive_procedure_24h", _procedure)


def _is_near(facts: Facts, procedure: InvasiveProcedure) -> bool:
    """From now to 24 h ahead, or in progress; one planned for today without a time may still be ahead."""
    at = procedure.at
    if procedure.in_progress or at is None:
        return procedure.in_progress
    zone = facts.picture.zone
    today = not at.has_time and at.local_date(zone) == facts.picture.as_of.astimezone(zone).date()
    return today or timedelta(0) <= at.at - facts.picture.as_of <= _DAY


def _young(facts: Facts) -> bool:
    age = facts.get(AGE)
    return not isinstance(age, Missing) and younger(age) < facts.policy.get("age_risk_lt")


def _trend(facts: Facts) -> bool:
    trend = facts.get(TREND)
    return not isinstance(trend, Missing) and trend.down


def _platelets(facts: Facts) -> bool:
    platelets = facts.get(PLATELETS)
    return not isinstance(platelets, Missing) and surely_below(platelets, facts.policy.get("platelet_risk_lt"))


def _severe_icans(facts: Facts) -> bool:
    grade = facts.get(ICANS)
    return not isinstance(grade, Missing) and grade >= facts.policy.get("icans_risk_ge")


def _near_procedure(facts: Facts) -> bool:
    return isinstance(facts.get(PROCEDURE_24H), InvasiveProcedure)


def _post_toci(facts: Facts) -> bool:
    dose = facts.get(POST_TOCI)
    return dose is not None and not isinstance(dose, Missing)


def _minor_bleeding(facts: Facts) -> bool:
    return facts.get(BLEEDING) is BleedingLevel.MINOR


def _overt_dic(facts: Facts) -> bool:
    dic = facts.get(DIC)
    return not isinstance(dic, Missing) and dic.result == "overt"


_HOLDS: tuple[tuple[Modifier, Callable[[Facts], bool]], ...] = (
    (Modifier.AGE_LT_10, _young),
    (Modifier.TREND_DOWN, _trend),
    (Modifier.PLATELETS_LT_50, _platelets),
    (Modifier.ICANS_GE_3, _severe_icans),
    (Modifier.INVASIVE_PROCEDURE_24H, _near_procedure),
    (Modifier.POST_TOCI, _post_toci),
    (Modifier.BLEEDING_MINOR, _minor_bleeding),
    (Modifier.DIC_OVERT, _overt_dic),
)


def _read(facts: Facts) -> tuple[Modifier, ...]:
    return tuple(modifier for modifier, holds in _HOLDS if holds(facts))


MODIFIERS: Need[tuple[Modifier, ...]] = Need("modifiers", _read)
"""The modifiers that are shown to hold, in a fixed order; one that cannot be told is not among them."""
