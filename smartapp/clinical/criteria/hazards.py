"""What stands against replacement: thrombosis, allergy, overload, dysfibrinogenaemia (SAF-01, 02, 03, 05)."""

from datetime import timedelta

from smartapp.clinical.criteria.conditions import active
from smartapp.clinical.orders import Product
from smartapp.clinical.picture import Allergy, ConditionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Allergen, ConditionKind

_MONTH = timedelta(days=30)


def _thrombosis(facts: Facts) -> ConditionRecord | Missing | None:
    now = facts.picture.as_of
    found = active(facts, ConditionKind.THROMBOSIS)
    recent = [each for each in found if each.onset is None or each.onset.age(now) <= _MONTH]
    if recent:
        return max(recent, key=lambda each: (each.onset.at if each.onset else now, each.source))
    return _none_or_unread(facts, Topic.CONDITIONS, "thrombosis")


THROMBOSIS: Need[ConditionRecord | None] = Need("thrombosis", _thrombosis)
"""SAF-01: an active thrombosis with onset within 30 d; one without a date may be as recent."""


def _any_thrombosis(facts: Facts) -> ConditionRecord | Missing | None:
    found = active(facts, ConditionKind.THROMBOSIS)
    return found[0] if found else _none_or_unread(facts, Topic.CONDITIONS, "thrombosis")


ACTIVE_THROMBOSIS: Need[ConditionRecord | None] = Need("active_thrombosis", _any_thrombosis)
"""SAF-04: an active thrombosis, however long ago it began."""


def _overload(facts: Facts) -> ConditionRecord | Missing | None:
    found = active(facts, ConditionKind.FLUID_OVERLOAD)
    return found[0] if found else _none_or_unread(facts, Topic.CONDITIONS, "fluid_overload")


FLUID_OVERLOAD: Need[ConditionRecord | None] = Need("fluid_overload", _overload)


def _dysfibrinogenaemia(facts: Facts) -> ConditionRecord | Missing | None:
    found = active(facts, ConditionKind.DYSFIBRINOGENAEMIA)
    return found[0] if found else _none_or_unread(facts, Topic.CONDITIONS, "dysfibrinogenaemia")


DYSFIBRINOGENAEMIA: Need[ConditionRecord | None] = Need("dysfibrinogenaemia", _dysfibrinogenaemia)


def congenital(facts: Facts) -> ConditionRecord | None:
    """APP-06: an active congenital fibrinogen disorder."""
    found = active(facts, ConditionKind.CONGENITAL_FIBRINOGEN_DISORDER)
    return found[0] if found else None


def _allergies(facts: Facts) -> dict[Product, Allergy] | Missing:
    severe = sorted((each for each in facts.picture.allergies if each.severe), key=lambda allergy: allergy.source)
    plasma = next((a for a in severe if a.allergen is Allergen.PLASMA_DERIVED), None)
    named = next((a for a in severe if a.allergen is Allergen.NAMED_CONCENTRATE), None)
    blocked = {}
    if plasma or named:
        blocked[Product.FIBRINOGEN_CONCENTRATE] = plasma or named
    if plasma:
        blocked[Product.CRYOPRECIPITATE] = plasma
    if not blocked and Topic.ALLERGIES in facts.picture.unread:
        return Missing(("allergies",), "allergies could not be read completely")
    return {product: allergy for product, allergy in blocked.items() if allergy is not None}


BLOCKED_BY_ALLERGY: Need[dict[Product, Allergy]] = Need("allergies", _allergies)
"""SAF-02: which products an allergy forbids."""


def _none_or_unread(facts: Facts, topic: Topic, name: str) -> Missing | None:
    return Missing((name,), f"{topic} could not be read completely") if topic in facts.picture.unread else None
