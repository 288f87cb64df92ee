"""The newest fibrinogen result, where it could not be used, and what it would mean (DQ-21)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.criteria.chosen_fibrinogen import CLAUSS_PREFERRED, TIERED, USABLE_FIBRINOGEN
from smartapp.clinical.criteria.decision import DECISION
from smartapp.clinical.criteria.fibrinogen import FIBRINOGEN
from smartapp.clinical.derived_facts import Action
from smartapp.clinical.findings import Indicator
from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import UnusableReason, UnusableResult
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.words import fibrinogen_words, in_words, plain

_DAY = timedelta(hours=24)
_R = UnusableReason
_SILENT = frozenset({_R.NO_VALUE_FOR_A_REASON, _R.NO_TIME})
_OF_UNIT = frozenset({_R.UNIT_MISSING, _R.UNIT_CONTRADICTORY, _R.UNIT_SUSPECT})
_UNITS = (
    ("g/L", Decimal(1), Decimal(0)),
    ("mg/dL", Decimal("0.01"), Decimal(10)),
)  # factor, least number that DQ-06 allows
_WHAT = {
    _R.UNIT_MISSING: "has no unit",
    _R.UNIT_CONTRADICTORY: "has a unit code and a unit text that disagree",
    _R.UNIT_SUSPECT: "has a unit that is suspected wrong",
    _R.UNIT_NOT_ACCEPTED: "has a unit that is not accepted",
    _R.IMPLAUSIBLE: "is implausible",
    _R.SPECIMEN: "is of a specimen that cannot be used",
    _R.NUMBER: "has no number that can be read",
    _R.TWO_WAY_NUMBER: "can be read as two numbers",
    _R.NO_VALUE: "has no value",
    _R.NO_VALUE_FOR_A_REASON: "has no value",
    _R.CODE: "is recorded under a code that is not recognised",
    _R.FUTURE: "is dated in the future",
    _R.NO_TIME: "has no time of collection",
    _R.MODIFIED: "carries a mark that is not understood",
}
_TO_DO = {_R.SPECIMEN: "draw it again now", _R.CODE: "look at it in the EHR, or repeat now"}
HIGHEST = Decimal(20)  # g/L, DQ-06


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the number would mean in one unit."""

    unit: str
    g_per_l: Decimal
    action: Action
    indicator: Indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestUnusable:
    """The result, its time (of issue where `is_issued`), why it cannot be used, and what it would mean where only its unit is in doubt."""

    source: str
    at: datetime
    is_issued: bool
    reported: str
    why: str
    reason: UnusableReason
    would_mean: tuple[Meaning, ...] = ()

    def told(self, at: str) -> str:
        """`the newest fibrinogen (drawn 03:48) has no unit: ring the laboratory or repeat now`."""
        lead = f"the newest fibrinogen ({'issued' if self.is_issued else 'drawn'} {at})"
        return f"{lead} {_WHAT[self.reason]}: {_TO_DO.get(self.reason, 'ring the laboratory or repeat now')}"

    @property
    def meanings(self) -> str:
        """`1.10 g/L would mean CONSIDER`; empty where nothing can be told."""
        return "; ".join(f"{_as_written(meaning)} would mean {meaning.action}" for meaning in self.would_mean)


def _as_written(meaning: Meaning) -> str:
    level = f"{fibrinogen_words(meaning.g_per_l)} g/L"
    return level if meaning.unit == "g/L" else f"{plain(meaning.g_per_l * 100)} mg/dL ({level})"


@in_words.register
def _(newest: NewestUnusable) -> tuple[str, str]:
    return f"{newest.reported}: {newest.why}", newest.source


def _read(facts: Facts) -> NewestUnusable | None:
    now, since = facts.picture.as_of, _time_of_last(facts)
    found = [
        (at, result)
        for result in (*_unusable(facts), *_suspects(facts))
        if (at := _time(result)) is not None and now - at <= _DAY and (since is None or at > since)
    ]
    if not found:
        return None
    at, newest = max(found, key=lambda pair: (pair[0], pair[1].source))
    return NewestUnusable(
        source=newest.source,
        at=at,
        is_issued=newest.collected is None,
        reported=newest.reported,
        why=newest.why,
        reason=newest.reason,
        would_mean=tuple(_meanings(facts, newest, at)),
    )


NEWEST_UNUSABLE: Need[NewestUnusable | None] = Need("newest_unusable", _read)


def _time(result: UnusableResult) -> datetime | None:
    return result.collected.at if result.collected is not None else result.issued


def _time_of_last(facts: Facts) -> datetime | None:
    """Of the effective result; at TX of the last usable one of any age."""
    effective, usable = facts.get(FIBRINOGEN), facts.get(USABLE_FIBRINOGEN)
    if not isinstance(effective, Missing):
        return effective.result.collected.at
    return None if isinstance(usable, Missing) or not usable else usable[0].collected.at


def _unusable(facts: Facts) -> Iterator[UnusableResult]:
    """Those whose reason speaks, of a method that may be tiered and does not give way (DQ-07)."""
    for result in facts.picture.unusable_fibrinogen:
        tiered = result.variant is None or result.variant in TIERED
        if tiered and result.reason not in _SILENT and not _gives_way(facts, result):
            yield result


def _gives_way(facts: Facts, result: UnusableResult) -> bool:
    usable = facts.get(USABLE_FIBRINOGEN)
    if result.variant is not Variant.DERIVED or isinstance(usable, Missing):
        return False
    at = _time(result)
    clauss = [r for r in usable if r.variant is Variant.CLAUSS]
    return at is not None and any(abs(at - r.collected.at) <= CLAUSS_PREFERRED for r in clauss)


def _suspects(facts: Facts) -> Iterator[UnusableResult]:
    """Results that the clinician marked suspect."""
    reasons = facts.picture.bedside.suspects
    series: Iterable[LabResult] = facts.picture.series(Analyte.FIBRINOGEN) if reasons else ()
    for result in series:
        if result.source in reasons and result.variant in TIERED:
            yield UnusableResult(
                source=result.source,
                reason=_R.SPECIMEN,
                rule="DQ-10",
                why=f"was marked suspect ({reasons[result.source]})",
                reported=result.reported,
                collected=result.collected,
                variant=result.variant,
            )


def _meanings(facts: Facts, newest: UnusableResult, at: datetime) -> Iterator[Meaning]:
    if newest.reason not in _OF_UNIT or newest.value is None:
        return
    for unit, factor, least in _UNITS:
        value = newest.value * factor
        if newest.value >= least and 0 <= value <= HIGHEST:
            yield _meaning(facts, newest, at, unit, value)


def _meaning(facts: Facts, newest: UnusableResult, at: datetime, unit: str, value: Decimal) -> Meaning:
    """Section 4 with this level as the effective result."""
    result = LabResult(
        analyte=Analyte.FIBRINOGEN,
        value=value,
        reported=newest.reported,
        collected=newest.collected or Moment(at),
        source=newest.source,
        comparator=newest.comparator,
        variant=newest.variant or Variant.CLAUSS,
    )
    series = LabSeries.of([*facts.picture.series(Analyte.FIBRINOGEN), result])
    picture = replace(facts.picture, labs={**facts.picture.labs, Analyte.FIBRINOGEN: series}, unusable_fibrinogen=())
    decision = Facts(picture, facts.policy).get(DECISION)
    action = Action.CANNOT_ASSESS if isinstance(decision, Missing) else decision.action
    indicator = Indicator.INFO if isinstance(decision, Missing) else decision.indicator
    return Meaning(unit=unit, g_per_l=value, action=action, indicator=indicator)
