"""The effective fibrinogen: how old the result is that counts, what it may be used for, and its tier (TIER-01)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import CHOSEN_FIBRINOGEN, about_fibrinogen
from smartapp.clinical.derived_facts import EffectiveFibrinogen, NoFibrinogen, Tier
from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant

READING_FLAGS = ("unit_assumed", "specimen_not_read")  # of the result itself (DQ-05, DQ-28)
_MICROSECONDS = Decimal(3_600_000_000)  # in an hour


def hours(span: timedelta) -> Decimal:
    """A span in hours, exact to the microsecond."""
    return Decimal(span // timedelta(microseconds=1)) / _MICROSECONDS


def tier_of(result: LabResult, policy: SitePolicy) -> Tier:
    """TIER-01 for a number, DQ-04 for a bound, DQ-25 for a range; TX where the bound or the two ends do not tell."""
    if result.low is not None:
        ends = {tier_of(replace(result, value=end, low=None), policy) for end in (result.low, result.value)}
        return ends.pop() if len(ends) == 1 else Tier.TX
    t1, t2, value = policy.get("t1_below"), policy.get("t2_below"), result.value
    match result.comparator:
        case None:
            return Tier.T0 if value >= t1 else Tier.T1 if value >= t2 else Tier.T2
        case Comparator.BELOW:
            return Tier.T2 if value <= t1 else Tier.TX
        case Comparator.AT_MOST:
            return Tier.T2 if value < t1 else Tier.TX
        case _:
            return Tier.T0 if value >= t1 else Tier.TX


def _uncertain(result: LabResult, policy: SitePolicy) -> bool:
    t2 = policy.get("t2_below")
    if result.comparator is Comparator.BELOW:
        return bool(result.value > t2)
    return result.comparator is Comparator.AT_MOST and bool(result.value >= t2)


def age_of(facts: Facts, result: LabResult) -> Decimal:
    """Hours since collection; a date alone counts from 00:00 local (DQ-02)."""
    return hours(facts.picture.as_of - result.collected.at)


def _state(facts: Facts) -> EffectiveFibrinogen | NoFibrinogen:
    chosen = facts.get(CHOSEN_FIBRINOGEN)
    if isinstance(chosen, Missing):
        return NoFibrinogen(why=_why_none(facts)[1])
    result = chosen.result
    age, tier = age_of(facts, result), tier_of(result, facts.policy)
    limit = facts.policy.get("fib_tier_max_age_h")
    if age > limit:
        return NoFibrinogen(
            why=f"the newest fibrinogen is older than {limit:f} h", last=result, last_tier=tier, last_age_h=age
        )
    if tier is Tier.TX:
        what = "bound" if result.low is None else "range"
        return NoFibrinogen(
            why=f"{result.reported} is a {what} that does not tell the tier", last=result, last_age_h=age
        )
    return EffectiveFibrinogen(
        result=result,
        tier=tier,
        age_h=age,
        flags=_flags(facts, result, tier),
        conflicts=tuple(other.source for other in chosen.aside),
    )


FIBRINOGEN_STATE: Need[EffectiveFibrinogen | NoFibrinogen] = Need("fibrinogen_state", _state)


def _why_none(facts: Facts) -> tuple[GapKind, str]:
    """Not read, not usable, perhaps among what was not read, or not recorded (FHIR-29)."""
    gap = facts.picture.unread.get(Topic.LABORATORY)
    if gap is not None:
        return gap.kind, gap.text
    refused = any(g.analyte is Analyte.FIBRINOGEN and g.kind is GapKind.UNREADABLE for g in facts.picture.gaps)
    if refused or len(facts.picture.series(Analyte.FIBRINOGEN)) > 0:
        return GapKind.UNREADABLE, "fibrinogen results are recorded, but none could be used"
    if any(_is_unread_result(gap) for gap in facts.picture.gaps):
        return GapKind.UNREADABLE, "a result that could not be read may be fibrinogen"
    return GapKind.ABSENT, "fibrinogen is not recorded"


def _is_unread_result(gap: Gap) -> bool:
    """A record that could not be read far enough to say what it measures."""
    return gap.kind is GapKind.UNREADABLE and gap.rule == "DQ-17" and gap.topic is Topic.LABORATORY


def _flags(facts: Facts, result: LabResult, tier: Tier) -> tuple[str, ...]:
    flags = (
        ("tier_uncertain", tier is Tier.T2 and _uncertain(result, facts.policy)),
        ("preliminary", not result.is_final),
        ("derived", result.variant is Variant.DERIVED),
        *((name, name in result.flags) for name in READING_FLAGS),
    )
    return tuple(name for name, holds in flags if holds)


def _effective(facts: Facts) -> EffectiveFibrinogen | Missing:
    state = facts.get(FIBRINOGEN_STATE)
    if isinstance(state, EffectiveFibrinogen):
        return state
    return Missing(("fibrinogen",), state.why if isinstance(state, NoFibrinogen) else "no fibrinogen")


FIBRINOGEN: Need[EffectiveFibrinogen] = Need("fibrinogen", _effective)


def _tier(facts: Facts) -> Tier:
    effective = facts.get(FIBRINOGEN)
    return Tier.TX if isinstance(effective, Missing) else effective.tier


TIER: Need[Tier] = Need("tier", _tier)


def _issues(facts: Facts) -> tuple[Gap, ...]:
    chosen = facts.get(CHOSEN_FIBRINOGEN)
    state = facts.get(FIBRINOGEN_STATE)
    found: list[Gap] = [] if isinstance(chosen, Missing) else list(chosen.issues)
    if isinstance(state, NoFibrinogen):
        found.append(_no_fibrinogen(facts, state))
    if isinstance(state, EffectiveFibrinogen) and not state.result.collected.has_time:
        found.append(
            about_fibrinogen(
                state.result,
                "DQ-02",
                "Only the date of collection is recorded: the age is uncertain by up to 24 h, no draft",
            )
        )
    return tuple(found)


FIBRINOGEN_ISSUES: Need[tuple[Gap, ...]] = Need("fibrinogen_issues", _issues)


def _no_fibrinogen(facts: Facts, state: NoFibrinogen) -> Gap:
    if state.last is None:
        return Gap(
            kind=_why_none(facts)[0],
            rule="DQ-16",
            text=f"No usable fibrinogen: {state.why}",
            topic=Topic.LABORATORY,
            analyte=Analyte.FIBRINOGEN,
        )
    rule = "DQ-03" if state.last_tier is not None else "DQ-04"
    return about_fibrinogen(state.last, rule, f"No usable fibrinogen: {state.why} ({state.last.reported})")
