"""The bleeding level (BLD-01): the highest active one, or what the clinician set by hand."""

from datetime import timedelta

from smartapp.clinical.criteria.conditions import is_abated, is_active
from smartapp.clinical.picture import BleedingLevel, ClinicalStatus, ConditionRecord, Gap, GapKind, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import ConditionKind

_RECENT = timedelta(hours=48)
_ORDER = (BleedingLevel.MINOR, BleedingLevel.SIGNIFICANT, BleedingLevel.MAJOR)
_BLEEDS = frozenset(
    {
        ConditionKind.BLEEDING_MAJOR,
        ConditionKind.BLEEDING_SIGNIFICANT,
        ConditionKind.BLEEDING_MINOR,
        ConditionKind.BLEEDING_OTHER,
    }
)
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
    """Each active bleed with its level, in the order of their references."""
    counted = sorted((each for each in facts.picture.conditions if _counts(facts, each)), key=lambda each: each.source)
    graded = [(_level(condition), condition) for condition in counted]
    return [(level, condition) for level, condition in graded if level is not None]


def intracranial(facts: Facts) -> bool:
    """An active intracranial bleed (PLT-04)."""
    return any(ConditionKind.INTRACRANIAL_BLEED in condition.kinds for _, condition in active_bleeds(facts))


def haematuria(facts: Facts) -> bool:
    """An active haematuria (SAF-04)."""
    return any(ConditionKind.HAEMATURIA in condition.kinds for _, condition in active_bleeds(facts))


def _counts(facts: Facts, condition: ConditionRecord) -> bool:
    """Onset within 48 h even if resolved since, or stated to be active and not abated, however old."""
    onset = condition.onset
    if not condition.kinds & _BLEEDS:
        return False
    if onset is not None and timedelta(0) <= onset.age(facts.picture.as_of) <= _RECENT:
        return True
    return condition.status is ClinicalStatus.ACTIVE and not is_abated(facts, condition)


def _level(condition: ConditionRecord) -> BleedingLevel | None:
    kinds, grade = condition.kinds, condition.grade or 0
    if ConditionKind.BLEEDING_MAJOR in kinds or condition.severe or grade >= 3:
        return BleedingLevel.MAJOR
    if ConditionKind.BLEEDING_SIGNIFICANT in kinds or grade == 2:
        return BleedingLevel.SIGNIFICANT
    if ConditionKind.BLEEDING_MINOR in kinds or grade == 1:
        return BleedingLevel.MINOR
    return None


def _issues(facts: Facts) -> tuple[Gap, ...]:
    """Bleeds that may be active but give no level: neither time nor status, or a code without a level of its own."""
    if facts.picture.bedside.bleeding is not None:
        return ()
    bleeds = sorted((each for each in facts.picture.conditions if each.kinds & _BLEEDS), key=lambda each: each.source)
    return tuple(
        Gap(kind=GapKind.NOTED, rule="BLD-01", text=text, source=bleed.source, topic=Topic.CONDITIONS)
        for bleed in bleeds
        if (text := _unclear(facts, bleed))
    )


BLEEDING_ISSUES: Need[tuple[Gap, ...]] = Need("bleeding_issues", _issues)


def _unclear(facts: Facts, bleed: ConditionRecord) -> str:
    if _counts(facts, bleed):
        return "" if _level(bleed) else f"{bleed.label} tells no level of bleeding: confirm it at the bedside"
    undated = bleed.onset is None or bleed.onset.at > facts.picture.as_of
    if undated and is_active(facts, bleed):
        return f"{bleed.label} has neither a time that has come nor a clinical status: confirm it at the bedside"
    return ""
