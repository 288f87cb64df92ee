"""The ASTCT grade that vital signs, pressors and oxygen suggest (CRS-03); it never overwrites a recorded grade."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from smartapp.clinical.codes import VASOPRESSIN_LIKE, VASOPRESSORS
from smartapp.clinical.criteria.age import AGE, younger
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.criteria.recent import CLOCK_SKEW, surely_at_least, surely_below
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import Exposure, OxygenDevice, OxygenSupport, Topic
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Drug

FEVER = Decimal("38.0")  # Cel, ASTCT
LOW_FLOW_MAX = Decimal(6)  # L/min, ASTCT
LOW_SPO2 = Decimal(90)  # %
SEVERE = 3
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_CHILD = ("under_1y", "from_1y", "from_10y")
_PER_YEAR = 2  # mmHg for each completed year from 1 to 9, PALS
_WAIVERS = frozenset({Drug.TOCILIZUMAB, Drug.SILTUXIMAB, Drug.ANAKINRA, Drug.SYSTEMIC_STEROID})
_HIGH = frozenset({OxygenDevice.HIGH_FLOW, OxygenDevice.MASK})
_BY_FLOW = frozenset({OxygenDevice.CANNULA, OxygenDevice.NOT_NAMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalSigns:
    """What the last 24 h show.

    `grade` None where ASTCT gives none; `complete` False where vital signs or administrations could not all be read,
    so that the grade is only the least it can be. `vasopressors` counts substances, `oxygen` is the grade of
    oxygen alone, `evidence` the records it rests on.
    """

    grade: int | None
    fever: bool
    waived: bool
    hypotension: bool
    vasopressors: int
    oxygen: int
    low_spo2_without_device: bool
    evidence: tuple[str, ...]
    complete: bool = True

    @property
    def ungradable(self) -> bool:
        """Hypotension or hypoxia without fever (and none waived): look for another cause."""
        unwell = self.hypotension or self.vasopressors > 0 or self.oxygen > 0 or self.low_spo2_without_device
        return not self.fever and not self.waived and unwell

    @property
    def settles_band(self) -> bool:
        """Whether nothing that was not read could change the band."""
        return self.complete or (self.grade is not None and self.grade >= SEVERE)


def _read(facts: Facts) -> VitalSigns:
    picture, window = facts.picture, facts.picture.as_of - facts.policy.span("vitals_window_h")
    fevers = [r for r in _in(facts, Analyte.TEMPERATURE, window) if surely_at_least(r, FEVER)]
    low = [r for r in _in(facts, Analyte.SYSTOLIC_PRESSURE, window) if _is_low(facts, r)]
    saturation = [r for r in _in(facts, Analyte.SPO2, window) if surely_below(r, LOW_SPO2)]
    pressors, vasopressin = _running(facts, VASOPRESSORS), _running(facts, VASOPRESSIN_LIKE)
    oxygen = sorted((o for o in picture.oxygen if window <= o.at.at <= picture.as_of), key=_by_grade)
    waived = not fevers and _waived(facts)
    boluses = [e for e in picture.exposures if e.drug is Drug.FLUID_BOLUS and window <= e.start.at <= picture.as_of]
    pressure = _pressure_grade(low or boluses, pressors, vasopressin)
    worst = max(pressure, *(_oxygen_grade(support) for support in oxygen), int(bool(fevers)))
    return VitalSigns(
        grade=worst or None if fevers or waived else None,
        fever=bool(fevers),
        waived=waived,
        hypotension=bool(low or boluses),
        vasopressors=len(pressors) + len(vasopressin),
        oxygen=max((_oxygen_grade(support) for support in oxygen), default=0),
        low_spo2_without_device=bool(saturation) and all(o.device is OxygenDevice.NONE for o in oxygen),
        evidence=(*_sources(fevers[-1:], low[-1:], boluses[-1:]), *_sources(pressors, vasopressin, oxygen[-1:])),
        complete=Topic.VITAL_SIGNS not in picture.unread and Topic.ADMINISTRATIONS not in picture.unread,
    )


VITAL_SIGNS: Need[VitalSigns] = Need("vital_signs", _read)


def _judged(facts: Facts) -> VitalSigns | Missing:
    signs = facts.get(VITAL_SIGNS)
    if isinstance(signs, Missing) or signs.grade is not None or signs.ungradable or signs.low_spo2_without_device:
        return signs
    if not signs.complete:
        return Missing(("vital_signs",), "vital signs or administrations could not be read completely")
    window = facts.picture.as_of - facts.policy.span("vitals_window_h")
    hours = facts.policy.get("vitals_window_h")
    measured = _in(facts, Analyte.TEMPERATURE, window)
    return signs if measured else Missing(("temperature",), f"no temperature of the last {hours:f} h")


JUDGED_SIGNS: Need[VitalSigns] = Need("vital_signs", _judged)
"""CRS-03: Missing where nothing suggests a grade, and no temperature or not all that could suggest one was read."""


def _sources(*records: Sequence[LabResult | Exposure | OxygenSupport]) -> tuple[str, ...]:
    return tuple(record.source for group in records for record in group)


def _pressure_grade(low: Sequence[object], pressors: Sequence[Exposure], vasopressin: Sequence[Exposure]) -> int:
    """Hypotension (`low` pressures, or fluid boluses given for it) without, with one, with two vasopressors, of which
    vasopressin is not a second one."""
    if pressors or vasopressin:
        return 4 if len(pressors) >= 2 else 3
    return 2 if low else 0


def _by_grade(support: OxygenSupport) -> tuple[int, datetime, str]:
    return (_oxygen_grade(support), support.at.at, support.source)


def _oxygen_grade(support: OxygenSupport) -> int:
    flow = support.flow_l_per_min
    if support.device is OxygenDevice.POSITIVE_PRESSURE:
        return 4
    if support.device in _HIGH:
        return 3
    if support.device is OxygenDevice.BLOW_BY:
        return 2
    if support.device in _BY_FLOW and (flow is None or flow > 0):
        return 3 if flow is not None and flow > LOW_FLOW_MAX else 2
    return 0


def _is_low(facts: Facts, result: LabResult) -> bool:
    limit = _lowest_normal(facts)
    return limit is not None and surely_below(result, limit)


def _lowest_normal(facts: Facts) -> Decimal | None:
    """The systolic pressure below which it is low at this age (0.2), mm[Hg]; without an age there is none (APP-06)."""
    age = facts.get(AGE)
    if isinstance(age, Missing):
        return None
    years = younger(age)
    if years >= 18:
        return cast("Decimal", facts.policy.get("sbp_hypotension_adult"))
    child = {part: facts.policy.get(f"sbp_hypotension_child.{part}") for part in _CHILD}
    if 1 <= years < 10:
        return cast("Decimal", child["from_1y"] + _PER_YEAR * years)
    return cast("Decimal", child["from_10y" if years else "under_1y"])


def _running(facts: Facts, drugs: frozenset[Drug]) -> list[Exposure]:
    """One exposure for each of these substances that is running now."""
    running = [
        e for e in facts.picture.exposures if e.drug in drugs and e.running and e.start.at <= facts.picture.as_of
    ]
    by_drug = {exposure.drug: exposure for exposure in sorted(running, key=lambda exposure: exposure.source)}
    return [by_drug[drug] for drug in sorted(by_drug)]


def _waived(facts: Facts) -> bool:
    """A drug that hides fever was started at or after a fever of this episode."""
    starts = [e.start.at for e in facts.picture.exposures if e.drug in _WAIVERS and e.start.at <= facts.picture.as_of]
    measured = facts.picture.series(Analyte.TEMPERATURE).between(_LONG_AGO, max(starts)) if starts else ()
    return any(
        r.source not in facts.picture.bedside.suspects
        and surely_at_least(r, FEVER)
        and since_infusion(facts, r.collected)
        for r in measured
    )


def _in(facts: Facts, analyte: Analyte, start: datetime) -> list[LabResult]:
    suspects = facts.picture.bedside.suspects
    series = facts.picture.series(analyte).between(start, facts.picture.as_of + CLOCK_SKEW)
    return [result for result in series if result.source not in suspects]
