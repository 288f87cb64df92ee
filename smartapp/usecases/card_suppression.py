"""Which cards were acknowledged and say nothing new: the same user, patient and advice within six hours (CDS-54)."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.derived_facts import Band, Option, Tier
from smartapp.clinical.picture import BleedingLevel
from smartapp.clinical.rule_families import family_of
from smartapp.usecases.orders.basis import basis_of
from smartapp.usecases.ports import Subject

QUIET_SECONDS = 6 * 3600.0
LOUD_HOOKS = frozenset({"order-sign"})
"""Where a card is shown however often it was acknowledged."""
_TIERS: Mapping[str, int] = {Tier.T0: 0, Tier.T1: 1, Tier.T2: 2}
_BANDS: Mapping[str, int] = {Band.NONE: 0, Band.MILD: 1, Band.MODERATE: 2, Band.SEVERE: 3, Band.FATAL: 4}
_BLEEDING: Mapping[str, int] = {
    BleedingLevel.NONE_RECORDED: 0,
    BleedingLevel.NONE: 0,
    BleedingLevel.MINOR: 1,
    BleedingLevel.SIGNIFICANT: 2,
    BleedingLevel.MAJOR: 3,
}


def group_of(rule: str) -> str:
    """Which card a rule speaks in (interfaces.md section 4)."""
    return family_of(rule).card


def rules_in(assessment: Assessment, rules: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """These rules with the versions that spoke."""
    return tuple(sorted({(f.rule, f.version) for f in assessment.findings if f.rule in rules}))


def likeness(subject: Subject, assessment: Assessment, rules: Sequence[str], indicator: str, about: str = "") -> str:
    """A digest that is the same for the same user and patient, rules and versions, action, indicator, dose, records and draft."""
    told = {
        "who": [subject.ehr, subject.user, subject.patient],
        "rules": rules_in(assessment, rules),
        "action": str(assessment.action),
        "indicator": indicator,
        "dose": [_amounts(option) for option in assessment.options],
        "records": _records(assessment, rules),
        "about": about,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _amounts(option: Option) -> list[str]:
    return [str(option.product), *map(str, (option.dose_mg, option.units, option.volume_ml))]


def _records(assessment: Assessment, rules: Sequence[str]) -> list[str]:
    found = {source for f in assessment.findings if f.rule in rules for source in f.evidence}
    if any(group_of(rule) == "replacement" for rule in rules):
        found |= {basis_of(assessment), assessment.weight.source if assessment.weight else ""}
    return sorted(found)


def severity(assessment: Assessment) -> str:
    """Tier, band and bleeding, as kept beside an acknowledgement."""
    band = assessment.crs.band if assessment.crs else Band.UNKNOWN
    return f"{assessment.tier} {band} {assessment.bleeding}"


def is_worse(now: str, then: str) -> bool:
    """Whether any of the three is worse than it was; what was known and is not, or the other way round, counts as worse."""
    new, old = now.split(), then.split()
    if len(new) != len(old) or len(old) != 3:
        return True
    scales = (_TIERS, _BANDS, _BLEEDING)
    return any(_rises(scale, *pair) for scale, *pair in zip(scales, old, new, strict=True))


def _rises(scale: Mapping[str, int], old: str, new: str) -> bool:
    if old == new:
        return False
    return old not in scale or new not in scale or scale[new] > scale[old]
