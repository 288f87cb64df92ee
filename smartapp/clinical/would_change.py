"""What would change the advice: for each input the smallest change that flips action or indicator (interfaces.md section 5).

The rules are asked again about a changed picture; nothing is decided here. Fibrinogen moves in steps of 0.01 g/L, or to a limit itself
where the limit counts. An input that is not known has one line for each other answer it could lead to.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.criteria.age import AGE
from smartapp.clinical.criteria.bleeding_level import BLEEDING
from smartapp.clinical.criteria.dic import DIC
from smartapp.clinical.criteria.levels import fibrinogen_limits, turning_levels
from smartapp.clinical.criteria.modifiers import ICANS, MODIFIERS, PROCEDURE_24H
from smartapp.clinical.criteria.recent import PLATELETS
from smartapp.clinical.criteria.tocilizumab import POST_TOCI
from smartapp.clinical.criteria.trend import TREND
from smartapp.clinical.criteria.verdict import VERDICT, Verdict
from smartapp.clinical.derived_facts import Action, Dic, Modifier
from smartapp.clinical.findings import Indicator
from smartapp.clinical.labs import LabResult, LabSeries
from smartapp.clinical.partial_datetime import Moment
from smartapp.clinical.picture import BleedingLevel, ClinicalPicture, InfusionRecord
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Variant
from smartapp.clinical.words import MODIFIER_WORDS, plain

STEP = Decimal("0.01")  # g/L, the finest that laboratories report
HIGHEST = Decimal(20)  # g/L, DQ-06
GRADES = range(5)  # grade 5 is death, no change that can be wished for
LEVELS = (BleedingLevel.NONE, BleedingLevel.MINOR, BleedingLevel.SIGNIFICANT, BleedingLevel.MAJOR)
UNKNOWN = "unknown"
_RESTS_ON: dict[Modifier, Need[object]] = {
    Modifier.AGE_LT_10: AGE,
    Modifier.TREND_DOWN: TREND,
    Modifier.PLATELETS_LT_50: PLATELETS,
    Modifier.ICANS_GE_3: ICANS,
    Modifier.INVASIVE_PROCEDURE_24H: PROCEDURE_24H,
    Modifier.POST_TOCI: POST_TOCI,
    Modifier.BLEEDING_MINOR: BLEEDING,
    Modifier.DIC_OVERT: DIC,
}


Answers = Iterable[tuple[str, Verdict]]
"""What an input could be instead, nearest first, and the answer then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """If `input` were `to` instead of `before`, the answer would be `action` and `indicator`."""

    input: str
    before: str
    to: str
    action: Action
    indicator: Indicator


def would_change(assessment: Assessment) -> tuple[Change, ...]:
    """All of them, input by input; empty where nothing can be wished for (no CAR-T, a deceased patient)."""
    asked = _Asked(assessment)
    return (*_infusion(asked), *_fibrinogen(asked), *_crs(asked), *_bleeding(asked), *_modifiers(asked))


def change_words(change: Change) -> str:
    """`fibrinogen 1.5 g/L instead of 0.8: MONITOR (info)`."""
    plain_name = change.input.replace("_", " ").replace("crs", "CRS")
    name = next((words for modifier, words in MODIFIER_WORDS.items() if modifier == change.input), plain_name)
    unit = " g/L" if change.input == "fibrinogen" else ""
    to, before = change.to.replace("_", " "), change.before.replace("_", " ")
    return f"{name} {to}{unit} instead of {before}: {change.action} ({change.indicator})"


class _Asked:
    """The answer as it is, and as it would be."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self.facts = Facts(assessment.picture, assessment.policy)
        self.now = self.facts.get(VERDICT)

    def about(self, picture: ClinicalPicture) -> Verdict:
        """The answer for a changed picture."""
        return _verdict(Facts(picture, self.assessment.policy))

    def first(self, name: str, before: str, answers: Answers) -> Iterator[Change]:
        """The nearest change that gets another answer."""
        for to, told in answers:
            if told != self.now:
                yield _change(name, before, to, told)
                return

    def each(self, name: str, answers: Answers) -> Iterator[Change]:
        """For an input that is not known: the first of the changes for each other answer."""
        seen = {self.now}
        for to, told in answers:
            if told not in seen:
                seen.add(told)
                yield _change(name, UNKNOWN, to, told)


class _Levels:
    """The answers at other levels of fibrinogen: asked once for all levels between two at which it can turn."""

    def __init__(self, asked: _Asked) -> None:
        effective = asked.assessment.fibrinogen
        self._asked = asked
        self._turning = turning_levels(asked.facts, effective.result if effective else None)
        self._known: dict[Any, Verdict] = {}

    def told(self, level: Decimal) -> Verdict:
        """The answer at this level."""
        place = self._place(level)
        if place not in self._known:
            self._known[place] = self._asked.about(_measured(self._asked, level))
        return self._known[place]

    def _place(self, level: Decimal) -> object:
        if self._turning is None:
            return level
        return bisect_left(self._turning, level), level in self._turning


def _verdict(facts: Facts) -> Verdict:
    told = facts.get(VERDICT)
    return (Action.CANNOT_ASSESS, Indicator.INFO) if isinstance(told, Missing) else told


def _change(name: str, before: str, to: str, told: Verdict) -> Change:
    return Change(input=name, before=before, to=to, action=told[0], indicator=told[1])


def _infusion(asked: _Asked) -> Iterator[Change]:
    """APP-01: a date for an infusion that has none, today's being as good as any."""
    infusion, picture = asked.assessment.infusion, asked.assessment.picture
    if infusion is None or infusion.day is not None:
        return
    dated = InfusionRecord(product=infusion.product, source=infusion.source, strong=True, start=Moment(picture.as_of))
    to = picture.as_of.astimezone(picture.zone).date().isoformat()
    yield from asked.each("infusion_date", [(to, asked.about(replace(picture, infusions=(dated,))))])


def _fibrinogen(asked: _Asked) -> Iterator[Change]:
    effective = asked.assessment.fibrinogen
    limits, levels = fibrinogen_limits(asked.facts), _Levels(asked)
    if effective is None:
        yield from asked.each("fibrinogen", ((plain(point), levels.told(point)) for point in _apart(levels, limits)))
        return
    value, before = effective.g_per_l, plain(effective.g_per_l)
    for way in (_downward, _upward):
        nearest = ((plain(point), levels.told(point)) for point in way(value, limits))
        yield from asked.first("fibrinogen", before, nearest)


def _apart(levels: _Levels, limits: tuple[Decimal, ...]) -> list[Decimal]:
    """For each stretch of levels with one answer the level next to the following stretch; of the last one its beginning."""
    points = [Decimal(0), *sorted({point for limit in limits for point in (limit, _below(limit)) if point >= 0})]
    told = [levels.told(point) for point in points]
    ends = [point for point, here, after in zip(points, told, told[1:], strict=False) if here != after]
    return [*ends, points[next(place for place, answer in enumerate(told) if set(told[place:]) == {told[-1]})]]


def _downward(value: Decimal, limits: tuple[Decimal, ...]) -> Iterator[Decimal]:
    """Every place below where the answer can turn: each limit, and the step just below it."""
    lower = [limit for limit in reversed(limits) if limit < value]
    for limit, floor in zip((value, *lower), (*lower, -STEP), strict=True):
        if limit != value:
            yield limit
        if _below(limit) > floor:
            yield _below(limit)


def _upward(value: Decimal, limits: tuple[Decimal, ...]) -> Iterator[Decimal]:
    higher = [limit for limit in limits if value < limit <= HIGHEST]
    for limit, ceiling in zip((value, *higher), (*higher, HIGHEST + STEP), strict=True):
        if limit != value:
            yield limit
        if _above(limit) < ceiling:
            yield _above(limit)


def _below(value: Decimal) -> Decimal:
    return ((value / STEP).to_integral_value(ROUND_CEILING) - 1) * STEP


def _above(value: Decimal) -> Decimal:
    return ((value / STEP).to_integral_value(ROUND_FLOOR) + 1) * STEP


def _measured(asked: _Asked, value: Decimal) -> ClinicalPicture:
    """The picture with this level: in place of the result that counts, or as a new one."""
    picture, effective = asked.assessment.picture, asked.assessment.fibrinogen
    series = picture.series(Analyte.FIBRINOGEN)
    words = f"{plain(value)} g/L"
    if effective is not None:
        changed = replace(effective.result, value=value, comparator=None, reported=words)
        kept = [changed if result is effective.result else result for result in series]
    else:
        new = LabResult(
            analyte=Analyte.FIBRINOGEN,
            value=value,
            reported=words,
            collected=Moment(picture.as_of),
            source="",
            variant=Variant.CLAUSS,
        )
        kept = [*series, new]
    return replace(picture, labs={**picture.labs, Analyte.FIBRINOGEN: LabSeries.of(kept)})


def _crs(asked: _Asked) -> Iterator[Change]:
    crs, picture = asked.assessment.crs, asked.assessment.picture

    def graded(grades: Iterable[int]) -> Answers:
        return ((str(g), asked.about(replace(picture, bedside=replace(picture.bedside, crs_grade=g)))) for g in grades)

    if crs is None or crs.grade is None:
        yield from asked.each("crs_grade", graded(GRADES))
    elif crs.grade in GRADES:
        yield from asked.first("crs_grade", str(crs.grade), graded(reversed(range(crs.grade))))
        yield from asked.first("crs_grade", str(crs.grade), graded(range(crs.grade + 1, len(GRADES))))


def _bleeding(asked: _Asked) -> Iterator[Change]:
    level, picture = asked.facts.get(BLEEDING), asked.assessment.picture

    def bled(levels: Iterable[BleedingLevel]) -> Answers:
        return ((str(b), asked.about(replace(picture, bedside=replace(picture.bedside, bleeding=b)))) for b in levels)

    if isinstance(level, Missing):
        yield from asked.each("bleeding", bled(LEVELS))
        return
    place = LEVELS.index(level) if level in LEVELS else 0
    yield from asked.first("bleeding", str(level), bled(reversed(LEVELS[:place])))
    yield from asked.first("bleeding", str(level), bled(LEVELS[place + 1 :]))


def _modifiers(asked: _Asked) -> Iterator[Change]:
    """Each modifier taken away or added, all else equal."""
    if asked.assessment.decision is None:
        return
    held = asked.assessment.modifiers
    for modifier in Modifier:
        present = modifier in held
        changed = tuple(each for each in held if each is not modifier) if present else (*held, modifier)
        told = _verdict(Facts(asked.assessment.picture, asked.assessment.policy, {MODIFIERS: changed}))
        if told != asked.now:
            before = "present" if present else UNKNOWN if _is_unknown(asked.facts, modifier) else "absent"
            yield _change(str(modifier), before, "absent" if present else "present", told)


def _is_unknown(facts: Facts, modifier: Modifier) -> bool:
    value = facts.get(_RESTS_ON[modifier])
    return isinstance(value, Missing) or (isinstance(value, Dic) and value.result == "incomplete")
