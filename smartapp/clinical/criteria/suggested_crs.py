"""The ASTCT grade that vital signs, pressors and oxygen suggest (CRS-03); it never overwrites a recorded grade."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartapp.clinical.codes import VASOPRESSIN_LIKE, VASOPRESSORS
from smartapp.clinical.criteria.age import AGE, younger
from smartapp.clinical.criteria.infusion import since_infusion
from smartapp.clinical.labs import LabResult
from smartapp.clinical.picture import OxygenDevice, OxygenSupport
from smartapp.clinical.rule import Facts, Missing, Need
from smartapp.clinical.terminology import Analyte, Drug

FEVER = Decimal("38.0")  # Cel, ASTCT
LOW_FLOW_MAX = Decimal(6)  # L/min, ASTCT
LOW_SPO2 = Decimal(90)  # %
_WAIVERS = frozenset({Drug.TOCILIZUMAB, Drug.SILTUXIMAB, Drug.ANAKINRA, Drug.SYSTEMIC_STEROID})
_HIGH = frozenset({OxygenDevice.HIGH_FLOW, OxygenDevice.MASK})
_BY_FLOW = frozenset({OxygenDevice.CANNULA, OxygenDevice.NOT_NAMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalSigns:
    """What the last 24 h show: `grade` None where ASTCT gives none; `evidence` the records it rests on."""

    grade: int | None
    fever: bool
    waived: bool
    hypotension: bool
    vasopressors: int
    oxygen: int
    low_spo2_without_device: bool
    evidence: tuple[str, ...]

    @property
    def ungradable(self) -> bool:
        """Hypotension or hypoxia without fever (and none waived): look for another cause."""
        return not self.fever and not self.waived and (self.hypotension or self.vasopressors > 0 or self.oxygen > 0)


def _read(facts: Facts) -> VitalSigns:
    window = facts.picture.as_of - timedelta(hours=float(facts.policy.get("vitals_window_h")))
    fevers = [r for r in _in(facts, Analyte.TEMPERATURE, window) if r.value >= FEVER]
    low = [r for r in _in(facts, Analyte.SYSTOLIC_PRESSURE, window) if _is_low(facts, r.value)]
    pressors, vasopressin = _running(facts, VASOPRESSORS), _running(facts, VASOPRESSIN_LIKE)
    oxygen = [support for support in facts.picture.oxygen if window <= support.at.at <= facts.picture.as_of]
    waived = not fevers and _waived(facts)
    levels = [_oxygen_grade(support) for support in oxygen]
    saturation = [r for r in _in(facts, Analyte.SPO2, window) if r.value < LOW_SPO2]
    count = len(pressors)
    return VitalSigns(
        grade=_grade(bool(fevers), waived, bool(low), count, bool(vasopressin), max(levels, default=0)),
        fever=bool(fevers),
        waived=waived,
        hypotension=bool(low),
        vasopressors=count + bool(vasopressin),
        oxygen=max(levels, default=0),
        low_spo2_without_device=bool(saturation) and not any(s.device is not OxygenDevice.NONE for s in oxygen),
        evidence=tuple(r.source for r in (*fevers[-1:], *low[-1:])) + tuple(s.source for s in oxygen[-1:]),
    )


VITAL_SIGNS: Need[VitalSigns] = Need("vital_signs", _read)


def _grade(fever: bool, waived: bool, low: bool, pressors: int, vasopressin: bool, oxygen: int) -> int | None:  # noqa: FBT001 - the criteria of the table, in its order
    if not fever and not waived:
        return None
    pressure = 4 if pressors >= 2 else 3 if pressors or vasopressin else 2 if low else 0
    worst = max(pressure, oxygen)
    if fever:
        return max(worst, 1)
    return worst or None


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


def _is_low(facts: Facts, pressure: Decimal) -> bool:
    """Below the age's limit (0.2); without an age there is no limit (APP-06)."""
    age = facts.get(AGE)
    if isinstance(age, Missing):
        return False
    years = younger(age)
    if years >= 18:
        return bool(pressure < facts.policy.get("sbp_hypotension_adult"))
    if years >= 10:
        return bool(pressure < facts.policy.get("sbp_hypotension_child.from_10y"))
    if years >= 1:
        base, per_year = (facts.policy.get(f"sbp_hypotension_child.{part}") for part in ("base", "per_year"))
        return bool(pressure < base + per_year * years)
    return bool(pressure < facts.policy.get("sbp_hypotension_child.under_1y"))


def _running(facts: Facts, drugs: frozenset[Drug]) -> frozenset[Drug]:
    return frozenset(e.drug for e in facts.picture.exposures if e.drug in drugs and e.running and e.start.at <= facts.picture.as_of)


def _waived(facts: Facts) -> bool:
    """A drug that hides fever was started at or after a fever of this episode."""
    fevers = [r.collected.at for r in facts.picture.series(Analyte.TEMPERATURE) if r.value >= FEVER and _this_episode(facts, r)]
    starts = [e.start.at for e in facts.picture.exposures if e.drug in _WAIVERS and e.start.at <= facts.picture.as_of]
    return bool(fevers) and any(start >= min(fevers) for start in starts)


def _this_episode(facts: Facts, result: LabResult) -> bool:
    return since_infusion(facts, result.collected.local_date(facts.picture.zone)) and result.collected.at <= facts.picture.as_of


def _in(facts: Facts, analyte: Analyte, start: datetime) -> list[LabResult]:
    return list(facts.picture.series(analyte).between(start, facts.picture.as_of))
