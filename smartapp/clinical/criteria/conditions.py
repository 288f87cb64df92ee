"""Whether a recorded condition is active (guideline 9.7)."""

from smartapp.clinical.picture import ClinicalStatus, ConditionRecord
from smartapp.clinical.rule import Facts
from smartapp.clinical.terminology import ConditionKind


def is_abated(facts: Facts, condition: ConditionRecord) -> bool:
    """Whether it has come to an end by now; an end without a readable time counts."""
    return condition.has_abatement and (condition.abated is None or condition.abated.at <= facts.picture.as_of)


def is_active(facts: Facts, condition: ConditionRecord) -> bool:
    """Clinical status active or not stated, and not abated."""
    return condition.status is not ClinicalStatus.OVER and not is_abated(facts, condition)


def active(facts: Facts, kind: ConditionKind) -> list[ConditionRecord]:
    """The active conditions of one kind, in the order of their references."""
    found = [each for each in facts.picture.conditions if kind in each.kinds and is_active(facts, each)]
    return sorted(found, key=lambda condition: condition.source)
