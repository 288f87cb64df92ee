"""Which fibrinogen result counts, what it may be used for, and its tier (guideline section 8, TIER-01)."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from smartapp.clinical.conclusions import EffectiveFibrinogen, NoFibrinogen, Tier
from smartapp.clinical.labs import Comparator, LabResult
from smartapp.clinical.picture import Gap, GapKind, Topic
from smartapp.clinical.policy import SitePolicy
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant

TIERED = (Variant.CLAUSS, Variant.DERIVED)
_CONFLICT = Decimal("0.3")
_TOGETHER = timedelta(minutes=15)
_CLAUSS_PREFERRED = timedelta(hours=12)
_HOUR = Decimal(3600)


def hours(span: timedelta) -> Decimal:
    """A span in hours, exact to the microsecond."""
    return Decimal(span // timedelta(microseconds=1)) / (1_000_000 * _HOUR)


def _usable(facts: Facts) -> tuple[LabResult, ...]:
    suspects = facts.picture.bedside.suspects
    series = facts.picture.series(Analyte.FIBRINOGEN)
    return tuple(r for r in reversed(series.results) if r.variant in TIERED and r.source not in suspects)


USABLE_FIBRINOGEN: Need[tuple[LabResult, ...]] = Need("fibrinogen_results", _usable)
"""Every result of a method that may be tiered, newest first; stale ones and bounds included."""


def _chosen(facts: Facts) -> tuple[LabResult, tuple[Gap, ...]] | Missing:
    """The newest result after DQ-07 (Clauss first) and DQ-08 (conflicts), and what had to be set aside."""
    results = facts.get(USABLE_FIBRINOGEN)
    if isinstance(results, Missing) or not results:
        return Missing(("fibrinogen",), "no usable fibrinogen result")
    newest, by_method = _method_first(results)
    same = _same_sample(newest, [result for result in results if result.variant == newest.variant])
    if same is None:
        return newest, by_method
    lower = min(newest, same, key=lambda result: result.value)
    return (lower, (*by_method, _conflict(newest, same, "the lower is used")))


CHOSEN_FIBRINOGEN = Need("chosen_fibrinogen", _chosen)


def _method_first(results: Sequence[LabResult]) -> tuple[LabResult, tuple[Gap, ...]]:
    newest = results[0]
    if newest.variant is Variant.CLAUSS:
        return newest, _against_derived(newest, results)
    clauss = next((r for r in results if r.variant is Variant.CLAUSS and abs(newest.collected.at - r.collected.at) <= _CLAUSS_PREFERRED), None)
    if clauss is None:
        return newest, ()
    differ = abs(clauss.value - newest.value) > _CONFLICT
    return clauss, ((_conflict(clauss, newest, "Clauss is used", "DQ-08"),) if differ else ())


def _against_derived(clauss: LabResult, results: Sequence[LabResult]) -> tuple[Gap, ...]:
    other = next((r for r in results if r.variant is Variant.DERIVED and abs(r.collected.at - clauss.collected.at) <= _TOGETHER), None)
    differ = other is not None and abs(other.value - clauss.value) > _CONFLICT
    return (_conflict(clauss, other, "Clauss is used"),) if differ and other is not None else ()


def _same_sample(newest: LabResult, others: Sequence[LabResult]) -> LabResult | None:
    return next(
        (
            other
            for other in others
            if other is not newest
            and newest.collected.at - other.collected.at <= _TOGETHER
            and abs(other.value - newest.value) > _CONFLICT
        ),
        None,
    )


def _conflict(one: LabResult, other: LabResult, verdict: str, rule: str = "DQ-08") -> Gap:
    text = f"Fibrinogen {one.reported} and {other.reported} at the same time disagree: {verdict}"
    return Gap(
        kind=GapKind.NOTED, rule=rule, text=text, source=other.source, topic=Topic.LABORATORY, analyte=Analyte.FIBRINOGEN, at=other.collected
    )


def tier_of(result: LabResult, policy: SitePolicy) -> Tier:
    """TIER-01 for a number, DQ-04 for a bound; TX where the bound does not tell."""
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
        return NoFibrinogen(why=_why_none(facts))
    result = chosen[0]
    age, tier = age_of(facts, result), tier_of(result, facts.policy)
    if age > facts.policy.get("fib_tier_max_age_h"):
        return NoFibrinogen(why="the newest fibrinogen is older than 24 h", last=result, last_tier=tier)
    if tier is Tier.TX:
        return NoFibrinogen(why=f"{result.reported} is a bound that does not tell the tier", last=result)
    return EffectiveFibrinogen(result=result, tier=tier, age_h=age, flags=_flags(facts, result, tier))


FIBRINOGEN_STATE: Need[EffectiveFibrinogen | NoFibrinogen] = Need("fibrinogen_state", _state)


def _why_none(facts: Facts) -> str:
    gap = facts.picture.unread.get(Topic.LABORATORY)
    if gap is not None:
        return gap.text
    refused = any(g.analyte is Analyte.FIBRINOGEN and g.kind is GapKind.UNREADABLE for g in facts.picture.gaps)
    return "fibrinogen results are recorded, but none could be read" if refused else "fibrinogen is not recorded"


def _flags(facts: Facts, result: LabResult, tier: Tier) -> tuple[str, ...]:
    flags = (
        ("tier_uncertain", tier is Tier.T2 and _uncertain(result, facts.policy)),
        ("preliminary", not result.is_final),
        ("derived", result.variant is Variant.DERIVED),
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
    found: list[Gap] = [] if isinstance(chosen, Missing) else list(chosen[1])
    if isinstance(state, NoFibrinogen):
        found.append(_no_fibrinogen(state))
    found += [_suspect(source, reason) for source, reason in sorted(facts.picture.bedside.suspects.items())]
    if isinstance(state, EffectiveFibrinogen) and not state.result.collected.has_time:
        found.append(_about(state.result, "DQ-02", "Only the date of collection is recorded: the age is uncertain by up to 24 h, no draft"))
    return tuple(found)


FIBRINOGEN_ISSUES: Need[tuple[Gap, ...]] = Need("fibrinogen_issues", _issues)


def _no_fibrinogen(state: NoFibrinogen) -> Gap:
    if state.last is None:
        return Gap(kind=GapKind.ABSENT, rule="DQ-16", text=f"No usable fibrinogen: {state.why}", topic=Topic.LABORATORY, analyte=Analyte.FIBRINOGEN)
    rule = "DQ-03" if state.last_tier is not None else "DQ-04"
    return _about(state.last, rule, f"No usable fibrinogen: {state.why} ({state.last.reported})")


def _about(result: LabResult, rule: str, text: str) -> Gap:
    return Gap(
        kind=GapKind.NOTED, rule=rule, text=text, source=result.source, topic=Topic.LABORATORY, analyte=Analyte.FIBRINOGEN, at=result.collected
    )


def _suspect(source: str, reason: str) -> Gap:
    text = f"Result marked suspect by the clinician ({reason or 'no reason given'}): not used"
    return Gap(kind=GapKind.NOTED, rule="DQ-10", text=text, source=source, topic=Topic.LABORATORY, analyte=Analyte.FIBRINOGEN)
