"""The bleeding level (BLD-01): the highest active one, or what the clinician set by hand."""

from datetime import timedelta

from smartapp.clinical.picture import BleedingLevel, ClinicalStatus, ConditionRecord, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import ConditionKind

_RECENT = timedelta(hours=48)
_ORDER = (BleedingLevel.MINOR, BleedingLevel.SIGNIFICANT, BleedingLevel.MAJOR)
SERIOUS = frozenset({BleedingLevel.SIGNIFICANT, BleedingLevel.MAJOR})


def _read(facts: Facts) -> BleedingLevel | Missing:
    if facts.picture.bedside.bleeding is not None:
        return facts.picture.bedside.bleeding
    levels = [level for level, _ in active_bleeds(facts)]
    if levels:
        return max(levels, key=_ORDER.index)
    if Topic.CONDITIONS in facts.picture.unread:
        return Missing(("bleeding",), "conditions could not be read completely, so bleeding is unknown")
    return BleedingLevel.NONE_RECORDED


BLEEDING: Need[BleedingLevel] = Need("bleeding", _read)


def active_bleeds(facts: Facts) -> list[tuple[BleedingLevel, ConditionRecord]]:
    """Each active bleed with its level."""
    graded = [(_level(condition), condition) for condition in facts.picture.conditions if _counts(facts, condition)]
    return [(level, condition) for level, condition in graded if level is not None]


def intracranial(facts: Facts) -> bool:
    """An active intracranial bleed (PLT-04)."""
    return any(ConditionKind.INTRACRANIAL_BLEED in condition.kinds for _, condition in active_bleeds(facts))


def haematuria(facts: Facts) -> bool:
    """An active haematuria (SAF-04)."""
    return any(ConditionKind.HAEMATURIA in condition.kinds for _, condition in active_bleeds(facts))


def _counts(facts: Facts, condition: ConditionRecord) -> bool:
    """Onset within 48 h even if resolved since, or still active however old."""
    if ConditionKind.BLEEDING_OTHER not in condition.kinds:
        return False
    onset = condition.onset
    if onset is not None and timedelta(0) <= onset.age(facts.picture.as_of) <= _RECENT:
        return True
    future = onset is not None and onset.at > facts.picture.as_of
    return condition.status is ClinicalStatus.ACTIVE and not condition.has_abatement and not future


def _level(condition: ConditionRecord) -> BleedingLevel | None:
    kinds, grade = condition.kinds, condition.grade or 0
    if ConditionKind.BLEEDING_MAJOR in kinds or condition.severe or grade >= 3:
        return BleedingLevel.MAJOR
    if ConditionKind.BLEEDING_SIGNIFICANT in kinds or grade == 2:
        return BleedingLevel.SIGNIFICANT
    if ConditionKind.BLEEDING_MINOR in kinds or grade == 1:
        return BleedingLevel.MINOR
    return None
