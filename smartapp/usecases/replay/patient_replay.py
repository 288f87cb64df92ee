"""One patient's course under both policies: sums, and each decision that the draft changes with its reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.assessment import Assessment
from smartapp.clinical.codes import FIBRINOGEN_PRODUCTS
from smartapp.clinical.derived_facts import Action
from smartapp.usecases.assess import Site
from smartapp.usecases.replay.cards import Acknowledged, MakeCards
from smartapp.usecases.replay.course import Course
from smartapp.usecases.replay.decision import ReplayedDecision, decision_of
from smartapp.usecases.replay.differences import Pair, difference
from smartapp.usecases.replay.looks import Look, Window, is_thinned, looks_along, window_of
from smartapp.usecases.replay.reading import CourseReader
from smartapp.usecases.replay.sums import Group, Policy, SumKey, Sums

LEVELS = (("unseen_1_5_s", Decimal("1.5")), ("unseen_1_0_s", Decimal("1.0")))  # g/L (TIER-01)
_ADVICE = frozenset({Action.REPLACE, Action.CONSIDER})
_POLICIES = (Policy.CURRENT, Policy.DRAFT)
_AGES = ((2, "under 2"), (10, "2 to 9"), (18, "10 to 17"), (40, "18 to 39"), (65, "40 to 64"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Decisions of one patient in a row that differ in the same way; `day` is counted from the infusion."""

    day: int | None
    looks: int
    seconds: int
    fibrinogen: str
    band: str
    bleeding: str
    current: str
    draft: str
    what: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientResult:
    """What became of one patient: the sums, the changed decisions, and the groups the patient is in."""

    sums: Sums
    cases: tuple[Case, ...] = ()
    age: str = ""
    product: str = ""


@dataclass(slots=True)
class _Unseen:
    """How long fibrinogen was below a level before anything was advised; in seconds."""

    level: Decimal
    since: datetime | None = None
    told: bool = False
    seconds: int = 0

    def look(self, told: Assessment) -> None:
        """One more look."""
        result = told.fibrinogen.result if told.fibrinogen else None
        if result is not None and result.value < self.level and self.since is None:
            self.since, self.told = result.collected.at, False
        elif result is not None and result.value >= self.level:
            self._over(result.collected.at)
        if self.since is not None and told.action in _ADVICE and not self.told:
            self.seconds += _seconds(told.picture.as_of - self.since)
            self.told = True

    def _over(self, at: datetime) -> None:
        if self.since is not None and not self.told:
            self.seconds += max(_seconds(at - self.since), 0)
        self.since = None

    def ended(self, at: datetime) -> int:
        """The sum, when the course is over."""
        self._over(at)
        return self.seconds


@dataclass(slots=True)
class _Side:
    """One policy along the course."""

    policy: Policy
    cards: Acknowledged = field(default_factory=Acknowledged)
    dosed: set[str] = field(default_factory=set)
    unseen: list[_Unseen] = field(default_factory=lambda: [_Unseen(level) for _, level in LEVELS])


@dataclass(slots=True)
class _Replay:
    """A course while it is replayed."""

    pair: Pair
    make_cards: MakeCards
    reader: CourseReader
    groups: tuple[tuple[Group, str], ...]
    sums: Sums = field(default_factory=Counter)
    sides: tuple[_Side, _Side] = field(default_factory=lambda: (_Side(Policy.CURRENT), _Side(Policy.DRAFT)))
    cases: list[Case] = field(default_factory=list)
    bands: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    whys: set[str] = field(default_factory=set)
    last: tuple[object, ...] = ()

    def add(self, policy: Policy, measure: str, count: int, band: str = "", day: str = "") -> None:
        """Into the sum of everybody, of the patient's groups, and of the band and day of the look."""
        for group, name in (*self.groups, (Group.BAND, band), (Group.DAY, day)):
            if name:
                self.sums[SumKey(group, name, policy, measure)] += count

    def look(self, look: Look) -> None:
        """One look under both policies."""
        decisions = [decision_of(told) for told in look.answers]
        day = _day(look.answers[0])
        for side, told, decision in zip(self.sides, look.answers, decisions, strict=True):
            self._side(side, look, told, decision, day)
        self.bands.update(decision.band for decision in decisions)
        self.days.update([day] if day else ())
        self.add(Policy.RECORD, "looks", 1, decisions[0].band, day)
        self._compare(look, decisions[0], decisions[1], day)

    def _side(self, side: _Side, look: Look, told: Assessment, decision: ReplayedDecision, day: str) -> None:
        stands, band = _seconds(look.until - look.at), decision.band
        self.add(side.policy, f"looks_{decision.action}", 1, band, day)
        self.add(side.policy, f"{decision.action}_s", stands, band)
        if told.applicability.runs:
            self.add(side.policy, "assessed_s", stands, band, day)
        for card in side.cards.shown(told, self.make_cards(told)):
            self.add(side.policy, "cards", 1, band, day)
            self.add(side.policy, f"cards_{card.indicator}", 1, band)
        if told.applicability.runs and told.monitoring is not None:
            draws = Decimal(stands) * 1000 / (told.monitoring.interval_h * 3600)
            self.add(side.policy, "draws_thousandths", int(draws.to_integral_value()), band)
        for unseen in side.unseen:
            unseen.look(told)
        amount = decision.advised
        if amount is not None and decision.basis not in side.dosed:
            side.dosed.add(decision.basis)
            self.add(side.policy, "doses", 1, band)
            self.add(side.policy, "dose_mg", int(amount.milligrams.to_integral_value()), band)
            self.add(side.policy, "dose_units", amount.units, band)

    def _compare(self, look: Look, current: ReplayedDecision, draft: ReplayedDecision, day: str) -> None:
        if not current.differs(draft):
            self.last = ()
            return
        stands = _seconds(look.until - look.at)
        self.add(Policy.DRAFT, "changed_looks", 1, current.band, day)
        self.add(Policy.DRAFT, "changed_s", stands, current.band)
        if self.last == (current.compared, draft.compared, day):
            self._longer(stands)
        else:
            self._new(look, current, draft, day, stands)
        self.last = (current.compared, draft.compared, day)

    def _longer(self, stands: int) -> None:
        case = self.cases[-1]
        self.cases[-1] = replace(case, looks=case.looks + 1, seconds=case.seconds + stands)
        self._why(self.cases[-1], 1)

    def _new(self, look: Look, current: ReplayedDecision, draft: ReplayedDecision, day: str, stands: int) -> None:
        def decide(sites: Sequence[Site]) -> list[ReplayedDecision]:
            return [decision_of(told) for told in self.reader.answers(look.at, sites)]

        why = difference(self.pair, current, draft, decide)
        case = Case(
            day=int(day) if day else None,
            looks=1,
            seconds=stands,
            fibrinogen=current.fibrinogen,
            band=current.band,
            bleeding=current.bleeding,
            current=_in_words(current),
            draft=_in_words(draft),
            what=why.what,
            because=why.because,
        )
        self.cases.append(case)
        self._why(case, 1)

    def _why(self, case: Case, looks: int) -> None:
        name = f"{case.what}: {'; '.join(case.because)}"
        self.whys.add(name)
        self.sums[SumKey(Group.WHY, name, Policy.DRAFT, "changed_looks")] += looks


def replay_patient(
    course: Course, pair: Pair, make_cards: MakeCards, at: datetime | None = None
) -> PatientResult | None:
    """A course under both policies; None if nothing in it tells of an infusion. With `at` it is looked at only then."""
    reader = CourseReader(course)
    end = course.moments[-1] if course.moments else at
    if end is None:
        return None
    (last,) = reader.answers(at or end, (pair.current,))
    if not any(not record.planned for record in last.picture.infusions):
        return None
    window = Window(at, at + timedelta(minutes=1)) if at else window_of(course, last.picture, pair.sites)
    age, product = _age(last), str(last.infusion.product) if last.infusion else "unknown"
    told = _Replay(pair, make_cards, reader, ((Group.ALL, "all"), (Group.AGE, age), (Group.PRODUCT, product)))
    if window is None:
        told.add(Policy.RECORD, "never_looked_at", 1)
    elif at is not None:
        told.look(Look(at, reader.answers(at, pair.sites), window.end))
    else:
        for look in looks_along(course, reader, pair.sites, window):
            told.look(look)
        told.add(Policy.RECORD, "seen_hourly", int(is_thinned(course, window)))
    _finish(told, course, last, window)
    return PatientResult(sums=told.sums, cases=tuple(told.cases), age=age, product=product)


def _finish(told: _Replay, course: Course, last: Assessment, window: Window | None) -> None:
    told.add(Policy.RECORD, "patients", 1)
    groups = ((Group.BAND, told.bands), (Group.DAY, told.days), (Group.WHY, told.whys))
    for group, names in groups:
        for name in names:
            told.sums[SumKey(group, name, Policy.RECORD, "patients")] += 1
    told.add(Policy.DRAFT, "changed_patients", int(bool(told.cases)))
    if window is not None:
        for side in told.sides:
            for (name, _), unseen in zip(LEVELS, side.unseen, strict=True):
                told.add(side.policy, name, unseen.ended(window.end))
    for name, count in course.notes.items():
        told.sums[SumKey(Group.ALL, "all", Policy.RECORD, f"note {name}")] += count
    if window is not None:
        early = sum(e.known is not None and e.known >= window.end for e in course.entries)
        told.sums[SumKey(Group.ALL, "all", Policy.RECORD, "note known after the course")] += early
    _given(told, last)


def _given(told: _Replay, last: Assessment) -> None:
    """What the record says was given, and how much of the predicted rise came."""
    given = [exposure for exposure in last.picture.exposures if exposure.drug in FIBRINOGEN_PRODUCTS]
    told.add(Policy.RECORD, "given_doses", len(given))
    told.add(Policy.RECORD, "given_mg", int(sum(e.dose_mg or 0 for e in given)))
    told.add(Policy.RECORD, "given_units", int(sum(e.units or 0 for e in given)))
    told.add(Policy.RECORD, "given_unknown", sum(e.dose_mg is None and e.units is None for e in given))
    judged = [response for response in last.dose_responses if response.achieved is not None]
    told.add(Policy.RECORD, "judged_doses", len(judged))
    told.add(Policy.RECORD, "rise_mg_per_l", int(sum((r.achieved or Decimal(0)) * 1000 for r in judged)))


def _in_words(decision: ReplayedDecision) -> str:
    amount = decision.advised
    dose = f", {amount.words}" if amount is not None else ""
    return f"{decision.row} {decision.action} ({decision.indicator}){dose}".strip()


def _day(told: Assessment) -> str:
    return str(told.infusion.day) if told.infusion and told.infusion.day is not None else ""


def _age(told: Assessment) -> str:
    if told.age is None:
        return "unknown"
    return next((name for limit, name in _AGES if told.age.low < limit), "65 and over")


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
