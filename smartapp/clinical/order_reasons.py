"""Why and how urgently something is ordered, in the words of whoever carries it out (PRD-05)."""

from dataclasses import replace

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Option, Tier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.orders import Priority, ProposedOrder
from smartapp.clinical.picture import BleedingLevel, Topic
from smartapp.clinical.terminology import CarTProduct
from smartapp.clinical.words import fibrinogen_words, standing_words

_SERIOUS = frozenset({BleedingLevel.SIGNIFICANT, BleedingLevel.MAJOR})
_BLEEDING = {
    BleedingLevel.NONE_RECORDED: "bleeding not recorded",
    BleedingLevel.NONE: "no bleeding (entered by hand)",
    BleedingLevel.MINOR: "minor bleeding",
    BleedingLevel.SIGNIFICANT: "significant bleeding",
    BleedingLevel.MAJOR: "major bleeding",
}
_PRIORITIES = {Indicator.CRITICAL: Priority.ASAP, Indicator.WARNING: Priority.URGENT, Indicator.INFO: Priority.ROUTINE}


def clinical_reason(assessment: Assessment) -> str:
    """`hypofibrinogenaemia 1.3 g/L, major bleeding, day 9 after tisagenlecleucel`."""
    return ", ".join(part for part in (_level(assessment), _bleeding(assessment), _day(assessment)) if part)


def _level(assessment: Assessment) -> str:
    effective = assessment.fibrinogen
    if effective is None:
        return "fibrinogen not known"
    name = "fibrinogen" if effective.tier is Tier.T0 else "hypofibrinogenaemia"
    return f"{name} {effective.result.comparator or ''}{fibrinogen_words(effective.g_per_l)} g/L"


def _bleeding(assessment: Assessment) -> str:
    unread = assessment.bleeding is BleedingLevel.NONE_RECORDED and Topic.CONDITIONS in assessment.picture.unread
    return "bleeding not known" if unread else _BLEEDING[assessment.bleeding]


def _day(assessment: Assessment) -> str:
    infusion = assessment.infusion
    if infusion is None or infusion.day is None:
        return ""
    known = infusion.product is not CarTProduct.UNKNOWN
    return f"day {infusion.day} after {infusion.product.value if known else 'CAR-T cells (product not identified)'}"


def _beside(assessment: Assessment) -> str:
    """What stands and was left standing by a deliberate press (REP-13)."""
    picture = assessment.picture
    left = [order for order in assessment.standing if order.source in picture.bedside.standing]
    return f"{standing_words(left, picture.zone)} (left standing: another order is wanted beside it)" if left else ""


def priority_of(assessment: Assessment) -> Priority:
    """Stat for significant or major bleeding with a critical finding, asap for another critical one, urgent for a warning."""
    critical = assessment.indicator is Indicator.CRITICAL
    return Priority.STAT if critical and assessment.bleeding in _SERIOUS else _PRIORITIES[assessment.indicator]


def fibrinogen_priority(assessment: Assessment) -> Priority:
    """Of a fibrinogen ordered because no level can be relied on (TX, DQ-17, DQ-21): asap, while bleeding stat."""
    return Priority.STAT if assessment.bleeding in _SERIOUS else Priority.ASAP


def stated(order: ProposedOrder, assessment: Assessment, option: Option) -> ProposedOrder:
    """The order with what it must say so that nobody has to guess: pools, priority, clinical reason, weight, the site's texts."""
    policy = assessment.policy.values
    return replace(
        order,
        pools=option.pools,
        units_per_pool=option.units_per_pool,
        in_pools=option.in_pools,
        doses=option.doses,
        priority=priority_of(assessment),
        clinical_reason=clinical_reason(assessment),
        weight_kg=assessment.weight.kg if assessment.weight else None,
        special_requirements=str(policy.get("special_requirements") or ""),
        contact=str(policy.get("order_contact") or ""),
        provisos=tuple(proviso.text for proviso in assessment.provisos),
        beside=_beside(assessment),
    )
